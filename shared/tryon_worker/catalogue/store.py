"""Reads and writes the product rows."""

from contextlib import suppress

from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Table, Write, put, update
from tryon_worker.catalogue.model import GoneProduct, PendingUpsert, ProductRecord
from tryon_worker.clock import DAY
from tryon_worker.events.schemas import RequestedProduct

# When housekeeping comes for a deletion that Genlook was not told of at once.
_FIRST_SECONDS = 60

# Longer than any message about the product can be under way: an older one finds it deleted.
_GONE_SECONDS = 100 * DAY


class Products:
    """Reads and writes product rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, external_id: str) -> ProductRecord | None:
        """What is known of a product."""
        row = self._table.get(keys.product(external_id))
        if row is None:
            return None
        body = row.get("product", RequestedProduct(external_id=external_id).to_row())
        return ProductRecord(
            RequestedProduct.from_row(body),
            row.get("updatedAt", 0),
            row.get("acceptedHash"),
            row.get("pendingHash"),
            row.get("pendingBy"),
            row.get("pendingUntil", 0),
            row.get("conflictUntil", 0),
        )

    def keep(self, product: RequestedProduct, *, updated_at: float) -> bool:
        """Keeps what the shop says of a product; ``False`` if it has said something newer."""
        external_id = product.external_id or ""
        try:
            self._table.write(
                update(
                    keys.product(external_id),
                    "SET #product = :product, #updatedAt = :at "
                    "REMOVE #deletedAt, #tries, #dueAt, #dueShard, #ttl",
                    condition="attribute_not_exists(#updatedAt) OR #updatedAt <= :at",
                    product=product.to_row(),
                    at=updated_at,
                )
            )
        except ConditionFailed:
            return False
        return True

    def remove(self, external_id: str, *, deleted_at: float, now: int) -> bool:
        """Forgets a product; ``False`` if the shop has said something newer of it."""
        gone = {
            "externalId": external_id,
            "updatedAt": deleted_at,
            "deletedAt": deleted_at,
            "dueAt": now + _FIRST_SECONDS,
            "dueShard": keys.due_shard(external_id),
            "ttl": now + _GONE_SECONDS,
        }
        try:
            self._table.write(
                put(
                    keys.product(external_id),
                    gone,
                    condition="attribute_not_exists(#updatedAt) OR #updatedAt <= :at",
                    at=deleted_at,
                )
            )
        except ConditionFailed:
            return False
        return True

    def gone(self, external_id: str) -> "GoneProduct | None":
        """A product that is deleted here and that Genlook may still have."""
        row = self._table.get(keys.product(external_id))
        if row is None or "deletedAt" not in row or "dueAt" not in row:
            return None
        return GoneProduct(row["deletedAt"], row.get("tries", 0))

    def keep_trying(self, external_id: str, gone: "GoneProduct", *, due_at: int) -> None:
        """Genlook has not confirmed the deletion; housekeeping asks again at ``due_at``."""
        self._unless_back(
            external_id,
            gone,
            "SET #dueAt = :due, #tries = :tries",
            due=due_at,
            tries=gone.tries + 1,
        )

    def forgotten(self, external_id: str, gone: "GoneProduct") -> None:
        """Genlook does not have it any more either; the row only keeps older news away."""
        self._unless_back(external_id, gone, "REMOVE #dueAt, #dueShard, #tries")

    def _unless_back(
        self, external_id: str, gone: "GoneProduct", expression: str, **values: object
    ) -> None:
        with suppress(ConditionFailed):  # the shop has it again, or deleted it once more
            self._table.write(
                update(
                    keys.product(external_id),
                    expression,
                    condition="#deletedAt = :deleted",
                    deleted=gone.deleted_at,
                    **values,
                )
            )

    def pending_upsert(
        self, external_id: str, pending: PendingUpsert, attempt: str, *, until: int
    ) -> Write:
        """The write before an inline call: from now on nobody knows what Genlook has.

        It fails if another such call began since the row was read.
        """
        return update(
            keys.product(external_id),
            "SET #pendingHash = :hash, #pendingBy = :attempt, #pendingUntil = :until, "
            "#conflictUntil = :contested REMOVE #acceptedHash",
            condition="attribute_not_exists(#pendingBy) OR #pendingBy = :seen "
            "OR (#pendingHash = :hash AND #conflictUntil = :contested)",
            hash=pending.hash,
            attempt=attempt,
            until=until,
            seen=pending.seen_by or "",
            contested=pending.conflict_until,
        )

    def acceptance(self, external_id: str, pending: PendingUpsert) -> Write:
        """The write that notes what Genlook has accepted of a product.

        It fails if another call may have brought something else, or the product is gone.
        """
        return update(
            keys.product(external_id),
            "SET #acceptedHash = :hash",
            condition="#pendingHash = :hash AND #conflictUntil < :at",
            hash=pending.hash,
            at=pending.at,
        )

    def forget_acceptance(self, external_id: str) -> None:
        """Genlook does not know the product any more."""
        self._table.write(update(keys.product(external_id), "REMOVE #acceptedHash"))
