"""Calls of AWS: in threads, a few at a time for each service, and with one line for what went wrong."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from primitives.backends.aws.access import Access, method_name
from primitives.backends.aws.failures import explain
from primitives.backends.aws.permissions import CALLS, action_of
from primitives.backends.aws.threads import DaemonThreads
from primitives.dataclass import dataclass
from primitives.errors import SourceDenied
from primitives.identity import parse_id

if TYPE_CHECKING:
    from primitives.backends.aws import AwsSettings

__all__ = ["AwsClient", "Listing", "Place"]

T = TypeVar("T")

CONCURRENT_CALLS: Final = 16
CONCURRENT_PER_SERVICE: Final = 4
_MOST_ITEMS: Final = 2_000
_LISTING_S: Final = 12.0
_CLOSING_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is, and as whom it is asked; `at` is the server's clock when it said so."""

    account: str
    region: str
    partition: str
    caller: str
    at: datetime | None = None


@dataclass(slots=True)
class Listing:
    """What a list holds; `cut` where there was more than was read."""

    items: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False


class AwsClient:
    """One account and region. Every method raises `SourceError` when there is no usable answer."""

    def __init__(self, settings: AwsSettings, *, source: str) -> None:
        self.source = source
        self._settings = settings
        self._access = Access(settings, source)
        self._threads = DaemonThreads(CONCURRENT_CALLS)
        self._slots: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CONCURRENT_PER_SERVICE))
        self._place: Place | None = None
        self._placing = asyncio.Lock()

    async def place(self) -> Place:
        """The account, by STS, and the region; asked once."""
        async with self._placing:
            if self._place is None:
                self._place = await self._ask_place()
            return self._place

    async def call(self, service: str, operation: str, *, region: str = "", **params: Any) -> dict[str, Any]:
        """The answer of one call."""

        def work() -> Any:
            client = self._access.client(service, region)
            return getattr(client, method_name(operation))(**params)

        answer = await self._in_thread(service, operation, work)
        return answer if isinstance(answer, dict) else {}

    async def pages(
        self, service: str, operation: str, key: str, *, most: int = _MOST_ITEMS, region: str = "", **params: Any
    ) -> Listing:
        """The items under `key` of all pages, at most `most`, and of the pages that come within seconds."""

        def work() -> Listing:
            client = self._access.client(service, region)
            listing, until = Listing(), time.monotonic() + _LISTING_S
            for page in client.get_paginator(method_name(operation)).paginate(**params):
                items = page.get(key) if isinstance(page, dict) else None
                listing.items += [item for item in items if item] if isinstance(items, list) else []
                if len(listing.items) >= most or time.monotonic() > until:
                    listing.cut = True
                    break
            del listing.items[most:]
            return listing

        return await self._in_thread(service, operation, work)

    async def close(self) -> None:
        """Let go of connections."""
        try:
            async with asyncio.timeout(_CLOSING_S):
                await self._threads.run(self._access.close)
        except TimeoutError:
            pass  # a call that waits for credentials holds the clients; its thread ends with the process

    async def _ask_place(self) -> Place:
        def region() -> str:
            return self._access.region

        where = await self._in_thread("sts", "GetCallerIdentity", region)
        said = await self.call("sts", "GetCallerIdentity")
        account, caller = str(said.get("Account") or ""), str(said.get("Arn") or "")
        stated = self._settings.account
        if stated and stated != account:
            raise SourceDenied(
                self.source, f"the credentials are of account {account}, `account` says {stated}: set the right profile"
            )
        partition = parse_id(caller).partition or "aws"
        return Place(account, where, partition, caller, _server_time(said))

    async def _in_thread(self, service: str, operation: str, work: Callable[[], T]) -> T:
        assert operation in CALLS[service]
        async with self._slots[service]:
            try:
                return await self._threads.run(work)
            except Exception as error:  # botocore raises dozens of kinds, and others where an answer can't be read.
                action = action_of(service, operation)
                raise explain(error, self.source, action, self._settings.profile) from None


def _server_time(answer: dict[str, Any]) -> datetime | None:
    metadata = answer.get("ResponseMetadata")
    headers = metadata.get("HTTPHeaders") if isinstance(metadata, dict) else None
    text = headers.get("date") if isinstance(headers, dict) else None
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
