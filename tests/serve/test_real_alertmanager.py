"""The real Prometheus and Alertmanager: an alert fires, and an investigation begins; by webhook and by pull."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from prometheus_system import prometheus_server, serving_process
from running import TOKEN, Running, settings, started, until

from primitives.sources import SourceDirectory, define_source

pytestmark = pytest.mark.parts("prometheus", "prometheus-alertmanager")

_RULES = """
groups:
- name: harbour
  interval: 200ms
  rules:
  - alert: NoLights
    expr: vector(1) > 0
    labels: {service: pier-lights, severity: page}
    annotations: {summary: "pier 4 is dark"}
"""
_PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 200ms}}
rule_files: [{rules}]
alerting:
  alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]
"""
_ALERTMANAGER = """
route: {{receiver: cloudops, group_by: [alertname], group_wait: 100ms, group_interval: 200ms, repeat_interval: 1s}}
receivers:
- name: cloudops
  webhook_configs: [{hook}]
"""
_HOOK = """
  - url: {url}/webhooks/alertmanager
    http_config: {{authorization: {{credentials: "{token}"}}}}
"""


@contextmanager
def alertmanager(folder: Path, hook: str = "") -> Iterator[str]:
    config = folder / "alertmanager.yml"
    text = _ALERTMANAGER.format(hook="").replace("[]", "[]" if not hook else "\n" + hook.strip("\n"))
    config.write_text(text)
    command = [
        "prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder / 'am'}",
        "--cluster.listen-address=",
    ]  # fmt: skip
    with serving_process(command, "--web.listen-address", "/-/ready", folder / "alertmanager.log") as (url, _):
        yield url


@contextmanager
def firing_prometheus(folder: Path, alertmanager_url: str) -> Iterator[str]:
    rules = folder / "rules.yml"
    rules.write_text(_RULES)
    config = _PROMETHEUS.format(rules=rules, alertmanager=alertmanager_url.removeprefix("http://"))
    # It sends an alert once before it has found its Alertmanagers, and usually again only after a minute.
    flags = ("--rules.alert.resend-delay=200ms",)
    with prometheus_server(folder / "prometheus", config=config, flags=flags) as (url, _):
        yield url


def ask(service: Running, url: str) -> None:
    """Let investigations ask that Prometheus alone."""
    definition = define_source("metrics", {"kind": "prometheus", "url": url}, {})
    service.engine.sources = SourceDirectory(definitions={"metrics": definition})


async def test_a_webhook_of_the_real_alertmanager(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    async with started(short_path) as service:
        hook = _HOOK.format(url=f"http://127.0.0.1:{service.service.port}", token=TOKEN)
        with alertmanager(short_path, hook) as manager, firing_prometheus(short_path, manager) as metrics:
            ask(service, metrics)
            (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
            assert (group.title, group.service, group.severity) == ("NoLights", "pier-lights", "critical")
            # It goes on to fire, and stays the same alert of the same incident.
            (group,) = await service.groups(lambda groups: groups[0].deliveries >= 2)
            assert (group.alerts, group.turns, group.provider_group) == (1, 0, '{}:{alertname="NoLights"}')
            assert len(await service.engine.incidents()) == 1
            assert group.execution_id is not None
            state = await service.engine.state(group.execution_id)
            assert state.opened is not None
            assert state.opened.alert["commonLabels"]["service"] == "pier-lights"


async def test_a_pull_from_the_real_alertmanager(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    with alertmanager(short_path) as manager:
        pull = {"manager": {"kind": "alertmanager", "url": manager, "every_s": 0.2}}
        chosen = settings(listen=None, webhooks={}, pull=pull)
        async with started(short_path, chosen) as service:
            assert service.service.port is None
            with firing_prometheus(short_path, manager) as metrics:
                ask(service, metrics)
                (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
                assert (group.title, group.service, group.channel) == ("NoLights", "pier-lights", "manager")
        async with started(short_path, chosen) as service:
            # It goes on where it stopped: nothing is new, and what is listed no more is over.
            (group,) = service.desk.groups
            deliveries = group.deliveries
            async with httpx2.AsyncClient(base_url=manager) as http:
                listed = (await http.get("/api/v2/alerts")).json()
                ended = [{"labels": each["labels"], "endsAt": "2026-01-01T00:00:00Z"} for each in listed]

                async def over() -> bool:
                    await http.post("/api/v2/alerts", json=ended)
                    return not service.desk.groups[0].open

                await until(over)
            assert service.desk.groups[0].deliveries == deliveries + 1
            assert len(await service.engine.incidents()) == 1
