"""Where a request comes from: the peer of the connection, or whom trusted proxies say they speak for.

A header says whatever its sender likes. So it counts only as far as trusted proxies wrote it: from the right, each
entry was added by the proxy to its right, and the first that is not a trusted proxy is the client. Without trusted
proxies no header counts. One header is believed, the one that the proxies write: the other passes them unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from sanic import Request

from loyalty.domain.webhook import Network
from loyalty.settings import ForwardedHeader

Address = IPv4Address | IPv6Address

HOPS_LIMIT = 20
IPV6_PREFIX = 64
FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;"\s]*))', re.IGNORECASE)
WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+")


class ClientAddresses:
    """Finds the client's address of requests."""

    def __init__(self, trusted: Sequence[Network], header: ForwardedHeader) -> None:
        self._trusted = tuple(trusted)
        self._header = header

    def of(self, request: Request) -> str:
        """As text, in its shortest form. Of a connection that is not of IP, what Sanic calls it."""
        if not self._trusted or not self._trusts(peer := _parsed(request.ip)):
            return request.ip
        client = peer
        for hop in reversed(self._hops(request)[-HOPS_LIMIT:]):
            said = _parsed(hop)
            if said is None:
                break
            client = said
            if not self._trusts(said):
                break
        return str(client)

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)

    def _hops(self, request: Request) -> list[str]:
        """The header's entries, the client's first."""
        entries = ",".join(request.headers.getall(self._header, [])).split(",")
        if self._header == "forwarded":
            return ["".join(found.groups("")) if (found := FOR.search(entry)) else "" for entry in entries]
        return entries


def limited_as(address: str) -> str:
    """Whom a limit for an address counts: of IPv6 the network of 64 bits, all of which one client may have."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, IPV6_PREFIX), strict=False))
    return address


def _parsed(text: str) -> Address | None:
    text = text.strip()
    if with_port := WITH_PORT.fullmatch(text):
        text = with_port[1] or with_port[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
