"""The client of the Genlook API, with a method for each endpoint."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO

import httpx

from tryon_worker.genlook import requests, responses
from tryon_worker.genlook.classify import Endpoint
from tryon_worker.genlook.download import download
from tryon_worker.genlook.errors import (
    GenerationNotFound,
    InvalidRequest,
    PhotoRefused,
    ProductNotFound,
    ProductRefused,
    UnexpectedResponse,
)
from tryon_worker.genlook.http import ApiCaller, Call, checked_base, path_segment
from tryon_worker.genlook.models import (
    Generation,
    GenerationPage,
    Product,
    ProductImageBytes,
    ResultPicture,
    StoredProduct,
    Submitted,
    TryOnInput,
)
from tryon_worker.genlook.timeouts import Timeouts
from tryon_worker.genlook.transport import SocketTransport

# Too large, of a wrong type, or unprocessable: these concern the file, whatever the code.
_BAD_FILE = (413, 415, 422)
_INVALID_PRODUCT_IMAGE = {"INVALID_IMAGE": ProductRefused}
_UPLOAD = Endpoint(statuses=dict.fromkeys(_BAD_FILE, PhotoRefused))
_PRODUCT = Endpoint(
    codes=_INVALID_PRODUCT_IMAGE,
    statuses=dict.fromkeys(_BAD_FILE, ProductRefused),
    absent=ProductNotFound,
)
_GENERATION = Endpoint(absent=GenerationNotFound)
_NO_CONTENT = 204
_TIMEOUTS = Timeouts()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class GenlookClient:
    """A client of the Genlook Virtual Try-On API v1.

        genlook = GenlookClient(api_key=lambda: "gk_...", base_url="https://api.genlook.app/...")
        image_id = genlook.upload_image(
            data, filename="me.jpg", content_type="image/jpeg", external_user_id="u-1"
        )
        try_on = TryOnInput(Product.reference("shirt-1"), PersonById(image_id), "u-1")
        generation_id = genlook.create_try_on(try_on).generation_id

    Each method makes one call (``products`` one for each page, ``download_result`` one for each
    redirect) on a connection of its own, repeats nothing, and raises a ``GenlookError`` (see
    ``errors``) unless the call succeeds. Each call asks ``api_key`` for the key, which may so be
    rotated; an exception of ``api_key`` becomes ``NotSent``. ``transport`` replaces the sockets in
    tests.
    """

    def __init__(
        self,
        *,
        api_key: Callable[[], str],
        base_url: str,
        timeouts: Timeouts = _TIMEOUTS,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = _utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._call = ApiCaller(
            base=checked_base(base_url),
            api_key=api_key,
            timeouts=timeouts,
            transport=transport or SocketTransport(),
            clock=clock,
            monotonic=monotonic,
        )

    def upload_image(
        self,
        data: bytes,
        *,
        filename: str,
        content_type: str,
        external_user_id: str,
        crop: bool | None = None,
        keep_for_days: int | None = None,
    ) -> str:
        """Stores a shopper's photo at Genlook, unbilled, and returns its opaque image id.

        The photo is a JPEG, PNG, WebP or HEIC of at most 10 MB. ``crop`` (Genlook's default: true)
        frames the person 4:5. ``keep_for_days`` is 1, 3 or 7; without it the account's retention
        counts.
        """
        body = requests.upload(
            data,
            filename=filename,
            content_type=content_type,
            external_user_id=external_user_id,
            crop=crop,
            keep_for_days=keep_for_days,
        )
        call = Call("POST", "images/upload", body=body, endpoint=_UPLOAD)
        return responses.image_id(self._call(call))

    def create_try_on(self, try_on: TryOnInput) -> Submitted:
        """Submits a try-on. THE PAID CALL: it costs one credit.

        There is no idempotency key: after an ``Unknown``, a second call may be charged again.
        """
        # With product pictures in the request, no other picture in it can be the invalid one.
        carries_picture = any(isinstance(one, ProductImageBytes) for one in try_on.product.images)
        endpoint = Endpoint(_INVALID_PRODUCT_IMAGE if carries_picture else {})
        call = Call("POST", "try-on", body=requests.try_on(try_on), endpoint=endpoint)
        return responses.submitted(self._call(call))

    def generation(self, generation_id: str) -> Generation:
        """Polls a generation."""
        call = Call("GET", f"generations/{path_segment(generation_id)}", endpoint=_GENERATION)
        return responses.generation(self._call(call), generation_id)

    def generations(self, *, limit: int = 200, cursor: str | None = None) -> GenerationPage:
        """Lists the account's generations, the newest first: 1 to 200 of them with one call.

        Only the pages of the API's alpha name this endpoint. Any answer but a page is an error, and
        a page may still be cut, late or another account's.
        """
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        return responses.generation_page(self._call(Call("GET", "generations", query=query)))

    def upsert_product(self, product: Product) -> StoredProduct:
        """Creates a product, or updates its given fields; safe to repeat."""
        if product.external_id is None:
            raise InvalidRequest("a product needs an external_id to be stored")
        call = Call("POST", "products", body=requests.product(product), endpoint=_PRODUCT)
        return responses.stored_product(self._call(call), product.external_id)

    def product(self, external_id: str) -> StoredProduct:
        """Reads one product; a product used once has the id that Genlook gave it."""
        call = Call("GET", f"products/{path_segment(external_id)}", endpoint=_PRODUCT)
        return responses.stored_product(self._call(call), external_id)

    def products(self, *, page_size: int = 200) -> Iterator[StoredProduct]:
        """Reads all stored products, with one call for each page of 1 to 200 products."""
        query = {"limit": str(page_size)}
        seen = set()
        while True:
            call = Call("GET", "products", query=query, endpoint=_PRODUCT)
            items, cursor = responses.product_page(self._call(call))
            yield from items
            if cursor is None:
                return
            if cursor in seen:
                raise UnexpectedResponse("a page of products names an earlier page as the next")
            seen.add(cursor)
            query = {**query, "cursor": cursor}

    def delete_product(self, external_id: str) -> None:
        """Removes a product, if it exists. Results made with it stay."""
        call = Call("DELETE", f"products/{path_segment(external_id)}", endpoint=_PRODUCT)
        with suppress(ProductNotFound):
            responses.deleted(self._call(call))

    def credits(self) -> int:
        """Reads the account's credits."""
        return responses.credit_balance(self._call(Call("GET", "account/credits")))

    def delete_customer(self, external_user_id: str) -> None:
        """Deletes a shopper's photos and results at Genlook; safe to repeat.

        Only a 204 confirms it; Genlook documents a 204 also for a shopper it does not know. A 404
        or another 2xx would come from a proxy or a wrong base URL. Generations that still run are
        not covered: call again when they have ended.
        """
        self._call(
            Call("DELETE", f"customers/{path_segment(external_user_id)}", success=(_NO_CONTENT,))
        )

    def download_result(self, url: str, sink: IO[bytes], *, max_bytes: int) -> ResultPicture:
        """Copies a result of at most ``max_bytes`` to ``sink``, without sending the key.

        The link must lead to an https host on the public internet, or to the API's own origin.
        After an error ``sink`` may hold a part of the result.
        """
        return download(self._call, url, sink, max_bytes)
