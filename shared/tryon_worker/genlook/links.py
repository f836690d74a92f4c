"""Which links of finished pictures are followed: https, to a name, with nothing hidden in it."""

import httpx

from tryon_worker.genlook.addresses import is_literal
from tryon_worker.genlook.errors import ResultLinkRefused

_PORTS = {"http": 80, "https": 443}


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Name scheme, host as it goes over the wire, and port, the default port spelled out."""
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS.get(url.scheme)


def checked(link: str, base: httpx.URL, came_from: httpx.URL | None = None) -> httpx.URL:
    """Parse a link (relative to where it was found) and refuse it if it leads astray.

    The API's own origin is always followed, whatever it is: the client talks to it anyway.
    """
    try:
        url = came_from.join(link) if came_from else httpx.URL(link)
        host = url.host  # decoded here: a malformed international name fails only when it is
    except (httpx.InvalidURL, ValueError):
        raise ResultLinkRefused("the link is not an address") from None
    if url.userinfo:
        raise ResultLinkRefused("the link holds credentials")
    if origin(url) == origin(base):
        return url
    if url.scheme != "https":
        raise ResultLinkRefused("the link is not https")
    if not host or is_literal(host):
        raise ResultLinkRefused("the link's host is not a name")
    return url
