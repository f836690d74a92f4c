"""What the system promises and what was decided so that it can: every claim of docs/PROMISES.md.

A claim says in ``kept_in`` which files keep it. The tests that prove it name it in a marker.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One sentence that a shop can rely on; ``id`` is unique within its section."""

    id: str
    text: str
    kept_in: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A promise, by its number, or a decision, by its title."""

    name: str
    claims: tuple[Claim, ...]
    title: str = ""

    @property
    def is_promise(self) -> bool:
        """Only promises have a number beside their title."""
        return bool(self.title)

    @property
    def heading(self) -> str:
        """What stands above the claims on the page."""
        return f"{self.name}: {self.title}" if self.title else self.name


SECTIONS: tuple[Section, ...] = (
    Section(
        "P1",
        title="at most one credit a try-on",
        claims=(
            Claim(
                "duplicates-are-one-paid-call",
                "Delivering the same message again, however often and even at the same moment, "
                "makes one paid call",
                ("shared/tryon_worker/tryons/submit.py", "shared/tryon_worker/tryons/ledger.py"),
            ),
            Claim(
                "repeated-request-is-one-try-on",
                "A try-on request that is delivered again is the same try-on",
                ("shared/tryon_worker/identity.py", "shared/tryon_worker/tryons/accept.py"),
            ),
            Claim(
                "no-second-credit-after-a-crash",
                "A worker that crashes after any of its calls costs no second credit, also where "
                "faults, repeats and late deliveries come together",
                (
                    "shared/tryon_worker/tryons/submit.py",
                    "shared/tryon_worker/tryons/submit_result.py",
                ),
            ),
            Claim(
                "unknown-charge-goes-to-a-person",
                "Where nobody can know whether a call was charged, a person decides and no retry "
                "is made",
                (
                    "shared/tryon_worker/tryons/submit_result.py",
                    "shared/tryon_worker/tryons/outcome.py",
                ),
            ),
            Claim(
                "retry-adds-at-most-one-call",
                "Each `retry` that a person orders adds at most one paid call",
                ("shared/tryon_worker/tryons/review.py", "shared/tryon_worker/tryons/ledger.py"),
            ),
            Claim(
                "retry-order-counts-once",
                "An order to retry counts once, whichever event carries it",
                ("shared/tryon_worker/tryons/review.py", "shared/tryon_worker/tryons/ledger.py"),
            ),
            Claim(
                "adopt-takes-the-try-ons-own-generation",
                "A person can adopt only a generation of the try-on itself, so no picture is "
                "published for another try-on",
                ("shared/tryon_worker/tryons/review.py", "shared/tryon_worker/tryons/ledger.py"),
            ),
            Claim(
                "redrive-spends-nothing",
                "Redriving all dead letters spends nothing on try-ons whose outcome is known",
                ("shared/tryon_worker/tryons/step.py",),
            ),
        ),
    ),
    Section(
        "P2",
        title="exactly one outcome",
        claims=(
            Claim(
                "each-request-ends-in-one-event",
                "Each accepted request ends in one `TryOnCompleted` or `TryOnFailed`",
                ("shared/tryon_worker/tryons/outcome.py",),
            ),
            Claim(
                "housekeeping-watches-until-then",
                "Until its outcome a try-on is a row that housekeeping watches",
                (
                    "shared/tryon_worker/tryons/ledger.py",
                    "shared/tryon_worker/tryons/ledger.py",
                    "shared/tryon_worker/housekeeping.py",
                ),
            ),
            Claim(
                "every-wait-ends",
                "Each try-on ends whatever it waits for, even if the answer never comes",
                ("shared/tryon_worker/tryons/recover.py", "shared/tryon_worker/tryons/defer.py"),
            ),
            Claim(
                "failing-step-is-a-dead-letter",
                "A step that fails each time becomes a dead letter, and takes no other message "
                "with it",
                (
                    "shared/tryon_worker/tryons/step.py",
                    "shared/tryon_worker/photos/receive.py",
                    "functions/intake/handler.py",
                ),
            ),
            Claim(
                "stuck-raises-an-alarm",
                "Everything that is stuck raises an alarm",
                ("template.yaml", "shared/tryon_worker/observability.py"),
            ),
            Claim(
                "repeated-event-is-identical",
                "An event that is published twice is identical both times, with its `tryOnId`",
                ("shared/tryon_worker/tryons/outcome.py",),
            ),
        ),
    ),
    Section(
        "P3",
        title="the account's rate is shared and used",
        claims=(
            Claim(
                "one-rate-limiter-for-all-calls",
                "All calls go through one rate limiter",
                (
                    "shared/tryon_worker/account/rate_limiter.py",
                    "shared/tryon_worker/tryons/submit.py",
                    "shared/tryon_worker/tryons/polling.py",
                    "shared/tryon_worker/tryons/result.py",
                    "shared/tryon_worker/account/calls.py",
                    "shared/tryon_worker/account/probe.py",
                ),
            ),
            Claim(
                "no-call-before-its-permit",
                "No call is made before its permit is due",
                (
                    "shared/tryon_worker/tryons/submit.py",
                    "shared/tryon_worker/tryons/polling.py",
                    "shared/tryon_worker/tryons/result.py",
                    "shared/tryon_worker/account/calls.py",
                    "shared/tryon_worker/account/probe.py",
                ),
            ),
            Claim(
                "no-429-in-normal-operation",
                "Normal operation meets no 429: no minute holds more calls than the account's "
                "limit",
                ("shared/tryon_worker/account/gcra.py",),
            ),
            Claim(
                "half-the-rate-becomes-generations",
                "Close to half of the rate becomes finished generations",
                ("shared/tryon_worker/account/shares.py", "shared/tryon_worker/tryons/planner.py"),
            ),
            Claim(
                "plain-poller-is-refused",
                "A poller that follows the published advice is refused at a load that the worker "
                "carries",
                ("shared/tryon_worker/tryons/schedule.py",),
            ),
        ),
    ),
    Section(
        "P4",
        title="erased is erased",
        claims=(
            Claim(
                "nothing-left-here",
                "After `CustomerErased` nothing of the shopper is left here",
                ("shared/tryon_worker/erasure/sweep.py", "shared/tryon_worker/erasure/erase.py"),
            ),
            Claim(
                "nothing-left-at-genlook",
                "Nothing is left at Genlook either: the erasure stays open until Genlook confirms",
                ("shared/tryon_worker/erasure/erase.py",),
            ),
            Claim(
                "nothing-in-flight-brings-it-back",
                "Nothing that is in flight when the erasure comes brings data back, whichever "
                "call it is at",
                (
                    "shared/tryon_worker/shoppers.py",
                    "shared/tryon_worker/erasure/in_flight.py",
                ),
            ),
            Claim(
                "late-messages-have-no-effect",
                "Messages from before the erasure have no effect, even as redriven dead letters, "
                "and are gone within 14 days",
                (
                    "shared/tryon_worker/tryons/step.py",
                    "shared/tryon_worker/events/direct_message.py",
                    "template.yaml",
                ),
            ),
        ),
    ),
    Section(
        "P5",
        title="the same thing on a laptop",
        claims=(
            Claim(
                "same-template",
                "The laptop runs the same `template.yaml`",
                ("local/artefact.py", "local/deployment.py"),
            ),
            Claim(
                "same-handlers-and-package",
                "The laptop runs the same handlers and the same package",
                ("local/artefact.py", "functions/Makefile", "shared/Makefile"),
            ),
            Claim(
                "whole-system-runs",
                "The whole system runs, from the photo to the picture, with no AWS account and "
                "no Genlook account",
                ("local/system.py", "local/genlook/app.py"),
            ),
            Claim(
                "no-docker",
                "The laptop needs no Docker",
                ("functions/Makefile", "template.yaml"),
            ),
            Claim(
                "no-network-from-the-second-run",
                "From the second run on the laptop needs no network",
                ("local/artefact.py", "Makefile"),
            ),
            Claim(
                "engine-gaps-are-closed",
                "Where the engine differs from AWS, a patch closes the gap, and the patch is "
                "needed",
                ("local/engine/patches/__init__.py",),
            ),
        ),
    ),
    Section(
        "Rows that hold no names",
        claims=(
            Claim(
                "shopper-keys-are-hmacs",
                "The rows of a shopper are keyed by an HMAC with a secret of the stack",
                ("shared/tryon_worker/identity.py", "shared/tryon_worker/aws/keys.py"),
            ),
            Claim(
                "consistent-query-never-an-index",
                "A consistent query finds a shopper's rows, never an index",
                ("shared/tryon_worker/aws/table.py", "shared/tryon_worker/aws/table.py"),
            ),
            Claim(
                "ledger-is-not-personal",
                "Ledger rows hold nothing personal",
                ("shared/tryon_worker/tryons/model.py", "shared/tryon_worker/tryons/ledger.py"),
            ),
            Claim(
                "ledger-lives-100-days",
                "Ledger rows live 100 days after the outcome: longer than every queue and than "
                "the names of executions",
                ("shared/tryon_worker/tryons/ledger.py", "shared/tryon_worker/tryons/model.py"),
            ),
            Claim(
                "requests-over-30-days-are-refused",
                "The worker refuses requests that are dated over 30 days back",
                ("shared/tryon_worker/tryons/accept.py",),
            ),
            Claim(
                "personal-details-have-an-end",
                "Personal details lie in a row beside the ledger, until the outcome is published "
                "and then for the retention",
                ("shared/tryon_worker/tryons/details.py", "shared/tryon_worker/tryons/outcome.py"),
            ),
        ),
    ),
    Section(
        "Accepted means written",
        claims=(
            Claim(
                "row-before-message",
                "Intake writes the ledger row before it sends the message",
                (
                    "shared/tryon_worker/tryons/accept.py",
                    "shared/tryon_worker/tryons/accept.py",
                ),
            ),
            Claim(
                "message-names-try-on-and-time",
                "Every message names the try-on and the time of its request",
                ("shared/tryon_worker/aws/queues.py",),
            ),
            Claim(
                "housekeeping-resends-lost-messages",
                "Housekeeping sends again or ends each try-on whose message no queue holds any "
                "more",
                (
                    "shared/tryon_worker/housekeeping.py",
                    "shared/tryon_worker/tryons/recover.py",
                ),
            ),
        ),
    ),
    Section(
        "The paid call",
        claims=(
            Claim(
                "conditional-writes-name-the-attempt",
                "States move by conditional writes that name the attempt",
                ("shared/tryon_worker/tryons/ledger.py", "shared/tryon_worker/tryons/ledger.py"),
            ),
            Claim(
                "own-attempt-is-success",
                "A failed condition that finds our own attempt is success",
                ("shared/tryon_worker/tryons/ledger.py", "shared/tryon_worker/tryons/submit.py"),
            ),
            Claim(
                "checks-come-before-the-call",
                "Circuit breaker, quota and rate limiter come before the call",
                ("shared/tryon_worker/tryons/submit.py",),
            ),
            Claim(
                "only-with-time-left",
                "The call is made only if the function has more time left than the call's total "
                "limit",
                ("shared/tryon_worker/tryons/submit.py",),
            ),
            Claim(
                "expired-submitting-is-unknown",
                "`SUBMITTING` past its lease is `UNKNOWN`",
                ("shared/tryon_worker/tryons/recover.py",),
            ),
            Claim(
                "not-charged-is-saved-first",
                "When a call was surely not charged, that is saved before anything else is done "
                "about it",
                ("shared/tryon_worker/tryons/submit_result.py",),
            ),
            Claim(
                "not-sent-goes-again",
                "A call that was not sent goes back to `CLAIMED` and is made again",
                (
                    "shared/tryon_worker/genlook/classify.py",
                    "shared/tryon_worker/tryons/submit_result.py",
                ),
            ),
            Claim(
                "surely-refused-fails-at-once",
                "A call that was surely refused ends as `TryOnFailed` at once, never in the "
                "dead-letter queue",
                (
                    "shared/tryon_worker/genlook/classify.py",
                    "shared/tryon_worker/tryons/submit_result.py",
                ),
            ),
            Claim(
                "429-pauses-everybody",
                "A 429 pauses all callers",
                (
                    "shared/tryon_worker/tryons/submit_result.py",
                    "shared/tryon_worker/account/rate_limiter.py",
                ),
            ),
            Claim(
                "401-and-402-open-the-circuit",
                "401 and 402 open the circuit breaker",
                (
                    "shared/tryon_worker/tryons/submit_result.py",
                    "shared/tryon_worker/account/circuit_breaker.py",
                ),
            ),
            Claim(
                "forgotten-product-goes-in-full",
                "After 404 `PRODUCT_NOT_FOUND` the call is made once more, with the full product",
                (
                    "shared/tryon_worker/tryons/submit_result.py",
                    "shared/tryon_worker/tryons/product.py",
                ),
            ),
            Claim(
                "lost-photo-is-uploaded-again",
                "After an uncatalogued 4xx for a photo by `id`, the photo is uploaded again and "
                "the call made once more",
                ("shared/tryon_worker/tryons/submit_result.py",),
            ),
            Claim(
                "unknown-is-never-repeated",
                "An unknown outcome is published as `TryOnNeedsReview`, and no machine repeats "
                "the call",
                (
                    "shared/tryon_worker/tryons/submit_result.py",
                    "shared/tryon_worker/tryons/outcome.py",
                ),
            ),
            Claim(
                "late-answer-counts",
                "The late answer of the same attempt still counts",
                (
                    "shared/tryon_worker/tryons/submit_result.py",
                    "shared/tryon_worker/tryons/ledger.py",
                ),
            ),
            Claim(
                "transport-never-repeats",
                "The transport retries nothing, follows no redirect and reuses no connection",
                (
                    "shared/tryon_worker/genlook/transport.py",
                    "shared/tryon_worker/genlook/http.py",
                ),
            ),
            Claim(
                "generation-is-logged-first",
                "`generationId` is logged before it is saved",
                ("shared/tryon_worker/tryons/submit.py",),
            ),
            Claim(
                "ledger-and-photo-row-are-the-records",
                "Powertools' idempotency is not used: the ledger and the photo row are the records",
                ("shared/tryon_worker/tryons/ledger.py", "shared/tryon_worker/photos/store.py"),
            ),
        ),
    ),
    Section(
        "Products are never stale",
        claims=(
            Claim(
                "reference-only-while-accepted",
                "A product goes by reference only while Genlook last accepted what we would send",
                ("shared/tryon_worker/tryons/product.py", "shared/tryon_worker/catalogue/store.py"),
            ),
            Claim(
                "hash-is-saved-with-submitted",
                "The hash is saved with `SUBMITTED` or not at all",
                ("shared/tryon_worker/tryons/submit_result.py",),
            ),
        ),
    ),
    Section(
        "Save, then start",
        claims=(
            Claim(
                "generation-saved-before-execution",
                "`generationId` is saved before the execution is started",
                (
                    "shared/tryon_worker/tryons/submit_result.py",
                    "shared/tryon_worker/tryons/start_polling.py",
                ),
            ),
            Claim(
                "execution-name-is-derived",
                "The execution's name is `tryOnId` plus a hash of `generationId`",
                ("shared/tryon_worker/aws/state_machine.py",),
            ),
            Claim(
                "exists-is-checked",
                '"Exists" is success only if the execution runs or the row has an outcome',
                ("shared/tryon_worker/tryons/recover.py",),
            ),
        ),
    ),
    Section(
        "One outcome, one publisher",
        claims=(
            Claim(
                "first-decision-stays",
                "One conditional write decides the outcome; the first decision stays",
                ("shared/tryon_worker/tryons/outcome.py", "shared/tryon_worker/tryons/ledger.py"),
            ),
            Claim(
                "published-from-the-row",
                "The outcome is published from the row, then marked as published",
                ("shared/tryon_worker/tryons/outcome.py",),
            ),
            Claim(
                "all-ends-go-through-it",
                "The machine's last task, its status events and housekeeping all go through the "
                "one publisher",
                ("functions/generation/handler.py", "shared/tryon_worker/tryons/recover.py"),
            ),
        ),
    ),
    Section(
        "The machine knows nobody",
        claims=(
            Claim(
                "executions-carry-ids-only",
                "Executions carry ids, seconds and states",
                ("shared/tryon_worker/aws/state_machine.py", "functions/generation/wait.asl.json"),
            ),
            Claim(
                "log-has-no-execution-data",
                "The log of the state machine has no execution data",
                ("template.yaml",),
            ),
            Claim(
                "machine-calls-one-function",
                "The state machine calls one function: it makes no paid call and publishes no "
                "event itself",
                ("functions/generation/wait.asl.json",),
            ),
        ),
    ),
    Section(
        "Waiting is not failing",
        claims=(
            Claim(
                "one-message-at-a-time",
                "The try-on queue hands out one message at a time, to few workers",
                ("template.yaml",),
            ),
            Claim(
                "worker-waits-for-a-near-permit",
                "A worker takes the next permit and sleeps for it if it is near",
                (
                    "shared/tryon_worker/tryons/submit.py",
                    "shared/tryon_worker/account/rate_limiter.py",
                ),
            ),
            Claim(
                "long-waits-are-deferred",
                "A try-on that waits longer is deferred in the table, and its message is deleted",
                ("shared/tryon_worker/tryons/defer.py",),
            ),
            Claim(
                "no-loop-detection",
                "However often a try-on waits, Lambda does not stop it as a loop",
                ("template.yaml",),
            ),
            Claim(
                "housekeeping-resumes",
                "Housekeeping sends a deferred try-on again when its time has come",
                ("shared/tryon_worker/tryons/recover.py",),
            ),
            Claim(
                "deferral-checks-the-newest-photo",
                "A deferral's write checks that the shopper's newest photo is still the one it saw",
                ("shared/tryon_worker/tryons/defer.py", "shared/tryon_worker/shoppers.py"),
            ),
        ),
    ),
    Section(
        "One rate limiter",
        claims=(
            Claim(
                "one-conditional-update-a-call",
                "A permit is one conditional update; no work in flight is counted",
                ("shared/tryon_worker/account/rate_limiter.py",),
            ),
            Claim(
                "time-never-goes-back",
                "The item's time never goes back, and is reset when it is more than a period ahead",
                (
                    "shared/tryon_worker/account/rate_limiter.py",
                    "shared/tryon_worker/account/gcra.py",
                ),
            ),
            Claim(
                "limit-holds-with-burst-and-allowance",
                "Rate times 60 s plus burst plus an allowance stays within the limit",
                ("shared/tryon_worker/account/gcra.py",),
            ),
            Claim(
                "erasure-and-submit-have-shares",
                "Erasure and submit have shares that polls cannot take",
                ("shared/tryon_worker/account/shares.py", "shared/tryon_worker/account/gcra.py"),
            ),
            Claim(
                "submits-do-not-starve-polls",
                "Submits cannot starve polls",
                ("shared/tryon_worker/account/shares.py",),
            ),
            Claim(
                "unused-rate-is-lent",
                "Shares that are not used are lent",
                ("shared/tryon_worker/account/shares.py",),
            ),
            Claim(
                "pause-is-at-most-5-minutes",
                "A 429 pauses all callers, for 5 minutes at most",
                ("shared/tryon_worker/account/rate_limiter.py",),
            ),
            Claim(
                "three-unknowns-open-the-circuit",
                "401, 402 or three unknown ends in a row open the circuit breaker",
                ("shared/tryon_worker/account/circuit_breaker.py",),
            ),
            Claim(
                "probe-then-one-submit",
                "A free call probes the open circuit, then one submit goes before all others",
                (
                    "shared/tryon_worker/account/circuit_breaker.py",
                    "shared/tryon_worker/account/probe.py",
                ),
            ),
            Claim(
                "deadlines-stand-still",
                "While the circuit is open, deadlines of running try-ons stand still",
                ("shared/tryon_worker/tryons/polling.py",),
            ),
        ),
    ),
    Section(
        "Live before bulk",
        claims=(
            Claim(
                "bulk-uses-what-live-leaves",
                "Bulk requests use the rate that live requests leave",
                ("shared/tryon_worker/tryons/bulk.py", "shared/tryon_worker/account/shares.py"),
            ),
            Claim(
                "daily-quotas",
                "The stack has a quota of try-ons a day, and each shopper has one",
                ("shared/tryon_worker/account/quotas.py",),
            ),
            Claim(
                "reached-quota-is-published",
                "A reached quota is published, whatever fails meanwhile",
                ("shared/tryon_worker/tryons/defer.py", "shared/tryon_worker/account/quotas.py"),
            ),
            Claim(
                "quota-is-granted-with-the-submit",
                "The quota is granted in the same transaction as the submit",
                ("shared/tryon_worker/tryons/submit.py",),
            ),
        ),
    ),
    Section(
        "Polls are planned, not ticked",
        claims=(
            Claim(
                "first-poll-is-learned",
                "The first poll comes when the generation is likely to be ready, learned from "
                "recent ones",
                (
                    "shared/tryon_worker/tryons/planner.py",
                    "shared/tryon_worker/tryons/schedule.py",
                    "shared/tryon_worker/tryons/durations.py",
                ),
            ),
            Claim(
                "polls-follow-the-rate",
                "Later polls come every 2 s while the account is idle, and rarer as it fills",
                (
                    "shared/tryon_worker/tryons/schedule.py",
                    "shared/tryon_worker/tryons/planner.py",
                ),
            ),
            Claim(
                "machine-waits-as-told",
                "The machine's `Wait` takes its seconds from the last poll's answer",
                ("functions/generation/wait.asl.json",),
            ),
            Claim(
                "last-poll-before-timeout",
                "A try-on has a deadline, with a last poll before `TIMED_OUT`",
                ("shared/tryon_worker/tryons/polling.py",),
            ),
            Claim(
                "unknown-status-is-running",
                "An unknown status, or `COMPLETED` without a link, counts as still running",
                ("shared/tryon_worker/tryons/polling.py",),
            ),
        ),
    ),
    Section(
        "Results are copied",
        claims=(
            Claim(
                "copied-under-its-own-key",
                "The picture is copied at once into the result bucket, under a key of the "
                "try-on's own",
                ("shared/tryon_worker/tryons/result.py", "shared/tryon_worker/aws/buckets.py"),
            ),
            Claim(
                "only-https-or-the-apis-origin",
                "A picture is fetched over https or from the very origin of the configured API",
                (
                    "shared/tryon_worker/genlook/addresses.py",
                    "shared/tryon_worker/genlook/download.py",
                ),
            ),
            Claim(
                "no-redirect-to-a-private-address",
                "No redirect leads to a private address",
                (
                    "shared/tryon_worker/genlook/transport.py",
                    "shared/tryon_worker/genlook/addresses.py",
                ),
            ),
            Claim(
                "size-is-limited",
                "The size of a picture has a limit",
                (
                    "shared/tryon_worker/genlook/download.py",
                    "shared/tryon_worker/tryons/result.py",
                ),
            ),
            Claim(
                "download-sends-no-key",
                "A download sends no API key",
                ("shared/tryon_worker/genlook/download.py",),
            ),
            Claim(
                "dead-link-is-asked-for-again",
                "If a picture's link has died, the generation is asked once more",
                ("shared/tryon_worker/tryons/result.py",),
            ),
        ),
    ),
    Section(
        "Photos",
        claims=(
            Claim(
                "photo-row-is-the-only-record",
                "The photo row is the upload's only record",
                (
                    "shared/tryon_worker/photos/receive.py",
                    "shared/tryon_worker/photos/store.py",
                ),
            ),
            Claim(
                "newest-photo-by-event-time",
                "The newest photo is the one with the latest S3 event; for one key, S3's "
                "sequencer decides",
                ("shared/tryon_worker/photos/store.py", "shared/tryon_worker/photos/store.py"),
            ),
            Claim(
                "refused-image-is-uploaded-again",
                "An `imageId` that Genlook refuses is uploaded again if the photo is still there "
                "and within its time; otherwise the try-on waits for a new photo",
                (
                    "shared/tryon_worker/photos/select.py",
                    "shared/tryon_worker/photos/receive.py",
                ),
            ),
            Claim(
                "rejected-photo-ends-its-requests-only",
                "A rejected photo ends only requests that name it",
                ("shared/tryon_worker/photos/select.py",),
            ),
        ),
    ),
    Section(
        "Variants",
        claims=(
            Claim(
                "events-name-the-variant",
                "Each variant in an order is a try-on of its own, and its events name the variant",
                ("shared/tryon_worker/intake.py", "shared/tryon_worker/tryons/outcome.py"),
            ),
        ),
    ),
    Section(
        "Erasure",
        claims=(
            Claim(
                "tombstone-is-set-once",
                "`erasedAt` is set once a request; a repeat of a closed request does nothing",
                ("shared/tryon_worker/erasure/store.py",),
            ),
            Claim(
                "every-write-checks-the-tombstone",
                "Everything that writes for a shopper checks the tombstone, in the same "
                "transaction",
                (
                    "shared/tryon_worker/shoppers.py",
                    "shared/tryon_worker/tryons/accept.py",
                    "shared/tryon_worker/tryons/submit.py",
                    "shared/tryon_worker/tryons/outcome.py",
                    "shared/tryon_worker/photos/store.py",
                ),
            ),
            Claim(
                "conflict-is-retried",
                "A transaction conflict is retried with jitter and never read as a refusal",
                ("shared/tryon_worker/aws/table.py", "shared/tryon_worker/aws/table.py"),
            ),
            Claim(
                "intent-comes-first",
                "Whatever leaves something outside the table first writes an intent with a lease",
                (
                    "shared/tryon_worker/shoppers.py",
                    "shared/tryon_worker/photos/store.py",
                    "shared/tryon_worker/tryons/submit.py",
                ),
            ),
            Claim(
                "refused-close-deletes-what-it-left",
                "A process whose closing write is refused deletes what it left outside the table",
                (
                    "shared/tryon_worker/tryons/result.py",
                    "shared/tryon_worker/photos/receive.py",
                ),
            ),
            Claim(
                "sweep-takes-everything",
                "The sweep takes objects, rows and waiting try-ons; running executions end quietly",
                ("shared/tryon_worker/erasure/sweep.py",),
            ),
            Claim(
                "unknown-ends-are-waited-for",
                "A generation that nobody saw end keeps the erasure open for the late margin, "
                "counted from when the erasure last found it",
                ("shared/tryon_worker/erasure/in_flight.py",),
            ),
            Claim(
                "second-sweep-before-customer-erased",
                "When nothing is in flight any more the whole sweep runs again, and only then "
                "comes `CustomerErased`",
                ("shared/tryon_worker/erasure/erase.py",),
            ),
            Claim(
                "new-requests-wait-for-the-close",
                "New photos and requests wait while an erasure is open, and go on when it closes",
                (
                    "shared/tryon_worker/shoppers.py",
                    "shared/tryon_worker/tryons/defer.py",
                    "shared/tryon_worker/photos/receive.py",
                ),
            ),
            Claim(
                "shared-ids-are-refused",
                "Blank and shared ids are refused everywhere",
                ("shared/tryon_worker/identity.py",),
            ),
            Claim(
                "reused-request-id-is-a-new-request",
                "A request's id that is used again later is another request; a repeat keeps the "
                "time of the first",
                ("shared/tryon_worker/erasure/erase.py", "shared/tryon_worker/identity.py"),
            ),
            Claim(
                "redaction-finds-replaced-photos",
                "The redaction of a shop also finds the shopper of a photo that was replaced "
                "meanwhile",
                (
                    "shared/tryon_worker/photos/store.py",
                    "shared/tryon_worker/erasure/shop.py",
                ),
            ),
            Claim(
                "redaction-outlives-its-processes",
                "The redaction of a shop closes even though no single process lives long enough "
                "for the whole shop",
                (
                    "shared/tryon_worker/erasure/shop.py",
                    "shared/tryon_worker/erasure/store.py",
                ),
            ),
            Claim(
                "tombstones-outlive-the-ledger",
                "Tombstones outlive the ledger",
                ("shared/tryon_worker/shoppers.py",),
            ),
            Claim(
                "only-trusted-sources-may-erase",
                "Only trusted sources may ask for an erasure",
                ("shared/tryon_worker/privacy.py",),
            ),
        ),
    ),
    Section(
        "One retention",
        claims=(
            Claim(
                "genlook-is-told-keep-for-days",
                "Genlook is told `keepForDays`",
                (
                    "shared/tryon_worker/photos/upload.py",
                    "shared/tryon_worker/tryons/submit.py",
                ),
            ),
            Claim(
                "lifecycle-of-both-buckets",
                "The lifecycle of both buckets follows `keepForDays`; tags only shorten it, and "
                "each object has one",
                (
                    "template.yaml",
                    "shared/tryon_worker/photos/upload.py",
                    "shared/tryon_worker/aws/buckets.py",
                ),
            ),
            Claim(
                "time-to-live-of-rows",
                "The rows' time to live follows `keepForDays`",
                ("shared/tryon_worker/tryons/details.py", "shared/tryon_worker/photos/store.py"),
            ),
            Claim(
                "no-versions-no-recovery",
                "No versioning and no point-in-time recovery bring an erased shopper back",
                ("template.yaml",),
            ),
            Claim(
                "expired-photo-is-not-used",
                "A photo past its time is not used, even if its row is still there",
                ("shared/tryon_worker/photos/store.py",),
            ),
            Claim(
                "logs-have-their-own-retention",
                "Logs have a retention of their own",
                ("template.yaml",),
            ),
        ),
    ),
    Section(
        "Nothing leaks",
        claims=(
            Claim(
                "key-is-read-at-run-time",
                "The API key is read at run time, and read again once on a 401",
                (
                    "shared/tryon_worker/aws/secrets.py",
                    "shared/tryon_worker/tryons/submit_result.py",
                ),
            ),
            Claim(
                "nothing-personal-in-logs-or-executions",
                "Log lines and executions hold nothing of a shopper and no photo, link or key",
                ("shared/tryon_worker/batch.py", "shared/tryon_worker/observability.py"),
            ),
            Claim(
                "nothing-personal-in-traces",
                "Traces hold nothing personal either: the tracer patches nothing",
                ("shared/tryon_worker/observability.py",),
            ),
            Claim(
                "one-role-a-function",
                "Each function has its own role, with no wildcard where a name is known",
                ("template.yaml",),
            ),
            Claim(
                "tls-encrypted-private",
                "Only TLS is accepted, what is stored is encrypted, and nothing is public",
                ("template.yaml",),
            ),
            Claim(
                "environment-cannot-redirect-the-client",
                "The client ignores certificate bundles and proxies of the environment",
                ("shared/tryon_worker/genlook/transport.py",),
            ),
        ),
    ),
    Section(
        "One engine under it",
        claims=(
            Claim(
                "local-engine-runs-the-template",
                "Locally an embedded AWS engine runs the same template",
                ("local/engine_process.py", "local/deployment.py"),
            ),
            Claim(
                "no-code-asks-where-it-runs",
                "No code path asks whether it runs locally or on AWS; only endpoints and "
                "settings differ",
                ("shared/tryon_worker/settings.py", "shared/tryon_worker/container.py"),
            ),
            Claim(
                "parameter-sets-its-setting",
                "Each parameter of the stack sets the setting of its name",
                ("template.yaml", "shared/tryon_worker/settings.py"),
            ),
        ),
    ),
)
