"""What shoppers ask is never given up, and somebody hears of it long before the month is over."""

import pytest

from tests.shared.test_metrics import counted
from tests.support.erasing import SOON, finish
from tests.support.world import SHOPPER, World
from tests.template.stack import load
from tryon_worker.account.calls import LONGEST_PAUSE_SECONDS
from tryon_worker.clock import DAY
from tryon_worker.housekeeping import AGAIN_SECONDS, OVERDUE_SECONDS

LEGAL_MONTH = 28 * DAY


def ask(world: World, detail_type: str) -> None:
    detail = {"externalUserId": SHOPPER, "requestId": detail_type}
    world.container.route_privacy_request(world.event(detail_type, detail, source="shop.privacy"))


def overdue(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [name for name, _ in counted(capsys.readouterr().out) if name.endswith("Overdue")]


def test_an_erasure_outlasts_a_month_without_genlook(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.ready_photo()
    world.clock.advance(1)
    world.genlook.control.refuse("customer_delete", 503, times=None)
    ask(world, "ErasureRequested")
    told: list[int] = []
    for day in range(35):
        for _ in range(4):
            world.clock.advance(DAY / 4)
            world.housekeeping_round()
        if overdue(capsys):
            told.append(day)
    assert told == list(range(3, 35))  # on every day from the fourth on
    assert world.events("CustomerErased") == []
    world.genlook.control.disarm()
    world.clock.advance(LONGEST_PAUSE_SECONDS + AGAIN_SECONDS)
    world.housekeeping_round()
    (said,) = world.events("CustomerErased")
    assert said["erased"]["photos"] == 1
    world.clock.advance(DAY)
    world.housekeeping_round()
    overdue(capsys)
    world.clock.advance(30 * DAY)
    world.housekeeping_round()
    assert overdue(capsys) == []


def test_a_refusal_of_genlook_is_no_end_either(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.genlook.control.refuse("customer_delete", 400, "VALIDATION_FAILED", times=None)
    ask(world, "ErasureRequested")
    world.clock.advance(OVERDUE_SECONDS + SOON)
    world.housekeeping_round()
    assert overdue(capsys) == ["ErasureOverdue"]
    world.genlook.control.disarm()
    world.clock.advance(LONGEST_PAUSE_SECONDS)
    world.housekeeping_round()
    assert len(world.events("CustomerErased")) == 1


def test_a_shop_that_is_to_be_forgotten_is_told_of_too(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.ready_photo()
    world.clock.advance(1)
    world.genlook.control.refuse("customer_delete", 503, times=None)
    detail = {
        "metadata": {"X-Shopify-Topic": "shop/redact"},
        "payload": {"shop_domain": "example.myshopify.com"},
    }
    world.container.route_privacy_request(
        world.event("shopifyWebhook", detail, source="shop.privacy")
    )
    world.run()
    world.clock.advance(OVERDUE_SECONDS + SOON)
    world.housekeeping_round()
    assert overdue(capsys) == ["ErasureOverdue"] * 2  # the shop's, and its one shopper's


def test_what_is_answered_is_not_overdue(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    ask(world, "DataRequested")
    world.clock.advance(1)
    ask(world, "ErasureRequested")
    finish(world)
    world.clock.advance(OVERDUE_SECONDS * 2)
    world.housekeeping_round()
    assert overdue(capsys) == []


@pytest.mark.parametrize("alarm", ["ErasureOverdueAlarm", "ReportOverdueAlarm"])
def test_the_alarm_looks_at_least_as_far_back_as_an_open_one_may_be_silent(alarm: str) -> None:
    found = load().of_type("AWS::CloudWatch::Alarm")[alarm]
    assert found["Period"] >= LONGEST_PAUSE_SECONDS + AGAIN_SECONDS
    assert OVERDUE_SECONDS + found["Period"] * found["EvaluationPeriods"] <= LEGAL_MONTH / 4
