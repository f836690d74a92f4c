"""How many try-ons a day the stack and a shopper may still have (money: one credit each)."""

from dataclasses import dataclass

from tryon_worker.clock import DAY, iso
from tryon_worker.store import keys
from tryon_worker.store.table import Write, update


@dataclass(frozen=True)
class Caps:
    """The limits of a day; a day ends at midnight UTC."""

    per_day: int
    per_shopper_per_day: int

    def grants(self, shopper_key: str, *, now: int) -> list[Write]:
        """The writes that take one try-on of today's; they fail where nothing is left."""
        day = day_of(now)
        ttl = now + 3 * DAY
        return [
            _grant(keys.stack_cap(day), self.per_day, ttl),
            _grant(keys.shopper_cap(shopper_key, day), self.per_shopper_per_day, ttl),
        ]


def _grant(key: tuple[str, str], limit: int, ttl: int) -> Write:
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
