"""Faults of the stand-in, spread by chance over the calls that are to come."""

import random
from typing import Any

from local.genlook.control import Control
from local.genlook.faults import CallFault, Fate

# What goes wrong, and with how many of a hundred try-ons.
_CALLS: list[tuple[float, dict[str, Any]]] = [
    (2, {"operation": "try_on", "kind": "lose", "when": "before"}),
    (2, {"operation": "try_on", "kind": "lose", "when": "after"}),
    (2, {"operation": "try_on", "status": 503, "code": "UNAVAILABLE"}),
    (2, {"operation": "try_on", "kind": "cut"}),
    (3, {"operation": "try_on", "status": 429, "code": "RATE_LIMITED"}),
    (3, {"operation": "try_on", "status": 400, "code": "INVALID_REQUEST"}),
    (2, {"operation": "upload", "kind": "lose", "when": "before"}),
    (2, {"operation": "upload", "kind": "lose", "when": "after"}),
    (2, {"operation": "upload", "status": 500}),
    (1, {"operation": "upload", "status": 400, "code": "INVALID_IMAGE"}),
    (4, {"operation": "generation", "kind": "lose", "when": "before"}),
    (4, {"operation": "generation", "status": 500}),
    (3, {"operation": "generation", "kind": "cut"}),
    (3, {"operation": "file", "kind": "lose", "when": "after"}),
    (3, {"operation": "file", "status": 403, "code": "EXPIRED"}),
    (1, {"operation": "customer_delete", "status": 500}),
    (1, {"operation": "customer_delete", "kind": "lose", "when": "after"}),
]
_FATES: list[tuple[float, dict[str, Any]]] = [
    (4, {"kind": "fail", "code": "MODERATION_BLOCKED"}),
    (2, {"kind": "fail", "code": None}),
    (1, {"kind": "hang"}),
    (1, {"kind": "status"}),
    (2, {"kind": "no_link"}),
    (3, {"kind": "dead_link", "dead_links": 1}),
    (1, {"kind": "dead_link"}),
]


def arm_faults(control: Control, chance: random.Random, try_ons: int) -> int:
    """Arm what goes wrong with that many try-ons; return how much it is."""
    armed = 0
    for share, fault in _CALLS:
        for _ in range(_how_often(share, chance, try_ons)):
            control.arm(CallFault(**fault, skip=chance.randrange(try_ons)))
            armed += 1
    for share, fate in _FATES:
        for _ in range(_how_often(share, chance, try_ons)):
            control.decide(Fate(**fate, skip=chance.randrange(try_ons)))
            armed += 1
    return armed


def _how_often(share: float, chance: random.Random, try_ons: int) -> int:
    """How often, on the whole; what is left of a few is a matter of chance."""
    return int(share * try_ons / 100 + chance.random())
