"""The journal: every call, what it asked, what came of it, what it cost."""

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic.alias_generators import to_camel

KEPT = 100_000


@dataclass
class Call:
    """One request. `status` is 0 where no answer went out; the request's body is in `request`."""

    number: int
    time: float
    operation: str
    method: str
    path: str
    status: int = 0
    code: str | None = None
    account: str | None = None
    external_user_id: str | None = None
    generation_id: str | None = None
    image_id: str | None = None
    product_external_id: str | None = None
    shape: str | None = None
    charged: bool = False
    fault: str | None = None
    api_key_sent: bool = False
    seconds: float = 0.0
    request: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the entry with camelCase keys."""
        return {to_camel(key): value for key, value in asdict(self).items()}


class Journal:
    """The latest calls, oldest first, and the sum of what was paid."""

    def __init__(self) -> None:
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self.charges = 0
        self.refunds = 0
        self._number = 0

    def open(self, time: float, operation: str, method: str, path: str) -> Call:
        """Begin an entry; whoever handles the call fills it in."""
        self._number += 1
        call = Call(self._number, time, operation, method, path)
        self.calls.append(call)
        return call

    @property
    def credits_spent(self) -> int:
        """Credits taken and not given back."""
        return self.charges - self.refunds

    def clear(self) -> None:
        """Forget the calls and the sums."""
        self.calls.clear()
        self.charges = self.refunds = 0
