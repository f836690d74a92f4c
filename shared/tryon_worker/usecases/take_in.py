"""Turns an event of the bus into wishes, product rows or a review; says what was wrong with it."""

from dataclasses import dataclass

from tryon_worker.identity import Identities, Origin
from tryon_worker.incoming import Incoming, Malformed, Refusals, check_source, moment, parse
from tryon_worker.usecases.accept import Accept, WishRefused
from tryon_worker.usecases.keep_products import KeepProducts
from tryon_worker.usecases.review import NothingToReview, Review
from tryon_worker.wishes import (
    OrderPlaced,
    ProductDeleted,
    ProductUpserted,
    TryOnRequested,
    TryOnReviewed,
    Wish,
    WishedProduct,
)

# An order of more items came in bulk: its try-ons use what live ones leave.
LIVE_ORDER_ITEMS = 10


@dataclass(frozen=True)
class TakeIn:
    """One event at a time."""

    accept: Accept
    keep_products: KeepProducts
    review: Review
    identities: Identities
    refusals: Refusals
    trusted_sources: frozenset[str]

    def __call__(self, event: Incoming) -> None:
        """Does what an event asks for; what cannot be done is answered by ``RequestRefused``."""
        try:
            self._route(event)
        except (Malformed, WishRefused) as refused:
            self.refusals(event, refused.reason, refused.field, str(refused))

    def _route(self, event: Incoming) -> None:
        if event.detail_type == "TryOnRequested":
            self._try_on(parse(TryOnRequested, event.detail), event)
        elif event.detail_type == "OrderPlaced":
            self._order(parse(OrderPlaced, event.detail), event)
        elif event.detail_type == "ProductUpserted":
            self._product(parse(ProductUpserted, event.detail), event)
        elif event.detail_type == "ProductDeleted":
            gone = parse(ProductDeleted, event.detail)
            self.keep_products.delete(gone.external_id, deleted_at=event.time)
        elif event.detail_type == "TryOnReviewed":
            self._review(parse(TryOnReviewed, event.detail), event)
        else:
            raise Malformed("UNKNOWN_TYPE", "detail-type", "is not one that this stack takes")

    def _try_on(self, asked: TryOnRequested, event: Incoming) -> None:
        origin = Origin.REQUEST if asked.request_id else Origin.EVENT
        parts = (asked.external_user_id, asked.request_id) if asked.request_id else (event.id,)
        wish = Wish.model_validate(asked.model_dump(exclude_unset=True, exclude={"request_id"}))
        self.accept(self.identities.try_on_id(origin, *parts), wish, wished_at=event.time)

    def _order(self, order: OrderPlaced, event: Incoming) -> None:
        for item in order.items:
            try_on_id = self.identities.try_on_id(
                Origin.ORDER,
                order.external_user_id,
                order.order_id,
                item.product_external_id,
                item.variant_id or "",
            )
            wish = Wish(
                external_user_id=order.external_user_id,
                product=item.product,
                context=order.context,
                order_id=order.order_id,
            )
            bulk = len(order.items) > LIVE_ORDER_ITEMS
            self.accept(try_on_id, wish, wished_at=event.time, bulk=bulk)

    def _product(self, product: ProductUpserted, event: Incoming) -> None:
        updated_at = moment("updatedAt", product.updated_at)
        self.keep_products.upsert(product.product, updated_at=updated_at)
        for external_user_id in product.try_on_for:
            try_on_id = self.identities.try_on_id(
                Origin.CATALOGUE, external_user_id, product.external_id, product.updated_at
            )
            wish = Wish(
                external_user_id=external_user_id,
                product=WishedProduct(external_id=product.external_id),
            )
            self.accept(try_on_id, wish, wished_at=event.time, bulk=True)

    def _review(self, reviewed: TryOnReviewed, event: Incoming) -> None:
        check_source(event, self.trusted_sources)
        try:
            self.review(reviewed, event.id)
        except NothingToReview as nothing:
            raise Malformed("NOTHING_TO_REVIEW", "tryOnId", str(nothing)) from nothing
