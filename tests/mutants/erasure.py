"""The removals from an erasure: its sweeps, what it waits for, and its end."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import ERASURE, STORE, TESTS, USE

_SCALE = f"{TESTS}/test_erasure_scale.py"

REMOVALS: list[Mutant] = [
    *of(
        f"{STORE}/erasures.py",
        "tests/shared/store/test_erasures.py",
        (
            "sweep with two workers",
            "taking(erasure.key, _OPEN, now=now, lease_until=lease_until)",
            "taking(erasure.key, _OPEN, now=2**40, lease_until=lease_until)",
        ),
        (
            "erase anew what is closed",
            'condition="attribute_not_exists(#pk)")',
            'condition="")',
        ),
        ("change what is closed", "condition=_OPEN,\n            photos", "photos"),
    ),
    *of(
        f"{USE}/erase.py",
        (_SCALE, *ERASURE),
        (
            "take a new request for a repeat",
            "if reusable and asked_at > erasure.erased_at:",
            "if False:",
        ),
        (
            "take a webhook's repeat for a new request",
            "if reusable and asked_at > erasure.erased_at:",
            "if asked_at > erasure.erased_at:",
        ),
        ("leave Genlook out", "lambda: self.delete_customer(external_user_id),", "lambda: None,"),
        ("sweep past the worker's end", "if time_left() < STEP_SECONDS:", "if time_left() < 0:"),
        (
            "close what is not swept",
            "        if not self._swept(erasure, external_user_id, time_left):\n"
            "            self.erasures.leave(erasure, due_at=int(self.clock()), tries=0)\n"
            "            return erasure\n",
            "        self._swept(erasure, external_user_id, time_left)\n",
        ),
    ),
    *of(
        f"{USE}/sweep.py",
        (_SCALE, *ERASURE),
        ("leave the pictures", "            self.result_bucket.delete(batch)", "            pass"),
        (
            "leave the photos",
            "                self.photo_bucket.delete(batch)",
            "                pass",
        ),
        (
            "leave the photos' rows",
            "                self.photos.forget_before(photo, erasure.erased_at)",
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
            "if not one.key.startswith(later)",
            "if one.key",
        ),
        (
            "sweep the rows of photos of after",
            "self.photos.forget_before(photo, erasure.erased_at)",
            "self.photos.forget_before(photo, 2**40)",
        ),
        (
            "sweep the photos of after",
            "if one.modified_at <= erasure.erased_at",
            "if one.modified_at",
        ),
    ),
    *of(
        f"{STORE}/bulk.py",
        ERASURE,
        (
            "sweep the wishes of after",
            'if row["wishedAt"] <= erased_at',
            'if row["wishedAt"]',
        ),
    ),
]
