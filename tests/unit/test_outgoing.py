"""Outgoing requests reach no loopback, link-local or metadata address, whatever the URL looks like."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from notify.made_certificates import certificate

from primitives.errors import SourceUnreachable
from primitives.guarded_http import GuardedTransport, guarded_client
from primitives.outgoing import OutgoingGuard, OutgoingRefused, why_refused

REFUSED = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.1.1", "169.254.170.2",
    "100.100.100.200", "192.0.0.192", "168.63.129.16", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "fd00:ec2::254", "fd20:ce::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::127.0.0.1",
    "2002:7f00:1::", "2002:a9fe:a9fe::", "64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe",
    "no address",
)  # fmt: skip
ALLOWED = (
    "93.184.216.34", "10.1.2.3", "172.16.0.9", "192.168.1.1", "100.64.0.1", "fd12:3456::1",
    "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34", "64:ff9b::5db8:d822",
)  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_of_this_machine_its_link_or_a_metadata_service_is_refused(address: str) -> None:
    assert why_refused(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_other_addresses_may_be_reached(address: str) -> None:
    assert why_refused(address) == ""


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:7f00:1]"]
)
async def test_another_way_to_write_loopback_is_refused(host: str) -> None:
    try:
        addresses = await OutgoingGuard().addresses(host, 80)
    except (OutgoingRefused, SourceUnreachable):
        return  # a resolver that doesn't know the form is as good
    pytest.fail(f"{host} gave {addresses}")


@asynccontextmanager
async def server(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on loopback that answers every request with `answer`; its port and the requests' heads."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with listening:
        yield listening.sockets[0].getsockname()[1], heads


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def answers(*texts: str, later: tuple[str, ...] = ()) -> tuple[list[str], OutgoingGuard]:
    """A guard whose name server says `texts`, and when it is asked again `later`; and the names that it was asked."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return list(later if len(asked) > 1 else texts)

    return asked, OutgoingGuard(["hooks.example"], resolve=resolve)


async def test_the_request_goes_to_the_address_that_was_checked_with_the_hosts_name() -> None:
    asked, guard = answers("127.0.0.1")
    async with server(OK) as (port, heads), guarded_client(guard, timeout_s=5) as http:
        answer = await http.post(f"http://hooks.example:{port}/x", content=b"{}")
    assert answer.status_code == 200
    assert asked == ["hooks.example"]
    assert f"host: hooks.example:{port}".encode() in heads[0].lower()


async def test_a_name_that_resolves_to_metadata_is_refused_before_anything_is_sent() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "169.254.169.254"]

    async with guarded_client(OutgoingGuard(resolve=resolve), timeout_s=5) as http:
        with pytest.raises(OutgoingRefused, match=r"evil.example is 169.254.169.254, a cloud's metadata service"):
            await http.get("http://evil.example/latest/meta-data/")


async def test_a_name_server_that_changes_its_answer_gains_nothing() -> None:
    """DNS rebinding: a harmless address while it is checked, loopback a moment later."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["203.0.113.7"] if len(asked) == 1 else ["127.0.0.1"]

    guard = OutgoingGuard(resolve=resolve)
    reached: list[str] = []

    class Inner(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            reached.append(request.url.host)
            return httpx2.Response(200)

    transport = GuardedTransport(guard)
    transport._inner = Inner()  # type: ignore[assignment]
    async with httpx2.AsyncClient(transport=transport) as http:
        await http.get("http://rebinding.example/")
        with pytest.raises(OutgoingRefused):
            await http.get("http://rebinding.example/")
    assert reached == ["203.0.113.7"]
    assert len(asked) == 2, "a request asks once, and goes where that answer said"


async def test_a_redirect_is_not_followed_and_would_be_checked() -> None:
    _, guard = answers("127.0.0.1", later=("127.0.0.1",))
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://localhost:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with server(moved) as (port, _), guarded_client(guard, timeout_s=5) as http:
        assert (await http.get(f"http://hooks.example:{port}/")).status_code == 302
        with pytest.raises(OutgoingRefused):
            await http.get(f"http://hooks.example:{port}/", follow_redirects=True)


async def test_the_next_address_is_tried_where_one_does_not_listen() -> None:
    _, guard = answers("127.0.0.2", "127.0.0.1")
    async with server(OK) as (port, _), guarded_client(guard, timeout_s=5) as http:
        assert (await http.get(f"http://hooks.example:{port}/")).text == "ok"


@pytest.mark.parametrize(("name", "trusted"), [("hooks.example", True), ("other.example", False)])
async def test_the_certificate_is_verified_against_the_name_not_the_address(
    tmp_path: Path, name: str, trusted: bool
) -> None:
    pem, key = certificate(tmp_path, name)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem, key)
    trusting = ssl.create_default_context(cafile=str(pem))
    _, guard = answers("127.0.0.1")
    async with server(OK, served) as (port, _), guarded_client(guard, timeout_s=5, verify=trusting) as http:
        if trusted:
            assert (await http.get(f"https://hooks.example:{port}/")).text == "ok"
        else:
            with pytest.raises(httpx2.ConnectError, match="certificate"):
                await http.get(f"https://hooks.example:{port}/")
