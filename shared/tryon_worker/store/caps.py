"""How many try-ons a day the stack and a shopper may still have (money: one credit each)."""

from dataclasses import dataclass
from enum import StrEnum

from tryon_worker.clock import DAY, iso
from tryon_worker.store import keys
from tryon_worker.store.table import ConditionFailed, Key, Table, Write, update

# Longer than it takes to publish: whoever died over it leaves it to the next.
_TELLING_SECONDS = 60


class Cap(StrEnum):
    """Whose limit of a day it is."""

    STACK = "stack"
    SHOPPER = "shopper"


@dataclass(frozen=True)
class Caps:
    """The limits of a day; a day ends at midnight UTC."""

    table: Table
    per_day: int
    per_shopper_per_day: int

    def grants(self, shopper_key: str, *, now: int) -> list[Write]:
        """The writes that take one try-on of today's, in the order of ``Cap``.

        They fail where nothing is left.
        """
        limits = {Cap.STACK: self.per_day, Cap.SHOPPER: self.per_shopper_per_day}
        return [
            _grant(_key(cap, shopper_key, now), limit, _ttl(now)) for cap, limit in limits.items()
        ]

    def tell_once(self, cap: Cap, shopper_key: str, *, now: int) -> bool:
        """Whether the caller is the one to say that today's cap is reached; then ``told``."""
        return self._note(
            update(
                _key(cap, shopper_key, now),
                "SET #tellingUntil = :until, #ttl = :ttl",
                condition="attribute_not_exists(#told) AND "
                "(attribute_not_exists(#tellingUntil) OR #tellingUntil < :now)",
                until=now + _TELLING_SECONDS,
                now=now,
                ttl=_ttl(now),
            )
        )

    def told(self, cap: Cap, shopper_key: str, *, now: int) -> None:
        """The outside knows that today's cap is reached."""
        self._note(
            update(
                _key(cap, shopper_key, now),
                "SET #told = :yes, #ttl = :ttl",
                yes=True,
                ttl=_ttl(now),
            )
        )

    def _note(self, write: Write) -> bool:
        try:
            self.table.write(write)
        except ConditionFailed:
            return False
        return True


def _key(cap: Cap, shopper_key: str, now: int) -> Key:
    day = day_of(now)
    return keys.stack_cap(day) if cap is Cap.STACK else keys.shopper_cap(shopper_key, day)


def _ttl(now: int) -> int:
    return now + 3 * DAY


def _grant(key: Key, limit: int, ttl: int) -> Write:
    return update(
        key,
        "SET #ttl = :ttl ADD #granted :one",
        # A limit of 0 stops everything, also on a day without a row yet.
        condition="#granted < :limit OR (attribute_not_exists(#granted) AND :limit > :none)",
        one=1,
        none=0,
        limit=limit,
        ttl=ttl,
    )


def day_of(now: int) -> str:
    """The day of ``now`` in UTC."""
    return iso(now)[:10]


def next_day(now: int) -> int:
    """When the next day begins, in seconds since the epoch."""
    return (now // DAY + 1) * DAY
