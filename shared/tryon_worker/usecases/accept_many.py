"""Accepts the wishes of one event: one that is refused takes no other with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tryon_worker.incoming import Incoming, Refusals
from tryon_worker.usecases.accept import Accept, Ask, Refusal, WishRefused
from tryon_worker.wishes import Wish

# Of one event, or one part of it, so many refusals are told one by one: ten thousand erased
# shoppers must not become ten thousand events on the shop's bus.
MOST_REFUSALS = 10


@dataclass(frozen=True)
class Wanted:
    """One of the wishes of an event, and where in its detail it is."""

    path: str
    try_on_id: str
    wish: Wish


@dataclass(frozen=True)
class Refused:
    """One that is not to be had, and what is wrong with it."""

    reason: str
    field: str
    message: str


@dataclass(frozen=True)
class AcceptMany:
    """Accepts what can be accepted, and tells of the rest."""

    accept: Accept
    refusals: Refusals

    def __call__(
        self,
        wanted: Sequence[Wanted],
        event: Incoming,
        *,
        bulk: bool,
        ask: Ask | None = None,
        refused: Sequence[Refused] = (),
    ) -> None:
        """Accepts them and asks for their first steps; without ``ask`` each waits for its turn.

        ``refused`` are those of the event that were no wishes to begin with.
        """
        accepted, all_refused = [], list(refused)
        for one in wanted:
            try:
                if self.accept.write(one.try_on_id, one.wish, wished_at=event.time, bulk=bulk):
                    accepted.append(one.try_on_id)
            except WishRefused as error:
                field = _field_of(one.path, error)
                all_refused.append(Refused(error.reason, field, str(error)))
        if ask is not None:
            ask(accepted, wished_at=event.time)
        self._tell(event, all_refused)

    def _tell(self, event: Incoming, refused: Sequence[Refused]) -> None:
        """What is wrong with all of them alike is told once."""
        different = list({(one.reason, one.field): one for one in refused}.values())
        for one in different[:MOST_REFUSALS]:
            self.refusals(event, one.reason, one.field, one.message)
        if more := different[MOST_REFUSALS:]:
            field = more[0].field.partition(".")[0]
            self.refusals(event, "MORE_REFUSED", field, f"{len(more)} more were refused")


def _field_of(path: str, refused: WishRefused) -> str:
    """Where in the event's detail that lies which was wrong with one of its wishes."""
    if refused.reason is Refusal.BUCKET_NOT_ALLOWED:
        return f"{path}.{refused.field.removeprefix('product.')}"
    of_list = refused.reason is Refusal.CUSTOMER_ERASED and path.startswith("tryOnFor")
    return path if of_list else refused.field
