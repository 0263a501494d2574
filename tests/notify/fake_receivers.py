"""Receivers on loopback with the answers that their documentation shows. They never were the real services."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """A request: method, path, headers (lower case) and body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Answer:
    """An answer; `silent` accepts and never answers."""

    status: int = 200
    document: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False


@dataclass
class Served:
    """A running server: its base URL and what was asked of it."""

    url: str
    asked: list[Asked]


@asynccontextmanager
async def serving(answer: Callable[[Asked], Answer], port: int = 0) -> AsyncIterator[Served]:
    """An HTTP server on loopback that answers each request with what `answer` says; `port` 0 is any free one."""
    asked: list[Asked] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            request = Asked(method, urlsplit(target).path, headers, body)
            asked.append(request)
            said = answer(request)
            if said.silent:
                await reader.read()
                return
            content = said.document if isinstance(said.document, bytes) else json.dumps(said.document).encode()
            lines = [f"HTTP/1.1 {said.status} Said", f"Content-Length: {len(content)}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in said.headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + content)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    async with server:
        yield Served(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked)


class FakeSlack:
    """A channel: messages by their ts, with metadata and threads, as Slack's methods document them.

    `answers` are given first, whatever is asked; with `lost` a message is kept but its answer never comes.
    """

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.answers: list[Answer] = []
        self.lost = 0
        self.may_read = True

    @property
    def roots(self) -> list[dict[str, Any]]:
        return [message for message in self.messages.values() if "thread_ts" not in message]

    @property
    def replies(self) -> list[dict[str, Any]]:
        return [message for message in self.messages.values() if "thread_ts" in message]

    def __call__(self, asked: Asked) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        method = asked.path.rpartition("/")[2]
        if asked.headers.get("authorization") != "Bearer xoxb-made-up":
            return Answer(document={"ok": False, "error": "invalid_auth"})
        if method.startswith("conversations."):
            return self._look(asked.form)
        arguments = asked.json
        if arguments["channel"] != "C0123456789":
            return Answer(document={"ok": False, "error": "channel_not_found"})
        if method == "chat.update":
            return self._update(arguments)
        ts = f"17{len(self.messages):08d}.000100"
        self.messages[ts] = {**arguments, "ts": ts, "edits": 0}
        if self.lost:
            self.lost -= 1
            return Answer(silent=True)
        return Answer(document={"ok": True, "channel": arguments["channel"], "ts": ts, "message": {}})

    def _update(self, arguments: dict[str, Any]) -> Answer:
        message = self.messages.get(arguments["ts"])
        if message is None:
            return Answer(document={"ok": False, "error": "message_not_found"})
        message |= {**arguments, "edits": message["edits"] + 1}
        return Answer(document={"ok": True, "ts": arguments["ts"]})

    def _look(self, form: dict[str, str]) -> Answer:
        if not self.may_read:
            return Answer(document={"ok": False, "error": "missing_scope", "needed": "channels:history"})
        assert form["include_all_metadata"] == "true"
        wanted = [
            message for message in self.messages.values()
            if (message.get("thread_ts") == form["ts"] if "ts" in form else "thread_ts" not in message)
        ]  # fmt: skip
        return Answer(document={"ok": True, "messages": wanted, "has_more": False})
