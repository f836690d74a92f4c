"""Checks links and addresses: only https, to hosts on the public internet."""

import ipaddress

import httpx

from tryon_worker.genlook.errors import ResultLinkRefused

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Prefixes that carry an IPv4 address in their last 32 bits (RFC 6052, RFC 4291).
_EMBEDDING = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("::ffff:0:0/96"),
    ipaddress.IPv6Network("::/96"),
)
# Not public, although some Python releases call it global (RFC 8215).
_LOCAL_TRANSLATION = ipaddress.IPv6Network("64:ff9b:1::/48")


def is_public(address: IPAddress) -> bool:
    """Whether an address is public; one that embeds an IPv4 address is judged by that."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    if any(address in network for network in _EMBEDDING):
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.sixtofour is not None:
        return is_public(address.sixtofour)
    if address in _LOCAL_TRANSLATION or address.teredo is not None:
        return False
    return address.is_global and not address.is_multicast and not address.is_site_local


def is_literal(host: str) -> bool:
    """Whether a host is an address and not a name.

    If the last label is a number, resolvers read the whole host as an IPv4 address
    (``2130706433``, ``127.1``, ``0x7f.0.0.1``).
    """
    if ":" in host:
        return True
    last = host.rstrip(".").rpartition(".")[2].lower()
    digits = last.removeprefix("0x")
    return last.isdecimal() or (last != digits and all(c in "0123456789abcdef" for c in digits))


_PORTS = {"http": 80, "https": 443}


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, encoded host, and port, also if it is the default port."""
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS.get(url.scheme)


def checked_link(link: str, base: httpx.URL, found_at: httpx.URL | None = None) -> httpx.URL:
    """Parses a link, which may be relative to ``found_at``, and checks that it may be followed.

    A link to the API's own origin always may, because the client calls it anyway.

    Raises
    ------
    ResultLinkRefused
        It may not be followed.
    """
    try:
        url = found_at.join(link) if found_at else httpx.URL(link)
        host = url.host  # a malformed international name fails only when it is decoded here
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
