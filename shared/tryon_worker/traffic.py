"""How many requests of each kind were granted lately: counts that fade, so none can drift."""

from dataclasses import dataclass
from math import exp
from typing import Any

from tryon_worker.gcra import CallClass

# A count halves in a minute: soon enough for a rush, and at 40 a minute it is right within a tenth.
_FADING_SECONDS = 90.0

_KINDS = {CallClass.SUBMIT: "live", CallClass.BULK: "bulk"}


@dataclass(frozen=True)
class Traffic:
    """Requests a minute, without looks: ``live`` and ``bulk`` submits, and all ``other`` calls."""

    live: float = 0.0
    bulk: float = 0.0
    other: float = 0.0

    def faded(self, milliseconds: int) -> "Traffic":
        """What is left of it after so long without a request."""
        left = exp(-max(0, milliseconds) / 1000 / _FADING_SECONDS)
        return Traffic(self.live * left, self.bulk * left, self.other * left)

    def with_one(self, call: CallClass) -> "Traffic":
        """After one more request."""
        if call is CallClass.POLL:
            return self
        kind = _KINDS.get(call, "other")
        one = 60 / _FADING_SECONDS
        return Traffic(**{**self.__dict__, kind: getattr(self, kind) + one})

    def to_row(self) -> dict[str, float]:
        """For the table."""
        return {kind: round(number, 3) for kind, number in self.__dict__.items()}


def traffic_of(stored: Any) -> Traffic:
    """From the table; what is no number was never written here and counts as nothing."""
    numbers = stored if isinstance(stored, dict) else {}
    return Traffic(**{kind: _number(numbers.get(kind)) for kind in Traffic().__dict__})


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e6 else 0.0
