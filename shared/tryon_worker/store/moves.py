"""The moves of a try-on that are made together with other writes, each in one transaction.

Each names the state, and the attempt where there is one, from which it may be made (promise P1:
whatever is delivered twice, one attempt makes the paid call).
"""

from collections.abc import Sequence

from tryon_worker.clock import DAY
from tryon_worker.store import keys
from tryon_worker.store.entry import LEDGER_SECONDS, Entry, State, Verdict, WaitingFor, result_row
from tryon_worker.store.table import Write, put, update

# As long as the ledger row, which begins to age only with its outcome: a submitted try-on is
# decided within its deadline, half an hour, and the days for which an open circuit breaker stops
# the clock.
_OWNERSHIP_SECONDS = LEDGER_SECONDS + 30 * DAY

SUBMITTED = (
    "SET #state = :submitted, #generationId = :generation, #submittedAt = :now, "
    "#deadlineAt = :deadline, #shutBefore = :shutBefore, #dueAt = :due "
    "REMOVE #leaseUntil, #reviewReason, #unknownAt"
)
"""What is written down of a generation, however it became known."""


def acceptance(entry: Entry) -> Write:
    """The write that accepts a wish; it fails if the try-on is known already."""
    item = {
        "tryOnId": entry.try_on_id,
        "shopperKey": entry.shopper_key,
        "state": State.ACCEPTED,
        "payloadHash": entry.payload_hash,
        "wishedAt": entry.wished_at,
        "acceptedAt": entry.accepted_at,
        "bulk": entry.bulk,
        "dueAt": entry.due_at,
        "dueShard": keys.due_shard(entry.try_on_id, in_line=entry.bulk),
    }
    return put(keys.ledger(entry.try_on_id), item, condition="attribute_not_exists(#pk)")


def submission(
    try_on_id: str,
    attempt: str,
    *,
    now: int,
    lease_until: int,
    capped_on: str,
    photo_id: str,
) -> Write:
    """The write after which the paid call may be made, once, by ``attempt``."""
    return update(
        keys.ledger(try_on_id),
        "SET #state = :submitting, #leaseUntil = :lease, #dueAt = :lease, #calledAt = :now, "
        "#cappedOn = if_not_exists(#cappedOn, :day), #photoId = :photo",
        condition="#state = :claimed AND #attempt = :attempt",
        submitting=State.SUBMITTING,
        claimed=State.CLAIMED,
        attempt=attempt,
        now=now,
        lease=lease_until,
        day=capped_on,
        photo=photo_id,
    )


def parking(
    try_on_id: str,
    attempt: str,
    *,
    waiting_for: WaitingFor,
    due_at: int,
    now: int,
    in_line: bool = False,
) -> Write:
    """The write that lets a claimed try-on wait in the table until ``due_at``, or its turn then."""
    deferral = (
        ", #deferredAt = if_not_exists(#deferredAt, :now)"
        if waiting_for is WaitingFor.PHOTO
        else ""
    )
    return update(
        keys.ledger(try_on_id),
        "SET #state = :waiting, #waitingFor = :for, #dueAt = :due, "
        f"#dueShard = :shard{deferral} "
        "REMOVE #attempt, #leaseUntil",
        condition="#state = :claimed AND #attempt = :attempt",
        waiting=State.WAITING,
        claimed=State.CLAIMED,
        attempt=attempt,
        shard=keys.due_shard(try_on_id, in_line=in_line),
        **{"for": waiting_for, "due": due_at, "now": now},
    )


def submitted(
    try_on_id: str,
    attempt: str,
    *,
    generation_id: str,
    now: int,
    deadline_at: int,
    shut_before: int,
    due_at: int,
) -> Write:
    """The write that keeps the ``generationId``; also of an answer that came too late."""
    return update(
        keys.ledger(try_on_id),
        SUBMITTED,
        condition="#attempt = :attempt AND #state IN (:submitting, :unknown)",
        submitted=State.SUBMITTED,
        submitting=State.SUBMITTING,
        unknown=State.UNKNOWN,
        attempt=attempt,
        generation=generation_id,
        now=now,
        deadline=deadline_at,
        shutBefore=shut_before,
        due=due_at,
    )


def adoption(
    try_on_id: str,
    review: str,
    *,
    generation_id: str,
    now: int,
    deadline_at: int,
    shut_before: int,
    due_at: int,
) -> Write:
    """The write that gives a try-on under ``review`` the generation that a person found."""
    return update(
        keys.ledger(try_on_id),
        SUBMITTED,
        condition="#state = :unknown AND #attempt = :review",
        submitted=State.SUBMITTED,
        unknown=State.UNKNOWN,
        review=review,
        generation=generation_id,
        now=now,
        deadline=deadline_at,
        shutBefore=shut_before,
        due=due_at,
    )


def ownership(try_on_id: str, generation_id: str, *, now: int) -> Write:
    """The write that goes with a ``generationId``; it fails if another try-on has it already.

    A picture belongs to one shopper: without this a person could adopt another's.
    """
    return put(
        keys.generation(generation_id),
        {"tryOnId": try_on_id, "ttl": now + _OWNERSHIP_SECONDS},
        condition="attribute_not_exists(#pk) OR #tryOnId = :tryOnId",
        tryOnId=try_on_id,
    )


def decision(
    entry: Entry,
    verdict: Verdict,
    *,
    now: int,
    from_states: Sequence[State],
    attempt: str | None = None,
    waiting_for: WaitingFor | None = None,
) -> Write:
    """The write that decides the outcome: the one that is made first stays.

    With ``waiting_for`` the try-on must still be in the very wait that ``entry`` is in. A try-on
    waits for six different things, and may come back to the first: each claim between two waits
    counts ``attempts`` up, so the number tells them apart.
    """
    states = {f"from{place}": state for place, state in enumerate(from_states)}
    condition = f"#state IN ({', '.join(f':{name}' for name in states)})"
    if attempt:
        condition += " AND #attempt = :attempt"
    if waiting_for:
        condition += " AND #waitingFor = :waitingFor AND #attempts = :attempts"
    return update(
        keys.ledger(entry.try_on_id),
        "SET #state = :decided, #outcome = :outcome, #reason = :reason, #code = :code, "
        "#result = :result, #decidedAt = :now, #dueAt = :now, #ttl = :ttl "
        "REMOVE #leaseUntil, #waitingFor",
        condition=condition,
        decided=State.DECIDED,
        outcome=verdict.outcome,
        reason=verdict.reason,
        code=verdict.code,
        result=result_row(verdict.result),
        now=now,
        ttl=now + LEDGER_SECONDS,
        attempt=attempt,
        waitingFor=waiting_for,
        attempts=entry.attempts,
        **states,
    )


def publication(try_on_id: str, *, now: int) -> Write:
    """The write after which housekeeping has nothing more to do with the try-on."""
    return update(
        keys.ledger(try_on_id),
        "SET #publishedAt = :now REMOVE #dueAt, #dueShard",
        condition="#state = :decided AND attribute_not_exists(#publishedAt)",
        decided=State.DECIDED,
        now=now,
    )
