"""Posts to a receiver over HTTP, through the guard, and says what its answer means."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from engine.notify.receiver import RefusedForGood, TryLater
from primitives.clock import Clock
from primitives.dataclass import dataclass
from primitives.errors import SourceUnreachable, UsageError
from primitives.http_requests import Received, receive, retry_seconds, seconds_ahead
from primitives.outgoing import OutgoingGuard
from primitives.text import safe_line

if TYPE_CHECKING:
    import httpx2

__all__ = ["Poster", "Variables", "failure", "retry_after"]

TIMEOUT_S: Final = 10.0
MAX_ANSWER_BYTES: Final = 1 << 20
_LATER: Final = frozenset({408, 409, 423, 425, 429})
_LONGEST_REASON: Final = 160


@dataclass(slots=True)
class Poster:
    """An HTTP client for one receiver, opened with its first request. `product` is what messages call the receiver."""

    product: str
    guard: OutgoingGuard
    clock: Clock
    timeout_s: float = TIMEOUT_S
    http: httpx2.AsyncClient | None = None
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def request(
        self, method: str, url: str, *, document: Any = None, content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Received:  # fmt: skip
        """The answer, whatever its status. Raises `TryLater` where there is none, `OutgoingRefused`."""
        http = await self._client()
        import httpx2  # the client has loaded it

        body = orjson.dumps(document) if document is not None else content
        kind = {"Content-Type": "application/json"} if body is not None else {}
        try:
            request = http.build_request(method, url, content=body, headers={**kind, **(headers or {})})
            return await receive(http, request, MAX_ANSWER_BYTES)
        except httpx2.TimeoutException:
            raise TryLater(f"{self.product} gave no answer within {self.timeout_s:g} s") from None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            raise RefusedForGood(f"the URL for {self.product} names no host that can be: check it") from None
        except httpx2.HTTPError as error:
            raise TryLater(f"{self.product} can't be reached ({safe_line(str(error), limit=120)})") from None
        except SourceUnreachable as error:
            raise TryLater(f"{self.product} can't be reached: {error}") from None

    async def post(
        self, url: str, *, document: Any = None, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Received:
        """Post, and return an answer of success. Raises `TryLater`, `RefusedForGood`, `OutgoingRefused`."""
        answer = await self.request("POST", url, document=document, content=content, headers=headers)
        if not 200 <= answer.status < 300:
            raise failure(self.product, answer, self.clock.now())
        return answer

    async def _client(self) -> httpx2.AsyncClient:
        async with self.opening:
            if self.http is None:
                # Importing the library and reading the authorities' certificates would hold up the event loop.
                self.http = await asyncio.to_thread(self._opened)
            return self.http

    def _opened(self) -> httpx2.AsyncClient:
        from primitives.guarded_http import guarded_client

        return guarded_client(self.guard, timeout_s=self.timeout_s)

    async def close(self) -> None:
        """Let go of connections."""
        if self.http is not None:
            await self.http.aclose()
            self.http = None


def failure(product: str, answer: Received, now: datetime) -> TryLater | RefusedForGood:
    """What an answer without success means."""
    if answer.status in _LATER or answer.status >= 500:
        wait_s = retry_after(answer, now)
        pause = answer.status == 429
        asks = " and asks for fewer requests" if pause else ""
        return TryLater(f"{product} answered HTTP {answer.status}{asks}", wait_s, pause=pause)
    if 300 <= answer.status < 400:
        return RefusedForGood(f"{product} redirects (HTTP {answer.status}): give the address that it redirects to")
    reason = safe_line(answer.body[:2_000].decode("utf-8", errors="replace"), limit=_LONGEST_REASON)
    said = f": {reason}" if reason and "<" not in reason else ""
    return RefusedForGood(f"{product} refused it (HTTP {answer.status}){said}")


def retry_after(answer: Received, now: datetime) -> float | None:
    """The seconds that `Retry-After` asks for, as a number or as a date."""
    header = answer.headers.get("Retry-After")
    seconds = retry_seconds(header)
    return seconds if seconds is not None or header is None else seconds_ahead(header, now)


@dataclass(frozen=True, slots=True)
class Variables:
    """The environment variables that hold a receiver's credentials; `place` is its key in the configuration."""

    place: str
    values: Mapping[str, str]

    def get(self, name: str) -> str:
        """The value of a variable. Raises `UsageError` where it isn't set."""
        value = self.values.get(name, "").strip()
        if not value:
            raise UsageError(f"{self.place}: the environment variable {name} isn't set; set it, or name another one")
        return value
