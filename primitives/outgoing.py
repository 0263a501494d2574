"""Which addresses an outgoing request may reach.

A webhook's URL is input: it must not make this process ask the machine itself, its neighbours on the link or the
cloud's metadata service, which hands out credentials. A name is resolved once, every address is checked, and the
connection goes to an address that was checked: a second answer of the name server can't change it.

Addresses are refused by RFC 6890's registry of special-purpose addresses and the metadata services' documentation.
Private networks (RFC 1918, RFC 4193) are allowed: internal chat and mail live there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from primitives.errors import SourceUnreachable, UsageError
from primitives.text import safe_line

__all__ = ["OutgoingGuard", "OutgoingRefused", "Resolve", "resolve_name", "why_refused"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host name."""

RESOLVE_WITHIN_S: Final = 10.0

_METADATA: Final = frozenset(
    map(
        ipaddress.ip_address,
        (
            "169.254.169.254",  # AWS, Azure, Google Cloud, DigitalOcean, OpenStack
            "fd00:ec2::254",  # AWS over IPv6
            "fd00:ec2::23",
            "fd20:ce::254",  # Google Cloud over IPv6
            "100.100.100.200",  # Alibaba Cloud
            "192.0.0.192",  # Oracle Cloud
            "168.63.129.16",  # Azure's host
        ),
    )
)
_LINK_LOCAL_SITE: Final = ipaddress.ip_network("fec0::/10")
_NAT64: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_COMPATIBLE: Final = ipaddress.ip_network("::/96")


class OutgoingRefused(UsageError):
    """The address is one that no outgoing request may reach unless it is allowed by name."""


class OutgoingGuard:
    """Resolves host names to addresses that may be reached. `allowed` are host names as they stand in a URL.

    A host in `allowed` may have any address: whoever configures it knows where it is.
    """

    def __init__(self, allowed: Iterable[str] = (), *, resolve: Resolve | None = None) -> None:
        self._allowed = frozenset(_plain(name) for name in allowed)
        self._resolve = resolve or resolve_name

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of `host`, all of them allowed.

        Raises `OutgoingRefused` where any is not: a name with one good and one bad address would be a way around.
        Raises `SourceUnreachable` when the name has none.
        """
        name = _plain(host)
        texts = await self._resolve(name, port)
        if not texts:
            raise SourceUnreachable(safe_line(name, limit=100), "has no address: check the name")
        if name in self._allowed:
            return texts
        for text in texts:
            if why := why_refused(text):
                raise OutgoingRefused(
                    f"{safe_line(name, limit=100)} is {safe_line(text, limit=60)}, {why}: no request goes there; where "
                    "that is meant, add the host to `notifications.allow_hosts`"
                )
        return texts


async def resolve_name(host: str, port: int) -> list[str]:
    """The addresses that the system resolves `host` to, in its order. Raises `SourceUnreachable`."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_WITHIN_S):
            answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError):
        raise SourceUnreachable(safe_line(host, limit=100), "can't be resolved: check the name") from None
    except TimeoutError:
        raise SourceUnreachable(
            safe_line(host, limit=100), f"was not resolved within {RESOLVE_WITHIN_S:g} s: check the name server"
        ) from None
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def why_refused(text: str) -> str:
    """Why no request may reach the address `text`, in words; empty where it may."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "which is no IP address"
    return next((why for each in (address, *_inside(address)) if (why := _why(each))), "")


def _why(address: Address) -> str:
    if address in _METADATA:
        return "a cloud's metadata service"
    if address.is_loopback or address.is_unspecified:
        return "this machine itself"
    if address.is_link_local or (address.version == 6 and address in _LINK_LOCAL_SITE):
        return "an address of the local link"
    if address.is_multicast or (address.version == 4 and address.is_reserved):
        return "a multicast or reserved address"
    if address.version == 4 and int(address) >> 24 == 0:
        return "this machine itself"
    return ""


def _inside(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address carries: it may lead to them."""
    if address.version == 4:
        return []
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    carried: list[Address] = []
    if address.ipv4_mapped is not None:
        carried.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        carried.append(address.sixtofour)
    if address.teredo is not None:
        carried += address.teredo
    if any(address in network for network in _NAT64) or (address in _COMPATIBLE and int(address) > 1):
        carried.append(low)
    return carried


def _plain(host: str) -> str:
    """A host name in one form: no brackets, no final dot, no upper case, no zone of an IPv6 address."""
    return host.strip().strip("[]").rstrip(".").partition("%")[0].casefold()
