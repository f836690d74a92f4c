"""Shows a product to the shoppers whom its event names, a part of them at a time.

Ten thousand shoppers are minutes of writing, longer than a function may run. So intake sends parts
of the event to its own queue; each is done again as a whole if it was cut short, for the ids of its
try-ons are derived.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tryon_worker.clock import iso
from tryon_worker.identity import (
    MAX_ID_LENGTH,
    Identities,
    Origin,
    UnusableShopperId,
    check_shopper_id,
)
from tryon_worker.incoming import Incoming, Malformed
from tryon_worker.queues import IntakeQueue
from tryon_worker.usecases.accept_many import AcceptMany, Refused, Wanted
from tryon_worker.wishes import Wish, WishedProduct

# A second or two of writing: a live wish that comes in the same batch waits for no more.
PART_SHOPPERS = 50

# One part a second keeps one or two of intake's workers busy, and the others free.
PART_SECONDS = 1

# SQS delays a message by 900 s at the most, and takes 1 MB: at 25 bytes an id that is as many.
MOST_SHOPPERS = 40_000


@dataclass(frozen=True)
class ShowTo:
    """Turns a product and shoppers into wishes that came in bulk."""

    accept_many: AcceptMany
    identities: Identities
    intake_queue: IntakeQueue

    def __call__(
        self, event: Incoming, external_id: str, updated_at: float, shoppers: Sequence[Any]
    ) -> None:
        """Accepts a wish of each shopper now, or in parts that come soon."""
        if event.part is None and len(shoppers) > PART_SHOPPERS:
            self._divide(event, shoppers)
        else:
            self._accept(event, external_id, updated_at, shoppers)

    def _divide(self, event: Incoming, shoppers: Sequence[Any]) -> None:
        parts = list(_parts(event, shoppers))
        self.intake_queue.send_parts(parts, apart=PART_SECONDS)

    def _accept(
        self, event: Incoming, external_id: str, updated_at: float, shoppers: Sequence[Any]
    ) -> None:
        wanted, refused = [], []
        for place, shopper in enumerate(shoppers, event.part or 0):
            path = f"tryOnFor.{place}"
            try:
                external_user_id = _checked(shopper)
            except UnusableShopperId as error:
                refused.append(Refused("INVALID", path, str(error)))
                continue
            try_on_id = self.identities.try_on_id(
                Origin.CATALOGUE, external_user_id, external_id, iso(updated_at)
            )
            product = WishedProduct(external_id=external_id)
            wish = Wish(external_user_id=external_user_id, product=product)
            wanted.append(Wanted(path, try_on_id, wish))
        self.accept_many(wanted, event, bulk=True, refused=refused)


def shoppers_of(event: Incoming) -> Sequence[Any]:
    """The shoppers to whom a product is to be shown, not yet looked at one by one.

    Raises
    ------
    Malformed
        It is no list, or one that is too long.
    """
    shoppers = event.detail.get("tryOnFor", [])
    if not isinstance(shoppers, list):
        raise Malformed("INVALID", "tryOnFor", "must be a list")
    if len(shoppers) > MOST_SHOPPERS:
        raise Malformed("INVALID", "tryOnFor", f"must not have more than {MOST_SHOPPERS} items")
    return shoppers


def _checked(shopper: Any) -> str:
    if not isinstance(shopper, str):
        raise UnusableShopperId("is no text")
    return check_shopper_id(shopper)


def _sendable(shopper: Any) -> str | None:
    """What a message can hold of an id, usable or not: half a character, or a tree, it cannot."""
    if isinstance(shopper, str) and shopper.isprintable():
        return shopper[: MAX_ID_LENGTH + 1]
    return None


def _parts(event: Incoming, shoppers: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """The event again for each part; of the product just its name, for it is kept already."""
    named = {name: event.detail[name] for name in ("externalId", "updatedAt")}
    for first in range(0, len(shoppers), PART_SHOPPERS):
        some = [_sendable(shopper) for shopper in shoppers[first : first + PART_SHOPPERS]]
        yield event.part_of({**named, "tryOnFor": some}, first)
