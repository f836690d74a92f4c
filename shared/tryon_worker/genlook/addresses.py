"""Which network addresses belong to the public internet."""

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Prefixes that carry an IPv4 address in their last 32 bits (RFC 6052, RFC 4291).
_EMBEDDING = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("::ffff:0:0/96"),
    ipaddress.IPv6Network("::/96"),
)
# Not public, though some Python releases still call it global (RFC 8215).
_LOCAL_TRANSLATION = ipaddress.IPv6Network("64:ff9b:1::/48")


def is_public(address: IPAddress) -> bool:
    """Whether an address is of the public internet, seen through IPv6's wrappings of IPv4."""
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

    A last label that is a number makes every resolver read the whole as an IPv4 address, however
    odd it looks (`2130706433`, `127.1`, `0x7f.0.0.1`).
    """
    if ":" in host:
        return True
    last = host.rstrip(".").rpartition(".")[2].lower()
    digits = last.removeprefix("0x")
    return last.isdecimal() or (last != digits and all(c in "0123456789abcdef" for c in digits))
