"""How many try-ons a day the stack and a shopper may still have (money: one credit each)."""

from dataclasses import dataclass
from enum import StrEnum

from tryon_worker.aws import keys
from tryon_worker.aws.keys import Key
from tryon_worker.aws.table import ConditionFailed, Table, Write, update
from tryon_worker.clock import DAY, iso

# Of a day's try-ons this part is kept for live requests: a catalogue that is shown to ten thousand
# shoppers would else let everybody who comes to the shop wait for midnight.
_KEPT_FOR_LIVE = 5  # one in five


class Quota(StrEnum):
    """Whose limit of a day it is."""

    STACK = "stack"
    SHOPPER = "shopper"
    BULK = "bulk"


@dataclass(frozen=True)
class Quotas:
    """The limits of a day; a day ends at midnight UTC."""

    table: Table
    per_day: int
    per_shopper_per_day: int

    def reserve(self, shopper_key: str, *, now: int, bulk: bool = False) -> dict[str, Write]:
        """The writes that take one try-on of today's, by the cap whose end lets them fail."""
        whole = keys.stack_quota(day_of(now))
        stack = (Quota.BULK, self._for_bulk) if bulk else (Quota.STACK, self.per_day)
        return {
            stack[0]: _grant(whole, stack[1], _ttl(now)),
            Quota.SHOPPER: _grant(
                _key(Quota.SHOPPER, shopper_key, now), self.per_shopper_per_day, _ttl(now)
            ),
        }

    def left_for_bulk(self, now: int) -> int:
        """How many try-ons that came in bulk may still be made today."""
        row = self.table.get(keys.stack_quota(day_of(now))) or {}
        return max(0, self._for_bulk - int(row.get("granted", 0)))

    @property
    def _for_bulk(self) -> int:
        return self.per_day - self.per_day // _KEPT_FOR_LIVE

    def was_published(self, cap: Quota, shopper_key: str, *, now: int) -> bool:
        """Whether the outside knows that today's cap is reached."""
        row = self.table.get(_key(cap, shopper_key, now)) or {}
        return bool(row.get("published", False))

    def published(self, cap: Quota, shopper_key: str, *, now: int) -> None:
        """The outside knows that today's cap is reached."""
        self.table.write(
            update(
                _key(cap, shopper_key, now),
                "SET #published = :yes, #ttl = :ttl",
                yes=True,
                ttl=_ttl(now),
            )
        )


@dataclass(frozen=True)
class UploadQuota:
    """How many photos of a shopper go to Genlook on a day: each is a request of the account's."""

    table: Table
    per_shopper_per_day: int

    def reserve(self, shopper_key: str, *, now: int) -> bool:
        """Whether one more of today's may go; if so, it is counted.

        In a transaction, though it is one write: the SDK gives a transaction a token, so one that
        it repeats because the answer was lost counts once. A single update has none.
        """
        counted = update(
            _key(Quota.SHOPPER, shopper_key, now),
            "SET #ttl = :ttl ADD #uploads :one",
            condition="#uploads < :limit OR (attribute_not_exists(#uploads) AND :limit > :none)",
            one=1,
            none=0,
            limit=self.per_shopper_per_day,
            ttl=_ttl(now),
        )
        try:
            self.table.transact([counted])
        except ConditionFailed:
            return False
        return True


def _key(cap: Quota, shopper_key: str, now: int) -> Key:
    day = day_of(now)
    if cap is Quota.SHOPPER:
        return keys.shopper_quota(shopper_key, day)
    return keys.bulk_quota(day) if cap is Quota.BULK else keys.stack_quota(day)


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
