"""The erasure Lambda: from the bus, straight from its queue, and our own messages."""

import pytest

from tests.events.catalogue import sample
from tests.support.erasing import LATE
from tests.support.handlers import Function
from tests.support.world import World


@pytest.fixture
def erasure(world: World, monkeypatch: pytest.MonkeyPatch) -> Function:
    return Function("erasure", "erasure", world, monkeypatch)


def test_an_event_of_a_trusted_source_erases(world: World, erasure: Function) -> None:
    event = sample("incoming/ErasureRequested")
    assert erasure(event, event) == []
    (said,) = world.events()
    assert (said["type"], said["requestId"]) == ("CustomerErased", event["detail"]["requestId"])


@pytest.mark.promise("Erasure", "only-trusted-sources-may-erase")
def test_an_event_of_any_other_source_does_not(world: World, erasure: Function) -> None:
    assert erasure({**sample("incoming/ErasureRequested"), "source": "shop.storefront"}) == []
    (said,) = world.events()
    assert (said["type"], said["reason"]) == ("RequestRefused", "SOURCE_NOT_TRUSTED")
    assert world.genlook.control.calls() == []


def test_a_question_is_answered_and_erases_nobody(world: World, erasure: Function) -> None:
    assert erasure(sample("incoming/DataRequested")) == []
    assert [said["type"] for said in world.events()] == ["DataReported"]
    assert world.genlook.control.calls() == []


def test_a_wish_that_went_astray_is_refused(world: World, erasure: Function) -> None:
    event = {**sample("incoming/TryOnRequested"), "source": "shop.privacy"}
    assert erasure(event) == []
    (said,) = world.events()
    assert (said["type"], said["reason"]) == ("RequestRefused", "UNKNOWN_TYPE")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("customers-redact", "CustomerErased"),
        ("customers-data-request", "DataReported"),
    ],
)
def test_a_webhook_of_shopify_is_taken_from_a_trusted_source(
    world: World, erasure: Function, name: str, said: str
) -> None:
    event = {**sample(f"incoming/shopifyWebhook.{name}"), "source": "shop.privacy"}
    assert erasure(event) == []
    assert [event["type"] for event in world.events()] == [said]


def test_a_message_straight_on_the_queue_erases(world: World, erasure: Function) -> None:
    assert erasure({"externalUserId": "shopper-7"}) == []
    assert [said["type"] for said in world.events()] == ["CustomerErased"]


@pytest.mark.parametrize("shopper", ["guest", " ", None, 7.5])
def test_a_message_that_names_nobody_is_refused(
    world: World, erasure: Function, shopper: object
) -> None:
    assert erasure({"externalUserId": shopper}) == []
    (said,) = world.events()
    assert (said["type"], said["field"]) == ("RequestRefused", "externalUserId")


def test_genlook_being_down_uses_up_no_receive_and_our_message_goes_on(
    world: World, erasure: Function
) -> None:
    world.genlook.control.refuse("customer_delete", 503)
    assert erasure({"externalUserId": "shopper-7"}) == []
    assert world.events() == []
    (row,) = [row for row in world.rows() if row["sk"].startswith("ERASURE#")]
    world.clock.advance(LATE + 1)  # it may be carried out so late
    assert (
        erasure({"type": "sweep", **{key: row[key] for key in ("shopperKey", "requestKey")}}) == []
    )
    assert [said["type"] for said in world.events()] == ["CustomerErased"]


def test_our_messages_for_reports_and_redactions_go_on(world: World, erasure: Function) -> None:
    data_request = sample("incoming/DataRequested")
    webhook = {**sample("incoming/shopifyWebhook.shop-redact"), "source": "shop.privacy"}
    assert erasure(data_request, webhook) == []
    world.events()
    (export_shopper,) = [row for row in world.rows() if row["sk"].startswith("DATA_REQUEST#")]
    (redaction,) = [row for row in world.rows() if row["sk"].startswith("REDACTION#")]
    ours = {"type": "export", **{key: export_shopper[key] for key in ("shopperKey", "requestKey")}}
    assert erasure(ours) == []
    # The function has little time left here, so each message is one step of a walk.
    assert redaction["walk"]["stage"] == "PHOTOS"
    for _ in range(6):
        assert world.events() == []
        world.clock.advance(6 * 3600)
        assert erasure({"type": "redaction", "requestKey": redaction["requestKey"]}) == []
    assert [said["type"] for said in world.events()] == ["ShopErased"]


def test_a_bad_message_comes_again_alone(world: World, erasure: Function) -> None:
    good = {"externalUserId": "shopper-7"}
    assert erasure("no JSON", good, {"type": "sweep", "requestKey": "without a shopper"}) == [0, 2]
    assert [said["type"] for said in world.events()] == ["CustomerErased"]


def test_the_end_of_the_functions_time_is_respected(world: World, erasure: Function) -> None:
    """A minute is too little to go on after the first batch."""
    world.ready_photo()
    world.clock.advance(1)
    assert erasure({"externalUserId": "shopper-7"}) == []
    assert world.objects(world.photo_bucket) != []
    assert world.events() == []
