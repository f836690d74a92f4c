"""The removals of an order: row before message, save before start, slot before call; of limits."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import STORE, TESTS, USE

_ORDER = f"{TESTS}/test_order_of_writes.py"
_SLOTS = f"{TESTS}/test_slots.py"
_READS = "tests/shared/store/test_reads.py"
_OUTLIVING = "tests/shared/store/test_outliving.py"
_SLEEP = "        self.sleep(slot.wait_seconds)\n"

REMOVALS: list[Mutant] = [
    *of(
        f"{USE}/accept.py",
        _ORDER,
        (
            "send a message before its row",
            "        if self.write(try_on_id, wish, wished_at=wished_at, bulk=bulk):\n"
            "            self.ask([try_on_id], wished_at=wished_at)\n",
            "        self.ask([try_on_id], wished_at=wished_at)\n"
            "        self.write(try_on_id, wish, wished_at=wished_at, bulk=bulk)\n",
        ),
    ),
    *of(
        f"{USE}/submit_ends.py",
        _ORDER,
        (
            "start before it is saved",
            "        saved = self._save(generation, paid, answer.generation_id)\n",
            "        from dataclasses import replace\n\n"
            "        self.begin(replace(entry, generation_id=answer.generation_id))\n"
            "        saved = self._save(generation, paid, answer.generation_id)\n",
        ),
    ),
    *of(
        f"{USE}/pay.py",
        f"{TESTS}/test_submit_logged.py",
        (
            "save a generation before it is logged",
            "        # Logged before it is saved",
            "        self.ends.succeeded(answer, paid)\n        #",
        ),
    ),
    *(
        Mutant(f"{what} before its slot", f"{USE}/{file}.py", _SLEEP, "", (_SLOTS,))
        for what, file in (
            ("pay", "pay"),
            ("look", "look"),
            ("ask for a new link", "copy_result"),
            ("call for nothing", "free_call"),
            ("probe", "probe"),
        )
    ),
    *of(
        f"{USE}/free_call.py",
        _SLOTS,
        (
            "call for nothing outside the budget",
            "slot = self.budget.take(kind)",
            "from tryon_worker.budget import Slot\n\n        slot = Slot(9.0)",
        ),
    ),
    *of(
        f"{STORE}/table.py",
        _READS,
        ("read an old row", "Key=_key(key), ConsistentRead=True)", "Key=_key(key))"),
        (
            "query old rows",
            "            ConsistentRead=True,\n            KeyCondition",
            "            KeyCondition",
        ),
    ),
    *of(
        f"{STORE}/bulk.py",
        _READS,
        ("read many old rows", '"Keys": left, "ConsistentRead": True}', '"Keys": left}'),
        (
            "query old wishes",
            "            ConsistentRead=True,\n            KeyCondition",
            "            KeyCondition",
        ),
        (
            "walk over old rows",
            "            ConsistentRead=True,\n            Filter",
            "            Filter",
        ),
    ),
    *of(
        f"{STORE}/entry.py",
        _OUTLIVING,
        ("forget a try-on with its messages", "100 * DAY", "28 * DAY"),
    ),
    *of(
        f"{STORE}/shoppers.py",
        _OUTLIVING,
        ("forget a tombstone before the try-ons", "400 * DAY", "90 * DAY"),
    ),
    *of(
        f"{STORE}/photo.py",
        f"{TESTS}/test_photo_outlived.py",
        (
            "use a photo past its time",
            "self.state is PhotoState.READY and now < self.usable_until",
            "self.state is PhotoState.READY",
        ),
    ),
    *of(
        "shared/tryon_worker/wiring/privacy.py",
        f"{TESTS}/test_erasure_waits.py::test_a_generation_that_nobody_saw_end_is_waited_for",
        (
            "close an erasure without the margin",
            "self.settings.tryon_deadline_seconds + self.settings.late_margin_seconds",
            "self.settings.tryon_deadline_seconds",
        ),
    ),
    *of(
        "shared/tryon_worker/wiring/try_ons.py",
        f"{TESTS}/test_look_pictures.py::test_a_picture_may_be_only_so_large",
        ("take a picture of any size", "max_bytes=MAX_RESULT_BYTES", "max_bytes=1 << 40"),
    ),
    *of(
        "shared/tryon_worker/objects.py",
        "tests/shared/test_objects.py",
        (
            "let try-ons share a place",
            "shopper_results(shopper_key)}{try_on_id}/",
            "RESULT_PREFIX}",
        ),
    ),
    *of(
        "shared/tryon_worker/observability.py",
        "tests/functions/test_traces.py::test_no_library_is_patched",
        ("let X-Ray see keys and paths", "Tracer(auto_patch=False)", "Tracer()"),
    ),
    *of(
        f"{STORE}/moves.py",
        f"{TESTS}/test_rows_without_names.py",
        (
            "name the shopper in the ledger",
            '        "shopperKey": entry.shopper_key,\n',
            '        "shopperKey": entry.shopper_key,\n        "name": "shopper-7",\n',
        ),
    ),
]
