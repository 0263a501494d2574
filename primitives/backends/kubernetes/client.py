"""The Kubernetes API by HTTP: lists page by page, logs with a limit, and in one line what went wrong.

API concepts (paging, `continue`, 410, metadata only): https://kubernetes.io/docs/reference/using-api/api-concepts/.
Nothing but GET is ever sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from primitives.backends.kubernetes.access import Access, load_access
from primitives.collector import made_to_stay
from primitives.errors import SourceDenied, SourceError, SourceTimeout, SourceUnreachable
from primitives.http_requests import Received, Throttled, TransientFailure, receive, retried, retry_seconds
from primitives.redact import Redactor
from primitives.text import safe_line

if TYPE_CHECKING:
    import httpx2

    from primitives.backends.kubernetes import KubernetesSettings

__all__ = ["Absent", "Forbidden", "KubernetesClient", "ListExpired"]

CONCURRENT_REQUESTS: Final = 8
PAGE: Final = 500
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_RENEW_EVERY_S: Final = 60.0
_LARGE_PAGE: Final = 256 * 1024


class Forbidden(SourceDenied):
    """This one thing may not be read with these credentials (403)."""


class _Unauthorized(SourceDenied):
    """The credentials are unknown or over (401)."""


class Absent(SourceError):
    """The server has no such thing (404): an API that it doesn't serve, an object that is gone."""


class ListExpired(SourceError):
    """The server no longer knows the place in a list that `continue` names (410): the list starts anew."""


class KubernetesClient:
    """A connection to one API server. Every method raises `SourceError` when there is no usable answer.

    `headers` go along with each request, `timeout_s` bounds one with its retries. Not more than eight requests are
    under way at once.
    """

    def __init__(
        self, settings: KubernetesSettings, *, source: str, timeout_s: float = 10.0, headers: Mapping[str, str] = {}
    ) -> None:
        self.source = source
        self._headers = headers
        self.server_date = ""
        self._settings = settings
        self._timeout_s = timeout_s
        self._access: Access | None = None
        self._redactor = Redactor()
        self._http: httpx2.AsyncClient | None = None
        self._opening = asyncio.Lock()
        self._renewed = -_RENEW_EVERY_S
        self._slots = asyncio.Semaphore(CONCURRENT_REQUESTS)

    async def access(self) -> Access:
        """The address and the credentials, read when first needed."""
        await self.connection()
        assert self._access is not None
        return self._access

    async def get(self, path: str, params: Mapping[str, str] | None = None, accept: str = "") -> Any:
        """The JSON document at `path`."""
        body = await self._bytes(path, params or {}, accept or "application/json", MAX_ANSWER_BYTES)
        # A page of five hundred pods takes some 20 ms to read: meanwhile the loop serves the others.
        document = await asyncio.to_thread(_parsed, body)
        if not isinstance(document, dict):
            raise SourceUnreachable(self.source, "what it answers is not from a Kubernetes API: check the address")
        return document

    async def pages(
        self, path: str, params: Mapping[str, str] | None = None, accept: str = ""
    ) -> AsyncIterator[Mapping[str, Any]]:
        """The list at `path`, page by page. Raises `ListExpired` where the server forgot its place in it."""
        asked = {"limit": str(PAGE), **(params or {})}
        while True:
            page = await self.get(path, asked, accept)
            yield page
            metadata = page.get("metadata")
            more = metadata.get("continue") if isinstance(metadata, dict) else None
            if not more or not isinstance(more, str):
                return
            asked = {**asked, "continue": more}

    async def text(self, path: str, params: Mapping[str, str], most_bytes: int) -> str:
        """The text at `path`, such as a log; what is beyond `most_bytes` is left out."""
        body = await self._bytes(path, params, "*/*", most_bytes, cut=True)
        return body.decode("utf-8", errors="replace")

    async def close(self) -> None:
        """Let go of connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def clean(self, text: str) -> str:
        """Outside text on one line, harmless and without credentials."""
        return self._redactor.redact(safe_line(text))

    async def _bytes(self, path: str, params: Mapping[str, str], accept: str, most: int, *, cut: bool = False) -> bytes:
        used = await self.connection()
        try:
            return await self._patiently(path, params, accept, most, cut=cut)
        except _Unauthorized:
            # Tokens of login plugins live for some minutes, an incident for hours.
            if not await self._renew(used):
                raise
            return await self._patiently(path, params, accept, most, cut=cut)

    async def _renew(self, used: httpx2.AsyncClient) -> bool:
        """Read the credentials again, at most once a minute; whether there are newer ones than those of `used`."""
        async with self._opening:
            now = time.monotonic()
            if self._http is used and now - self._renewed < _RENEW_EVERY_S:
                return False
            if self._http is used:
                self._renewed, self._http = now, None
                await used.aclose()
        return True

    async def _patiently(self, path: str, params: Mapping[str, str], accept: str, most: int, *, cut: bool) -> bytes:
        async with self._slots:
            return await retried(lambda: self._once(path, params, accept, most, cut=cut), timeout_s=self._timeout_s)

    async def _once(self, path: str, params: Mapping[str, str], accept: str, most: int, *, cut: bool) -> bytes:
        import httpx2

        http = await self.connection()
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._fetch(http, path, params, accept, most)
        except (TimeoutError, httpx2.TimeoutException):
            raise SourceTimeout(
                self.source, f"no answer within {self._timeout_s:g} s: see whether the API server is overloaded"
            ) from None
        except httpx2.InvalidURL:
            raise SourceUnreachable(self.source, "its kubeconfig names no host that can be: check the server") from None
        except httpx2.HTTPError as error:
            reason = self.clean(str(error)) or type(error).__name__
            raise TransientFailure(self.source, f"can't be reached ({reason}): check the network and the VPN") from None
        if answer.cut and not cut:
            raise SourceUnreachable(
                self.source, f"an answer was larger than {most >> 20} MiB and was dropped: set `namespaces`"
            )
        if answer.status != 200:
            raise self._failure(answer, path)
        return answer.body

    async def _fetch(
        self, http: httpx2.AsyncClient, path: str, params: Mapping[str, str], accept: str, most: int
    ) -> Received:
        access = await self.access()
        extensions = {"sni_hostname": access.server_name} if access.server_name else {}
        request = http.build_request(
            "GET", access.server + path, params=dict(params), headers={"Accept": accept}, extensions=extensions
        )
        answer = await receive(http, request, most)
        self.server_date = answer.headers.get("Date", "")
        return answer

    async def connection(self) -> httpx2.AsyncClient:
        """The connection, opened when first needed."""
        async with self._opening:
            if self._http is None:
                access = self._access = await load_access(self.source, self._settings)
                self._redactor = Redactor(access.secrets)
                # Importing the library takes longer than a key should wait.
                self._http = await asyncio.to_thread(self._opened, access)
            return self._http

    def _opened(self, access: Access) -> httpx2.AsyncClient:
        import httpx2

        return httpx2.AsyncClient(
            headers={**self._headers, **({"Authorization": access.header} if access.header else {})},
            # Without TLS there is no context; True would read the authorities' certificates for nothing.
            verify=access.context or False,
            proxy=access.proxy or None,
            timeout=httpx2.Timeout(self._timeout_s),
            limits=httpx2.Limits(max_connections=CONCURRENT_REQUESTS),
        )

    def _failure(self, answer: Received, path: str) -> SourceError:
        status, why = answer.status, self._reason(answer.body)
        because = f": {why}" if why else ""
        if status == 401:
            return _Unauthorized(self.source, "the credentials were refused (HTTP 401): log in again, as for kubectl")
        if status == 403:
            return Forbidden(self.source, f"access refused (HTTP 403){because}")
        if status == 404:
            return Absent(self.source, f"it has no {path.rpartition('/')[2]} (HTTP 404)")
        if status == 410:
            return ListExpired(self.source, "the list changed while it was read (HTTP 410)")
        if status == 429:
            wait_s = retry_seconds(answer.headers.get("Retry-After"))
            return Throttled(self.source, "it asks for fewer requests (HTTP 429): try again in a minute", wait_s)
        if status >= 500:
            return TransientFailure(self.source, f"it failed (HTTP {status}){because}: see the API server's log")
        if 300 <= status < 400:
            return SourceUnreachable(self.source, f"it redirects (HTTP {status}; a login page?): log in first")
        return SourceUnreachable(self.source, f"it answered HTTP {status}{because}")

    def _reason(self, body: bytes) -> str:
        document = _parsed(body)
        message = document.get("message") if isinstance(document, dict) else None
        return self.clean(message)[:200] if isinstance(message, str) else ""


def _parsed(body: bytes) -> Any:
    try:
        with made_to_stay(large=len(body) > _LARGE_PAGE):
            return orjson.loads(body)
    except ValueError:
        return None
