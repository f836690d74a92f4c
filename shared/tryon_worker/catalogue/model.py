"""A product row: what the shop says of a product, and what Genlook last accepted of it."""

from dataclasses import dataclass

from tryon_worker.events.schemas import RequestedProduct


@dataclass(frozen=True)
class ProductRecord:
    """A product row.

    ``accepted_hash`` is of what Genlook surely has: of an inline call that nothing else overlapped.
    """

    product: RequestedProduct
    updated_at: float = 0
    accepted_hash: str | None = None
    pending_hash: str | None = None
    pending_by: str | None = None
    pending_until: int = 0
    conflict_until: int = 0

    def pending(self, pending_hash: str, *, now: int) -> "PendingUpsert":
        """What is to be written down of an inline call that begins now."""
        other = self.pending_hash is not None and self.pending_hash != pending_hash
        conflict_until = max(self.conflict_until, self.pending_until if other else 0)
        return PendingUpsert(pending_hash, now, self.pending_by, conflict_until)


@dataclass(frozen=True)
class PendingUpsert:
    """A product on its way to Genlook with a paid call.

    Of two calls that carry different texts at the same time nobody knows which came last; until
    ``conflict_until`` no such call proves what Genlook has.
    """

    hash: str
    at: int
    seen_by: str | None = None
    conflict_until: int = 0


@dataclass(frozen=True)
class GoneProduct:
    """A product row that was deleted; ``tries`` is how often Genlook could not be told."""

    deleted_at: float
    tries: int
