"""Answers what is held about a shopper: a report in the result bucket, and an event about it."""

import tempfile
from dataclasses import dataclass, replace

from tryon_worker.clock import DAY, Clock, iso
from tryon_worker.events import Publisher
from tryon_worker.identity import Identities
from tryon_worker.incoming import Incoming, Malformed, Refusals
from tryon_worker.objects import Bucket, report_key
from tryon_worker.observability import logger
from tryon_worker.store.leases import LEASE_SECONDS
from tryon_worker.store.reports import Question, QuestionErased, Reports
from tryon_worker.usecases.holdings import Holdings

# Over a weekend. A report repeats what may itself have to be gone soon.
KEEP_FOR_DAYS = 3

# When housekeeping takes up a question that failed.
_AGAIN_SECONDS = 300

# Up to here a report stays in memory; a larger one goes through /tmp (512 MB by default, AWS).
_IN_MEMORY_BYTES = 8 * 1024 * 1024

_ERASED = ("CUSTOMER_ERASED", "externalUserId", "was erased after this was asked for")


@dataclass(frozen=True)
class TellReport:
    """Says where a report lies; of the shopper nothing but the keyed hash."""

    publisher: Publisher
    bucket_name: str

    def __call__(self, question: Question) -> None:
        """Publishes ``DataReported`` from the row: whoever says it says the same."""
        held = {
            "photos": question.photos,
            "results": question.results,
            "tryOns": question.try_ons,
        }
        report = {
            "bucket": self.bucket_name,
            "key": _key(question),
            "contentType": "application/json",
            "bytes": question.size,
            "expiresAt": iso(question.expires_at),
        }
        self.publisher.publish(
            "DataReported",
            {
                "requestId": question.request_id,
                "shopperHash": question.shopper_key,
                "held": held,
                "report": report,
            },
            occurred_at=question.reported_at,
        )


@dataclass(frozen=True)
class Report:
    """Writes the question down, then the report, then says where it lies.

    The row is the intent: an erasure waits for its lease, and what was written in vain is deleted
    by whoever wrote it or, if that one died, by the erasure's last sweep.
    """

    reports: Reports
    holdings: Holdings
    results: Bucket
    tell: TellReport
    identities: Identities
    clock: Clock
    keep_for_days: int

    def __call__(
        self, event: Incoming, external_user_id: str, request_id: str, *, reusable: bool = False
    ) -> None:
        """Answers a question; a repeat of an answered one does nothing.

        ``reusable`` if the shop chose the id, and may choose the same for another question.

        Raises
        ------
        Malformed
            The shopper was erased after it was asked.
        """
        asked_at = min(event.time, int(self.clock()))
        question = Question(
            shopper_key=self.identities.shopper_key(external_user_id),
            request_key=self.identities.request_key(request_id),
            request_id=request_id,
            event_id=event.id,
            event_type=event.detail_type,
            asked_at=asked_at,
            external_user_id=external_user_id,
        )
        try:
            known = self.reports.open(question)
            if reusable and known.reported_at is not None and asked_at > known.reported_at:
                # No repeat: that has the first one's time, and the report says all until then.
                request_key = self.identities.request_key(request_id, asked_at)
                known = self.reports.open(replace(question, request_key=request_key))
        except QuestionErased as erased:
            raise Malformed(*_ERASED) from erased
        self._go_on(known)

    def again(self, shopper_key: str, request_key: str) -> None:
        """Takes up a question that is open, or whose answer nobody knows yet."""
        question = self.reports.get(shopper_key, request_key)
        if question is not None:
            self._go_on(question)

    def _go_on(self, question: Question) -> None:
        if question.reported_at is None:
            now = int(self.clock())
            if not self.reports.take(question, now=now, lease_until=now + LEASE_SECONDS):
                return  # another worker is at it, or an erasure: housekeeping comes again
            try:
                question = self._answer(question)
            except QuestionErased:
                self.results.remove(_key(question))
                return  # the erasure says so
            except Exception:
                # What nobody foresaw: the message comes again, and must find the row free.
                self.reports.leave(question, due_at=int(self.clock()) + _AGAIN_SECONDS)
                raise
        if not question.announced:
            self.tell(question)
            self.reports.announced(question)

    def _answer(self, question: Question) -> Question:
        keep = min(KEEP_FOR_DAYS, self.keep_for_days)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as report:
            written = self.holdings.write(question, report)
            report.seek(0)
            self.results.write(
                _key(question), report, content_type="application/json", keep_for_days=keep
            )
        logger.info("reported", extra={"requestKey": question.request_key, "bytes": written.size})
        now = int(self.clock())
        return self.reports.close(replace(written, expires_at=now + keep * DAY), now=now)


@dataclass(frozen=True)
class EndReports:
    """What an erasure does about questions from before it."""

    reports: Reports
    refusals: Refusals
    tell: TellReport

    def in_flight(self, shopper_key: str, erased_at: int, now: int) -> list[int]:
        """Until when each report that was begun before may still be written or published."""
        return [
            max(question.lease_until, now + LEASE_SECONDS)
            for question in self.reports.before(shopper_key, erased_at)
        ]

    def __call__(self, shopper_key: str, erased_at: int) -> None:
        """Forgets them; a question that was not answered yet is refused.

        One whose answer may be on its way gets the same once more: never two different ones.
        """
        for question in self.reports.before(shopper_key, erased_at):
            if question.reported_at is None:
                self.refusals(_event(question), *_ERASED)
            elif not question.announced:
                self.tell(question)
            self.reports.remove(question)


def _event(question: Question) -> Incoming:
    """The event that asked, as far as a refusal names it."""
    return Incoming(question.event_id, "", question.event_type, question.asked_at, {})


def _key(question: Question) -> str:
    return report_key(question.shopper_key, question.request_key)
