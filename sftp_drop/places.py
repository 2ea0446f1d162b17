"""Where a peer is, as far as it matters: what is counted as one place, and which networks it lies in."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

_V6_BITS = 64  # what one customer of a provider has for itself (RFC 6177)


def place_of(peer: str) -> str:
    """What is scored: an IPv4 address (also one written as IPv6), the /64 of an IPv6 one, anything else as it is."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _V6_BITS), strict=False))


def is_in(peer: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of some networks (CIDR). Raises ValueError for what is no network."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(network) for network in networks)
