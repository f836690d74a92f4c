"""Turns an erasure request, from the bus or straight from its queue, into an erasure."""

from dataclasses import dataclass

from tryon_worker.incoming import Incoming, Malformed, Refusals, check_source, parse
from tryon_worker.usecases.erase import Erase
from tryon_worker.wishes import ErasureRequested

ERASURE_REQUESTED = "ErasureRequested"


@dataclass(frozen=True)
class TakeErasure:
    """One request at a time."""

    erase: Erase
    refusals: Refusals
    trusted_sources: frozenset[str]

    def __call__(self, event: Incoming) -> None:
        """Erases, or says by ``RequestRefused`` why not."""
        try:
            asked = self._asked(event)
        except Malformed as refused:
            self.refusals(event, refused.reason, refused.field, str(refused))
            return
        self.erase(asked.external_user_id, asked.request_id or event.id)

    def _asked(self, event: Incoming) -> ErasureRequested:
        # A question about a shopper has the same fields; it must not erase them.
        if event.detail_type != ERASURE_REQUESTED:
            raise Malformed("UNKNOWN_TYPE", "detail-type", f"is not {ERASURE_REQUESTED}")
        check_source(event, self.trusted_sources)
        return parse(ErasureRequested, event.detail)
