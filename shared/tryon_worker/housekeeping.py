"""Finds what no queue holds any more, each minute, and moves it on or ends it.

Every row that is not at its end says when it wants to be looked at; what is moving by itself is
looked at again later. So nothing that was accepted can be forgotten (promise P2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tryon_worker.account.credits import WatchCredits
from tryon_worker.account.probe import Probe
from tryon_worker.aws import keys
from tryon_worker.aws.keys import Key
from tryon_worker.aws.queues import ErasureQueue, UploadQueue
from tryon_worker.aws.table import Row, Table, due_in_turn
from tryon_worker.clock import DAY, Clock
from tryon_worker.observability import Metric, count, error_fields, logger
from tryon_worker.tryons.bulk import DispatchBulk
from tryon_worker.tryons.model import try_on_of
from tryon_worker.tryons.recover import RecoverTryOn

# A round ends this long before its Lambda does (its timeout in template.yaml). The longest step is
# a poll with its copy: the wait for a permit, two calls of which each has its total limit, and what
# is read and written before and after them.
STEP_SECONDS = 26

# A row that was taken is nobody else's for so long. Longer than the Lambda lives, so two rounds
# never have the same row, and one that fails each time lets the others go before it.
HOLD_SECONDS = 120

# The law gives a month for what a shopper asks. This is longer than any wait of ours, and than an
# outage of a weekend, and leaves whoever is alarmed four weeks.
OVERDUE_SECONDS = 3 * DAY

# How long a message that was sent again has until it is sent once more.
AGAIN_SECONDS = 600


class RoundIncomplete(Exception):
    """Some rows could not be dealt with; all others were. It shows as the function's error."""

    def __init__(self, rows: int) -> None:
        super().__init__(f"{rows} failed")


@dataclass(frozen=True)
class HousekeepingRound:
    """One round over all rows that are due."""

    table: Table
    probe: Probe
    watch_credits: WatchCredits
    dispatch_bulk: DispatchBulk
    recover: RecoverTryOn
    upload_queue: UploadQueue
    erasure_queue: ErasureQueue
    forget_product: Callable[[str], None]
    clock: Clock

    def __call__(self, time_left: Callable[[], float]) -> None:
        """Probes an open circuit, dispatches bulk, then recovers what is due.

        Raises
        ------
        RoundIncomplete
            When the round is over: something in it failed and is tried again later.
        """
        firsts: dict[str, Callable[[], None]] = {
            "probe": self.probe,
            "credits": self.watch_credits,
            "dispatch_bulk": partial(self.dispatch_bulk, time_left),
        }
        failed = sum(not self._guarded(name, do) for name, do in firsts.items())
        for key, due_at in due_in_turn(self.table, keys.due_shards(), int(self.clock())):
            if time_left() < STEP_SECONDS:
                logger.info("round cut short")
                break
            if not self._guarded(_kind(key), partial(self._row, key, due_at)):
                failed += 1
        if failed:
            raise RoundIncomplete(failed)

    def _guarded(self, step: str, do: Callable[[], None]) -> bool:
        try:
            do()
        # The boundary of a round: what one row does must not keep all others waiting. Only the
        # type is logged, with where it was raised: texts of exceptions may quote what was read.
        except Exception as error:  # noqa: BLE001  the boundary of a round
            logger.error("step of a round failed", extra={"step": step, **error_fields(error)})
            return False
        return True

    def _row(self, key: Key, due_at: int) -> None:
        now = int(self.clock())
        kind = _kind(key)
        hold = HOLD_SECONDS if kind == "LEDGER" else AGAIN_SECONDS
        row = self.table.take(key, seen=due_at, until=now + hold)
        if row is None:
            return  # it moved on, or another round has it
        if kind == "LEDGER":
            self.recover(try_on_of(row))
        elif kind == "PHOTO":
            self.upload_queue.send_upload(row["shopperKey"], row["photoId"])
        elif kind in _PRIVACY:
            self._privacy(kind, row)
        elif kind == "PRODUCT":
            self.forget_product(row["externalId"])

    def _privacy(self, kind: str, row: Row) -> None:
        """What a shopper asked goes on for as long as it takes; somebody hears of it in time."""
        asked_at, overdue = _PRIVACY[kind]
        if "published" not in row and row[asked_at] < self.clock() - OVERDUE_SECONDS:
            count(overdue)
        if kind == "ERASURE":
            self.erasure_queue.send_sweeps([row["shopperKey"]], row["requestKey"])
        elif kind == "DATA_REQUEST":
            self.erasure_queue.send_export(row["shopperKey"], row["requestKey"])
        else:
            self.erasure_queue.send_redaction(row["requestKey"])


# When it was asked, and what counts it once it is overdue.
_PRIVACY = {
    "ERASURE": ("erasedAt", Metric.ERASURE_OVERDUE),
    "REDACTION": ("askedAt", Metric.ERASURE_OVERDUE),
    "DATA_REQUEST": ("askedAt", Metric.REPORT_OVERDUE),
}


def _kind(key: Key) -> str:
    return key[1].partition("#")[0]
