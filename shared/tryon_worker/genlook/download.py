"""Streams a finished picture from its link: capped, without the key, every hop checked."""

from typing import IO

import httpx

from tryon_worker.genlook import addresses, http, image_type
from tryon_worker.genlook.errors import (
    ResultDownloadFailed,
    ResultLinkDead,
    ResultLinkRefused,
    ResultTooLarge,
    ResultUnavailable,
)
from tryon_worker.genlook.http import Exchange
from tryon_worker.genlook.models import ResultPicture
from tryon_worker.genlook.timeouts import CallContext
from tryon_worker.genlook.transport import AddressRefused

_MOST_HOPS = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# 400 and 401: storage services answer an expired signature with these as well.
_DEAD = frozenset({400, 401, 403, 404, 410})
_OK = 200


def download(exchange: Exchange, link: str, sink: IO[bytes], max_bytes: int) -> ResultPicture:
    """Write the picture behind a link to `sink`; redirects are followed by hand, and few."""
    terms = exchange.terms()
    url = addresses.checked(link, exchange.base)
    for _ in range(_MOST_HOPS):
        terms.public_only = addresses.origin(url) != addresses.origin(exchange.base)
        try:
            request = http.request("GET", url, terms, exchange.timeouts, headers={"accept": "*/*"})
            with http.answer(exchange.transport, request) as response:
                if response.status_code not in _REDIRECTS:
                    return _save(response, terms, sink, max_bytes)
                target = response.headers.get("location", "")
        except AddressRefused as exc:
            raise ResultLinkRefused(str(exc)) from None
        except http.Failure as exc:
            raise ResultDownloadFailed(type(exc).__name__) from None
        url = addresses.checked(target, exchange.base, came_from=url)
    raise ResultLinkRefused("the link redirects too often")


def _save(
    response: httpx.Response, terms: CallContext, sink: IO[bytes], max_bytes: int
) -> ResultPicture:
    _check_headers(response, max_bytes)
    written, head = 0, b""
    for chunk in http.chunks(response, terms):
        written += len(chunk)
        if written > max_bytes:
            raise ResultTooLarge("the picture is larger than allowed")
        head += chunk[: image_type.ENOUGH - len(head)]
        sink.write(chunk)
    if not written:
        raise ResultDownloadFailed("the picture is empty", status=response.status_code)
    return ResultPicture(_content_type(response, head), written)


def _check_headers(response: httpx.Response, max_bytes: int) -> None:
    """Refuse before a byte is read what the status and headers already rule out."""
    status = response.status_code
    if status != _OK:
        kind: type[ResultUnavailable] = ResultLinkDead if status in _DEAD else ResultDownloadFailed
        raise kind("the picture's host refused", status=status)
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise ResultDownloadFailed("the picture came compressed, which nobody asked for")
    published = response.headers.get("content-length", "")
    if published.isdecimal() and int(published) > max_bytes:
        raise ResultTooLarge("the picture is larger than allowed")


def _content_type(response: httpx.Response, head: bytes) -> str:
    """Take the type from the bytes; else the host's word if it says picture."""
    said = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return image_type.type_of(head) or (said if said.startswith("image/") else image_type.UNKNOWN)
