"""Starts a service in the test's own loop, sends to it, and waits for what becomes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from pydantic import TypeAdapter

from engine.alerts import AlertGroup
from engine.host import ServedEngine
from engine.serve.desk import Desk
from engine.serve.service import Service
from engine.serve.settings import ServeSettings
from primitives.sources import SourceDirectory, define_source

TOKEN = "a token of enough letters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def settings(**fields: Any) -> ServeSettings:
    secret = {"secret_variables": ["ALERTS_TOKEN"]}
    webhooks = {
        "alertmanager": {"provider": "alertmanager", **secret},
        "pagerduty": {"provider": "pagerduty", **secret},
        "any": {"provider": "plain", **secret},
    }
    document = {"listen": "127.0.0.1:0", "webhooks": webhooks, **fields}
    return TypeAdapter(ServeSettings).validate_python(document)


@dataclass
class Running:
    engine: ServedEngine
    desk: Desk
    service: Service
    http: httpx2.AsyncClient

    async def send(self, document: Any, channel: str = "alertmanager", headers: dict[str, str] | None = None) -> int:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        answer = await self.http.post(
            f"/webhooks/{channel}", content=body, headers={"Content-Type": "application/json", **(headers or BEARER)}
        )
        return answer.status_code

    async def groups(self, condition: Callable[[tuple[AlertGroup, ...]], bool]) -> tuple[AlertGroup, ...]:
        """The groups, once they are as `condition` says and nothing waits."""
        return await until(lambda: self._groups(condition))

    async def _groups(self, condition: Callable[[tuple[AlertGroup, ...]], bool]) -> tuple[AlertGroup, ...] | None:
        groups = self.desk.groups
        return groups if not await self.desk.inbox.next_waiting(1) and condition(groups) else None


async def until(look: Callable[[], Awaitable[Any]], within_s: float = 60.0) -> Any:
    """What `look` gives once it gives something."""
    async with asyncio.timeout(within_s):
        while not (seen := await look()):
            await asyncio.sleep(0.02)
        return seen


def sources(folder: Path) -> SourceDirectory:
    """A live source that knows nothing: spans in a folder without any."""
    (folder / "spans").mkdir(exist_ok=True)
    (folder / "spans" / "traces.jsonl").touch()
    definition = define_source("spans", {"kind": "otlp_files", "path": str(folder / "spans")}, {})
    return SourceDirectory(definitions={"spans": definition})


@asynccontextmanager
async def started(folder: Path, chosen: ServeSettings | None = None) -> AsyncIterator[Running]:
    engine = await ServedEngine.serve(folder / "incidents.db", sources=sources(folder))
    desk = await engine.desk(make=True)
    assert desk is not None
    service = Service(engine, desk)
    try:
        await service.start(chosen or settings(), {})
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{service.port or 1}", trust_env=False) as http:
            yield Running(engine, desk, service, http)
        await service.stop()
    finally:
        await engine.close()


def alert(name: str = "SlowTickets", status: str = "firing", **labels: str) -> dict[str, Any]:
    """Alertmanager's webhook with one alert."""
    labels = {"alertname": name, "severity": "page", **labels}
    return {
        "version": "4",
        "receiver": "cloudops",
        "groupKey": "{}:{}",
        "alerts": [
            {
                "status": status,
                "labels": labels,
                "annotations": {"summary": f"{name} is on"},
                "startsAt": "2026-03-10T14:44:00Z",
                "fingerprint": "-".join(f"{key}.{value}" for key, value in sorted(labels.items())),
            }
        ],
    }
