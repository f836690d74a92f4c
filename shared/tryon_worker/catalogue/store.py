"""Reads and writes the product rows."""

from contextlib import suppress

from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Table, Write, put, update
from tryon_worker.catalogue.model import DeletedProduct, PendingUpsert, ProductRecord
from tryon_worker.clock import DAY
from tryon_worker.events.schemas import RequestedProduct

# When housekeeping repeats a deletion that a crash kept from Genlook.
_FIRST_SECONDS = 60

# Longer than any message about the product lives, so that an older one finds it deleted.
_DELETED_SECONDS = 100 * DAY


class Products:
    """Reads and writes product rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, external_id: str) -> ProductRecord | None:
        """The row of a product."""
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

    def upsert(self, product: RequestedProduct, *, updated_at: float) -> bool:
        """Writes a product; ``False`` if the row is newer."""
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

    def delete(self, external_id: str, *, deleted_at: float, now: int) -> bool:
        """Deletes a product; ``False`` if the row is newer."""
        row = {
            "externalId": external_id,
            "updatedAt": deleted_at,
            "deletedAt": deleted_at,
            "dueAt": now + _FIRST_SECONDS,
            "dueShard": keys.due_shard(external_id),
            "ttl": now + _DELETED_SECONDS,
        }
        try:
            self._table.write(
                put(
                    keys.product(external_id),
                    row,
                    condition="attribute_not_exists(#updatedAt) OR #updatedAt <= :at",
                    at=deleted_at,
                )
            )
        except ConditionFailed:
            return False
        return True

    def deleted(self, external_id: str) -> DeletedProduct | None:
        """The product, if it is deleted here and Genlook may still have it."""
        row = self._table.get(keys.product(external_id))
        if row is None or "deletedAt" not in row or "dueAt" not in row:
            return None
        return DeletedProduct(row["deletedAt"], row.get("tries", 0))

    def retry_deletion(self, external_id: str, deleted: DeletedProduct, *, due_at: int) -> None:
        """Lets housekeeping repeat the deletion at ``due_at``."""
        self._update_deleted(
            external_id,
            deleted,
            "SET #dueAt = :due, #tries = :tries",
            due=due_at,
            tries=deleted.tries + 1,
        )

    def confirm_deletion(self, external_id: str, deleted: DeletedProduct) -> None:
        """Records that Genlook has deleted it; the row stays to refuse older updates."""
        self._update_deleted(external_id, deleted, "REMOVE #dueAt, #dueShard, #tries")

    def _update_deleted(
        self, external_id: str, deleted: DeletedProduct, expression: str, **values: object
    ) -> None:
        with suppress(ConditionFailed):  # upserted or deleted again meanwhile
            self._table.write(
                update(
                    keys.product(external_id),
                    expression,
                    condition="#deletedAt = :deleted",
                    deleted=deleted.deleted_at,
                    **values,
                )
            )

    def pending_upsert(
        self, external_id: str, pending: PendingUpsert, attempt: str, *, until: int
    ) -> Write:
        """The write before a call that carries the product: what Genlook has is now unknown.

        It fails if another such call has begun since the row was read.
        """
        return update(
            keys.product(external_id),
            "SET #pendingHash = :hash, #pendingBy = :attempt, #pendingUntil = :until, "
            "#conflictUntil = :conflict REMOVE #acceptedHash",
            condition="attribute_not_exists(#pendingBy) OR #pendingBy = :seen "
            "OR (#pendingHash = :hash AND #conflictUntil = :conflict)",
            hash=pending.hash,
            attempt=attempt,
            until=until,
            seen=pending.seen_by or "",
            conflict=pending.conflict_until,
        )

    def acceptance(self, external_id: str, pending: PendingUpsert) -> Write:
        """The write that records what Genlook accepted of a product.

        It fails if another call may have carried another version, or the product is deleted.
        """
        return update(
            keys.product(external_id),
            "SET #acceptedHash = :hash",
            condition="#pendingHash = :hash AND #conflictUntil < :at",
            hash=pending.hash,
            at=pending.at,
        )

    def forget_acceptance(self, external_id: str) -> None:
        """Records that Genlook no longer knows the product."""
        self._table.write(update(keys.product(external_id), "REMOVE #acceptedHash"))
