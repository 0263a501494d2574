"""An engine of another process, over its socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from engine.operations import Operation
from engine.proxy import PortProxy
from engine.wire import GONE, PROTOCOL, error_from, read_frame, socket_path, write_frame
from primitives import __version__
from primitives.errors import EngineGone, StoreBusy

__all__ = ["HELLO_TIMEOUT_S", "RemoteEngine"]

HELLO_TIMEOUT_S = 5.0
"""An engine that has not answered by then is stuck."""

QUIET_S = 10.0
"""After so long without a word the engine is asked whether it is still there: a stopped process says nothing at all."""


class RemoteEngine(PortProxy):
    """An `EnginePort` over the socket beside `store`; one connection a request."""

    def __init__(self, store: Path) -> None:
        self._path = socket_path(store)

    async def hello(self) -> dict[str, Any]:
        """Version, protocol and process of the engine.

        Raises `EngineGone` when none answers in time, `StoreBusy` when it speaks another protocol.
        """
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                hello: dict[str, Any] = await self._first({"op": "hello"})
        except TimeoutError as error:
            raise EngineGone(f"the engine behind {self._path} does not answer; end that process") from error
        if hello.get("protocol") != PROTOCOL:
            raise StoreBusy(
                f"CloudOps {hello.get('version')} (process {hello.get('pid')}) has the store and speaks another "
                f"protocol than this one ({__version__}): end that process, or use its version"
            )
        return hello

    async def close(self) -> None:
        """Do nothing: no connection is kept between requests."""

    async def _call(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        answer = await self._first(_request(operation, arguments))
        return operation.codec.decode(answer)

    async def _stream(self, operation: Operation, arguments: Mapping[str, Any]) -> AsyncIterator[Any]:
        async with aclosing(self._exchange(_request(operation, arguments))) as messages:
            async for message in messages:
                if "batch" in message:
                    yield operation.codec.decode(message["batch"])

    async def _first(self, request: dict[str, Any]) -> Any:
        async with aclosing(self._exchange(request)) as messages:
            async for message in messages:
                return message["ok"]
        raise EngineGone(GONE)

    async def _exchange(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        try:
            reader, writer = await asyncio.open_unix_connection(self._path)
        except OSError as error:
            raise EngineGone(GONE) from error
        try:
            await write_frame(writer, {"protocol": PROTOCOL, **request})
            while True:
                message = await self._next(reader)
                if "error" in message:
                    raise error_from(message["error"])
                yield message
                if "ok" in message:
                    return
        except ConnectionError as error:
            raise EngineGone(GONE) from error
        finally:
            writer.close()

    async def _next(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        """The next message, however late it comes, as long as the engine answers others."""
        frame = asyncio.ensure_future(read_frame(reader))
        try:
            while not (await asyncio.wait({frame}, timeout=QUIET_S))[0]:
                await self.hello()
            return await frame
        finally:
            frame.cancel()


def _request(operation: Operation, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"op": operation.name, "arguments": operation.encode_arguments(arguments)}
