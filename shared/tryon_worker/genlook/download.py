"""Downloads a result from its link: of limited size, without the key, each redirect checked."""

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
from tryon_worker.genlook.http import ApiCaller
from tryon_worker.genlook.models import ResultPicture
from tryon_worker.genlook.timeouts import CallContext
from tryon_worker.genlook.transport import AddressRefused

_MAX_HOPS = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Storage services respond to an expired signature with 400 and 401 too.
_EXPIRED = frozenset({400, 401, 403, 404, 410})
_OK = 200


def download(caller: ApiCaller, link: str, sink: IO[bytes], max_bytes: int) -> ResultPicture:
    """Writes the result behind a link to ``sink``; it checks and follows a few redirects."""
    context = caller.new_context()
    url = addresses.checked_link(link, caller.base)
    for _ in range(_MAX_HOPS):
        context.public_only = addresses.origin(url) != addresses.origin(caller.base)
        try:
            request = http.request("GET", url, context, caller.timeouts, headers={"accept": "*/*"})
            with http.send(caller.transport, request) as response:
                if response.status_code not in _REDIRECTS:
                    return _save(response, context, sink, max_bytes)
                target = response.headers.get("location", "")
        except AddressRefused as exc:
            raise ResultLinkRefused(str(exc)) from None
        except http.Failure as exc:
            raise ResultDownloadFailed(type(exc).__name__) from None
        url = addresses.checked_link(target, caller.base, found_at=url)
    raise ResultLinkRefused("the link redirects too often")


def _save(
    response: httpx.Response, context: CallContext, sink: IO[bytes], max_bytes: int
) -> ResultPicture:
    _check_headers(response, max_bytes)
    written, head = 0, b""
    for chunk in http.read_chunks(response, context):
        written += len(chunk)
        if written > max_bytes:
            raise ResultTooLarge("the picture is larger than allowed")
        head += chunk[: image_type.ENOUGH - len(head)]
        sink.write(chunk)
    if not written:
        raise ResultDownloadFailed("the picture is empty", status=response.status_code)
    return ResultPicture(_content_type(response, head), written)


def _check_headers(response: httpx.Response, max_bytes: int) -> None:
    """Raises before a byte is read if the status or the headers rule the result out."""
    status = response.status_code
    if status != _OK:
        kind: type[ResultUnavailable] = (
            ResultLinkDead if status in _EXPIRED else ResultDownloadFailed
        )
        raise kind("the picture's host refused", status=status)
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise ResultDownloadFailed("the picture is compressed, which was not requested")
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise ResultTooLarge("the picture is larger than allowed")


def _content_type(response: httpx.Response, head: bytes) -> str:
    """The type by the bytes; if they say nothing, the host's, if it is a picture's."""
    declared = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return image_type.type_of(head) or (
        declared if declared.startswith("image/") else image_type.UNKNOWN
    )
