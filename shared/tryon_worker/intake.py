"""Routes an event of the bus to requests, products or a review; says what was wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tryon_worker.account.calls import Unavailable
from tryon_worker.aws.queues import ErasureQueue, IntakeQueue
from tryon_worker.catalogue.sync import SyncCatalogue
from tryon_worker.clock import DAY, Clock
from tryon_worker.events.envelope import (
    InboundEvent,
    InvalidEvent,
    RefusalPublisher,
    check_source,
    moment,
    parse,
)
from tryon_worker.events.problems import HINT, Problem, closest
from tryon_worker.events.schemas import (
    OrderItem,
    OrderPlaced,
    ProductDeleted,
    ProductUpserted,
    TryOnRequest,
    TryOnRequested,
    TryOnReviewed,
    UnreadOrder,
)
from tryon_worker.events.shopify import DETAIL_TYPE as WEBHOOK
from tryon_worker.events.shopify import Topic, topic_of
from tryon_worker.identity import Origin, Pseudonymizer
from tryon_worker.observability import Metric, count, logger
from tryon_worker.tryons.accept import Accept, AcceptMany, RefusedTryOn, RequestedTryOn
from tryon_worker.tryons.fan_out import FanOutTryOns, shoppers_of
from tryon_worker.tryons.model import LEDGER_SECONDS
from tryon_worker.tryons.review import AdoptionRefused, NothingToReview, Review

if TYPE_CHECKING:
    from tryon_worker.photos.store import Photos

# An order of more items came in bulk: its try-ons use what live ones leave.
LIVE_ORDER_ITEMS = 10

# A try-on of the catalogue is known by its product's date. Whatever its date, the same one is
# accepted within so long of it or not at all, and the ledger remembers it for longer than that: a
# catalogue that is sent again after years costs no second credit.
DATED_SECONDS = LEDGER_SECONDS - 10 * DAY

ASK_AGAIN_SECONDS = 60
"""An order that needs Genlook comes again after so long at the least, if it cannot be asked."""

# What every event of ours says of itself, whoever has given it another name.
_OURS = frozenset({"schemaVersion", "occurredAt"})

PRIVACY_TYPES = frozenset({"ErasureRequested", "DataRequested"})
"""They go to the erasure queue."""

TYPES = PRIVACY_TYPES | {
    "TryOnRequested",
    "OrderPlaced",
    "ProductUpserted",
    "ProductDeleted",
    "TryOnReviewed",
    WEBHOOK,
}
"""Every detail-type that the worker takes."""

TOPICS: frozenset[str] = frozenset(Topic)
"""Every topic of Shopify's that the worker takes; all of them concern privacy."""


@dataclass(frozen=True)
class Order:
    """An order: its lines by their places in the event, and those that are wrong."""

    order_id: str
    external_user_id: str
    context: Any
    lines: Mapping[int, OrderItem]
    refused: Sequence[RefusedTryOn] = ()


def read_order(detail: Mapping[str, Any]) -> Order:
    """Reads an order of which some lines may be wrong; the others are no worse for it.

    Raises
    ------
    InvalidEvent
        The order itself is wrong, whatever its lines are.
    """
    wrong: dict[int, list[Problem]] = {}
    try:
        parse(OrderPlaced, detail)
    except InvalidEvent as invalid:
        wrong = _by_line(invalid)
    order = parse(UnreadOrder, detail)
    return Order(
        order.order_id,
        order.external_user_id,
        order.context,
        {
            place: parse(OrderItem, line)
            for place, line in enumerate(order.items)
            if place not in wrong
        },
        [RefusedTryOn("INVALID", some[0].field, some[0].message, some) for some in wrong.values()],
    )


def _by_line(invalid: InvalidEvent) -> dict[int, list[Problem]]:
    """The problems of an order by the place of the line that has them.

    Raises
    ------
    InvalidEvent
        One is not a line's.
    """
    found: dict[int, list[Problem]] = {}
    for problem in invalid.problems:
        items, _, rest = problem.field.partition(".")
        place = rest.partition(".")[0]
        if items != "items" or not place.isdecimal():
            raise invalid
        found.setdefault(int(place), []).append(problem)
    return found


@dataclass(frozen=True)
class EventRouter:
    """One event at a time."""

    accept: Accept
    accept_many: AcceptMany
    fan_out: FanOutTryOns
    sync_catalogue: SyncCatalogue
    review: Review
    intake_queue: IntakeQueue
    erasure_queue: ErasureQueue
    pseudonymizer: Pseudonymizer
    refusal_publisher: RefusalPublisher
    photos: "Photos"
    trusted_sources: frozenset[str]
    clock: Clock
    ignores_orders_without_photo: bool

    def __call__(self, event: InboundEvent) -> None:
        """Does what an event asks for; what cannot be done is answered by ``RequestRefused``."""
        try:
            self._route(event)
        except InvalidEvent as refused:
            self.refusal_publisher.publish(event, refused)

    def _route(self, event: InboundEvent) -> None:
        if event.detail_type == "TryOnRequested":
            self._try_on(parse(TryOnRequested, event.detail), event)
        elif event.detail_type == "OrderPlaced":
            self._order(read_order(event.detail), event)
        elif event.detail_type == "ProductUpserted":
            self._product(event)
        elif event.detail_type == "ProductDeleted":
            gone = parse(ProductDeleted, event.detail)
            self.sync_catalogue.delete(gone.external_id, deleted_at=self._moment_of(event))
        elif event.detail_type == "TryOnReviewed":
            self._review(event)
        elif event.detail_type == WEBHOOK:
            self._webhook(event)
        else:
            self._unknown(event)

    def _webhook(self, event: InboundEvent) -> None:
        """Sends a privacy webhook on to the function that erases and reports.

        No rule can tell the topics apart, for the names of headers come in any case.
        """
        topic = topic_of(event.detail)
        if topic in TOPICS:
            self.erasure_queue.send(event.in_envelope())
            return
        if not topic or closest(topic, TOPICS, HINT):
            count(Metric.PRIVACY_REQUESTS_REFUSED)
        raise InvalidEvent("UNKNOWN_TOPIC", "metadata.X-Shopify-Topic", _not_taken(topic, TOPICS))

    def _unknown(self, event: InboundEvent) -> None:
        """Refuses a type that is not known, unless an event of ours came back.

        Whoever passes all events of a bus on under a source of their own may pass on ours as well.
        To answer one would make another one, without an end.
        """
        if event.detail.keys() >= _OURS:
            logger.warning("an event of the worker came back")
            return
        if closest(event.detail_type, TYPES, HINT) in PRIVACY_TYPES:
            count(Metric.PRIVACY_REQUESTS_REFUSED)
        raise InvalidEvent("UNKNOWN_TYPE", "detail-type", _not_taken(event.detail_type, TYPES))

    def _try_on(self, asked: TryOnRequested, event: InboundEvent) -> None:
        origin = Origin.REQUEST if asked.request_id else Origin.EVENT
        parts = (asked.external_user_id, asked.request_id) if asked.request_id else (event.id,)
        request = TryOnRequest.model_validate(
            asked.model_dump(exclude_unset=True, exclude={"request_id"})
        )
        self.accept(self.pseudonymizer.try_on_id(origin, *parts), request, requested_at=event.time)

    def _order(self, order: Order, event: InboundEvent) -> None:
        """Accepts the lines of an order, each by itself."""
        bulk = len(order.lines) > LIVE_ORDER_ITEMS
        requested = []
        for place, item in order.lines.items() if self._has_photo(order) else ():
            request = TryOnRequest(
                external_user_id=order.external_user_id,
                product=item.product,
                context=order.context,
                order_id=order.order_id,
                variant_id=item.variant_id,
            )
            try_on_id = self.pseudonymizer.try_on_id(
                Origin.ORDER,
                order.external_user_id,
                order.order_id,
                item.product_external_id,
                item.variant_id or "",
            )
            requested.append(RequestedTryOn(f"items.{place}", try_on_id, request))
        ask = self.accept.ask_in_line if bulk else self.accept.ask
        self.accept_many(requested, event, bulk=bulk, ask=ask, refused=order.refused)

    def _has_photo(self, order: Order) -> bool:
        """Whether an order is to become try-ons; most shoppers of most shops have no photo."""
        if not self.ignores_orders_without_photo:
            return True
        shopper_key = self.pseudonymizer.shopper_key(order.external_user_id)
        return self.photos.may_serve(shopper_key)

    def _product(self, event: InboundEvent) -> None:
        shoppers = shoppers_of(event)
        # What is kept of an event has a limit; the shoppers are not kept with it.
        kept = {name: value for name, value in event.detail.items() if name != "tryOnFor"}
        product = parse(ProductUpserted, kept)
        updated_at = moment("updatedAt", product.updated_at, now=self.clock())
        if event.part is None:
            self.sync_catalogue.upsert(product.product, updated_at=updated_at)
        if shoppers and updated_at < self.clock() - DATED_SECONDS:
            days = DATED_SECONDS // DAY
            raise InvalidEvent(
                "TOO_OLD", "updatedAt", f"is more than {days} days ago, for tryOnFor"
            )
        self.fan_out(event, product.external_id, updated_at, shoppers)

    def _moment_of(self, event: InboundEvent) -> float:
        """The end of the event's second: bus times have whole ones, ``updatedAt`` need not."""
        return min(event.time, int(self.clock())) + 0.999

    def _review(self, event: InboundEvent) -> None:
        check_source(event, self.trusted_sources)
        reviewed = parse(TryOnReviewed, event.detail)
        try:
            self.review(reviewed, ordered_at=event.time)
        except NothingToReview as nothing:
            raise InvalidEvent("NOTHING_TO_REVIEW", "tryOnId", str(nothing)) from nothing
        except AdoptionRefused as refused:
            raise InvalidEvent(refused.reason, "generationId", str(refused)) from refused
        except Unavailable as later:
            # Nothing was done. As a message of its own the order comes again for as long as the
            # review is open; as a failed one it would be a dead letter after half an hour.
            delay = max(ASK_AGAIN_SECONDS, int(later.seconds))
            self.intake_queue.send(event.in_envelope(), delay=delay)


def _not_taken(name: str, known: frozenset[str]) -> str:
    meant = closest(name, known, HINT)
    return "is not one that this stack takes" + (f": did you mean {meant}?" if meant else "")
