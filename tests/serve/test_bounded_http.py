"""What comes before a body is bounded in length and time, and a connection that says nothing keeps no place."""

from __future__ import annotations

import asyncio

import pytest
from running import Running

from engine.serve import bounded_http


async def _connected(service: Running) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    assert service.service.port is not None
    return await asyncio.open_connection("127.0.0.1", service.service.port)


@pytest.mark.parametrize("endless", [b"X-Long: " + b"a" * 400, b"X-%d: a\r\n" * 40, b"GET /healthz?" + b"a" * 400])
async def test_headers_without_an_end_are_refused(service: Running, endless: bytes) -> None:
    reader, writer = await _connected(service)
    if not endless.startswith(b"GET"):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    sent = 0
    writer.write(endless)
    async with asyncio.timeout(60):
        while not reader.at_eof() and sent < 10_000_000:
            writer.write(b"a" * 1_000 if endless.startswith((b"X-Long", b"GET")) else endless)
            sent += 1_000
            await asyncio.sleep(0)
            if writer.is_closing():
                break
            if sent % 100_000 == 0:
                await asyncio.sleep(0.01)
    assert sent < 10_000_000
    writer.close()
    assert (await service.http.get("/healthz")).status_code == 200


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
async def test_who_never_finishes_its_headers_is_let_go(
    service: Running, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(bounded_http, "HEADERS_WITHIN_S", 0.1)
    reader, writer = await _connected(service)
    writer.write(begun)
    async with asyncio.timeout(60):
        assert await reader.read() == b""
    writer.close()


async def test_large_headers_that_end_are_served_and_so_are_requests_in_a_row(service: Running) -> None:
    reader, writer = await _connected(service)
    padding = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(20))
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + padding + b"\r\n"
    for _ in range(5):
        for begin in range(0, len(request), 5_000):
            writer.write(request[begin : begin + 5_000])
            await asyncio.sleep(0)
        async with asyncio.timeout(60):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            await reader.readexactly(len(b'{"status":"ok"}'))
    writer.close()
