"""What can be made to go wrong, armed and disarmed at run time."""

import asyncio
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from local.genlook.operations import NAMES

HTML = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


class Armed(BaseModel):
    """What any armed fault has: how often it strikes, and after how many calls let by."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    times: int | None = Field(default=1, ge=1)
    """None: until it is disarmed."""
    skip: int = Field(default=0, ge=0)

    def consecutive_unknowns(self) -> bool:
        """Count one call; say whether this fault hits it."""
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    @property
    def spent(self) -> bool:
        """Whether it will strike no more."""
        return self.times == 0


class CallFault(Armed):
    """A call that goes wrong.

    `when` says whether the call takes effect first. Kinds: `answer` (the given `status`, `code`,
    `body`, `headers` in place of the true answer), `lose` (the connection ends without an answer),
    `cut` (it ends in the middle of the answer), `delay` (nothing but `delay_seconds`), `no_id` (the
    true answer without any key that ends in "Id").
    """

    operation: str = "*"
    kind: Literal["answer", "lose", "cut", "delay", "no_id"] = "answer"
    when: Literal["before", "after"] = "before"
    status: int = Field(default=500, ge=100, le=599)
    code: str = "INTERNAL_ERROR"
    message: str = "Simulated fault."
    body: Literal["error", "html", "empty", "broken", "text", "json"] = "error"
    payload: Any = None
    """The whole body for `json`."""
    headers: dict[str, str] = {}
    delay_seconds: float = Field(default=0, ge=0, le=300)
    reset: bool = False
    """Lose by a TCP reset rather than an orderly close."""

    @field_validator("operation")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in NAMES | {"*"}:
            raise ValueError(f"unknown operation, use * or one of {sorted(NAMES)}")
        return name

    @property
    def takes_effect(self) -> bool:
        """Whether the call is carried out nevertheless."""
        return self.when == "after" or self.kind in {"cut", "delay", "no_id"}

    async def wait(self) -> None:
        """Let the caller wait, in real time: what is tested is the caller's own patience."""
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)

    def content(self) -> tuple[bytes, str]:
        """Return the body of an `answer` and its media type."""
        error = {"code": self.code, "message": self.message, "status": self.status}
        whole = json.dumps(error).encode()
        return {
            "error": (whole, "application/json"),
            "html": (HTML, "text/html"),
            "empty": (b"", "application/json"),
            "broken": (whole[: len(whole) // 2], "application/json"),
            "text": (self.message.encode(), "text/plain"),
            "json": (json.dumps(self.payload).encode(), "application/json"),
        }[self.body]


class Fate(Armed):
    """How a generation ends.

    `fail` (with `code`, or without one if it is None), `hang` (never ends), `status` (stays in a
    status nobody knows), `no_link` (COMPLETED without a link), `dead_link` (the first `dead_links`
    links, or all of them, lead nowhere).
    """

    kind: Literal["complete", "fail", "hang", "status", "no_link", "dead_link"] = "complete"
    code: str | None = None
    message: str | None = "The generation failed."
    status: str = "PAUSED"
    seconds: float | None = Field(default=None, ge=0)
    """How long it takes, in place of a drawn duration."""
    dead_links: int | None = Field(default=None, ge=1)


class Faults:
    """All that is armed; the one armed first strikes first."""

    def __init__(self) -> None:
        self.calls: list[CallFault] = []
        self.fates: list[Fate] = []

    def for_call(self, operation: str) -> CallFault | None:
        """Return the fault that hits this call, if any."""
        for fault in [f for f in self.calls if f.operation in {"*", operation}]:
            if fault.consecutive_unknowns():
                self.calls = [f for f in self.calls if not f.spent]
                return fault
        return None

    def for_generation(self) -> Fate:
        """Return how the generation now created will end."""
        for fate in list(self.fates):
            if fate.consecutive_unknowns():
                self.fates = [f for f in self.fates if not f.spent]
                return fate.model_copy()
        return Fate()

    def clear(self) -> None:
        """Disarm everything."""
        self.calls.clear()
        self.fates.clear()
