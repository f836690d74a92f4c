"""Where the removals lie, and the tests that those of several parts must fail."""

STORE = "shared/tryon_worker/store"
USE = "shared/tryon_worker/usecases"
TESTS = "tests/shared/usecases"

CLAIMS = (
    f"{TESTS}/test_submit_claims.py",
    f"{TESTS}/test_submit_late_answers.py",
    f"{TESTS}/test_submit_erasures.py",
)
INTAKE = (
    f"{TESTS}/test_intake.py",
    f"{TESTS}/test_intake_repeats.py",
    f"{TESTS}/test_intake_orders.py",
)
ERASURE = (
    f"{TESTS}/test_erasure.py",
    f"{TESTS}/test_erasure_waits.py",
    f"{TESTS}/test_erasure_failures.py",
    f"{TESTS}/test_erasure_repeats.py",
    f"{TESTS}/test_erasure_newcomers.py",
    f"{TESTS}/test_erasure_requests.py",
)
RACES = f"{TESTS}/test_erasure_races.py"
PHOTOS = ("tests/shared/store/test_photos.py",)
