"""Whatever comes back, nothing but the exception tree comes out."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared.genlook.fakes import WISH, answering, client, over_socket, replying
from tryon_worker.genlook import GenlookClient, GenlookError, Product, classify

USES: list[Callable[[GenlookClient], object]] = [
    lambda c: c.create_try_on(WISH),
    lambda c: c.upload_image(b"x", filename="a", content_type="a/b", external_user_id="u"),
    lambda c: c.generation("g"),
    lambda c: c.generations(),
    lambda c: c.upsert_product(Product("p")),
    lambda c: c.product("p"),
    lambda c: list(c.products()),
    lambda c: c.delete_product("p"),
    lambda c: c.credits(),
    lambda c: c.delete_customer("u"),
    lambda c: c.download_result("https://x.example/r", BytesIO(), max_bytes=64),
]

KEYS = st.sampled_from(
    [
        "generationId",
        "status",
        "imageId",
        "imageUrl",
        "resultImageUrl",
        "createdAt",
        "externalId",
        "items",
        "nextCursor",
        "hasMore",
        "creditBalance",
        "images",
        "metadata",
        "code",
        "message",
        "details",
        "path",
        "validForDays",
        "errorCode",
        "sourceUrl",
        "order",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["COMPLETED", "g", *classify.CATALOGUE])
    | st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
)
JSON = st.recursive(LEAVES, lambda x: st.lists(x) | st.dictionaries(KEYS | st.text(), x))
BODIES = st.binary() | JSON.map(lambda value: json.dumps(value).encode())
HEADER = st.tuples(
    st.sampled_from(
        [
            b"retry-after",
            b"location",
            b"content-type",
            b"content-encoding",
            b"content-length",
            b"set-cookie",
            b"x",
        ]
    ),
    st.binary(max_size=30) | st.sampled_from([b"gzip", b"deflate, gzip", b"7", b"utf-16"]),
)


@given(
    use=st.sampled_from(USES),
    status=st.integers(100, 999),
    body=BODIES,
    headers=st.lists(HEADER, max_size=3),
)
@settings(max_examples=150)
def test_no_answer_makes_any_endpoint_leave_the_tree(
    use: Callable[[GenlookClient], object],
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]],
) -> None:
    class Stream(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            yield body

    _try(client(lambda _: httpx.Response(status, stream=Stream(), headers=headers)), use)


@given(use=st.sampled_from(USES), content=JSON)
@settings(max_examples=100)
def test_no_success_makes_any_endpoint_leave_the_tree(
    use: Callable[[GenlookClient], object], content: Any
) -> None:
    _try(client(answering(200, content=json.dumps(content).encode())), use)


@given(
    raw=st.binary(max_size=300)
    | st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail)
    | st.binary(max_size=200).map(
        lambda tail: b"HTTP/1.1 404 No\r\ncontent-length: 20\r\n\r\n" + tail
    )
)
@settings(max_examples=60)
def test_no_bytes_on_the_wire_make_the_paid_call_leave_the_tree(raw: bytes) -> None:
    with over_socket(replying(raw)) as (genlook, _):
        _try(genlook, USES[0])


@given(link=st.text() | st.text().map(lambda tail: "https://" + tail))
@settings(max_examples=150)
def test_no_link_makes_a_download_leave_the_tree(link: str) -> None:
    genlook = client(answering(200, content=b"x"))
    _try(genlook, lambda c: c.download_result(link, BytesIO(), max_bytes=64))


@given(location=st.binary(max_size=40))
@settings(max_examples=100)
def test_no_redirect_makes_a_download_leave_the_tree(location: bytes) -> None:
    genlook = client(answering(302, headers=[(b"location", location)]))
    _try(genlook, USES[-1])


@given(text=st.text(min_size=1))
@settings(max_examples=100)
def test_no_id_of_ours_leaves_the_path_it_belongs_to(text: str) -> None:
    paths: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        return httpx.Response(204)

    _try(client(answer), lambda c: c.delete_customer(text))
    for path in paths:
        head, _, last = path.rpartition(b"/")
        assert head == b"/tryon/v1/customers"
        assert last
        assert not set(last) & set(b"?#/")


def _try(genlook: GenlookClient, use: Callable[[GenlookClient], object]) -> None:
    try:
        use(genlook)
    except GenlookError as error:
        shown = str(error)
    else:
        shown = "a success"
    assert shown
