"""A process of the worker, as a run sees it: calls that can be stopped, lost, repeated or its last.

A process is a greenlet where it is explored, so that it can be stopped within a call; where the
rest of the system just runs, its calls are made at once.
"""

import uuid
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from local.memory.cloud import Cloud, Session
from local.memory.genlook import Genlook
from tryon_worker.genlook import GenlookError, NotSent, ResponseLost

# Each call takes a moment, so that two of them are never at the same one.
_CALL_SECONDS = 0.02

# When a call whose answer was lost reaches Genlook after all: longer than the client waits for it,
# and shorter than `LateMarginSeconds` allows for.
LATE_SECONDS = 240.0

# How long a process stands still in a slow call. Two of them outlive most functions.
_SLOW_SECONDS = 100.0

# What Genlook may still carry out when nobody waits for the answer any more.
_CHANGES = {"upload_image", "create_try_on", "delete_customer", "delete_product"}


class Killed(BaseException):
    """The process is no more. Nothing in it may catch this, so it is no `Exception`."""


class Fault(StrEnum):
    """What can happen to a call."""

    DIE_BEFORE = "die-before"
    DIE_AFTER = "die-after"
    LOSE = "lose"
    """The call was carried out, and its answer never came."""
    REPEAT = "repeat"
    """The SDK lost the first answer and made the call again."""
    REFUSE = "refuse"
    """EventBridge answers and does not take the event; Genlook cannot be reached."""
    LATE = "late"
    """Genlook carries the call out minutes after the client gave it up."""
    LATE_DIE = "late-die"
    """The process dies in the call, and Genlook carries the call out minutes later."""
    FAIL = "fail"
    """AWS answers with an error, also to each repeat of the SDK, and carries nothing out."""
    SLOW = "slow"
    """The process stands still before the call; Lambda may end it meanwhile."""


Gate = Callable[[str, dict[str, Any]], Fault | None]
"""Is asked before each call; the process stands still until it answers."""


class Process:
    """What one cold start has: a clock, a session of AWS, a client of Genlook."""

    def __init__(
        self,
        name: str,
        time: Any,
        cloud: Cloud,
        genlook: Genlook,
        *,
        gate: Gate | None = None,
        skew: float = 0,
    ) -> None:
        self.name = name
        self.dead = False
        self._time = time
        self._real = genlook
        self._gate = gate
        self._skew = skew
        self._ends_at = float("inf")
        self._gated = Session(cloud, self._around)
        self._cloud = cloud
        self.genlook: Any = _GenlookClient(self)
        self.session = self

    def client(self, service: str, **_options: Any) -> Any:
        """Return a client of AWS; to read a secret is no call that matters."""
        if service == "secretsmanager" or self._gate is None:
            return self._cloud.client(service)
        return self._gated.client(service)

    def begin(self, seconds: float) -> None:
        """Begin an invocation that Lambda ends after so many seconds."""
        if self._gate is not None:
            self._ends_at = self._time.now + seconds

    def time_left(self) -> float:
        """Return the seconds until Lambda ends the invocation."""
        return float(self._ends_at - self._time.now)

    def clock(self) -> float:
        """Return the time as this process knows it."""
        return float(self._time.now + self._skew)

    def sleep(self, seconds: float) -> None:
        """Sleep; meanwhile others may go on."""
        self._time.now += seconds
        if self._gate is not None:
            self._ask("sleep", {"seconds": seconds})

    def _around(self, name: str, call: Callable[..., Any], given: dict[str, Any]) -> Any:
        fault = self._ask(name, given)
        if fault is Fault.REFUSE and name == "events.PutEvents":
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        if fault is Fault.FAIL:
            raise ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, name)
        if name == "dynamodb.TransactWriteItems":
            given = {**given, "ClientRequestToken": uuid.uuid4().hex}
        if fault is Fault.REPEAT:
            self._quietly(call, given)
        answer = call(**given)
        if fault is Fault.LOSE:
            raise EndpointConnectionError(endpoint_url=name)
        self._survive(fault)
        return answer

    def call_genlook(self, method: str, args: tuple[Any, ...], given: dict[str, Any]) -> Any:
        """Make a call to Genlook."""
        if self._gate is None:
            self._real.catch_up()
            return getattr(self._real, method)(*args, **given)
        fault = self._ask(f"genlook.{method}", {"args": args})
        if fault is Fault.REFUSE:
            raise NotSent("no connection")
        if fault in {Fault.LATE, Fault.LATE_DIE} and method in _CHANGES:
            self._real.call_later(self._time.now + LATE_SECONDS, method, args, given)
            self._survive(fault)
            raise ResponseLost("no answer in time")
        self._real.catch_up()
        try:
            answer = getattr(self._real, method)(*args, **given)
        except GenlookError:
            self._survive(fault)
            raise
        if fault in {Fault.LOSE, Fault.LATE}:
            raise ResponseLost("the connection ended")
        self._survive(fault)
        return answer

    def _ask(self, name: str, given: dict[str, Any]) -> Fault | None:
        if self.dead:
            raise Killed
        if self._gate is None:
            return None
        self._time.now += _CALL_SECONDS
        fault = self._gate(name, given)
        if fault is Fault.SLOW:
            self._time.now += _SLOW_SECONDS
        if fault is Fault.DIE_BEFORE or self._time.now > self._ends_at:
            self.dead = True
            raise Killed
        return fault

    def _survive(self, fault: Fault | None) -> None:
        if fault in {Fault.DIE_AFTER, Fault.LATE_DIE}:
            self.dead = True
            raise Killed

    @staticmethod
    def _quietly(call: Callable[..., Any], given: dict[str, Any]) -> None:
        """Make the call whose answer is lost."""
        try:
            call(**given)
        except ClientError:
            return


class _GenlookClient:
    """The worker's client of Genlook, by its methods."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*args: Any, **given: Any) -> Any:
            return self._process.call_genlook(method, args, given)

        return call
