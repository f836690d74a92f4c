"""The picture of a generation that is over: its link, its second question, its size, its copy."""

from dataclasses import replace
from typing import Any

import pytest

from local.genlook.faults import CallFault, Fate
from tests.support.tryons import submitted
from tests.support.world import World
from tryon_worker.account.rate_limiter import Denied
from tryon_worker.genlook import (
    Generation,
    GenlookClient,
    ResultDownloadFailed,
    ResultLinkRefused,
    ResultPicture,
    ResultTooLarge,
)
from tryon_worker.tryons.model import State
from tryon_worker.tryons.polling import UNANSWERED_SECONDS, Decided, StillRunning
from tryon_worker.tryons.result import MAX_RESULT_BYTES

TERMINAL = ("TryOnCompleted", "TryOnFailed")


def poll(world: World, try_on_id: str) -> StillRunning | Decided:
    return world.container.poll(try_on_id, world.state_machine.started[try_on_id])


def outcome(world: World) -> dict[str, Any]:
    """The one terminal event."""
    (event,) = world.events(*TERMINAL)
    return event


def after_deadline(world: World) -> None:
    world.clock.advance(world.container.settings.tryon_deadline_seconds)


def calls(world: World) -> int:
    return len(world.genlook.control.calls("generation"))


@pytest.mark.promise("Results are copied", "dead-link-is-asked-for-again")
def test_a_link_that_died_is_asked_for_once_more(world: World) -> None:
    try_on_id = submitted(world, Fate(kind="dead_link", dead_links=1, seconds=5))
    world.clock.advance(6)
    before = calls(world)
    assert poll(world, try_on_id) == Decided()
    assert calls(world) - before == 2
    assert outcome(world)["type"] == "TryOnCompleted"


def test_the_second_question_draws_on_the_budget_too(world: World) -> None:
    try_on_id = submitted(world, Fate(kind="dead_link", dead_links=1, seconds=5))
    world.clock.advance(6)
    copy = world.container.poll.copy_result
    exhausted: Any = Exhausted()  # it stands in for a budget, of which one method is used
    world.container.poll.__dict__["copy_result"] = replace(copy, rate_limiter=exhausted)
    before = calls(world)
    assert isinstance(poll(world, try_on_id), StillRunning)
    assert calls(world) - before == 1
    assert world.events() == []


def test_no_picture_is_given_up_unasked_because_the_account_is_busy(world: World) -> None:
    """Its link died, and at the deadline there is no slot in which to ask for another."""
    try_on_id = submitted(world, Fate(kind="dead_link", dead_links=2, seconds=5))
    copy = world.container.poll.copy_result
    exhausted: Any = Exhausted()
    world.container.poll.__dict__["copy_result"] = replace(copy, rate_limiter=exhausted)
    after_deadline(world)
    assert isinstance(poll(world, try_on_id), StillRunning)
    world.container.poll.__dict__["copy_result"] = copy
    world.clock.advance(60)
    assert poll(world, try_on_id) == Decided()
    assert outcome(world)["type"] == "TryOnCompleted"


def test_but_it_is_not_waited_for_without_end(world: World) -> None:
    try_on_id = submitted(world, Fate(kind="dead_link", seconds=5))
    copy = world.container.poll.copy_result
    exhausted: Any = Exhausted()
    world.container.poll.__dict__["copy_result"] = replace(copy, rate_limiter=exhausted)
    after_deadline(world)
    world.clock.advance(UNANSWERED_SECONDS)
    assert poll(world, try_on_id) == Decided()
    assert outcome(world)["reason"] == "RESULT_UNAVAILABLE"


class Exhausted:
    """A budget without a slot."""

    def take(self, _call: object) -> Any:
        return Denied(1.0)


def test_a_question_that_is_refused_leaves_the_try_on_running(world: World) -> None:
    try_on_id = submitted(world, Fate(kind="dead_link", seconds=5))
    world.clock.advance(6)
    world.genlook.control.arm(
        CallFault(operation="generation", status=429, code="RATE_LIMITED", skip=1)
    )
    assert isinstance(poll(world, try_on_id), StillRunning)
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert isinstance(
        world.container.poll(try_on_id, world.state_machine.started[try_on_id]), StillRunning
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ResultTooLarge("the picture is larger than allowed"), "RESULT_TOO_LARGE"),
        (ResultLinkRefused("the link leads to a private address"), "RESULT_LINK_REFUSED"),
    ],
)
def test_a_picture_that_may_not_be_fetched_ends_it_at_once(
    world: World, error: Exception, code: str
) -> None:
    try_on_id = submitted(world)
    world.clock.advance(6)
    downloads(world, error)
    assert poll(world, try_on_id) == Decided()
    event = outcome(world)
    assert (event["reason"], event["code"]) == ("RESULT_UNAVAILABLE", code)
    assert event["message"] == str(error)


def test_a_download_that_failed_is_tried_again_until_the_deadline(world: World) -> None:
    try_on_id = submitted(world)
    world.clock.advance(6)
    downloads(world, ResultDownloadFailed("ReadTimeout"))
    assert isinstance(poll(world, try_on_id), StillRunning)
    assert world.events() == []
    after_deadline(world)
    assert poll(world, try_on_id) == Decided()
    assert outcome(world)["code"] == "RESULT_DOWNLOAD_FAILED"


@pytest.mark.promise("Results are copied", "no-redirect-to-a-private-address")
def test_a_link_to_a_private_address_is_not_followed(world: World) -> None:
    try_on_id = submitted(world)
    world.clock.advance(6)
    real = world.container.poll.generation

    def elsewhere(generation_id: str) -> Generation:
        return replace(real(generation_id), result_image_url="https://169.254.169.254/latest")

    world.container.poll.__dict__["generation"] = elsewhere
    assert poll(world, try_on_id) == Decided()
    assert outcome(world)["code"] == "RESULT_LINK_REFUSED"


def downloads(world: World, error: Exception) -> None:
    def fail(_url: str, _sink: object) -> ResultPicture:
        raise error

    world.container.poll.copy_result.__dict__["download"] = fail


@pytest.mark.promise("One retention", "lifecycle-of-both-buckets")
def test_the_copy_is_kept_as_long_as_the_wish_says_and_no_longer(world: World) -> None:
    world.watch(submitted(world, output={"keepForDays": 1}))
    (key,) = world.objects(world.result_bucket)
    tags = world.s3.get_object_tagging(Bucket=world.result_bucket, Key=key)["TagSet"]
    assert tags == [{"Key": "keep-for-days", "Value": "1"}]


@pytest.mark.promise("Results are copied", "size-is-limited")
def test_a_picture_may_be_only_so_large(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    download = GenlookClient.download_result

    def noted(client: GenlookClient, link: str, sink: Any, *, max_bytes: int) -> Any:
        asked.append(max_bytes)
        return download(client, link, sink, max_bytes=max_bytes)

    monkeypatch.setattr(GenlookClient, "download_result", noted)
    world.watch(submitted(world))
    assert asked == [MAX_RESULT_BYTES]
