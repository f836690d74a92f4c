"""Each clause of each write of a photo row: who may move it, from what, and who may not."""

from dataclasses import replace

import pytest

from tests.support.tables import LATE_SECONDS as LATE
from tests.support.tables import Stores
from tryon_worker.erasure.store import CLOCK_SECONDS
from tryon_worker.photos.model import Photo, PhotoState
from tryon_worker.photos.store import PhotoErased, PhotoSuperseded

NOW = 1_000_000
FIRST = Photo(
    "shopper",
    "photo",
    "photos/7/me.jpg",
    "0A",
    NOW,
    PhotoState.UPLOADING,
    attempt="first",
    lease_until=NOW + 120,
    keep_for_days=7,
)
SECOND = replace(FIRST, attempt="second")
READY = replace(FIRST, state=PhotoState.READY, image_id="image-1", lease_until=0, settled_at=NOW)


def kept(stores: Stores) -> Photo:
    photo = stores.photos.get("shopper", "photo")
    assert photo is not None
    return photo


def due_at(stores: Stores) -> int | None:
    row = stores.table.get(("SHOPPER#shopper", "PHOTO#photo"))
    assert row is not None
    return row.get("dueAt")


def test_a_claim_is_anothers_until_its_lease_is_over(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    with pytest.raises(PhotoSuperseded) as caught:
        stores.photos.claim(SECOND, now=NOW + 120)
    assert caught.value.photo == kept(stores)
    stores.photos.claim(SECOND, now=NOW + 121)
    assert kept(stores).attempt == "second"


def test_a_claim_whose_answer_was_lost_is_our_own(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.claim(FIRST, now=NOW)


@pytest.mark.parametrize("state", [PhotoState.READY, PhotoState.REJECTED])
def test_what_is_settled_is_not_claimed_by_a_repeat(stores: Stores, state: PhotoState) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.settle(replace(READY, state=state), now=NOW)
    with pytest.raises(PhotoSuperseded):
        stores.photos.claim(SECOND, now=NOW + 10_000)


@pytest.mark.promise("Photos", "newest-photo-by-event-time")
@pytest.mark.parametrize(
    ("sequencer", "newer"), [("0B", True), ("0A01", True), ("0a", False), ("09FF", False)]
)
def test_only_a_newer_object_takes_the_row(stores: Stores, sequencer: str, newer: bool) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.settle(READY, now=NOW)
    other = replace(SECOND, sequencer=sequencer)
    if newer:
        stores.photos.claim(other, now=NOW)
        assert kept(stores).attempt == "second"
    else:
        with pytest.raises(PhotoSuperseded):
            stores.photos.claim(other, now=NOW)


def test_taking_up_again_needs_the_row_as_it_was_seen(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.settle(READY, now=NOW)
    seen = kept(stores)
    stores.photos.claim_again(SECOND, seen=seen, now=NOW)
    stores.photos.settle(replace(READY, attempt="second", image_id="image-2"), now=NOW)
    with pytest.raises(PhotoSuperseded):
        stores.photos.claim_again(replace(FIRST, attempt="third"), seen=seen, now=NOW)
    assert kept(stores).image_id == "image-2"


def test_taking_up_again_waits_for_the_lease(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    with pytest.raises(PhotoSuperseded):
        stores.photos.claim_again(SECOND, seen=FIRST, now=NOW + 120)
    stores.photos.claim_again(SECOND, seen=FIRST, now=NOW + 121)


def test_taking_up_again_makes_no_row_of_one_that_is_gone(stores: Stores) -> None:
    with pytest.raises(PhotoSuperseded):
        stores.photos.claim_again(SECOND, seen=FIRST, now=NOW)


def test_only_the_attempt_that_has_it_settles_it(stores: Stores) -> None:
    stores.photos.claim(SECOND, now=NOW)
    with pytest.raises(PhotoSuperseded):
        stores.photos.settle(READY, now=NOW)
    claimed = replace(SECOND, sequencer=kept(stores).sequencer, first_taken_at=NOW)
    assert kept(stores) == claimed


def test_only_the_attempt_that_has_it_parks_it(stores: Stores) -> None:
    stores.photos.claim(SECOND, now=NOW)
    stores.photos.defer(replace(FIRST, tries=3), due_at=NOW + 5)
    assert kept(stores).tries == 0
    stores.photos.defer(replace(SECOND, tries=3), due_at=NOW + 5)
    assert (kept(stores).tries, kept(stores).lease_until, due_at(stores)) == (3, 0, NOW + 5)


def test_only_what_was_announced_is_marked_so(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.mark_published(READY)
    assert not kept(stores).published
    stores.photos.settle(READY, now=NOW)
    stores.photos.mark_published(replace(READY, attempt="second"))
    assert not kept(stores).published
    assert due_at(stores) == NOW + 60
    stores.photos.mark_published(READY)
    assert kept(stores).published
    assert due_at(stores) is None


def test_doubt_is_of_one_image_id(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.settle(replace(READY, usable_until=NOW + 99), now=NOW)
    stores.photos.mark_stale(replace(READY, image_id="image-0"))
    assert kept(stores).usable(NOW)
    stores.photos.mark_stale(READY)
    assert not kept(stores).usable(NOW)


@pytest.mark.promise("Erasure", "every-write-checks-the-tombstone")
@pytest.mark.parametrize(
    ("made", "refused"), [(NOW - 1, True), (NOW, True), (NOW + CLOCK_SECONDS + 1, False)]
)
def test_what_was_made_before_the_tombstone_is_refused_for_ever(
    stores: Stores, made: int, refused: bool
) -> None:
    """Event times have whole seconds: that of the erasure itself counts as before."""
    erasure = stores.erasures.open("shopper", "r", request_id="r", external_user_id="7", now=NOW)
    stores.erasures.close(erasure, now=NOW)
    photo = replace(FIRST, taken_at=made)
    if refused:
        with pytest.raises(PhotoErased):
            stores.photos.claim(photo, now=NOW + 5)
        stores.photos.hold(photo, now=NOW, due_at=NOW + 60)
        assert stores.photos.get("shopper", "photo") is None
    else:
        stores.photos.claim(photo, now=NOW + 5)


def test_while_an_erasure_is_open_nothing_of_after_it_goes_up_but_it_is_held(
    stores: Stores,
) -> None:
    stores.erasures.open("shopper", "r", request_id="r", external_user_id="7", now=NOW - 9)
    with pytest.raises(PhotoErased):
        stores.photos.claim(FIRST, now=NOW)
    stores.photos.hold(FIRST, now=NOW, due_at=NOW + 60)
    assert (kept(stores).state, kept(stores).lease_until) == (PhotoState.UPLOADING, 0)
    assert due_at(stores) == NOW + 60


def test_holding_does_not_put_an_older_object_in_place_of_a_newer(stores: Stores) -> None:
    newer = replace(SECOND, sequencer="0B")
    stores.photos.hold(newer, now=NOW, due_at=NOW + 60)
    stores.photos.hold(FIRST, now=NOW, due_at=NOW + 90)
    assert kept(stores).attempt == "second"
    stores.photos.hold(newer, now=NOW, due_at=NOW + 120)
    assert due_at(stores) == NOW + 120


@pytest.mark.parametrize("state", [PhotoState.READY, PhotoState.REJECTED])
def test_holding_does_not_undo_what_another_worker_settled(
    stores: Stores, state: PhotoState
) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.settle(replace(READY, state=state), now=NOW)
    stores.photos.hold(SECOND, now=NOW + 10_000, due_at=NOW + 10_060)
    assert (kept(stores).state, kept(stores).attempt) == (state, "first")


def test_holding_leaves_an_upload_of_the_same_object_to_its_worker(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.hold(SECOND, now=NOW + 120, due_at=NOW + 180)
    assert kept(stores).attempt == "first"
    stores.photos.hold(SECOND, now=NOW + 121, due_at=NOW + 181)
    assert kept(stores).attempt == "second"


@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
@pytest.mark.parametrize("goes", ["held over", "forgotten"])
def test_an_erasure_waits_for_an_upload_whose_row_goes(stores: Stores, goes: str) -> None:
    """Its worker may have died in the call, which Genlook may still carry out."""
    stores.photos.claim(FIRST, now=NOW)
    open_erasure(stores)
    if goes == "held over":
        newer = replace(FIRST, sequencer="0B", taken_at=NOW + 100, attempt="newer")
        stores.photos.hold(newer, now=NOW + 100, due_at=NOW + 160)
    else:
        stores.photos.forget(SECOND, now=NOW + 100)
    assert in_flight_until(stores) == NOW + 100 + LATE


def test_a_workers_own_upload_has_ended_when_it_holds_or_forgets_its_row(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    open_erasure(stores)
    stores.photos.hold(replace(FIRST, taken_at=NOW + 100), now=NOW + 100, due_at=NOW + 160)
    assert kept(stores).lease_until == 0
    stores.photos.forget(FIRST, now=NOW + 100)
    assert in_flight_until(stores) == FIRST.lease_until


@pytest.mark.promise("Erasure", "refused-close-deletes-what-it-left")
def test_what_was_under_way_at_the_tombstone_is_not_kept(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    erasure = stores.erasures.open(
        "shopper", "r", request_id="r", external_user_id="7", now=NOW + 1
    )
    with pytest.raises(PhotoErased):
        stores.photos.settle(READY, now=NOW + 2)
    stores.erasures.close(erasure, now=NOW + 3)
    with pytest.raises(PhotoErased):
        stores.photos.settle(READY, now=NOW + 4)


@pytest.mark.promise("Waiting is not failing", "deferral-checks-the-newest-photo")
def test_a_photo_that_is_settled_changes_what_a_deferral_saw(stores: Stores) -> None:
    before = stores.shoppers.get("shopper").photo_revision
    stores.photos.claim(FIRST, now=NOW)
    assert stores.shoppers.get("shopper").photo_revision == before
    stores.photos.settle(READY, now=NOW)
    assert stores.shoppers.get("shopper").photo_revision == before + 1


@pytest.mark.promise("Photos", "newest-photo-by-event-time")
def test_the_newest_photo_comes_first(stores: Stores) -> None:
    for name, taken_at, sequencer in (("a", NOW, "01"), ("b", NOW + 5, "01"), ("c", NOW, "02")):
        photo = replace(FIRST, photo_id=name, taken_at=taken_at, sequencer=sequencer)
        stores.photos.claim(photo, now=NOW)
    assert [photo.photo_id for photo in stores.photos.of_shopper("shopper")] == ["b", "c", "a"]


# --- what an erasure waits for


def in_flight_until(stores: Stores) -> int:
    return stores.shoppers.get("shopper").in_flight_until


def test_an_upload_is_in_flight_for_as_long_as_its_process_may_live(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    settled = replace(READY, lease_until=FIRST.lease_until)
    stores.photos.settle(settled, now=NOW)
    stores.photos.mark_published(settled)
    assert (in_flight_until(stores), kept(stores).lease_until) == (NOW + 120, 0)


def test_one_whose_end_is_unknown_is_in_flight_for_the_late_margin(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.record_unknown(FIRST, now=NOW + 30)
    stores.photos.defer(FIRST, due_at=NOW + 60)
    assert in_flight_until(stores) == NOW + 30 + LATE


@pytest.mark.parametrize("again", [True, False])
def test_whoever_takes_over_from_a_worker_that_died_assumes_that_it_had_called(
    stores: Stores, again: bool
) -> None:
    stores.photos.claim(FIRST, now=NOW)
    later = replace(SECOND, sequencer=FIRST.sequencer if again else "0B", lease_until=NOW + 241)
    if again:
        stores.photos.claim_again(later, seen=kept(stores), now=NOW + 121)
    else:
        stores.photos.claim(later, now=NOW + 121)
    assert in_flight_until(stores) == NOW + 121 + LATE


def test_what_was_given_back_is_taken_without_a_margin(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.defer(FIRST, due_at=NOW + 5)
    second = replace(SECOND, sequencer=FIRST.sequencer, lease_until=NOW + 125)
    stores.photos.claim_again(second, seen=kept(stores), now=NOW + 5)
    assert in_flight_until(stores) == NOW + 125


def test_the_time_never_moves_back(stores: Stores) -> None:
    stores.shoppers.extend_in_flight("shopper", NOW + 9_000)
    stores.photos.claim(FIRST, now=NOW)
    assert in_flight_until(stores) == NOW + 9_000


def test_what_another_worker_settled_is_published_under_a_lease_and_not_of_an_erased_shopper(
    stores: Stores,
) -> None:
    publishing = replace(READY, lease_until=NOW + 130)
    stores.photos.begin_publishing(publishing)
    assert in_flight_until(stores) == NOW + 130
    open_erasure(stores)
    with pytest.raises(PhotoErased):
        stores.photos.begin_publishing(publishing)


def test_a_row_that_a_newer_photo_took_is_not_forgotten(stores: Stores) -> None:
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.claim(replace(SECOND, sequencer="0B"), now=NOW)
    stores.photos.forget(FIRST, now=NOW)
    assert kept(stores).attempt == "second"
    stores.photos.forget(kept(stores), now=NOW)
    assert stores.photos.get("shopper", "photo") is None


def open_erasure(stores: Stores) -> None:
    stores.erasures.open("shopper", "r", request_id="r", external_user_id="7", now=NOW)


LATER = replace(FIRST, sequencer="0B", taken_at=NOW + 100, attempt="later")


def test_a_newer_photo_keeps_the_first_date_of_its_key(stores: Stores) -> None:
    """But nothing else of the photo that it replaced."""
    stores.photos.claim(FIRST, now=NOW)
    assert kept(stores).since == NOW
    stores.photos.settle(replace(READY, code="c", message="m"), now=NOW)
    stores.photos.claim(LATER, now=NOW + 100)
    assert kept(stores) == replace(LATER, sequencer=kept(stores).sequencer, first_taken_at=NOW)
    stores.photos.settle(replace(READY, taken_at=NOW + 100, attempt="later"), now=NOW + 100)
    assert kept(stores).since == NOW
    stores.photos.hold(replace(LATER, taken_at=NOW + 200, sequencer="0C"), now=NOW, due_at=NOW)
    assert (kept(stores).taken_at, kept(stores).since) == (NOW + 200, NOW)


@pytest.mark.parametrize(
    ("erased_at", "left"),
    [(NOW - 1, NOW), (NOW, NOW + 100), (NOW + 99, NOW + 100), (NOW + 100, None)],
)
def test_an_erasure_leaves_no_date_from_before_it(
    stores: Stores, erased_at: int, left: int | None
) -> None:
    """A row that a later photo took stays, and tells no more of the earlier one."""
    stores.photos.claim(FIRST, now=NOW)
    stores.photos.claim(LATER, now=NOW + 121)
    stores.photos.forget_before(FIRST, erased_at)
    found = stores.photos.get("shopper", "photo")
    assert (found and found.since) == left
