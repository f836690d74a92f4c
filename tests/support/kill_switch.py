"""Ends a process of the worker after any of its calls.

What a process leaves behind is what its calls to AWS and to Genlook did: a death between two calls
is a death after the first of them. So ``KillSwitch`` counts calls, and ends the process after the
n-th.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx
from botocore.exceptions import ClientError, EndpointConnectionError

from local.memory.cloud import Session
from tests.support.stand_ins import StateMachine
from tests.support.world import World
from tryon_worker.aws.secrets import Secret
from tryon_worker.container import TIMEOUTS, Container
from tryon_worker.genlook import GenlookClient
from tryon_worker.genlook.transport import SocketTransport


class Killed(BaseException):
    """The process is no more. Nothing in it may catch this, so it is no ``Exception``."""


READS = (
    "GetItem",
    "Query",
    "HeadObject",
    "GetObject",
    "GetSecretValue",
    "DescribeExecution",
    "GET ",
)
"""Calls that change nothing: to die after one is to die after the call before it."""


def leaves_something(call: str) -> bool:
    """Whether a call may change what the next process finds."""
    return not call.partition(".")[2].startswith(READS)


class KillSwitch:
    """Counts the calls of the process that runs, and ends it after one of them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._left: int | None = None
        self._at: str | None = None
        self._loses = False
        self._dead = False

    def arm(self, calls: int) -> None:
        """The process dies after so many more calls."""
        self._left, self._loses, self._dead = calls, False, False

    def arm_at(self, call: str) -> None:
        """The process dies after the next call of that name."""
        self.disarm()
        self._at = call

    def lose(self, calls: int) -> None:
        """The answer to the last of so many more calls is lost; the process lives on."""
        self.arm(calls)
        self._loses = True

    def disarm(self) -> None:
        """A new process lives."""
        self._left, self._at, self._dead = None, None, False

    def around(self, call: str, do: Callable[..., Any], given: dict[str, Any]) -> Any:
        """Makes a call of the process to AWS."""
        self.before(call)
        try:
            answer = do(**given)
        except ClientError:
            self.after(call)
            raise
        self.after(call)
        return answer

    def before(self, call: str) -> None:  # noqa: ARG002  a switch that interrupts looks at it
        if self._dead:
            raise Killed

    def after(self, call: str) -> None:
        self.calls.append(call)
        if self._at == call:
            self._left = 1
        if self._left is None:
            return
        self._left -= 1
        if self._left:
            return
        self._left = None
        if self._loses:
            raise EndpointConnectionError(endpoint_url=call)
        self._dead = True
        raise Killed(call)


class Transport(httpx.BaseTransport):
    """Genlook's side of the process."""

    def __init__(self, kill_switch: KillSwitch) -> None:
        self._inner = SocketTransport()
        self._kill_switch = kill_switch

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = f"genlook.{request.method} {request.url.path}"
        self._kill_switch.before(call)
        response = self._inner.handle_request(request)
        try:
            self._kill_switch.after(call)
        except BaseException:
            response.close()
            raise
        return response


class Machine:
    """The state machine's service, as the process sees it."""

    def __init__(self, inner: StateMachine, kill_switch: KillSwitch) -> None:
        self._inner = inner
        self._kill_switch = kill_switch

    def start(self, try_on_id: str, generation_id: str, wait_seconds: int) -> bool:
        self._kill_switch.before("states.StartExecution")
        started = self._inner.start(try_on_id, generation_id, wait_seconds)
        self._kill_switch.after("states.StartExecution")
        return started

    def running(self, try_on_id: str, generation_id: str) -> bool | None:
        self._kill_switch.before("states.DescribeExecution")
        running = self._inner.running(try_on_id, generation_id)
        self._kill_switch.after("states.DescribeExecution")
        return running


@dataclass
class MortalWorld(World):
    """A world whose processes can die."""

    kill_switch: KillSwitch = field(default_factory=KillSwitch)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.session = Session(self.cloud, self.kill_switch.around)

    @cached_property
    def observer(self) -> Container:
        """Sees everything and is never killed."""
        return super().new_process()

    def new_process(self, session: Any = None, **overrides: Any) -> Container:
        self.kill_switch.disarm()
        session = session or self.session
        api_key = Secret(session.client("secretsmanager"), self.key_arn)
        client = GenlookClient(
            api_key=api_key,
            base_url=self.genlook.base_url,
            timeouts=TIMEOUTS,
            transport=Transport(self.kill_switch),
        )
        ours = {
            "api_key": api_key,
            "genlook": client,
            "housekeeping_genlook": client,
            "state_machine": Machine(self.state_machine, self.kill_switch),
        }
        return super().new_process(session, **{**ours, **overrides})
