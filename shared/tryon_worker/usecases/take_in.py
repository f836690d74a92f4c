"""Turns an event of the bus into wishes, product rows or a review; says what was wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tryon_worker.clock import Clock, iso
from tryon_worker.identity import Identities, Origin
from tryon_worker.incoming import Incoming, Malformed, Refusals, check_source, moment, parse
from tryon_worker.usecases.accept import Accept, Ask, Refusal, WishRefused
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
class _Wanted:
    """One of the wishes of an event, and where in its detail it is."""

    path: str
    try_on_id: str
    wish: Wish


@dataclass(frozen=True)
class TakeIn:
    """One event at a time."""

    accept: Accept
    keep_products: KeepProducts
    review: Review
    identities: Identities
    refusals: Refusals
    trusted_sources: frozenset[str]
    clock: Clock

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
            self.keep_products.delete(gone.external_id, deleted_at=self._moment_of(event))
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
        bulk = len(order.items) > LIVE_ORDER_ITEMS
        wanted = []
        for place, item in enumerate(order.items):
            wish = Wish(
                external_user_id=order.external_user_id,
                product=item.product,
                context=order.context,
                order_id=order.order_id,
            )
            try_on_id = self.identities.try_on_id(
                Origin.ORDER,
                order.external_user_id,
                order.order_id,
                item.product_external_id,
                item.variant_id or "",
            )
            wanted.append(_Wanted(f"items.{place}", try_on_id, wish))
        ask = self.accept.ask_in_line if bulk else self.accept.ask
        self._accept_all(wanted, event, bulk=bulk, ask=ask)

    def _product(self, product: ProductUpserted, event: Incoming) -> None:
        updated_at = moment("updatedAt", product.updated_at, now=self.clock())
        self.keep_products.upsert(product.product, updated_at=updated_at)
        wanted = []
        for place, external_user_id in enumerate(product.try_on_for):
            try_on_id = self.identities.try_on_id(
                Origin.CATALOGUE, external_user_id, product.external_id, iso(updated_at)
            )
            wish = Wish(
                external_user_id=external_user_id,
                product=WishedProduct(external_id=product.external_id),
            )
            wanted.append(_Wanted(f"tryOnFor.{place}", try_on_id, wish))
        self._accept_all(wanted, event, bulk=True)

    def _accept_all(
        self, wanted: Sequence["_Wanted"], event: Incoming, *, bulk: bool, ask: Ask | None = None
    ) -> None:
        """Accepts what can be accepted; one wish that is refused takes no other with it."""
        accepted, refusals = [], {}
        for one in wanted:
            try:
                if self.accept.write(one.try_on_id, one.wish, wished_at=event.time, bulk=bulk):
                    accepted.append(one.try_on_id)
            except WishRefused as refused:
                refusals[refused.reason, _field_of(one.path, refused)] = str(refused)
        if ask is not None:  # else each of them waits for its turn
            ask(accepted, wished_at=event.time)
        for (reason, field), message in refusals.items():
            self.refusals(event, reason, field, message)

    def _moment_of(self, event: Incoming) -> float:
        """The end of the event's second: bus times have whole ones, ``updatedAt`` need not."""
        return min(event.time, int(self.clock())) + 0.999

    def _review(self, reviewed: TryOnReviewed, event: Incoming) -> None:
        check_source(event, self.trusted_sources)
        try:
            self.review(reviewed, event.id)
        except NothingToReview as nothing:
            raise Malformed("NOTHING_TO_REVIEW", "tryOnId", str(nothing)) from nothing


def _field_of(path: str, refused: WishRefused) -> str:
    """Where in the event's detail that lies which was wrong with one of its wishes."""
    if refused.reason is Refusal.BUCKET_NOT_ALLOWED:
        return f"{path}.{refused.field.removeprefix('product.')}"
    of_list = refused.reason is Refusal.CUSTOMER_ERASED and path.startswith("tryOnFor")
    return path if of_list else refused.field
