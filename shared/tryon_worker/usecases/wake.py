"""Wakes the try-ons of a shopper that wait for a photo."""

from dataclasses import dataclass

from tryon_worker.queues import TryOnQueue
from tryon_worker.store.entry import State, WaitingFor
from tryon_worker.store.ledger import Ledger
from tryon_worker.store.requests import Requests


@dataclass(frozen=True)
class WakeDeferred:
    """Sends a step for each of them; each looks again which photo it can have."""

    ledger: Ledger
    requests: Requests
    tryon_queue: TryOnQueue

    def __call__(self, shopper_key: str) -> None:
        """Wakes what waits for a photo of the shopper."""
        for try_on_id in self.requests.waiting_for_photo(shopper_key):
            entry = self.ledger.get(try_on_id)
            if entry and entry.state is State.WAITING and entry.waiting_for is WaitingFor.PHOTO:
                self.tryon_queue.send_step(try_on_id, wished_at=entry.wished_at)
