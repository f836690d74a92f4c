"""Keeps the catalogue: product rows here, and what Genlook has of them."""

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
    """Writes what the shop says of its products."""

    products: Products
    unbilled_call: UnbilledCall
    delete_product: Callable[[str], None]
    clock: Clock
    image_buckets: frozenset[str]

    def upsert(self, product: RequestedProduct, *, updated_at: float) -> bool:
        """Keeps a product; ``False`` if something newer is known.

        It reaches Genlook inline with its next try-on: that call carries it anyway, and a
        catalogue of thousands would use up the account's rate for products nobody tries on.

        Raises
        ------
        RequestRefused
            An image is in a bucket that the stack may not read.
        """
        check_buckets(product, self.image_buckets, path="images")
        return self.products.keep(product, updated_at=updated_at)

    def delete(self, external_id: str, *, deleted_at: float) -> None:
        """Forgets a product, here and at Genlook; the row says so until Genlook has confirmed."""
        now = int(self.clock())
        if self.products.remove(external_id, deleted_at=deleted_at, now=now):
            self.forget(external_id)

    def forget(self, external_id: str) -> None:
        """Has Genlook forget a product that is deleted here, or lets that wait in its row."""
        gone = self.products.gone(external_id)
        if gone is None:
            return  # confirmed, or the shop has it again
        try:
            self.unbilled_call(
                Priority.PRODUCT, lambda: self.delete_product(external_id), tries=gone.tries
            )
        except Unavailable as not_served:
            due_at = int(self.clock() + not_served.seconds) + 1
            self.products.keep_trying(external_id, gone, due_at=due_at)
            return
        except Refused:
            # Nothing personal is in it, it is out of use, and it would be refused for ever: the
            # warning that the call left is all there is to do.
            pass
        self.products.forgotten(external_id, gone)
