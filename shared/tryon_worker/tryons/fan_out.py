"""Shows a product to the shoppers whom its event names, a part of them at a time.

Ten thousand shoppers are minutes of writing, longer than a function may run. So intake sends parts
of the event to its own queue; each is done again as a whole if it was cut short, for the ids of its
try-ons are derived.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tryon_worker.aws.queues import IntakeQueue
from tryon_worker.clock import iso
from tryon_worker.events.envelope import InboundEvent, InvalidEvent
from tryon_worker.events.fields import shopper_id
from tryon_worker.events.schemas import RequestedProduct, TryOnRequest
from tryon_worker.identity import (
    MAX_ID_LENGTH,
    InvalidShopperId,
    Origin,
    Pseudonymizer,
)
from tryon_worker.tryons.accept import AcceptMany, RefusedTryOn, RequestedTryOn

# A second or two of writing: a live request that comes in the same batch waits for no more.
PART_SHOPPERS = 50

# One part a second keeps one or two of intake's workers busy, and the others free.
PART_SECONDS = 1

# SQS delays a message by 900 s at the most, and takes 1 MB: at 25 bytes an id that is as many.
MOST_SHOPPERS = 40_000


@dataclass(frozen=True)
class FanOutTryOns:
    """Turns a product and shoppers into requests that came in bulk."""

    accept_many: AcceptMany
    pseudonymizer: Pseudonymizer
    intake_queue: IntakeQueue

    def __call__(
        self, event: InboundEvent, external_id: str, updated_at: float, shoppers: Sequence[Any]
    ) -> None:
        """Accepts a request of each shopper now, or in parts that come soon."""
        if event.part is None and len(shoppers) > PART_SHOPPERS:
            self._divide(event, shoppers)
        else:
            self._accept(event, external_id, updated_at, shoppers)

    def _divide(self, event: InboundEvent, shoppers: Sequence[Any]) -> None:
        parts = list(_parts(event, shoppers))
        self.intake_queue.send_parts(parts, apart=PART_SECONDS)

    def _accept(
        self, event: InboundEvent, external_id: str, updated_at: float, shoppers: Sequence[Any]
    ) -> None:
        requested, refused = [], []
        for place, shopper in enumerate(shoppers, event.part or 0):
            path = f"tryOnFor.{place}"
            try:
                external_user_id = shopper_id(shopper)
            except InvalidShopperId as error:
                refused.append(RefusedTryOn("INVALID", path, str(error)))
                continue
            try_on_id = self.pseudonymizer.try_on_id(
                Origin.CATALOGUE, external_user_id, external_id, iso(updated_at)
            )
            product = RequestedProduct(external_id=external_id)
            request = TryOnRequest(external_user_id=external_user_id, product=product)
            requested.append(RequestedTryOn(path, try_on_id, request))
        self.accept_many(requested, event, bulk=True, refused=refused)


def shoppers_of(event: InboundEvent) -> Sequence[Any]:
    """The shoppers to make a try-on for, not yet checked one by one.

    Raises
    ------
    Malformed
        It is no list, or one that is too long.
    """
    shoppers = event.detail.get("tryOnFor", [])
    if not isinstance(shoppers, list):
        raise InvalidEvent("INVALID", "tryOnFor", "must be a list")
    if len(shoppers) > MOST_SHOPPERS:
        raise InvalidEvent("INVALID", "tryOnFor", f"must not have more than {MOST_SHOPPERS} items")
    return shoppers


def _sendable(shopper: Any) -> str | None:
    """What a message can hold of an id, usable or not: half a character, or a tree, it cannot."""
    with suppress(InvalidShopperId):
        return shopper_id(shopper)
    if isinstance(shopper, str) and shopper.isprintable():
        return shopper[: MAX_ID_LENGTH + 1]
    return None


def _parts(event: InboundEvent, shoppers: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """The event again for each part; of the product just its name, for it is kept already."""
    named = {name: event.detail[name] for name in ("externalId", "updatedAt")}
    for first in range(0, len(shoppers), PART_SHOPPERS):
        some = [_sendable(shopper) for shopper in shoppers[first : first + PART_SHOPPERS]]
        yield event.part_of({**named, "tryOnFor": some}, first)
