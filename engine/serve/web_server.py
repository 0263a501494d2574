"""Runs an ASGI application on uvicorn inside of a loop that is not its own, with a certificate that may change."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from engine.serve.bounded_http import Bounds
from engine.serve.settings import TlsSettings
from primitives.clock import Clock
from primitives.errors import UsageError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

__all__ = ["WebServer", "server_context"]

_LOOK_FOR_CERTIFICATE_S: Final = 10.0
_LAST_ANSWERS_S: Final = 5
_CONNECTIONS: Final = 1_000


class WebServer:
    """Listens on `address` from `start` to `stop`."""

    def __init__(self, application: ASGIApp, address: tuple[str, int], tls: TlsSettings | None, clock: Clock) -> None:
        self._address = address
        self._tls = tls
        self._clock = clock
        self._context = server_context(tls) if tls is not None else None
        self._stamp = _stamp(tls)
        self._server = _server(application, self._context)
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(self) -> int:
        """Listen; gives the port. Raises `UsageError` when that can't be."""
        host, port = self._address
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listening = socket.create_server((host, port), family=family, backlog=1_024)
        except OSError as error:
            raise UsageError(f"can't listen on {host}:{port} ({error.strerror or error}): choose another") from None
        listening.setblocking(False)
        self._tasks.append(asyncio.create_task(self._server.serve(sockets=[listening]), name="listener"))
        if self._tls is not None:
            self._tasks.append(asyncio.create_task(self._renew(), name="certificate"))
        while not self._server.started and not self._tasks[0].done():
            await self._clock.sleep(0.01)
        return int(listening.getsockname()[1])

    async def stop(self) -> None:
        """Take no more, answer what is under way, and end."""
        self._server.should_exit = True
        serving, *others = self._tasks
        for task in others:
            task.cancel()
        await asyncio.gather(serving, *others, return_exceptions=True)

    def renew_certificate(self) -> bool:
        """Use the certificate that lies there now, if it is another one; a broken one leaves the old in force."""
        stamp = _stamp(self._tls)
        if self._tls is None or self._context is None or stamp == self._stamp:
            return False
        try:
            self._context.load_cert_chain(self._tls.certificate, self._tls.key)
        except (OSError, ssl.SSLError):
            return False  # its key may not be there yet: the next look finds both
        self._stamp = stamp
        return True

    async def _renew(self) -> None:
        while True:
            await self._clock.sleep(_LOOK_FOR_CERTIFICATE_S)
            self.renew_certificate()


def _server(application: ASGIApp, context: ssl.SSLContext | None) -> uvicorn.Server:
    """A server that leaves signals to the command that runs it."""
    # It loads a command line of its own.
    import uvicorn

    class Quiet(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Quiet(_config(application, context))


def _config(application: ASGIApp, context: ssl.SSLContext | None) -> uvicorn.Config:
    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class BoundedHttp(Bounds, HttpToolsProtocol): ...

    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        interface="asgi3",
        http=BoundedHttp,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,
        ssl_certfile="given" if context is not None else None,
        ssl_context_factory=(lambda _config, _default: context) if context is not None else None,
    )


def server_context(tls: TlsSettings) -> ssl.SSLContext:
    """The settings of a server with that certificate. Raises `UsageError` when it can't be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.client_ca is not None:
            context.load_verify_locations(tls.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(f"serve.tls: the certificate or its key can't be used ({reason})") from None
    return context


def _stamp(tls: TlsSettings | None) -> tuple[int, ...]:
    """When the certificate and its key were written last."""
    stamps: list[int] = []
    for path in (tls.certificate, tls.key) if tls is not None else ():
        with suppress(OSError):
            stamps += [path.stat().st_mtime_ns, path.stat().st_size]
    return tuple(stamps)
