"""The product rows: what the shop says of a product, and what Genlook last accepted of it."""

from dataclasses import dataclass

from tryon_worker.store import keys
from tryon_worker.store.table import ConditionFailed, Table, Write, put, update
from tryon_worker.wishes import WishedProduct


@dataclass(frozen=True)
class KeptProduct:
    """A product row."""

    product: WishedProduct
    updated_at: float
    accepted_hash: str | None


class Products:
    """Reads and writes product rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, external_id: str) -> KeptProduct | None:
        """What is known of a product."""
        row = self._table.get(keys.product(external_id))
        if row is None:
            return None
        body = row.get("product", WishedProduct(external_id=external_id).to_row())
        return KeptProduct(
            WishedProduct.model_validate_json(body),
            row.get("updatedAt", 0),
            row.get("acceptedHash"),
        )

    def keep(self, product: WishedProduct, *, updated_at: float) -> bool:
        """Keeps what the shop says of a product; ``False`` if it has said something newer."""
        external_id = product.external_id or ""
        try:
            self._table.write(
                update(
                    keys.product(external_id),
                    "SET #product = :product, #updatedAt = :at REMOVE #deletedAt",
                    condition="(attribute_not_exists(#updatedAt) OR #updatedAt <= :at)",
                    product=product.to_row(),
                    at=updated_at,
                )
            )
        except ConditionFailed:
            return False
        return True

    def remove(self, external_id: str, *, deleted_at: float) -> bool:
        """Forgets a product; ``False`` if the shop has said something newer of it."""
        try:
            self._table.write(
                put(
                    keys.product(external_id),
                    {"updatedAt": deleted_at, "deletedAt": deleted_at},
                    condition="attribute_not_exists(#updatedAt) OR #updatedAt <= :at",
                    at=deleted_at,
                )
            )
        except ConditionFailed:
            return False
        return True

    def acceptance(self, external_id: str, accepted_hash: str) -> Write:
        """The write that notes what Genlook has accepted of a product."""
        return update(keys.product(external_id), "SET #acceptedHash = :hash", hash=accepted_hash)

    def forget_acceptance(self, external_id: str) -> None:
        """Genlook does not know the product any more."""
        self._table.write(update(keys.product(external_id), "REMOVE #acceptedHash"))
