"""Resumes the try-ons of a shopper that wait for a photo."""

from dataclasses import dataclass

from tryon_worker.aws.queues import TryOnQueue
from tryon_worker.tryons.details import TryOnDetails
from tryon_worker.tryons.ledger import Ledger
from tryon_worker.tryons.model import State, WaitingFor


@dataclass(frozen=True)
class ResumeDeferred:
    """Sends a step for each of them, which selects the photo anew."""

    ledger: Ledger
    details: TryOnDetails
    tryon_queue: TryOnQueue

    def __call__(self, shopper_key: str) -> None:
        """Resumes what waits for a photo of the shopper."""
        for try_on_id in self.details.waiting_for_photo(shopper_key):
            try_on = self.ledger.get(try_on_id)
            if try_on and try_on.state is State.WAITING and try_on.waiting_for is WaitingFor.PHOTO:
                self.tryon_queue.send_step(try_on_id, requested_at=try_on.requested_at)
