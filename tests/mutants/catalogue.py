"""The removals: what each promise stands on, and the tests that must notice when it is gone."""

from tests.mutants.conditions import CONDITIONS
from tests.mutants.mutant import Mutant
from tests.mutants.mutant import of as _of
from tests.mutants.outcomes import OUTCOMES

_STORE = "shared/tryon_worker/store"
_USE = "shared/tryon_worker/usecases"
_GENLOOK = "shared/tryon_worker/genlook"
_TESTS = "tests/shared/usecases"

LEDGER = ("tests/shared/store/test_ledger_moves.py",)
CLAIMS = (f"{_TESTS}/test_submit_claims.py",)
KINDS = (f"{_TESTS}/test_paid_call_kinds.py",)
REMEDIES = (f"{_TESTS}/test_paid_call_remedies.py",)
ACCOUNT = (f"{_TESTS}/test_paid_call_account.py",)
INTAKE = (f"{_TESTS}/test_intake.py",)
MANY = (f"{_TESTS}/test_many_shoppers.py",)
BULK = (f"{_TESTS}/test_bulk.py",)
ERASURE = (f"{_TESTS}/test_erasure.py",)
REPORT = (f"{_TESTS}/test_report.py",)
SHOPIFY = (f"{_TESTS}/test_shopify.py",)
PHOTOS = ("tests/shared/store/test_photos.py",)
RACES = f"{_TESTS}/test_erasure_races.py"
SCALE = f"{_TESTS}/test_erasure_scale.py"

_PLACES = [
    # --- P1: the ledger's conditional writes, each clause of them
    *_of(
        f"{_STORE}/moves.py",
        LEDGER,
        (
            "accept a known try-on again",
            'item, condition="attribute_not_exists(#pk)")',
            "item)",
        ),
        (
            "submit without the claim",
            'condition="#state = :claimed AND #attempt = :attempt",\n        submitting',
            'condition="#attempt = :attempt",\n        submitting',
        ),
        (
            "submit for another attempt",
            'condition="#state = :claimed AND #attempt = :attempt",\n        submitting',
            'condition="#state = :claimed",\n        submitting',
        ),
        (
            "save another attempt's generation",
            'condition="#attempt = :attempt AND #state IN (:submitting, :unknown)"',
            'condition="#state IN (:submitting, :unknown)"',
        ),
    ),
    *_of(
        f"{_STORE}/ledger.py",
        LEDGER,
        (
            "claim whatever the state",
            'condition="#state IN (:accepted, :waiting) "\n'
            '                "OR (#state = :claimed AND #leaseUntil < :now)"',
            'condition="attribute_exists(#pk)"',
        ),
        (
            "claim before the lease is over",
            "(#state = :claimed AND #leaseUntil < :now)",
            "(#state = :claimed)",
        ),
        (
            "never claim again from a worker that died",
            ' "\n                "OR (#state = :claimed AND #leaseUntil < :now)',
            "",
        ),
        (
            "take the answer of a lost write for a refusal",
            "if found and attempt and found.state is to and found.attempt == attempt:",
            "if found is None:",
        ),
    ),
    *_of(
        f"{_STORE}/ledger.py",
        LEDGER,
        (
            "count a person's order twice",
            "#state = :unknown AND NOT contains(#reviews, :name)",
            "attribute_exists(#pk)",
        ),
    ),
    *_of(
        f"{_USE}/pay.py",
        CLAIMS,
        (
            "pay although the mark was refused",
            "            self._not_granted(ready, refused, now)\n            return False",
            "            self._not_granted(ready, refused, now)\n            return True",
        ),
        (
            "pay though the worker's time runs out",
            "if time_left() < self.call_seconds + SAVE_SECONDS:",
            "if time_left() < 0:",
        ),
    ),
    *_of(
        f"{_USE}/pay.py",
        ACCOUNT,
        (
            "pay past the breaker",
            "if not self.breaker.admits(attempt):",
            "if False:",
        ),
        (
            "pay past the caps",
            "writes.update(self.caps.grants(entry.shopper_key, now=now, bulk=entry.bulk))",
            "pass",
        ),
    ),
    # --- live before bulk
    *_of(
        f"{_STORE}/moves.py",
        BULK,
        (
            "queue bulk up before what is due",
            "keys.due_shard(entry.try_on_id, in_line=entry.bulk)",
            "keys.due_shard(entry.try_on_id)",
        ),
    ),
    *_of(
        f"{_STORE}/ledger.py",
        BULK,
        (
            "leave a claimed try-on in line",
            '"#dueAt = :lease, #dueShard = :shard, ',
            '"#dueAt = :lease, ',
        ),
    ),
    *_of(
        f"{_STORE}/caps.py",
        BULK,
        (
            "let bulk use up the day",
            "self.per_day - self.per_day // _KEPT_FOR_LIVE",
            "self.per_day",
        ),
    ),
    *_of(
        f"{_USE}/pay.py",
        BULK,
        (
            "submit bulk as if it were live",
            "CallClass.BULK if entry.bulk else CallClass.SUBMIT",
            "CallClass.SUBMIT",
        ),
    ),
    *_of(
        f"{_USE}/accept.py",
        BULK,
        ("send all of a large order at once", "try_on_ids[:FIRST_OF_BULK]", "try_on_ids"),
    ),
    *_of(
        f"{_USE}/park.py",
        BULK,
        (
            "lose the place in the line",
            "min(int(self.clock()), self._since(entry))",
            "int(self.clock())",
        ),
    ),
    *_of(
        f"{_USE}/watch_credits.py",
        (f"{_TESTS}/test_credits.py",),
        ("say each time that credits are few", 'if low and not row.get("low"):', "if low:"),
        (
            "say nothing of a second fall",
            "low=low,",
            'low=low or bool(row.get("low")),',
        ),
        (
            "let two look at the credits at once",
            'condition="attribute_not_exists(#nextAt) OR #nextAt <= :now",\n',
            "\n",
        ),
    ),
    *_of(
        f"{_USE}/park.py",
        (f"{_TESTS}/test_short_waits.py",),
        (
            "look for a sent step's loss at once",
            "lost_at = int(self.clock()) + delay + NUDGE_SECONDS",
            "lost_at = int(self.clock()) + delay",
        ),
        (
            "send another worker's step",
            "if self._write(entry, attempt, WaitingFor.BUDGET, lost_at):",
            "if self._write(entry, attempt, WaitingFor.BUDGET, lost_at) or True:",
        ),
    ),
    *_of(
        f"{_USE}/receive_photo.py",
        (f"{_TESTS}/test_many_photos.py",),
        ("take any number of photos", "if first:  # what", "if False:  # what"),
        ("count each try of a photo", "if first:  # what", "if True:  # what"),
    ),
    *_of(
        f"{_USE}/show_to.py",
        MANY,
        ("take in any number at once", "len(shoppers) > PART_SHOPPERS", "False"),
        (
            "count places from each part's own",
            "enumerate(shoppers, event.part or 0)",
            "enumerate(shoppers)",
        ),
        ("send all parts at once", "seconds=len(parts) * PART_SECONDS", "seconds=0"),
        (
            "send what no message can hold",
            "[_sendable(shopper) for shopper in shoppers[first",
            "[shopper for shopper in shoppers[first",
        ),
    ),
    *_of(
        f"{_USE}/take_in.py",
        MANY,
        ("let a part keep the product again", "if event.part is None:", "if True:"),
    ),
    *_of(
        f"{_USE}/accept_many.py",
        MANY,
        ("tell of each refusal", "different[:MOST_REFUSALS]", "different"),
    ),
    *_of(
        f"{_USE}/release.py",
        BULK,
        (
            "let all of the bulk go",
            "islice(self._taken(now, now), self._room(now))",
            "self._taken(now, now)",
        ),
        (
            "let bulk go behind a shut breaker",
            "if self.breaker.state().turns_away(now):",
            "if False:",
        ),
        ("let bulk go on without try-ons left", ", self.caps.left_for_bulk(now))", ")"),
        ("let bulk go in one burst", "seconds=ROUND_SECONDS,", "seconds=0,"),
        ("never end bulk that waits too long", "(now - self.wait_seconds, now)", "(0, now)"),
        ("let the same go again each round", "until=now + LOST_SECONDS", "until=now"),
    ),
    # --- P1: the rows of the table of ends
    *_of(
        f"{_USE}/submit_ends.py",
        KINDS,
        ("repeat an unknown end", "self._unknown(error, paid)\n", "self.not_made(paid)\n"),
        (
            "ask a person about what was not sent",
            "self.not_made(paid)\n            elif",
            "self._unknown(error, paid)\n            elif",
        ),
        (
            "ask a person about a refusal",
            "self._refused(error, paid)\n            else",
            "self._unknown(error, paid)\n            else",
        ),
    ),
    *_of(
        f"{_USE}/submit_ends.py",
        REMEDIES,
        (
            "try a remedy for ever",
            "return None if remedy in paid.entry.remedies else remedy",
            "return remedy",
        ),
        (
            "keep believing in a photo that Genlook does not know",
            "self.photos.doubt(paid.found.photo)",
            "pass",
        ),
    ),
    *_of(
        f"{_USE}/submit_ends.py",
        ACCOUNT,
        ("go on after a 429", "self.budget.pause(error.retry_after)", "pass"),
        (
            "go on after a 402",
            "newly_shut = self.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)",
            "newly_shut = False",
        ),
        ("never read a new key", "if self.api_key.reread():", "if False:"),
    ),
    *_of(
        f"{_GENLOOK}/classify.py",
        "tests/shared/genlook/test_outcomes.py",
        ("take a 5xx for a refusal", "if not (400 <= status < 500 and sure):", "if not sure:"),
        (
            "take any bare 4xx for a refusal",
            "sure = report is not None or status in",
            "sure = 1 or",
        ),
    ),
    # --- P1: save, then start; products are never stale
    *_of(
        f"{_USE}/submit_ends.py",
        CLAIMS,
        (
            "start before it is saved",
            "        saved = self._save(generation, paid, answer.generation_id)\n",
            "        self.begin(replace(entry, generation_id=answer.generation_id))\n"
            "        saved = self._save(generation, paid, answer.generation_id)\n",
        ),
    ),
    # --- P2: one outcome
    *_of(
        f"{_USE}/door.py",
        (f"{_TESTS}/test_door.py",),
        (
            "mark before it is published",
            "        self.publisher.publish(detail_type, detail, occurred_at=entry.decided_at)\n"
            "        now = int(self.clock())\n",
            "        now = int(self.clock())\n"
            "        self.table.write(self.ledger.publication(try_on_id, now=now))\n"
            "        self.publisher.publish(detail_type, detail, occurred_at=entry.decided_at)\n",
        ),
        (
            "never mark as published",
            "            self.table.write(self.ledger.publication(try_on_id, now=now))",
            "            pass",
        ),
        (
            "publish what is published",
            "entry.verdict is None or entry.published_at is not None:",
            "entry.verdict is None:",
        ),
    ),
    *_of(
        f"{_STORE}/moves.py",
        LEDGER,
        (
            "decide what is decided",
            "condition = f\"#state IN ({', '.join(f':{name}' for name in states)})\"",
            'condition = "attribute_exists(#pk)"',
        ),
    ),
    *_of(
        f"{_USE}/look.py",
        (f"{_TESTS}/test_look_deadline.py",),
        (
            "let a deadline stand still for ever",
            "stood_still = min(max(0, stood_still), self.standstill_seconds)",
            "stood_still = max(0, stood_still)",
        ),
        (
            "let a refused key keep a try-on for ever",
            "            return self._without_a_key(entry)",
            "            return Running(MAX_WAIT_SECONDS)",
        ),
        (
            "time out what may be ready",
            "grace=UNANSWERED_SECONDS):\n            return self._timed_out(entry)\n"
            "        return Running(rarer",
            "):\n            return self._timed_out(entry)\n        return Running(rarer",
        ),
    ),
    *_of(
        f"{_USE}/copy_result.py",
        (f"{_TESTS}/test_look_races.py",),
        (
            "remove the winner's picture",
            "if not owned or self.shoppers",
            "if True or self.shoppers",
        ),
        ("leave the picture of an erased shopper", "self.results.delete([result.key])", "pass"),
    ),
    *_of(
        f"{_USE}/move_on.py",
        (
            f"{_TESTS}/test_move_on.py",
            f"{_TESTS}/test_move_on_submitted.py",
            f"{_TESTS}/test_review.py",
        ),
        (
            "leave a lost call in SUBMITTING",
            "if now <= entry.lease_until:\n            self.ledger"
            ".look_again_at(entry, entry.lease_until + 1)\n            return\n        unknown",
            "if True:\n            self.ledger"
            ".look_again_at(entry, entry.lease_until + 1)\n            return\n        unknown",
        ),
        (
            "end a submit whose lease still runs",
            "if now <= entry.lease_until:\n            self.ledger.look_again_at(entry, "
            "entry.lease_until + 1)\n            return\n        unknown",
            "if False:\n            self.ledger.look_again_at(entry, "
            "entry.lease_until + 1)\n            return\n        unknown",
        ),
        (
            "never start what was not started",
            "            self.begin(entry)\n",
            "            pass\n",
        ),
        ("leave a review open for ever", "self.review.close(entry)", "pass"),
        (
            "wait for a photo for ever",
            "verdict = Verdict(Outcome.FAILED, Reason.PHOTO_MISSING)",
            "return",
        ),
    ),
    *_of(
        f"{_USE}/accept.py",
        INTAKE,
        (
            "take the same id for another wish",
            "if known.payload_hash != entry.payload_hash:",
            "if False:",
        ),
        (
            "forget the step that a crash lost",
            "return known.state is State.ACCEPTED",
            "return False",
        ),
        ("take a wish that is too old", "if wished_at < now - MAX_AGE_SECONDS:", "if False:"),
    ),
    # --- P4: the tombstone, at every writer
    *_of(
        f"{_USE}/accept.py",
        INTAKE + ERASURE,
        (
            "accept a wish from before the erasure",
            "self.shoppers.not_erased(entry.shopper_key, made_at=entry.wished_at),",
            "self.shoppers.not_erased(entry.shopper_key, made_at=2**40),",
        ),
    ),
    *_of(
        f"{_USE}/pay.py",
        ERASURE + CLAIMS,
        (
            "submit during an erasure",
            "self.shoppers.may_leave_traces(entry.shopper_key, made_at=entry.wished_at)",
            "self.shoppers.not_erased(entry.shopper_key, made_at=2**40)",
        ),
    ),
    *_of(
        f"{_USE}/door.py",
        (*ERASURE, f"{_TESTS}/test_door.py"),
        (
            "keep the outcome of an erased shopper",
            "self.shoppers.not_erased(entry.shopper_key, made_at=entry.wished_at),",
            "self.shoppers.not_erased(entry.shopper_key, made_at=2**40),",
        ),
    ),
    *_of(
        f"{_STORE}/photos.py",
        PHOTOS,
        (
            "upload during an erasure",
            "self._transact(photo, write, self._begins(photo, now))",
            "self._transact(photo, write, "
            "self._shoppers.not_erased(photo.shopper_key, made_at=2**40))",
        ),
        (
            "keep an upload that an erasure overtook",
            "guard = self._shoppers.photos_changed(photo.shopper_key, made_at=photo.taken_at,",
            "guard = self._shoppers.photos_changed(photo.shopper_key, made_at=2**40,",
        ),
        ("let an old event beat a newer photo", "#sequencer < :sequencer OR", "1 = 1 OR"),
    ),
    *_of(
        f"{_STORE}/shoppers.py",
        ("tests/shared/store/test_photos.py", *ERASURE),
        (
            "let an open erasure be no obstacle",
            '_NOT_ERASING = "attribute_not_exists(#erasing)"',
            '_NOT_ERASING = "attribute_not_exists(#nothing)"',
        ),
        (
            "take the second of the erasure for after it",
            "#erasedAt < :made)",
            "#erasedAt <= :made)",
        ),
    ),
    *_of(
        f"{_STORE}/shoppers.py",
        (f"{_TESTS}/test_photo_deliveries.py",),
        (
            "miss the photo that comes while a deferral is written",
            'f"{_AFTER_ERASURE} AND {unchanged}"',
            "_AFTER_ERASURE",
        ),
    ),
    *_of(
        f"{_STORE}/photos.py",
        PHOTOS,
        (
            "let a newer photo's row be swept",
            'condition="#sequencer = :sequencer",',
            'condition="attribute_exists(#pk)",',
        ),
        (
            "say what another settled though it is erased",
            "except ConditionFailed as failed:\n            raise PhotoErased from failed",
            "except ConditionFailed:\n            return",
        ),
    ),
    *_of(
        f"{_STORE}/shoppers.py",
        PHOTOS,
        ("forget what goes up", "ADD #uploads :intent", "ADD #uploadsOnce :intent"),
    ),
    *_of(
        f"{_USE}/park.py",
        (f"{_TESTS}/test_submit_waits.py", *ERASURE, RACES),
        (
            "defer a wish that is swept",
            "self.requests.deferral(entry.shopper_key, entry.try_on_id),",
            "",
        ),
    ),
    *_of(
        f"{_STORE}/requests.py",
        "tests/shared/store/test_requests.py",
        (
            "let a wish that is swept be deferred",
            '"SET #deferred = :yes",\n            condition="attribute_exists(#pk)",',
            '"SET #deferred = :yes",',
        ),
        (
            "keep words about a wish that is swept",
            '"SET #message = :message",\n            condition="attribute_exists(#pk)",',
            '"SET #message = :message",',
        ),
        (
            "retain a wish that is swept",
            '"SET #ttl = :until",\n                    condition="attribute_exists(#pk)",',
            '"SET #ttl = :until",',
        ),
    ),
    *_of(
        f"{_STORE}/erasures.py",
        "tests/shared/store/test_erasures.py",
        (
            "sweep with two workers",
            'condition=f"{_OPEN} AND (attribute_not_exists(#leaseUntil) "\n'
            '                    "OR #leaseUntil < :now)",',
            "condition=_OPEN,",
        ),
        (
            "wait less than was found before",
            "(attribute_not_exists(#quietAt) OR #quietAt < :quiet)",
            "attribute_exists(#pk)",
        ),
        (
            "erase anew what is closed",
            'condition="attribute_not_exists(#pk)")',
            'condition="")',
        ),
        ("change what is closed", "condition=_OPEN,\n                    photos", "photos"),
    ),
    *_of(
        f"{_USE}/erase.py",
        (SCALE, *ERASURE),
        (
            "close after the first sweep",
            "last = quiet_at < int(self.clock())",
            "last = bool(quiet_at + 1)",
        ),
        ("leave Genlook out", "lambda: self.delete_customer(external_user_id),", "lambda: None,"),
        (
            "forget what is waited for when the sweep dies",
            "            self.erasures.wait_until_quiet(erasure, quiet_at)\n",
            "",
        ),
        ("sweep past the worker's end", "if time_left() < STEP_SECONDS:", "if time_left() < 0:"),
        (
            "close what is not swept",
            "        if not self._swept(erasure, external_user_id, time_left):\n"
            "            self.erasures.leave(erasure, due_at=int(self.clock()), tries=0)\n"
            "            return erasure\n",
            "        self._swept(erasure, external_user_id, time_left)\n",
        ),
    ),
    *_of(
        f"{_USE}/quiet.py",
        (RACES, *ERASURE),
        (
            "not wait for an upload",
            "self.shoppers.get(erasure.shopper_key).uploads_until",
            "0",
        ),
        (
            "not wait for a paid call",
            "return now + IN_FLIGHT_SECONDS + self.late_seconds",
            "return 0",
        ),
        (
            "not wait for a late picture at Genlook",
            "return max(in_hand, begun + self.late_seconds)",
            "return in_hand",
        ),
        (
            "not wait for a look that is under way",
            "return max(in_hand, begun + self.late_seconds)",
            "return begun + self.late_seconds",
        ),
        (
            "not wait for a copy",
            "        elif _is_over(entry):\n            return in_hand",
            "        elif _is_over(entry):\n            return 0",
        ),
        (
            "not wait for an event that is on its way",
            "return in_hand if _may_be_told(entry) else 0",
            "return 0",
        ),
        (
            "not wait for another erasure",
            "return max(own, self.erasures.others_quiet_at(erasure))",
            "return own",
        ),
    ),
    *_of(
        f"{_USE}/receive_photo.py",
        RACES,
        (
            "name the shopper of a photo that was swept",
            "if unusable.reason is Rejection.GONE and self._was_erased(claimed):",
            "if False:",
        ),
        (
            "leave the row of a photo that is older than an erasure",
            "self.photos.forget(photo)  #",
            "#",
        ),
    ),
    *_of(
        f"{_USE}/sweep.py",
        (SCALE, *ERASURE),
        ("leave the pictures", "            self.result_bucket.delete(batch)", "            pass"),
        (
            "leave the photos",
            "                self.photo_bucket.delete(batch)",
            "                pass",
        ),
        (
            "leave the photos' rows",
            "                self.photos.forget(photo)",
            "                pass",
        ),
        (
            "leave the wishes",
            'self.bulk.delete([(row["pk"], row["sk"]) for row in rows])',
            "pass",
        ),
        (
            "leave parts of photos",
            "self.photo_bucket.abort_uploads(prefix, until=erasure.erased_at)",
            "pass",
        ),
        (
            "let running try-ons go on",
            "self.door.end_erased(entry, from_states=OPEN_STATES)",
            "pass",
        ),
        (
            "sweep the pictures of wishes of after",
            "if not key.startswith(later)",
            "if key",
        ),
        (
            "sweep the rows of photos of after",
            "p for p in photos if p.taken_at <= erasure.erased_at",
            "p for p in photos if p",
        ),
        (
            "sweep the photos of after",
            "if modified_at <= erasure.erased_at",
            "if modified_at",
        ),
    ),
    *_of(
        f"{_STORE}/bulk.py",
        ERASURE,
        (
            "sweep the wishes of after",
            'if row["wishedAt"] <= erased_at',
            'if row["wishedAt"]',
        ),
    ),
    # --- P4: questions and redactions
    *_of(
        f"{_STORE}/reports.py",
        REPORT,
        (
            "report: answer a question from before the erasure",
            """made_at=question.asked_at)
        try:
            self._table.transact([write, guard])""",
            """made_at=2**40)
        try:
            self._table.transact([write, guard])""",
        ),
        (
            "report: write while an erasure is open",
            "guard = self._shoppers.may_leave_traces(question.shopper_key, made_at=question",
            "guard = self._shoppers.not_erased(question.shopper_key, made_at=question",
        ),
        (
            "report: take a question that another worker has",
            "(attribute_not_exists(#leaseUntil) OR #leaseUntil < :now)",
            "(attribute_exists(#pk) OR #leaseUntil < :now)",
        ),
        (
            "report: write a question down twice",
            "attribute_not_exists(#pk)",
            "attribute_not_exists(#x)",
        ),
        (
            "report: keep the shopper's name",
            "REMOVE #externalUserId, #leaseUntil",
            "REMOVE #leaseUntil",
        ),
    ),
    *_of(
        f"{_USE}/report.py",
        REPORT,
        (
            "report: leave one that an erasure overtook",
            "self.results.delete([_key(question)])",
            "pass",
        ),
        ("report: leave the question", "self.reports.remove(question)", "pass"),
        (
            "report: drop a question without a word",
            "self.refusals(_event(question), *_ERASED)",
            "pass",
        ),
        (
            "report: keep it longer than the stack keeps anything",
            "min(KEEP_FOR_DAYS, self.keep_for_days)",
            "KEEP_FOR_DAYS",
        ),
        ("report: forget that it was announced", "self.reports.announced(question)", "pass"),
    ),
    *_of(
        f"{_USE}/quiet.py",
        REPORT,
        (
            "report: close an erasure while one is being written",
            "own = max([uploads, reports, *submits])",
            "own = max([uploads, *submits])",
        ),
    ),
    *_of(
        f"{_USE}/sweep.py",
        REPORT,
        ("report: let a sweep leave the questions", "self.end_reports(erasure", "print(erasure"),
    ),
    *_of(
        f"{_USE}/take_erasure.py",
        SHOPIFY,
        (
            "take what shoppers ask from anybody",
            "check_source(event, self.trusted_sources)",
            "pass",
        ),
        (
            "erase for another shop",
            "if self.shop_domain and shop_domain.casefold()",
            "if not shop_domain and shop_domain.casefold()",
        ),
        (
            "redact a shop that a partner bus does not name",
            "event.source.startswith(PARTNER_BUS)",
            "not event.source",
        ),
    ),
    *_of(
        f"{_USE}/redact_shop.py",
        SHOPIFY,
        (
            "redact a shop before what lay in queues had its time",
            "now > redaction.asked_at + self.late_seconds",
            "now",
        ),
        (
            "redact a shop and leave open erasures alone",
            "late and not self._erasing(redaction)",
            "late",
        ),
        ("redact whoever comes later", '"takenAt"] <= asked_at', '"takenAt"] <= 2**40'),
        (
            "redact a shop without its unseen photos",
            "yield shopper_of_key(key)",
            "shopper_of_key(key)",
        ),
        ("redact a shop and leave its orphans", "self._sweep_results(redaction)", "pass"),
        ("redact by opening the same erasures for ever", "if place not in rows", "if place"),
    ),
    *_of(
        f"{_USE}/housekeep.py",
        REPORT,
        ("tell nobody of what is overdue", "count(overdue)", "pass"),
    ),
    # --- P3: the budget
    *_of(
        "shared/tryon_worker/budget.py",
        "tests/shared/test_budget.py",
        ("book what is not near", "tat - self._rate.furthest_ms(now, call),", "0,"),
        ("go on in a pause", 'row.get("pausedUntil", 0) - now,', "0,"),
        ("miss a pause that comes meanwhile", "#pausedUntil <= :now", "#tat = #tat"),
        (
            "book another's slot",
            '"#tat = :seen" if "tat" in row',
            '"attribute_exists(#tat)" if "tat" in row',
        ),
    ),
    *_of(
        "shared/tryon_worker/shares.py",
        "tests/shared/test_shares.py",
        ("leave no room for looks", "LOOKS_RESERVED = 1.15", "LOOKS_RESERVED = 0.0"),
        ("leave nothing before bulk", "LOOKS_BEFORE_BULK = 3.0", "LOOKS_BEFORE_BULK = 0.0"),
        ("keep no share", "ahead = min(ahead, own)", "pass"),
        ("let bulk go first", "lane = _BULK if call is CallClass.BULK else _WORK", "lane = _WORK"),
    ),
    *_of(
        "shared/tryon_worker/gcra.py",
        "tests/shared/test_gcra.py",
        ("allow for no latency", "SPREAD_MS = 1_750", "SPREAD_MS = 0"),
        ("forget the burst", "(self.limit - self.burst + 1)", "self.limit"),
    ),
    # --- P3: the plan of looks
    *_of(
        f"{_USE}/look.py",
        (f"{_TESTS}/test_plan_looks.py",),
        (
            "learn from no picture",
            "            self.copy_result.remove_unless_kept(entry, result)\n"
            "        self.plan.learn(generation)",
            "            self.copy_result.remove_unless_kept(entry, result)",
        ),
    ),
    *_of(
        f"{_USE}/plan_looks.py",
        (f"{_TESTS}/test_plan_looks.py",),
        (
            "plan as if nobody else wanted anything",
            "looks(seen, self._budget.per_minute, bulk=bulk)",
            "95.0",
        ),
        (
            "look at bulk as often as at live",
            ", bulk=bulk)\n            plan =",
            ")\n            plan =",
        ),
        ("plan without what was learned", "self._durations.recent()", "[]"),
    ),
    *_of(
        "shared/tryon_worker/polling/schedule.py",
        ("tests/shared/polling/test_schedule.py",),
        ("look as often as one likes", "if tried.looks > looks:", "if tried.looks < 0:"),
        ("look at any pace", "SHORTEST_GAP_SECONDS = 1.8", "SHORTEST_GAP_SECONDS = 0.1"),
    ),
    *_of(
        "shared/tryon_worker/polling/survival.py",
        ("tests/shared/polling/test_survival.py",),
        ("expect no surprise", "_SURPRISE = 0.015", "_SURPRISE = 0.0"),
        ("count the oldest as the newest", "_HALF_LIFE = 24", "_HALF_LIFE = 24_000"),
    ),
]

MUTANTS: list[Mutant] = [*_PLACES, *OUTCOMES, *CONDITIONS]
