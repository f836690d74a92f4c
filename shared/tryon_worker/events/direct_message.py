"""Events that have their time from the queue that they lie in, and must not lose it.

SQS gives a message a new id and a new time when it is driven back from a dead-letter queue (AWS).
A message without an envelope has no others, and the time of one whose producer's clock is ahead is
cut to the queue's. Driven back after an erasure, either would be taken for something that its
shopper did since. So one that comes again goes on in an envelope, which keeps id and time whatever
becomes of the message.
"""

from collections.abc import Callable

from tryon_worker.aws.queues import Queue
from tryon_worker.batch import Message
from tryon_worker.events.envelope import InboundEvent


def take_direct(
    event: InboundEvent, message: Message, queue: Queue, take: Callable[[InboundEvent], None]
) -> None:
    """Takes an event, or sends it once more with the time that it has by now."""
    if event.dated_by_queue and message.receives > 1:
        queue.send(event.in_envelope())
    else:
        take(event)
