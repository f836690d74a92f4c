"""What a paid call says of product, output and photo."""

from typing import Any

import pytest

from tests.support.products import sent, try_on, upsert
from tests.support.world import PRODUCT_URL, World


def test_a_one_shot_product_goes_in_full_each_time(world: World) -> None:
    product = {"title": "Mine", "images": [{"url": PRODUCT_URL}]}
    for number in (1, 2):
        try_on(world, number, product=product)
    assert [call.get("externalId", "none") for call in sent(world)] == ["none", "none"]
    assert [call["title"] for call in sent(world)] == ["Mine", "Mine"]
    assert not [row for row in world.rows() if row["pk"].startswith("PRODUCT#")]


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, "absent"), ({"validForDays": None}, None), ({"validForDays": 30}, 30)],
    ids=["absent", "null", "a number"],
)
def test_absent_and_null_days_are_not_the_same(world: World, said: Any, expected: Any) -> None:
    upsert(world, "Tee", 1, **said)
    try_on(world, 1)
    assert sent(world)[0].get("validForDays", "absent") == expected


@pytest.mark.promise("One retention", "genlook-is-told-keep-for-days")
@pytest.mark.parametrize("watermark", [True, False, None])
@pytest.mark.parametrize("days", [1, 3, 7, None])
def test_what_is_wished_of_the_output_is_passed_on(
    world: World, watermark: bool | None, days: int | None
) -> None:
    world.options["keep_for_days"] = 3
    output = {"watermark": watermark, "keepForDays": days}
    given = {name: value for name, value in output.items() if value is not None}
    try_on(world, 1, photo={"url": PRODUCT_URL}, output=given)
    said = world.genlook.control.calls("try_on")[0]["request"]["data"]["output"]
    assert said.get("watermark") == watermark
    assert said["keepForDays"] == min(days or 3, 3), "shortened, never lengthened"


def test_the_retention_of_an_uploaded_photo_is_its_own(world: World) -> None:
    try_on(world, 1, output={"keepForDays": 1}, product={"images": [{"url": PRODUCT_URL}]})
    said = world.genlook.control.calls("try_on")[0]["request"]["data"]
    assert "keepForDays" not in said.get("output", {})
    assert said["externalUserId"] == "shopper-7"
