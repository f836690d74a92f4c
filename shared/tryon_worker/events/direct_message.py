"""Keeps the id and time of an event that has them only from its queue message.

SQS gives a message a new id and time when it is redriven from a dead-letter queue (AWS). A message
without an envelope has no other id and time, and an event whose producer's clock is ahead has the
message's time. After an erasure, a redriven one would seem to come after it. So when such an event
is received again, it is sent once more in an envelope, which keeps its id and time.
"""

from collections.abc import Callable

from tryon_worker.aws.queues import Queue
from tryon_worker.batch import Message
from tryon_worker.events.envelope import InboundEvent


def take_direct(
    event: InboundEvent, message: Message, queue: Queue, handle: Callable[[InboundEvent], None]
) -> None:
    """Handles an event, or sends it again in an envelope if it may lose its time."""
    if event.dated_by_queue and message.receives > 1:
        queue.send(event.in_envelope())
    else:
        handle(event)
