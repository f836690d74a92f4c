"""Keeps the catalogue: product rows here, and what Genlook has of them."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.budget import Budget, NoSlot
from tryon_worker.clock import Sleep
from tryon_worker.gcra import CallClass
from tryon_worker.genlook import GenlookError, RateLimited
from tryon_worker.observability import logger
from tryon_worker.store.products import Products
from tryon_worker.usecases.accept import check_buckets
from tryon_worker.wishes import WishedProduct


class NotDeletedYet(Exception):
    """Genlook has not confirmed that a product is gone; the event comes again."""


@dataclass(frozen=True)
class KeepProducts:
    """Writes what the shop says of its products."""

    products: Products
    budget: Budget
    delete_product: Callable[[str], None]
    sleep: Sleep
    image_buckets: frozenset[str]

    def upsert(self, product: WishedProduct, *, updated_at: float) -> bool:
        """Keeps a product; ``False`` if something newer is known.

        It reaches Genlook inline with its next try-on: that call carries it anyway, and a
        catalogue of thousands would use up the account's rate for products nobody tries on.

        Raises
        ------
        WishRefused
            An image is in a bucket that the stack may not read.
        """
        check_buckets(product, self.image_buckets)
        return self.products.keep(product, updated_at=updated_at)

    def delete(self, external_id: str, *, deleted_at: float) -> None:
        """Forgets a product, here and at Genlook.

        Raises
        ------
        NotDeletedYet
            Genlook has not confirmed.
        """
        if not self.products.remove(external_id, deleted_at=deleted_at):
            return
        slot = self.budget.take(CallClass.PRODUCT)
        if isinstance(slot, NoSlot):
            raise NotDeletedYet("no request to Genlook is free")
        self.sleep(slot.wait_seconds)
        try:
            self.delete_product(external_id)
        except GenlookError as error:
            if isinstance(error, RateLimited):
                self.budget.pause(error.retry_after)
            logger.warning(
                "Genlook did not confirm that a product is gone",
                extra={"kind": type(error).__name__, "code": error.code, "status": error.status},
            )
            raise NotDeletedYet(type(error).__name__) from error
