"""The removals of the tombstone from each who writes, and from who defers."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import CLAIMS, ERASURE, INTAKE, PHOTOS, RACES, STORE, TESTS, USE

REMOVALS: list[Mutant] = [
    *of(
        f"{USE}/accept.py",
        INTAKE + ERASURE,
        (
            "accept a wish from before the erasure",
            "self.shoppers.not_erased(entry.shopper_key, made_at=entry.wished_at),",
            "self.shoppers.not_erased(entry.shopper_key, made_at=2**40),",
        ),
    ),
    *of(
        f"{USE}/pay.py",
        ERASURE + CLAIMS,
        (
            "submit during an erasure",
            "self.shoppers.may_leave_traces(entry.shopper_key, made_at=entry.wished_at)",
            "self.shoppers.not_erased(entry.shopper_key, made_at=2**40)",
        ),
    ),
    *of(
        f"{USE}/door.py",
        (*ERASURE, f"{TESTS}/test_door.py"),
        (
            "keep the outcome of an erased shopper",
            "self.shoppers.not_erased(entry.shopper_key, made_at=entry.wished_at),",
            "self.shoppers.not_erased(entry.shopper_key, made_at=2**40),",
        ),
    ),
    *of(
        f"{STORE}/photos.py",
        PHOTOS,
        (
            "keep an upload that an erasure overtook",
            "guard = self._shoppers.photos_changed(photo.shopper_key, made_at=photo.taken_at,",
            "guard = self._shoppers.photos_changed(photo.shopper_key, made_at=2**40,",
        ),
        (
            "let a newer photo's row be swept",
            'condition="#sequencer = :sequencer",',
            'condition="attribute_exists(#pk)",',
        ),
    ),
    *of(
        f"{STORE}/shoppers.py",
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
    *of(
        f"{STORE}/shoppers.py",
        (f"{TESTS}/test_photo_choice.py",),
        (
            "miss the photo that comes while a deferral is written",
            'f"{_AFTER_ERASURE} AND {unchanged}"',
            "_AFTER_ERASURE",
        ),
    ),
    *of(
        f"{USE}/park.py",
        (f"{TESTS}/test_submit_waits.py", *ERASURE, RACES),
        (
            "defer a wish that is swept",
            "self.requests.deferral(entry.shopper_key, entry.try_on_id),",
            "",
        ),
    ),
    *of(
        f"{STORE}/requests.py",
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
    *of(
        f"{USE}/receive_photo.py",
        f"{TESTS}/test_erasure_reuploads.py",
        (
            "keep the row of a photo that was swept",
            "if photo.reason is Rejection.GONE and self._was_erased(photo):",
            "if False:",
        ),
    ),
    *of(
        f"{USE}/receive_photo.py",
        RACES,
        (
            "leave the row of a photo that is older than an erasure",
            "self.photos.forget(photo)  #",
            "#",
        ),
        (
            "forget a photo before its object is gone",
            "        with suppress(ObjectGone):\n            # The message is old",
            "        self.photos.forget(photo)\n        with suppress(ObjectGone):\n"
            "            # The message is old",
        ),
    ),
    *of(
        "shared/tryon_worker/straight.py",
        "tests/functions/test_straight.py",
        (
            "keep no time of what was put straight on a queue",
            "event.dated_by_queue and message.receives > 1",
            "False",
        ),
    ),
]
