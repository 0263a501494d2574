"""The services that Apprise knows, by its URLs (https://github.com/caronc/apprise/wiki).

Apprise opens its connections itself. A host that its URL names is checked before each delivery, as every other is; the
name server may still give Apprise another answer a moment later. It has no keys: a try whose answer got lost is sent
again and may show twice.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, Literal

from engine.notify.notice import Notice
from engine.notify.receiver import Parcel, TryLater
from engine.notify.wording import markdown, plain_text, subject
from primitives.errors import SourceUnreachable, UsageError
from primitives.outgoing import OutgoingGuard

__all__ = ["ThroughApprise", "without_mentions"]

_PORT: Final = 443


class ThroughApprise:
    """See the module. Raises `UsageError` for a URL that Apprise can't read."""

    def __init__(self, url: str, form: Literal["text", "markdown"], guard: OutgoingGuard, *, place: str) -> None:
        self.secrets = (url,)
        self._form = form
        self._guard = guard
        self._place = place
        self._server: Any = None
        self._running: asyncio.Future[bool] | None = None

    async def check(self) -> None:
        """Raises `UsageError` where Apprise can't read the URL; loading the library takes a second."""
        if self._server is None:
            self._server = await asyncio.to_thread(self._opened)

    async def deliver(self, parcel: Parcel) -> None:
        await self.check()
        if self._running is not None and not self._running.done():
            raise TryLater("an earlier try has not ended")
        await self._check_host()
        self._running = asyncio.ensure_future(asyncio.to_thread(self._notify, parcel.notice))
        # A thread can't be stopped: whoever stops waiting leaves it to its own timeouts.
        if not await asyncio.shield(self._running):
            raise TryLater(f"Apprise could not deliver to {self._server.service_name}")

    def preview(self, notice: Notice, key: str) -> str:  # noqa: ARG002 - Apprise takes no key
        return self._text(notice)

    async def close(self) -> None:
        """Apprise keeps nothing open."""

    async def _check_host(self) -> None:
        templates = " ".join(self._server.templates)
        if host := self._server.host if "{host" in templates else None:
            try:
                await self._guard.addresses(str(host), self._server.port or _PORT)
            except SourceUnreachable:
                pass  # some services have another name in this place; what has no address is not reached

    def _opened(self) -> Any:
        import apprise

        asset = apprise.AppriseAsset(app_id="CloudOps", app_desc="CloudOps", async_mode=False, secure_logging=True)
        server = apprise.Apprise.instantiate(self.secrets[0], asset=asset, suppress_exceptions=True)
        if server is None:
            raise UsageError(
                f"{self._place}: Apprise can't read its URL: see the page of the service in Apprise's wiki"
            )
        return server

    def _notify(self, notice: Notice) -> bool:
        import apprise

        form = apprise.NotifyFormat.MARKDOWN if self._form == "markdown" else apprise.NotifyFormat.TEXT
        target = apprise.Apprise()
        target.add(self._server)
        kind = apprise.NotifyType.FAILURE if notice.severity == "critical" else apprise.NotifyType.INFO
        title = without_mentions(subject(notice))
        return bool(target.notify(body=self._text(notice), title=title, notify_type=kind, body_format=form))

    def _text(self, notice: Notice) -> str:
        return markdown(notice) if self._form == "markdown" else without_mentions(plain_text(notice))


def without_mentions(text: str) -> str:
    """Text that calls nobody in a chat that reads mentions in plain text: `@` and `<` stand apart from what follows."""
    return text.replace("@", "@ ").replace("<", "< ")
