"""The rows of questions about a shopper: open until the report lies there and somebody knows it.

The row is also the intent: while its lease runs a report may be written, so an erasure waits for
the end of the lease before its last sweep.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from tryon_worker.clock import DAY
from tryon_worker.store import keys
from tryon_worker.store.leases import FIRST_SECONDS, taking
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.store.table import ConditionFailed, Key, Row, Table, delete, put, update

# Longer than any message lives (14 days): a repeat of an answered question finds the answer.
_ANSWERED_SECONDS = 30 * DAY


class QuestionErased(Exception):
    """The shopper was erased after the question was asked: there is nothing to report."""


@dataclass(frozen=True)
class Question:
    """A question about a shopper. Times are seconds since the epoch.

    The shopper's id is kept only until the report is written; ``photos``, ``results`` and
    ``try_ons`` are what it counts.
    """

    shopper_key: str
    request_key: str
    request_id: str
    event_id: str
    event_type: str
    asked_at: int
    external_user_id: str | None
    lease_until: int = 0
    reported_at: int | None = None
    expires_at: int = 0
    size: int = 0
    announced: bool = False
    photos: int = 0
    results: int = 0
    try_ons: int = 0

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return keys.report(self.shopper_key, self.request_key)


class Reports:
    """Opens, takes, closes and forgets questions."""

    def __init__(self, table: Table, shoppers: Shoppers) -> None:
        self._table = table
        self._shoppers = shoppers

    def open(self, question: Question) -> Question:
        """Writes a question down; a repeat finds what is there.

        Raises
        ------
        QuestionErased
            It is older than the shopper's erasure.
        """
        write = put(question.key, _row(question), condition="attribute_not_exists(#pk)")
        guard = self._shoppers.not_erased(question.shopper_key, made_at=question.asked_at)
        try:
            self._table.transact([write, guard])
        except ConditionFailed as failed:
            known = failed.old.get(0)
            if known is None:
                raise QuestionErased from failed
            return question_of(known)
        return question

    def get(self, shopper_key: str, request_key: str) -> Question | None:
        """The row of a question."""
        row = self._table.get(keys.report(shopper_key, request_key))
        return question_of(row) if row else None

    def take(self, question: Question, *, now: int, lease_until: int) -> bool:
        """Takes an open question; ``False`` where another worker has it, or it must wait.

        What is being erased is no matter for a report: it waits until the erasure is closed.
        """
        guard = self._shoppers.may_leave_traces(question.shopper_key, made_at=question.asked_at)
        try:
            self._table.transact(
                [taking(question.key, _OPEN, now=now, lease_until=lease_until), guard]
            )
        except ConditionFailed:
            return False
        return True

    def leave(self, question: Question, *, due_at: int) -> None:
        """Gives an open question back until ``due_at``."""
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    question.key,
                    "SET #dueAt = :due REMOVE #leaseUntil",
                    condition=_OPEN,
                    due=due_at,
                )
            )

    def close(self, question: Question, *, now: int) -> Question:
        """Notes that the report was written and what it counts, and forgets the shopper's id.

        Raises
        ------
        QuestionErased
            The shopper was erased meanwhile: what was written must go again.
        """
        closing = update(
            question.key,
            "SET #reportedAt = :now, #expiresAt = :expires, #size = :size, #photos = :photos, "
            "#results = :results, #tryOns = :tryOns, #dueAt = :due, #ttl = :ttl "
            "REMOVE #externalUserId, #leaseUntil",
            condition=_OPEN,
            now=now,
            expires=question.expires_at,
            size=question.size,
            photos=question.photos,
            results=question.results,
            tryOns=question.try_ons,
            due=now + FIRST_SECONDS,
            ttl=now + _ANSWERED_SECONDS,
        )
        guard = self._shoppers.not_erased(question.shopper_key, made_at=question.asked_at)
        try:
            self._table.transact([closing, guard])
        except ConditionFailed as failed:
            known = failed.old.get(0)
            if failed.at(1) or known is None:
                raise QuestionErased from failed
            return question_of(known)  # our own write, whose answer was lost
        return self.get(question.shopper_key, question.request_key) or question

    def announced(self, question: Question) -> None:
        """Notes that ``DataReported`` was published."""
        with suppress(ConditionFailed):  # the shopper was erased meanwhile
            self._table.write(
                update(
                    question.key,
                    "SET #announced = :yes REMOVE #dueAt, #dueShard",
                    condition="attribute_exists(#reportedAt)",
                    yes=True,
                )
            )

    def before(self, shopper_key: str, erased_at: int) -> Iterator[Question]:
        """The questions that an erasure sweeps away: those from before it."""
        for row in self._table.query(keys.shopper(shopper_key), "REPORT#"):
            question = question_of(row)
            if question.asked_at <= erased_at:
                yield question

    def remove(self, question: Question) -> None:
        """Forgets a question."""
        self._table.write(delete(question.key))


_OPEN = "attribute_exists(#pk) AND attribute_not_exists(#reportedAt)"


def _row(question: Question) -> Row:
    return {
        "shopperKey": question.shopper_key,
        "requestKey": question.request_key,
        "requestId": question.request_id,
        "eventId": question.event_id,
        "eventType": question.event_type,
        "askedAt": question.asked_at,
        "externalUserId": question.external_user_id,
        "dueAt": question.asked_at + FIRST_SECONDS,
        "dueShard": keys.due_shard(question.request_key),
    }


def question_of(row: Row) -> Question:
    """The question that a row holds."""
    return Question(
        shopper_key=row["shopperKey"],
        request_key=row["requestKey"],
        request_id=row["requestId"],
        event_id=row["eventId"],
        event_type=row["eventType"],
        asked_at=row["askedAt"],
        external_user_id=row.get("externalUserId"),
        lease_until=row.get("leaseUntil", 0),
        reported_at=row.get("reportedAt"),
        expires_at=row.get("expiresAt", 0),
        size=row.get("size", 0),
        announced=row.get("announced", False),
        photos=row.get("photos", 0),
        results=row.get("results", 0),
        try_ons=row.get("tryOns", 0),
    )
