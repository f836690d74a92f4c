"""A shopper with thousands of things: in one go where there is time, else over several runs."""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.erasing import SOON, assert_nothing_is_left, closed, erase, finish
from tests.support.large_data import hoard
from tests.support.world import SHOPPER, World
from tryon_worker.erasure.erase import STEP_SECONDS

COUNT = int(os.environ.get("ERASE_COUNT", "150"))
"""1000 is what one call must take, 10,000 what several must: to measure, not for each run."""


def ticking(seconds: float, *, a_look: float) -> Callable[[], float]:
    """The time of a worker that every look at it costs something of."""
    left: Iterator[float] = iter([seconds - a_look * poll for poll in range(100_000)])
    return lambda: next(left)


def left_over(world: World) -> dict[str, Any]:
    return {
        "rows": [r["sk"] for r in world.rows() if r["sk"].startswith(("PHOTO#", "DETAILS#"))],
        "objects": world.objects(world.photo_bucket) + world.objects(world.result_bucket),
    }


def test_all_in_one_go_and_each_counted_once(world: World) -> None:
    hoard(world, COUNT)
    world.clock.advance(1)
    began, memory = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    world.container.erase(SHOPPER, "forget", lambda: 300.0)
    took = time.monotonic() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) // 1024
    sys.stdout.write(f"{COUNT} photos and results: {took:.1f} s, {grown} MB more at the most\n")
    (said,) = world.events()
    assert said["erased"] == {"photos": COUNT, "results": COUNT, "tryOns": COUNT}
    assert left_over(world) == {"rows": [], "objects": []}


def test_several_runs_lose_no_place_and_count_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon_worker.erasure.sweep._OBJECTS", 40)
    hoard(world, 130)
    world.clock.advance(1)
    left: list[int] = []
    for _ in range(20):
        world.container.erase(SHOPPER, "forget", ticking(STEP_SECONDS + 15, a_look=10))
        left.append(sum(map(len, left_over(world).values())))
        if said := world.events():
            break
    assert len(left) > 3, "it took all at once"
    assert left == sorted(left, reverse=True)
    assert [event["type"] for event in said] == ["CustomerErased"]
    assert said[0]["erased"] == {"photos": 130, "results": 130, "tryOns": 130}
    assert left[-1] == 0


def test_a_run_that_was_cut_short_is_taken_up_by_housekeeping(world: World) -> None:
    hoard(world, 3)
    world.clock.advance(1)
    world.container.erase(SHOPPER, "forget", lambda: STEP_SECONDS - 1.0)
    assert world.events() == []
    assert world.genlook.control.calls("customer_delete") == []
    world.clock.advance(1)
    world.housekeeping_round()
    assert [event["type"] for event in world.events()] == ["CustomerErased"]


def test_parts_of_a_photo_that_was_never_completed_go_too(world: World) -> None:
    key = f"photos/{SHOPPER}/half.jpg"
    begun = world.s3.create_multipart_upload(Bucket=world.photo_bucket, Key=key)
    part = {"Bucket": world.photo_bucket, "Key": key, "UploadId": begun["UploadId"]}
    world.s3.upload_part(**part, PartNumber=1, Body=b"half a photo")
    world.container.erase(SHOPPER, "forget")
    assert "Uploads" not in world.s3.list_multipart_uploads(Bucket=world.photo_bucket)


@pytest.mark.promise("P4", "nothing-left-here")
@pytest.mark.parametrize("name", ["a\x01b.jpg", "a\rb.jpg", "a\ufffeb.jpg"])
def test_photos_whose_keys_no_xml_can_carry_go_with_the_others(world: World, name: str) -> None:
    world.ready_photo(name=name)
    world.ready_photo(name="me.jpg")
    world.s3.create_multipart_upload(Bucket=world.photo_bucket, Key=f"photos/{SHOPPER}/half-{name}")
    world.clock.advance(SOON)
    erase(world)
    finish(world)
    (said,) = closed(world)
    assert said["erased"]["photos"] == 2
    assert_nothing_is_left(world)
    assert "Uploads" not in world.s3.list_multipart_uploads(Bucket=world.photo_bucket)
