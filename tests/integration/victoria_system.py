"""The system of `prometheus_system` in a VictoriaMetrics: the same requests, imported in its own way.

https://docs.victoriametrics.com/single-server-victoriametrics/#how-to-import-data-in-prometheus-exposition-format
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from prometheus_system import (
    HISTORY_S,
    SCRAPE_S,
    SLOW_S,
    PrometheusSystem,
    _expose,
    _Requests,
    serving_process,
)


@contextmanager
def victoria_server(folder: Path) -> Iterator[tuple[str, int]]:
    """A VictoriaMetrics on a free port of the loopback and on data of its own; killed for sure at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        "victoria-metrics",
        f"-storageDataPath={folder / 'data'}",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
    ]
    with serving_process(command, "-httpListenAddr", "/health", folder / "victoria.log") as served:
        yield served


@contextmanager
def jumping_victoria(folder: Path, *, seed: int = 7) -> Iterator[PrometheusSystem]:
    """The two hours in which one service became slow."""
    end = int(time.time() // SCRAPE_S * SCRAPE_S)
    start, jump = end - HISTORY_S, end - SLOW_S
    requests = _Requests(start, jump, end, seed)
    exposition, pool = _expose(requests, [float(at) for at in range(start, end + 1, SCRAPE_S)], jump + 60)
    with victoria_server(folder) as (url, pid):
        import_text(url, exposition.text())
        yield PrometheusSystem(
            url=url,
            pid=pid,
            start=datetime.fromtimestamp(start, UTC),
            jump=datetime.fromtimestamp(jump, UTC),
            end=datetime.fromtimestamp(end, UTC),
            truth={"storefront": requests.storefront, "orders": requests.orders, "catalogue": requests.catalogue},
            pool_in_use=pool,
        )


def import_text(url: str, text: str) -> None:
    """Import OpenMetrics text, whose times are in seconds; the import wants milliseconds."""
    lines = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            sample, _, at = line.rpartition(" ")
            lines.append(f"{sample} {round(float(at) * 1000)}")
    answer = httpx2.post(f"{url}/api/v1/import/prometheus", content="\n".join(lines).encode() + b"\n", timeout=60)
    assert answer.status_code in (200, 204), answer.text
    for path in ("/internal/force_flush", "/internal/resetRollupResultCache"):
        with urllib.request.urlopen(url + path, timeout=30):
            pass
