"""A source that answers JSON over HTTP: asked politely, and what went wrong said in one line.

Credentials go into the request's header and nowhere else; no message names an address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson

from primitives.collector import collector_paused
from primitives.dataclass import dataclass
from primitives.endpoints import Endpoint
from primitives.errors import SourceDenied, SourceError, SourceTimeout, SourceUnreachable, UsageError
from primitives.examination import Examination
from primitives.http_requests import (
    Received,
    Throttled,
    TransientFailure,
    receive,
    retried,
    retry_seconds,
    seconds_ahead,
)
from primitives.redact import Redactor
from primitives.text import safe_line

if TYPE_CHECKING:
    import httpx2

__all__ = ["AnswerTooLarge", "HttpSource", "NothingThere", "Params", "Product", "QueryRefused", "strings_of"]

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
CONCURRENT_REQUESTS: Final = 6
_LONGEST_GET: Final = 1500
"""Bytes: what is longer goes by POST where the product takes it, since some proxies cut URLs off at 2 KiB."""
_LARGE: Final = 1 << 16
"""Bytes: what is made of more takes longer than a key should wait, some 20 ms for 10,000 samples."""

Params = Sequence[tuple[str, str]]
T = TypeVar("T")


class QueryRefused(SourceError):
    """The source understood the request and refused this query."""


class AnswerTooLarge(QueryRefused):
    """The answer was larger than what is read of any."""


class NothingThere(SourceUnreachable):
    """There is nothing at this path."""


@dataclass(frozen=True, slots=True)
class Product:
    """What messages call it: its name, where its URL must end, and how it is given credentials."""

    name: str
    path: str
    access: str


class HttpSource:
    """A connection to one source. Every method raises `SourceError` when there is no usable answer.

    `timeout_s` bounds one request with its retries. Not more than six requests are under way at once. `headers` are
    sent with each.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        product: Product,
        *,
        source: str,
        timeout_s: float,
        secrets: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        warning: str = "",
    ) -> None:
        self.endpoint = endpoint
        self.source = source
        self.server_date = ""
        self._product = product
        self._timeout_s = timeout_s
        self._redactor = Redactor(secrets)
        self._headers = dict(headers or {})
        self._warning = warning
        self._http: httpx2.AsyncClient | None = None
        self._slots = asyncio.Semaphore(CONCURRENT_REQUESTS)
        self._opening = asyncio.Lock()

    async def get(self, path: str, params: Params = (), *, by_post: bool = False) -> Any:
        """The JSON at `path`. With `by_post` a request that is too long for a URL is sent as a form."""
        return await self.read(path, params, lambda document: document, by_post=by_post)

    async def read(self, path: str, params: Params, reader: Callable[[Any], T], *, by_post: bool = False) -> T:
        """What `reader` makes of the JSON at `path`, in a thread where that is large.

        `reader` runs in the step that parses: of samples that it packs, the collector of cycles never sees the JSON.
        """
        body = await self.body(path, params, by_post=by_post)
        large = len(body) > _LARGE
        return await asyncio.to_thread(self._made_of, body, reader) if large else self._made_of(body, reader)

    def _made_of(self, body: bytes, reader: Callable[[Any], T]) -> T:
        try:
            with collector_paused():
                return reader(orjson.loads(body))
        except orjson.JSONDecodeError:
            raise self.unreadable() from None

    async def body(self, path: str, params: Params = (), *, by_post: bool = False) -> bytes:
        """What is at `path`, as it is."""
        async with self._slots:
            received = await retried(lambda: self._once(path, params, by_post=by_post), timeout_s=self._timeout_s)
        return received.body

    async def version(self, path: str) -> str:
        """The `version` of the JSON at `path`; empty where a gateway or something compatible doesn't say."""
        try:
            document = await self.get(path)
        except (NothingThere, QueryRefused):
            return ""
        version = document.get("version") if isinstance(document, Mapping) else None
        return self.clean(version) if isinstance(version, str) else ""

    async def close(self) -> None:
        """Let go of connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def examination(self, now: datetime, *notes: str) -> Examination:
        """As whom it is asked, and its clock as its last answer showed it."""
        end = self.endpoint
        who = (
            f"user {end.user}" if end.user is not None else "a bearer token" if end.token else "nobody: no credentials"
        )
        return Examination(self.clean(who), skew_s=seconds_ahead(self.server_date, now), notes=notes)

    def clean(self, text: str) -> str:
        """Outside text on one line, harmless and without credentials."""
        return self._redactor.redact(safe_line(text))

    def unreadable(self) -> SourceUnreachable:
        """The error for an answer that this product would not give."""
        return SourceUnreachable(
            self.source, f"what it answers is cut off or not from a {self._product.name} API: check the address"
        )

    async def _once(self, path: str, params: Params, *, by_post: bool) -> Received:
        import httpx2

        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._fetch(path, params, by_post=by_post)
        except (TimeoutError, httpx2.TimeoutException):
            raise SourceTimeout(
                self.source,
                f"no answer within {self._timeout_s:g} s: ask about a shorter time, or see whether it is overloaded",
            ) from None
        except httpx2.InvalidURL:
            # Only now it is read as IDNA (RFC 5891) wants it.
            raise UsageError(
                f"the {self._product.name} URL names no host that can be: check it for odd characters"
            ) from None
        except httpx2.HTTPError as error:
            # The error's own text names addresses and TLS reasons; the credentials are in no URL that it has seen.
            reason = self.clean(str(error)) or type(error).__name__
            raise TransientFailure(
                self.source, f"can't be reached ({reason}): check the address and the network"
            ) from None
        if answer.status != 200:
            raise self.failure(answer)
        return answer

    async def _fetch(self, path: str, params: Params, *, by_post: bool) -> Received:
        http, url = await self._connection(), self.endpoint.base + path
        if by_post and sum(len(name) + len(value) for name, value in params) > _LONGEST_GET:
            request = http.build_request("POST", url, data=_form(params))
        else:
            request = http.build_request("GET", url, params=list(params))
        answer = await receive(http, request, MAX_ANSWER_BYTES)
        self.server_date = answer.headers.get("Date", "")
        if answer.cut:
            raise AnswerTooLarge(
                self.source,
                f"an answer was larger than {MAX_ANSWER_BYTES >> 20} MiB and was dropped: "
                "ask about fewer resources or a shorter time",
            )
        return answer

    async def _connection(self) -> httpx2.AsyncClient:
        async with self._opening:
            if self._http is None:
                # Importing the library and reading the authorities' certificates takes longer than a screen may wait.
                try:
                    self._http = await asyncio.to_thread(self._opened)
                except OSError as error:
                    raise SourceUnreachable(
                        self.source,
                        f"certificate authorities can't be read ({error.strerror or type(error).__name__}): "
                        "check SSL_CERT_FILE and SSL_CERT_DIR",
                    ) from None
            return self._http

    def _opened(self) -> httpx2.AsyncClient:
        import httpx2

        end = self.endpoint
        return httpx2.AsyncClient(
            auth=httpx2.BasicAuth(end.user, end.password or "") if end.user is not None else None,
            headers={"Accept": "application/json", **self._headers}
            | ({"Authorization": f"Bearer {end.token}"} if end.token else {}),
            verify=end.base.startswith("https:"),
            timeout=httpx2.Timeout(self._timeout_s),
            limits=httpx2.Limits(max_connections=CONCURRENT_REQUESTS),
        )

    def failure(self, answer: Received) -> SourceError:
        """The error for an answer whose status isn't 200. A product with error codes of its own refines it."""
        status, why = answer.status, self.reason(answer.body)
        because = f": {why}" if why else ""
        name = self._product.name
        if status in (401, 403):
            advice = self._warning or self._product.access
            return SourceDenied(self.source, f"access refused (HTTP {status}){because}: {advice}")
        if status == 429:
            wait_s = retry_seconds(answer.headers.get("Retry-After"))
            return Throttled(self.source, "it asks for fewer requests (HTTP 429): try again in a minute", wait_s)
        if status >= 500:
            return TransientFailure(self.source, f"it failed (HTTP {status}){because}: see its own log")
        if 300 <= status < 400:
            return SourceUnreachable(
                self.source, f"it redirects (HTTP {status}; a login page?): give the API's own address"
            )
        if status in (404, 405):
            return NothingThere(
                self.source,
                f"no {name} API at its address (HTTP {status}): the URL must end where {self._product.path} begins",
            )
        if status in (400, 413, 422):
            return QueryRefused(self.source, f"refused a query (HTTP {status}){because}")
        return SourceUnreachable(self.source, f"it answered HTTP {status}{because}: is it a {name}?")

    def reason(self, body: bytes) -> str:
        """Why it refused, as it says: a JSON object with an `error` or `message`, or a line of text."""
        try:
            document = orjson.loads(body)
        except ValueError:
            text = body[:400].decode("utf-8", errors="replace")
            return "" if "<" in text else self.clean(text)[:200]
        texts = document if isinstance(document, dict) else {}
        if isinstance(errors := texts.get("errors"), list) and errors and isinstance(errors[0], dict):
            texts = {"error": errors[0].get("msg"), **texts}
        said = next((texts[key] for key in ("error", "message") if isinstance(texts.get(key), str)), "")
        return self.clean(said)[:200]


def strings_of(data: Any) -> tuple[str, ...]:
    """The texts of a list; empty where it is none."""
    return tuple(entry for entry in data if isinstance(entry, str)) if isinstance(data, list) else ()


def _form(params: Params) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    for name, value in params:
        form.setdefault(name, []).append(value)
    return form
