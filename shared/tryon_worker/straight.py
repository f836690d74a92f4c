"""Messages that were put straight on a queue, without the envelope of an event.

Their id and their time are the queue's, and a redrive gives both anew (AWS): what died and is
driven back after an erasure would be taken for something that its shopper did since. So one that
comes again goes on in an envelope, which keeps both whatever becomes of the message.
"""

from collections.abc import Callable

from tryon_worker.batches import Message
from tryon_worker.incoming import Incoming
from tryon_worker.queues import Queue


def straight(
    message: Message, detail_type: str, queue: Queue, take: Callable[[Incoming], None]
) -> None:
    """Takes a message whose body is the detail itself, or sends it once more as an event."""
    event = Incoming.straight(message, detail_type)
    if message.receives > 1:
        queue.send(event.in_envelope())
    else:
        take(event)
