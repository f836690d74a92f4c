"""Which addresses are public, and which hosts are addresses in disguise."""

import ipaddress

import pytest

from tryon_worker.genlook.addresses import is_literal, is_public

PUBLIC = ["8.8.8.8", "142.250.185.187", "2a00:1450:4001:82a::201b", "64:ff9b::808:808"]
NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 (an address to be refused, not one to bind)
    "10.1.2.3",
    "100.64.0.1",  # carrier-grade NAT
    "127.0.0.1",
    "169.254.169.254",  # the metadata service of the cloud
    "169.254.170.2",
    "172.16.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::10.0.0.1",
    "64:ff9b::a9fe:a9fe",  # 169.254.169.254 behind NAT64
    "64:ff9b:1::808:808",
    "2002:a00:1::",  # 10.0.0.1 behind 6to4
    "2001:0:a00:1::1",  # Teredo
]


@pytest.mark.parametrize("address", PUBLIC)
def test_these_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_these_are_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "::1",
        "fe80::1",
        "127.0.0.1.",
        "1.2.3.0X4",
        "0x",
    ],
)
def test_these_hosts_are_addresses(host: str) -> None:
    assert is_literal(host)


@pytest.mark.parametrize(
    "host", ["storage.googleapis.com", "a1.example", "1.example", "0xcafe.example", "x", "face"]
)
def test_these_hosts_are_names(host: str) -> None:
    assert not is_literal(host)
