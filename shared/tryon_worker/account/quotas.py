"""The quotas of try-ons and photos a day, of the stack and of each shopper.

Each try-on costs one credit.
"""

from dataclasses import dataclass
from enum import StrEnum

from tryon_worker.aws import keys
from tryon_worker.aws.keys import Key
from tryon_worker.aws.table import ConditionFailed, Table, Write, update
from tryon_worker.clock import DAY, iso

# Bulk leaves one in this many of a day's try-ons to live requests. Else a catalogue that is shown
# to ten thousand shoppers would make each visitor of the shop wait until midnight.
_LIVE_ONE_IN = 5


class Quota(StrEnum):
    """Which quota of a day it is."""

    STACK = "stack"
    SHOPPER = "shopper"
    BULK = "bulk"


@dataclass(frozen=True)
class Quotas:
    """The quotas of try-ons a day; a day ends at midnight UTC."""

    table: Table
    per_day: int
    per_shopper_per_day: int

    def reserve(self, shopper_key: str, *, now: int, bulk: bool = False) -> dict[str, Write]:
        """The writes that reserve one of today's try-ons, each by the quota it fails for."""
        quota, limit = (Quota.BULK, self._for_bulk) if bulk else (Quota.STACK, self.per_day)
        day, ttl = day_of(now), _ttl(now)
        return {
            quota: _reserve(keys.stack_quota(day), limit, ttl),
            Quota.SHOPPER: _reserve(
                keys.shopper_quota(shopper_key, day), self.per_shopper_per_day, ttl
            ),
        }

    def left_for_bulk(self, now: int) -> int:
        """How many bulk try-ons may still be submitted today."""
        row = self.table.get(keys.stack_quota(day_of(now))) or {}
        return max(0, self._for_bulk - int(row.get("granted", 0)))

    @property
    def _for_bulk(self) -> int:
        return self.per_day - self.per_day // _LIVE_ONE_IN

    def was_published(self, quota: Quota, shopper_key: str, *, now: int) -> bool:
        """Whether it was published that today's quota is used up."""
        row = self.table.get(_key(quota, shopper_key, now)) or {}
        return bool(row.get("published", False))

    def published(self, quota: Quota, shopper_key: str, *, now: int) -> None:
        """Records that it was published that today's quota is used up."""
        self.table.write(
            update(
                _key(quota, shopper_key, now),
                "SET #published = :yes, #ttl = :ttl",
                yes=True,
                ttl=_ttl(now),
            )
        )


@dataclass(frozen=True)
class UploadQuota:
    """The quota of a shopper's photos a day: each costs a call of the account's rate."""

    table: Table
    per_shopper_per_day: int

    def reserve(self, shopper_key: str, *, now: int) -> bool:
        """Reserves one of today's uploads; whether one was left.

        It is a transaction although it is one write: a transaction has a token, so the SDK's retry
        after a lost response counts once. A single update has none.
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


def _key(quota: Quota, shopper_key: str, now: int) -> Key:
    day = day_of(now)
    if quota is Quota.SHOPPER:
        return keys.shopper_quota(shopper_key, day)
    return keys.bulk_quota(day) if quota is Quota.BULK else keys.stack_quota(day)


def _ttl(now: int) -> int:
    return now + 3 * DAY


def _reserve(key: Key, limit: int, ttl: int) -> Write:
    return update(
        key,
        "SET #ttl = :ttl ADD #granted :one",
        # A limit of 0 allows nothing, also on a day that has no row yet.
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
