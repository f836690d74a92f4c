"""Brings the shop's changes of products into the catalogue and to Genlook."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.account.calls import Unavailable, UnbilledCall
from tryon_worker.account.gcra import Priority
from tryon_worker.catalogue.store import Products
from tryon_worker.clock import Clock
from tryon_worker.events.schemas import RequestedProduct
from tryon_worker.genlook import Refused
from tryon_worker.tryons.accept import check_buckets


@dataclass(frozen=True)
class SyncCatalogue:
    """Writes and deletes products."""

    products: Products
    unbilled_call: UnbilledCall
    delete_product: Callable[[str], None]
    clock: Clock
    image_buckets: frozenset[str]

    def upsert(self, product: RequestedProduct, *, updated_at: float) -> bool:
        """Writes a product; ``False`` if the row is newer.

        The product's next try-on carries it to Genlook. A call for each product would use up the
        account's rate for products that no shopper tries on.

        Raises
        ------
        RequestRefused
            An image is in a bucket that the stack may not read.
        """
        check_buckets(product, self.image_buckets, path="images")
        return self.products.upsert(product, updated_at=updated_at)

    def delete(self, external_id: str, *, deleted_at: float) -> None:
        """Deletes a product here and at Genlook; the row is due until Genlook has confirmed."""
        now = int(self.clock())
        if self.products.delete(external_id, deleted_at=deleted_at, now=now):
            self.delete_at_genlook(external_id)

    def delete_at_genlook(self, external_id: str) -> None:
        """Deletes a product at Genlook that is deleted here; if that fails, the row stays due."""
        deleted = self.products.deleted(external_id)
        if deleted is None:
            return  # confirmed, or upserted again
        try:
            self.unbilled_call(
                Priority.PRODUCT, lambda: self.delete_product(external_id), tries=deleted.tries
            )
        except Unavailable as unavailable:
            due_at = int(self.clock() + unavailable.seconds) + 1
            self.products.retry_deletion(external_id, deleted, due_at=due_at)
            return
        except Refused:
            # Genlook would refuse it for ever. The product is not personal and out of use, so the
            # warning that the call has logged is enough.
            pass
        self.products.confirm_deletion(external_id, deleted)
