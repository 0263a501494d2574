"""An HTTP client whose requests reach only addresses that `OutgoingGuard` allows.

Its transport resolves the host, checks every address, and connects to one that was checked. The host's name stays in
the `Host` header, and the server's certificate is verified against it. A redirect, where one is followed, passes the
same check; the clients of this module follow none.
"""

from __future__ import annotations

import ssl
from typing import Any

import httpx2

from primitives.outgoing import OutgoingGuard

__all__ = ["GuardedTransport", "guarded_client"]


class GuardedTransport(httpx2.AsyncBaseTransport):
    """See the module. Each request has a connection of its own: one that is kept is known by its address alone."""

    def __init__(self, guard: OutgoingGuard, *, verify: ssl.SSLContext | bool = True) -> None:
        self._guard = guard
        self._inner = httpx2.AsyncHTTPTransport(
            verify=verify, trust_env=False, limits=httpx2.Limits(max_connections=10, max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        *others, last = await self._guard.addresses(host, port)
        for address in others:
            try:
                return await self._send(request, host, address)
            except httpx2.ConnectError:
                continue  # nothing was sent yet
        return await self._send(request, host, last)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _send(self, request: httpx2.Request, host: str, address: str) -> httpx2.Response:
        extensions: dict[str, Any] = {**request.extensions, "sni_hostname": host}
        pinned = httpx2.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions=extensions,
        )
        return await self._inner.handle_async_request(pinned)


def guarded_client(
    guard: OutgoingGuard, *, timeout_s: float, verify: ssl.SSLContext | bool = True
) -> httpx2.AsyncClient:
    """A client of that transport. It follows no redirect and reads no proxy from the environment."""
    return httpx2.AsyncClient(
        transport=GuardedTransport(guard, verify=verify),
        timeout=httpx2.Timeout(timeout_s),
        follow_redirects=False,
        trust_env=False,
    )
