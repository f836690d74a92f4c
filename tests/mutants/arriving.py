"""The removals from what takes in wishes and photos: each once, and not too many."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import INTAKE, TESTS, USE

_MANY = (f"{TESTS}/test_many_shoppers.py",)

REMOVALS: list[Mutant] = [
    *of(
        f"{USE}/accept.py",
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
    *of(
        f"{USE}/show_to.py",
        _MANY,
        ("take in any number at once", "len(shoppers) > PART_SHOPPERS", "False"),
        (
            "count places from each part's own",
            "enumerate(shoppers, event.part or 0)",
            "enumerate(shoppers)",
        ),
        ("send all parts at once", "apart=PART_SECONDS", "apart=0"),
        (
            "send what no message can hold",
            "[_sendable(shopper) for shopper in shoppers[first",
            "[shopper for shopper in shoppers[first",
        ),
    ),
    *of(
        f"{USE}/take_in.py",
        _MANY,
        ("let a part keep the product again", "if event.part is None:", "if True:"),
    ),
    *of(
        f"{USE}/accept_many.py",
        _MANY,
        ("tell of each refusal", "different[:MOST_REFUSALS]", "different"),
    ),
    *of(
        f"{USE}/receive_photo.py",
        (f"{TESTS}/test_many_photos.py",),
        ("take any number of photos", "if first:  # what", "if False:  # what"),
        ("count each try of a photo", "if first:  # what", "if True:  # what"),
    ),
    *of(
        f"{USE}/receive_photo.py",
        ("tests/functions/test_upload.py",),
        (
            "keep the claim of an upload that failed",
            "            self.photos.park(claimed, due_at=int(self.clock()) + NUDGE_SECONDS)\n",
            "",
        ),
    ),
]
