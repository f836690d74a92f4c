"""Lists the try-ons whose outcome nobody can know, and answers for them.

    make review                                    what waits, with what was seen
    make review ANSWER="close ID [ID ...]"         give up: TryOnFailed with reason CLOSED
    make review ANSWER="retry ID [ID ...]"         order one more paid call for each
    make review ANSWER="adopt ID GENERATION_ID"    go on with a generation that you found at Genlook
    make review ANSWER="close all"                 every one that is listed; also with retry

Uses the stack named by STACK (tryon-worker) with the AWS credentials of the shell, or the running
local system (`make up`) with LOCAL=1. Answers are events of the source tryon.operator, which has to
be among the stack's TrustedSources.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.engine.environment import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from local.paths import STACK_FILE
from tryon_worker.aws import keys
from tryon_worker.aws.table import Table
from tryon_worker.clock import DAY, iso
from tryon_worker.events.schemas import ReviewAction
from tryon_worker.tryons.ledger import Ledger
from tryon_worker.tryons.model import State, TryOn

SOURCE = "tryon.operator"
"""The source from which a stack takes reviews by default (parameter TrustedSources)."""

# Reviews are closed after 7 days: what is due by then is every one that is open.
_HORIZON_SECONDS = 8 * DAY

# What PutEvents takes in one call (AWS).
_PUT_BATCH = 10

Client = Callable[[str], Any]


class Unanswerable(Exception):
    """What was asked for cannot be done; the text says why, for a person."""


@dataclass(frozen=True)
class Target:
    """A deployed stack and the way to reach it."""

    client: Client
    outputs: dict[str, str]
    trusts_us: bool = True


def open_reviews(target: Target, now: int) -> list[TryOn]:
    """Every try-on that waits for a person, the longest waiting first."""
    table = Table(target.client("dynamodb"), target.outputs["TableName"])
    ledger = Ledger(table)
    found = []
    for shard in keys.due_shards():
        for (pk, sk), _ in table.due(shard, now + _HORIZON_SECONDS):
            entry = ledger.get(pk.removeprefix("TRYON#")) if sk == "LEDGER" else None
            if entry is not None and entry.state is State.UNKNOWN:
                found.append(entry)
    return sorted(found, key=lambda entry: entry.unknown_at or 0)


def answer(
    target: Target, action: ReviewAction, reviews: Sequence[TryOn], generation_id: str | None
) -> None:
    """Orders ``action`` for each review, through the stack's bus.

    Each order names its review. Its event may come twice, or late, when the call that it ordered
    is under review itself: an order without a name could then be taken for an answer to that.

    Raises
    ------
    Unanswerable
        The stack would not listen, or the bus did not take an order; those before it are on
        their way.
    """
    if not target.trusts_us:  # no rule would take the event, and nobody would say so
        raise Unanswerable(f"{SOURCE} is not among the stack's TrustedSources")
    orders = [
        {
            "tryOnId": entry.try_on_id,
            "action": action,
            "reviewId": entry.attempt,
            "generationId": generation_id,
        }
        for entry in reviews
    ]
    events = target.client("events")
    for start in range(0, len(orders), _PUT_BATCH):
        put = events.put_events(
            Entries=[
                {
                    "EventBusName": target.outputs["EventBusName"],
                    "Source": SOURCE,
                    "DetailType": "TryOnReviewed",
                    "Detail": json.dumps({k: v for k, v in order.items() if v is not None}),
                }
                for order in orders[start : start + _PUT_BATCH]
            ]
        )
        if put["FailedEntryCount"]:
            raise Unanswerable(f"the bus refused {put['FailedEntryCount']} orders")


def table_of(entries: Iterable[TryOn]) -> str:
    """What waits, a line each."""
    lines = [f"{'tryOnId':40}  {'since':24}  {'attempts':8}  seen"]
    lines += [
        f"{entry.try_on_id:40}  {iso(entry.unknown_at or 0):24}  {entry.attempts:8}  "
        f"{entry.review_reason or ''}"
        for entry in entries
    ]
    return "\n".join(lines)


def deployed(stack_name: str) -> Target:
    """The stack of that name in the account of the shell's credentials.

    Raises
    ------
    Unanswerable
        It is not a stack of this template.
    """
    # boto3 alone of AWS's tools does not read AWS_REGION.
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    client: Callable[..., Any] = session.client
    stack = client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
    if missing := {"TableName", "EventBusName"} - set(outputs):
        named = ", ".join(sorted(missing))
        raise Unanswerable(f"{stack_name} is no try-on worker, or not yet: it has no {named}")
    given = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])}
    trusted = given.get("TrustedSources", SOURCE).split(",")
    return Target(client, outputs, trusts_us=SOURCE in [source.strip() for source in trusted])


def local() -> Target:
    """The running local system.

    Raises
    ------
    Unanswerable
        None runs.
    """
    try:
        description = json.loads(STACK_FILE.read_text())
    except FileNotFoundError:
        raise Unanswerable("no local system is running: start one with make up") from None
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=description["region"],
    )

    def client(service: str) -> Any:
        make: Callable[..., Any] = session.client
        return make(service, endpoint_url=description["endpointUrl"])

    return Target(client, description["outputs"])


def run(target: Target, words: Sequence[str], now: int) -> str:
    """Lists, or answers; returns what to show.

    Raises
    ------
    Unanswerable
        The words are not understood, or name a try-on that is not under review.
    """
    waiting = open_reviews(target, now)
    if not words:
        return table_of(waiting) if waiting else "nothing waits for a review"
    action, ids, generation_id = _understood(words)
    known = {entry.try_on_id: entry for entry in waiting}
    # One that is named twice is meant once.
    chosen = list(known) if ids == ["all"] else list(dict.fromkeys(ids))
    if strangers := [try_on_id for try_on_id in chosen if try_on_id not in known]:
        raise Unanswerable(f"not under review: {', '.join(strangers)}")
    answer(target, action, [known[try_on_id] for try_on_id in chosen], generation_id)
    return f"{action}: {len(chosen)} ordered"


def _understood(words: Sequence[str]) -> tuple[ReviewAction, list[str], str | None]:
    try:
        action = ReviewAction(words[0])
    except ValueError:
        raise Unanswerable(f"{words[0]!r} is none of: {', '.join(ReviewAction)}") from None
    ids = list(words[1:])
    if action is ReviewAction.ADOPT:
        if len(ids) != 2 or "all" in ids:  # a picture is one shopper's
            raise Unanswerable("adopt takes one tryOnId and the generationId you found")
        return action, ids[:1], ids[1]
    if not ids:
        raise Unanswerable(f"{action} which? Name tryOnIds, or: all")
    return action, ids, None


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.review",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", default="tryon-worker", help="name of the deployed stack")
    parser.add_argument("--local", action="store_true", help="the running local system")
    parser.add_argument("words", nargs="*", metavar="ANSWER")
    args = parser.parse_args(arguments)
    try:
        target = local() if args.local else deployed(args.stack)
        print(run(target, args.words, int(time.time())))
    except (Unanswerable, BotoCoreError, ClientError) as error:
        print(f"review: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
