"""Accepts try-on requests: accepted means written, so the ledger row comes before the message."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tryon_worker.aws.queues import RESEND_SECONDS, TryOnQueue
from tryon_worker.aws.table import ConditionFailed, Table
from tryon_worker.clock import DAY, Clock
from tryon_worker.events.envelope import InboundEvent, InvalidEvent, RefusalPublisher
from tryon_worker.events.problems import Problem
from tryon_worker.events.schemas import RequestedProduct, TryOnRequest
from tryon_worker.identity import Pseudonymizer, photo_prefixes
from tryon_worker.shoppers import Shoppers
from tryon_worker.tryons.details import TryOnDetails
from tryon_worker.tryons.ledger import Ledger
from tryon_worker.tryons.model import State, TryOn, try_on_of

# Well within the life of a ledger row: a request that is older might have been forgotten.
MAX_AGE_SECONDS = 30 * DAY

# Of an order that came in bulk so many are tried at once, one a second: as many as of an order
# that did not. The next round of housekeeping may be a minute away.
FIRST_OF_BULK = 10


class Ask(Protocol):
    """How first steps are asked for."""

    def __call__(self, try_on_ids: Sequence[str], *, requested_at: int) -> None:
        """Asks for them."""


class RefusalReason(StrEnum):
    """Why a request was not accepted."""

    TOO_OLD = "TOO_OLD"
    CUSTOMER_ERASED = "CUSTOMER_ERASED"
    CONFLICTING_REPEAT = "CONFLICTING_REPEAT"
    BUCKET_NOT_ALLOWED = "BUCKET_NOT_ALLOWED"
    PHOTO_NOT_THEIRS = "PHOTO_NOT_THEIRS"


class RequestRefused(InvalidEvent):
    """The request cannot be accepted; ``field`` is what is wrong with it."""


@dataclass(frozen=True)
class Accept:
    """Writes a request down and asks for its first step."""

    table: Table
    ledger: Ledger
    details: TryOnDetails
    shoppers: Shoppers
    pseudonymizer: Pseudonymizer
    tryon_queue: TryOnQueue
    clock: Clock
    image_buckets: frozenset[str]

    def __call__(
        self, try_on_id: str, request: TryOnRequest, *, requested_at: int, bulk: bool = False
    ) -> None:
        """Accepts a request and asks for its first step; the same one again changes nothing.

        Raises
        ------
        RequestRefused
            Nothing was written.
        """
        if self.write(try_on_id, request, requested_at=requested_at, bulk=bulk):
            self.ask([try_on_id], requested_at=requested_at)

    def write(
        self, try_on_id: str, request: TryOnRequest, *, requested_at: int, bulk: bool = False
    ) -> bool:
        """Writes a request down; whether its first step is still to be asked for.

        Raises
        ------
        RequestRefused
            Nothing was written.
        """
        now = int(self.clock())
        if requested_at < now - MAX_AGE_SECONDS:
            raise RequestRefused(RefusalReason.TOO_OLD, "time", "is more than 30 days ago")
        check_buckets(request.product, self.image_buckets)
        check_photo(request)
        # A producer dates its events: a request of the future would pass every tombstone.
        made_at = min(requested_at, now)
        try_on = self._try_on(try_on_id, request, requested_at=made_at, now=now, bulk=bulk)
        return self._write(try_on, request)

    def ask(self, try_on_ids: Sequence[str], *, requested_at: int) -> None:
        """Sends the first steps; if a message is lost, housekeeping resends it."""
        self.tryon_queue.send_steps([(one, requested_at) for one in try_on_ids])

    def ask_in_line(self, try_on_ids: Sequence[str], *, requested_at: int) -> None:
        """Asks for the first steps of an order that came in bulk, as far as they can go soon.

        A shopper waits for it. The others are let go when their turn comes.
        """
        first = [(one, requested_at) for one in try_on_ids[:FIRST_OF_BULK]]
        self.tryon_queue.send_steps(first, apart=1)

    def _try_on(
        self, try_on_id: str, request: TryOnRequest, *, requested_at: int, now: int, bulk: bool
    ) -> TryOn:
        shopper_key = self.pseudonymizer.shopper_key(request.external_user_id)
        return TryOn(
            try_on_id=try_on_id,
            shopper_key=shopper_key,
            state=State.ACCEPTED,
            payload_hash=request.payload_hash(shopper_key),
            requested_at=requested_at,
            accepted_at=now,
            bulk=bulk,
            due_at=now if bulk else now + RESEND_SECONDS,
        )

    def _write(self, try_on: TryOn, request: TryOnRequest) -> bool:
        """Writes both rows; whether the first step is still to be asked for."""
        writes = [
            self.ledger.acceptance(try_on),
            self.shoppers.not_erased(try_on.shopper_key, made_at=try_on.requested_at),
            self.details.acceptance(
                try_on.shopper_key, try_on.try_on_id, request, requested_at=try_on.requested_at
            ),
        ]
        try:
            self.table.transact(writes)
        except ConditionFailed as failed:
            known = failed.old.get(0)
            if known is not None:
                return self._repeat(try_on, try_on_of(known))
            raise RequestRefused(
                RefusalReason.CUSTOMER_ERASED,
                "externalUserId",
                "was erased after this was asked for",
            ) from failed
        return True

    @staticmethod
    def _repeat(try_on: TryOn, known: TryOn) -> bool:
        if known.payload_hash != try_on.payload_hash:
            raise RequestRefused(
                RefusalReason.CONFLICTING_REPEAT,
                "requestId",
                "was used before with another shopper, product, photo or output",
            )
        # The first delivery may have died between its write and its message.
        return known.state is State.ACCEPTED


def check_photo(request: TryOnRequest) -> None:
    """Refuses a photo by a key that no photo of the shopper can have: it would never come.

    Raises
    ------
    RequestRefused
        The key is not below the shopper's own prefix.
    """
    key = request.photo.key if request.photo else None
    if key is not None and not key.startswith(photo_prefixes(request.external_user_id)):
        raise RequestRefused(
            RefusalReason.PHOTO_NOT_THEIRS,
            "photo.key",
            "is not photos/{externalUserId}/{name} of the same shopper",
        )


def check_buckets(
    product: RequestedProduct, allowed: frozenset[str], *, path: str = "product.images"
) -> None:
    """Refuses product images, which lie at ``path``, in buckets that the stack may not read.

    Raises
    ------
    RequestRefused
        A bucket is not among ``allowed``.
    """
    for place, image in enumerate(product.images or ()):
        if image.s3 is not None and image.s3.bucket not in allowed:
            raise RequestRefused(
                RefusalReason.BUCKET_NOT_ALLOWED,
                f"{path}.{place}.s3.bucket",
                "is not in the stack's parameter ProductImageBuckets",
            )


# Of one event, or one part of it, so many refusals are told one by one: ten thousand erased
# shoppers must not become ten thousand events on the shop's bus.
MOST_REFUSALS = 10


@dataclass(frozen=True)
class RequestedTryOn:
    """One of the requests of an event, and where in its detail it is."""

    path: str
    try_on_id: str
    request: TryOnRequest


@dataclass(frozen=True)
class RefusedTryOn:
    """A try-on that was refused, and what is wrong with it."""

    reason: str
    field: str
    message: str
    problems: Sequence[Problem] = ()


@dataclass(frozen=True)
class AcceptMany:
    """Accepts what can be accepted, and publishes refusals of the rest."""

    accept: Accept
    refusal_publisher: RefusalPublisher

    def __call__(
        self,
        requested: Sequence[RequestedTryOn],
        event: InboundEvent,
        *,
        bulk: bool,
        ask: Ask | None = None,
        refused: Sequence[RefusedTryOn] = (),
    ) -> None:
        """Accepts them and asks for their first steps; without ``ask`` each waits for its turn.

        ``refused`` are those of the event that were no requests to begin with.
        """
        accepted, all_refused = [], list(refused)
        for one in requested:
            try:
                if self.accept.write(
                    one.try_on_id, one.request, requested_at=event.time, bulk=bulk
                ):
                    accepted.append(one.try_on_id)
            except RequestRefused as error:
                field = _field_of(one.path, error)
                all_refused.append(RefusedTryOn(error.reason, field, str(error)))
        if ask is not None:
            ask(accepted, requested_at=event.time)
        self._tell(event, all_refused)

    def _tell(self, event: InboundEvent, refused: Sequence[RefusedTryOn]) -> None:
        """Publishes a refusal that all of them share once."""
        different = list({(one.reason, one.field): one for one in refused}.values())
        for one in different[:MOST_REFUSALS]:
            self.refusal_publisher(event, one.reason, one.field, one.message, problems=one.problems)
        if more := different[MOST_REFUSALS:]:
            field = more[0].field.partition(".")[0]
            self.refusal_publisher(event, "MORE_REFUSED", field, f"{len(more)} more were refused")


def _field_of(path: str, refused: RequestRefused) -> str:
    """Where in the event's detail that lies which was wrong with one of its requests."""
    if refused.reason is RefusalReason.BUCKET_NOT_ALLOWED:
        return f"{path}.{refused.field.removeprefix('product.')}"
    of_list = refused.reason is RefusalReason.CUSTOMER_ERASED and path.startswith("tryOnFor")
    return path if of_list else refused.field
