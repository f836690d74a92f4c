"""Where a shopper's name, order and words lie: in the rows that an erasure takes, in no other."""

import pytest

from tests.support.remains import named_in
from tests.support.world import SHOPPER, World

WORDS = "a gift for aunt Zoë"
TITLE = "Striped tee"


@pytest.mark.promise("Rows that hold no names", "ledger-is-not-personal")
def test_only_rows_of_photos_and_wishes_say_whom_and_what_it_is_about(world: World) -> None:
    world.ready_photo()
    product = {"externalId": "tee", "title": TITLE, "images": [{"url": "https://a.example/t.png"}]}
    waiting = world.accepted("r-1", product=product, context={"note": WORDS})
    world.run()
    world.watch(waiting)
    world.accepted("r-2", product=product, context={"note": WORDS})
    personal: dict[str, list[str]] = {}
    for row in world.rows():
        told = named_in(str(row), SHOPPER) or [word for word in (WORDS, TITLE) if word in str(row)]
        personal.setdefault(row["sk"].partition("#")[0], []).extend(told)
    assert {kind for kind, told in personal.items() if told} == {"PHOTO", "DETAILS"}
    assert "LEDGER" in personal
