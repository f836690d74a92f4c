"""The product rows: a product as the shop describes it, and what Genlook accepted of it."""

from dataclasses import dataclass

from tryon_worker.events.schemas import RequestedProduct


@dataclass(frozen=True)
class ProductRecord:
    """A product row.

    ``accepted_hash`` is the hash of what Genlook certainly has: what a call carried that no other
    call for the product overlapped.
    """

    product: RequestedProduct
    updated_at: float = 0
    accepted_hash: str | None = None
    pending_hash: str | None = None
    pending_by: str | None = None
    pending_until: int = 0
    conflict_until: int = 0

    def pending(self, pending_hash: str, *, now: int) -> "PendingUpsert":
        """What to record of a call that begins now and carries the product."""
        other = self.pending_hash is not None and self.pending_hash != pending_hash
        conflict_until = max(self.conflict_until, self.pending_until if other else 0)
        return PendingUpsert(pending_hash, now, self.pending_by, conflict_until)


@dataclass(frozen=True)
class PendingUpsert:
    """A product that a paid call carries to Genlook.

    If two calls carry different versions at the same time, it is unknown which arrived last. So
    until ``conflict_until`` no call proves what Genlook has.
    """

    hash: str
    at: int
    seen_by: str | None = None
    conflict_until: int = 0


@dataclass(frozen=True)
class DeletedProduct:
    """A deleted product; ``tries`` counts the failed deletions at Genlook."""

    deleted_at: float
    tries: int
