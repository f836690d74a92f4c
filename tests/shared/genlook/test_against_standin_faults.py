"""Everything that can go wrong under way, the real client against the stand-in over a socket."""

from collections.abc import Callable
from io import BytesIO

import pytest

from local.genlook.faults import CallFault, Fate
from local.genlook.server import StandIn
from tests.shared.genlook.fakes import end_of
from tests.shared.genlook.shop import KEYS, SHIRT, WISH, upload
from tests.support.functions import until
from tryon_worker.genlook import (
    Forbidden,
    GenerationStatus,
    GenlookClient,
    GenlookError,
    NotSent,
    RateLimited,
    Refused,
    ResponseLost,
    ResultLinkDead,
    ResultTooLarge,
    Timeouts,
    UnexpectedResponse,
    Unknown,
    UnknownRefusal,
)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("took_effect", [False, True])
def test_a_lost_paid_call_is_unknown_whether_it_was_charged_or_not(
    genlook: GenlookClient, stand_in: StandIn, took_effect: bool, reset: bool
) -> None:
    lose = stand_in.control.lose_answer if took_effect else stand_in.control.lose_call
    lose("try_on", reset=reset)
    raised = end_of(lambda: genlook.create_try_on(WISH))
    assert type(raised) is ResponseLost
    assert stand_in.control.charges() == int(took_effect)
    assert len(stand_in.control.calls("try_on")) == 1


FAULTS: dict[str, tuple[CallFault, type[GenlookError]]] = {
    "5xx page": (CallFault(status=502, body="html"), UnexpectedResponse),
    "5xx empty": (CallFault(status=503, body="empty"), UnexpectedResponse),
    "5xx with Genlook's body": (CallFault(status=500), UnexpectedResponse),
    "5xx after it took effect": (
        CallFault(status=504, body="text", when="after"),
        UnexpectedResponse,
    ),
    "broken success": (CallFault(status=201, body="broken", when="after"), UnexpectedResponse),
    "empty success": (CallFault(status=200, body="empty", when="after"), UnexpectedResponse),
    "success without id": (CallFault(kind="no_id"), UnexpectedResponse),
    "success cut short": (CallFault(kind="cut"), ResponseLost),
    "redirect": (CallFault(status=307, headers={"Location": "/elsewhere"}), UnexpectedResponse),
    "timeout of a gateway": (CallFault(status=408, body="html"), UnexpectedResponse),
    "conflict of a gateway": (CallFault(status=409, body="text"), UnexpectedResponse),
    "page of a gateway": (CallFault(status=403, body="html"), Forbidden),
    "a new code": (CallFault(status=451, code="NEW"), UnknownRefusal),
}


@pytest.mark.parametrize(("fault", "kind"), FAULTS.values(), ids=FAULTS.keys())
def test_every_fault_of_the_paid_call_is_sorted(
    genlook: GenlookClient, stand_in: StandIn, fault: CallFault, kind: type[GenlookError]
) -> None:
    stand_in.control.arm(fault.model_copy(update={"operation": "try_on"}))
    raised = end_of(lambda: genlook.create_try_on(WISH))
    assert type(raised) is kind
    assert len(stand_in.control.calls("try_on")) == 1
    if stand_in.control.charges():
        assert isinstance(raised, Unknown)


@pytest.mark.parametrize(
    "operation",
    [
        "upload",
        "generation",
        "customer_delete",
        "product_upsert",
        "product_list",
        "product_get",
        "product_delete",
        "credits",
    ],
)
def test_every_endpoint_may_fail_without_being_called_again(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes, operation: str
) -> None:
    uses: dict[str, Callable[[], object]] = {
        "upload": lambda: upload(genlook, picture),
        "generation": lambda: genlook.generation("g"),
        "customer_delete": lambda: genlook.delete_customer("u"),
        "product_upsert": lambda: genlook.upsert_product(SHIRT),
        "product_list": lambda: list(genlook.products()),
        "product_get": lambda: genlook.product("p"),
        "product_delete": lambda: genlook.delete_product("p"),
        "credits": genlook.credits,
    }
    stand_in.control.refuse(operation, 500)
    stand_in.control.throttle(operation, retry_after="3")
    stand_in.control.lose_call(operation)
    ends = [end_of(uses[operation]) for _ in range(3)]
    assert [type(end) for end in ends] == [UnexpectedResponse, RateLimited, ResponseLost]
    assert len(stand_in.control.calls(operation)) == 3


def test_a_slow_answer_ends_in_time_and_is_unknown(stand_in: StandIn) -> None:
    stand_in.control.delay("try_on", 3)
    genlook = GenlookClient(
        api_key=lambda: KEYS[0], base_url=stand_in.base_url, timeouts=Timeouts(total=1)
    )
    assert isinstance(end_of(lambda: genlook.create_try_on(WISH)), Unknown)
    until(lambda: stand_in.control.charges() == 1)  # nobody waits for it, and it is done


def test_an_api_that_is_not_there() -> None:
    gone = GenlookClient(api_key=lambda: "k", base_url="http://127.0.0.1:9/tryon/v1")
    assert type(end_of(lambda: gone.create_try_on(WISH))) is NotSent


def test_a_dead_link_is_mended_by_asking_the_generation_again(
    genlook: GenlookClient, stand_in: StandIn
) -> None:
    stand_in.control.decide(Fate(kind="dead_link", dead_links=1))
    generation_id = genlook.create_try_on(WISH).generation_id
    stand_in.control.advance(600)
    first = genlook.generation(generation_id)
    assert first.status is GenerationStatus.COMPLETED
    with pytest.raises(ResultLinkDead):
        genlook.download_result(first.result_image_url or "", BytesIO(), max_bytes=10**7)
    second = genlook.generation(generation_id)
    assert genlook.download_result(second.result_image_url or "", BytesIO(), max_bytes=10**7)


def test_a_link_dies_of_age_and_a_picture_may_be_too_large(
    genlook: GenlookClient, stand_in: StandIn
) -> None:
    generation_id = genlook.create_try_on(WISH).generation_id
    stand_in.control.advance(600)
    link = genlook.generation(generation_id).result_image_url or ""
    with pytest.raises(ResultTooLarge):
        genlook.download_result(link, BytesIO(), max_bytes=100)
    stand_in.control.advance(86_400)
    with pytest.raises(ResultLinkDead):
        genlook.download_result(link, BytesIO(), max_bytes=10**7)


def test_a_wrong_base_url_erases_nobody(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes
) -> None:
    upload(genlook, picture)
    elsewhere = f"{stand_in.base_url}/beside"
    misled = GenlookClient(api_key=lambda: KEYS[0], base_url=elsewhere)
    assert isinstance(end_of(lambda: misled.delete_customer("u-1")), Refused)
    assert stand_in.control.customer("u-1")["photos"]
