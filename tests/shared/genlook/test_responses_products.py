"""What is read from answers about products, and how their pages are walked."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import Recorder, answering, client
from tryon_worker.genlook import StoredProduct, StoredProductImage, UnexpectedResponse

MOMENT = datetime(2026, 5, 14, 9, 30, 0, 123000, tzinfo=UTC)


def test_a_product_in_full() -> None:
    reply = {
        "externalId": "p",
        "title": "Shirt",
        "description": None,
        "metadata": {"a": [1]},
        "autoDetectImageRoles": True,
        "validForDays": 30,
        "expiresAt": "2026-05-14T09:30:00.123Z",
        "lastUsedAt": None,
        "createdAt": "2026-05-14T09:30:00.123Z",
        "updatedAt": "2026-05-14T09:30:00.123Z",
        "images": [{"sourceUrl": "https://x.example/1", "role": "top-back", "order": 0}, "?", {}],
    }
    product = StoredProduct(
        "p",
        title="Shirt",
        metadata={"a": [1]},
        valid_for_days=30,
        expires_at=MOMENT,
        created_at=MOMENT,
        updated_at=MOMENT,
        images=(StoredProductImage("https://x.example/1", "top-back", 0), StoredProductImage()),
    )
    assert client(answering(200, json=reply)).product("p") == product


def test_a_product_that_leaves_out_its_id_is_the_one_asked_for() -> None:
    assert client(answering(200, json={"success": True})).product("p") == StoredProduct("p")


def test_all_pages_of_products_are_walked() -> None:
    recorder = Recorder(
        _page(["a", "b"], nextCursor="c/1 &", hasMore=True, count=2),
        _page([], nextCursor="c2", hasMore=None),
        _page(["c"], nextCursor=None, hasMore=False),
    )
    assert [p.external_id for p in client(recorder).products(page_size=2)] == ["a", "b", "c"]
    assert [dict(r.url.params) for r in recorder.requests] == [
        {"limit": "2"},
        {"limit": "2", "cursor": "c/1 &"},
        {"limit": "2", "cursor": "c2"},
    ]


def test_pages_are_fetched_only_when_they_are_reached() -> None:
    recorder = Recorder(_page(["a", "b"], nextCursor="c"))
    products = client(recorder).products()
    assert recorder.requests == []
    assert next(products).external_id == "a"
    assert next(products).external_id == "b"
    assert len(recorder.requests) == 1


def test_no_more_means_no_more_even_beside_a_cursor() -> None:
    recorder = Recorder(_page(["a"], nextCursor="c", hasMore=False))
    assert len(list(client(recorder).products())) == 1


def test_pages_in_a_circle_end() -> None:
    recorder = Recorder(*[_page(["a"], nextCursor="c")] * 2)
    with pytest.raises(UnexpectedResponse):
        list(client(recorder).products())


@pytest.mark.parametrize("reply", [{}, {"items": None}, {"items": [{}]}, {"items": ["p"]}, []])
def test_a_page_that_is_none_is_unknown(reply: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        list(client(answering(200, json=reply)).products())


def _page(ids: list[str], **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"items": [{"externalId": i} for i in ids], **more})
