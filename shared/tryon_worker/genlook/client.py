"""The Genlook API, endpoint by endpoint."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import IO, Self

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
    Refused,
    UnexpectedResponse,
)
from tryon_worker.genlook.http import Call, Exchange, checked_base, segment
from tryon_worker.genlook.models import (
    Generation,
    PersonByBytes,
    Product,
    ProductImageBytes,
    ResultPicture,
    StoredProduct,
    Submitted,
    TryOnInput,
    UploadedImage,
)
from tryon_worker.genlook.timeouts import Timeouts
from tryon_worker.genlook.transport import SocketTransport

BASE_URL = "https://api.genlook.app/tryon/v1"

# Too large, of a wrong kind, or unprocessable: whatever code comes with it, it is the file.
_BAD_FILE = (413, 415, 422)
_UPLOAD = Endpoint(statuses=dict.fromkeys(_BAD_FILE, PhotoRefused))
_PRODUCT = Endpoint(
    codes={"INVALID_IMAGE": ProductRefused},
    statuses=dict.fromkeys(_BAD_FILE, ProductRefused),
    absent=ProductNotFound,
)
_GENERATION = Endpoint(absent=GenerationNotFound)
_NO_CONTENT = 204
_TIMEOUTS = Timeouts()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class GenlookClient:
    """A client of the Genlook Virtual Try-On API v1, usable by itself.

        with GenlookClient(api_key="gk_...") as genlook:
            photo = genlook.upload_image(
                data, filename="me.jpg", content_type="image/jpeg", external_user_id="u-1"
            )
            request = TryOn(Product.reference("shirt-1"), PersonById(photo.image_id), "u-1")
            generation_id = genlook.create_try_on(request).generation_id

    `api_key` may be a function; it is asked on each call, so a key can be changed under way, and
    what it raises ends the call as `NotSent`.
    `transport` replaces the sockets, for tests. Nothing is ever repeated: each method makes one
    call (`products` one a page, `download_result` one a hop) over a connection of its own, and
    raises a `GenlookError` (see `errors`) if it ends in anything but a success.
    """

    def __init__(
        self,
        *,
        api_key: str | Callable[[], str],
        base_url: str = BASE_URL,
        timeouts: Timeouts = _TIMEOUTS,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = _utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport or SocketTransport()
        self._call = Exchange(
            base=checked_base(base_url),
            api_key=api_key if callable(api_key) else lambda: api_key,
            timeouts=timeouts,
            transport=self._transport,
            clock=clock,
            monotonic=monotonic,
        )

    def __enter__(self) -> Self:
        """Use the client as a context manager."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""
        self.close()

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()

    def upload_image(
        self,
        data: bytes,
        *,
        filename: str,
        content_type: str,
        external_user_id: str,
        crop: bool | None = None,
        keep_for_days: int | None = None,
    ) -> UploadedImage:
        """Store a shopper's photo at Genlook (free).

        JPEG, PNG, WebP or HEIC of at most 10 MB. `crop` (Genlook's default: true) frames the
        person 4:5; `keep_for_days` is 1, 3 or 7 and else the account's own retention.
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
        return responses.uploaded_image(self._call(call))

    def create_try_on(self, try_on: TryOnInput) -> Submitted:
        """Ask for a picture of the shopper in the product. THE PAID CALL: one credit.

        There is no idempotency key: after an `Unknown` a second call may be charged again.
        """
        call = Call(
            "POST", "try-on", body=requests.try_on(try_on), endpoint=Endpoint(_to_blame(try_on))
        )
        return responses.submitted(self._call(call))

    def generation(self, generation_id: str) -> Generation:
        """Look how far a generation is."""
        call = Call("GET", f"generations/{segment(generation_id)}", endpoint=_GENERATION)
        return responses.generation(self._call(call), generation_id)

    def upsert_product(self, product: Product) -> StoredProduct:
        """Create a product or update what is given of it; safe to repeat."""
        if product.external_id is None:
            raise InvalidRequest("a product needs an external_id to be stored")
        call = Call("POST", "products", body=requests.product(product), endpoint=_PRODUCT)
        return responses.stored_product(self._call(call), product.external_id)

    def product(self, external_id: str) -> StoredProduct:
        """Read one product; also one that was used once, by the id that Genlook gave it."""
        call = Call("GET", f"products/{segment(external_id)}", endpoint=_PRODUCT)
        return responses.stored_product(self._call(call), external_id)

    def products(self, *, page_size: int = 200) -> Iterator[StoredProduct]:
        """Walk through all stored products; each page (1 to 200 of them) is a call of its own."""
        query = {"limit": str(page_size)}
        seen = set()
        while True:
            call = Call("GET", "products", query=query, endpoint=_PRODUCT)
            items, cursor = responses.product_page(self._call(call))
            yield from items
            if cursor is None:
                return
            if cursor in seen:
                raise UnexpectedResponse("the pages of products go round in a circle")
            seen.add(cursor)
            query = {**query, "cursor": cursor}

    def delete_product(self, external_id: str) -> None:
        """Remove a product; one that is not there is removed. Pictures made with it stay."""
        call = Call("DELETE", f"products/{segment(external_id)}", endpoint=_PRODUCT)
        with suppress(ProductNotFound):
            responses.deleted(self._call(call))

    def credits(self) -> int:
        """Ask how many credits the account has."""
        return responses.credit_balance(self._call(Call("GET", "account/credits")))

    def delete_customer(self, external_user_id: str) -> None:
        """Erase a shopper's photos and results at Genlook; safe to repeat.

        Only a 204 says that it was done: Genlook documents it also for a shopper it does not know.
        A 404 or another 2xx comes from something else, such as a proxy or a wrong base URL.
        Generations that still run are not covered: erase again when they have ended.
        """
        self._call(Call("DELETE", f"customers/{segment(external_user_id)}", success=(_NO_CONTENT,)))

    def download_result(self, url: str, sink: IO[bytes], *, max_bytes: int) -> ResultPicture:
        """Copy a finished picture to `sink`, at most `max_bytes` of it, without the key.

        Links lead to https hosts on the public internet, or to the API's own origin. After an
        error `sink` may hold a part of the picture.
        """
        return download(self._call, url, sink, max_bytes)


def _to_blame(try_on: TryOnInput) -> dict[str, type[Refused]]:
    """Whose picture an INVALID_IMAGE means: the product's, if only the product sent bytes."""
    product_sent = any(isinstance(image, ProductImageBytes) for image in try_on.product.images)
    if product_sent and not isinstance(try_on.person, PersonByBytes):
        return {"INVALID_IMAGE": ProductRefused}
    return {}
