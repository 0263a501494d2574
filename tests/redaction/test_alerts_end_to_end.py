"""Secrets in the alerts that Alertmanager, Grafana, PagerDuty and Datadog list are in no byte of a service that asks them.

Each text of each answer has a secret of its own, at every look new ones: first of answers that are refused or make no
sense, then of alerts that come and go. Then files, log, notifications and all that was printed are searched.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cases.fake_server import FakeServer, Reply
from test_end_to_end import FORMS, secret

sys.path += [str(Path(__file__).parents[1] / name) for name in ("notify", "serve")]

from fake_receivers import Answer
from running import TOKEN
from test_commands import SECRET as HOOK_KEY
from test_commands import served as receiving
from test_serve_command import ROOT, Process

WITHIN_S = 120
SOURCES = ("alertmanager", "grafana", "pagerduty", "datadog")
CONFIG = """
notifications:
  allow_hosts: [127.0.0.1]
  receivers: {{hook: {{kind: webhook, url: '{hook}/hook'}}}}
  rules: [{{name: all, to: [hook]}}]
serve:
  pull:
{pulls}
sources: {{spans: {{kind: otlp_files, path: {folder}/spans}}}}
"""


class Talkative(FakeServer):
    """Lists alerts for who asks; the first two answers of each path are none. `ended`: nothing fires any more."""

    def __init__(self) -> None:
        self.said = 0
        self.asked: dict[str, int] = {}
        self.ended = False
        self.documents: dict[str, Callable[[], Any]] = {
            "/api/v2/alerts": self._alerts,
            "/api/alertmanager/grafana/api/v2/alerts": self._alerts,
            "/incidents": lambda: {"incidents": [] if self.ended else [self._incident(number) for number in range(3)]},
            "/api/v1/monitor": lambda: [] if self.ended else [self._monitor(number) for number in range(3)],
        }
        super().__init__()

    def secret(self) -> str:
        self.said += 1
        return secret(self.said)

    def say(self) -> str:
        return f"look, {FORMS[(self.said + 1) % len(FORMS)].format(self.secret())} and so on"

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        path = handler.path.partition("?")[0]
        times = self.asked[path] = self.asked.get(path, 0) + 1
        if times == 1:
            return Reply(500, json.dumps({"message": self.say(), "error": self.say()}).encode())
        if times == 2:
            return Reply(body=json.dumps({"message": self.say(), "errors": [self.say()]}).encode())
        return Reply(body=json.dumps(self.documents[path]()).encode())

    def _alerts(self) -> list[dict[str, Any]]:
        # The first stays the same alert; the others are new ones at each look.
        return [] if self.ended else [self._alert("3f2a9c" if not number else self.say()) for number in range(3)]

    def _alert(self, fingerprint: str) -> dict[str, Any]:
        link = f"http://p.example.com/graph?access_token={self.secret()}"
        return {
            "labels": {"alertname": f"Late {self.say()}", "severity": "page", "service": self.say(), "note": self.say()},
            "annotations": {"summary": self.say(), "description": self.say(), "runbook_url": link, self.say(): "x"},
            "generatorURL": f"http://ops:{self.secret()}@p.example.com/graph", "fingerprint": fingerprint,
            "receivers": [{"name": self.say()}],
            "status": {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": [self.say()]},
            "startsAt": "2026-03-10T14:44:00Z", "endsAt": self.say(), "updatedAt": self.say(),
        }  # fmt: skip

    def _incident(self, number: int) -> dict[str, Any]:
        return {
            "id": self.say() if number else "PGR0VU2", "status": "triggered", "title": f"Sales are slow: {self.say()}",
            "incident_key": self.say(), "description": self.say(), "created_at": "2026-03-10T14:44:27Z",
            "html_url": f"https://example.pagerduty.com/incidents/P?api_key={self.secret()}",
            "service": {"id": self.say(), "summary": self.say()}, "priority": {"summary": self.say()},
            "assignees": [{"summary": self.say()}],
        }  # fmt: skip

    def _monitor(self, number: int) -> dict[str, Any]:
        return {
            "id": self.say() if number else 91498, "name": f"Errors {self.say()}", "overall_state": "Alert",
            "message": self.say(), "query": self.say(), "priority": 2, "overall_state_modified": self.say(),
            "tags": [f"service:{self.say()}", f"env:{self.say()}", self.say()], "creator": {"name": self.say()},
        }  # fmt: skip


def _bytes(folder: Path, *given: Path) -> bytes:
    files = [path for path in folder.rglob("*") if path.is_file() and path not in given]
    return b"".join(path.name.encode() + path.read_bytes() for path in files)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_secret_of_an_alert_that_was_asked_for_is_in_no_byte(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDOPS_WEBHOOK_SECRET", HOOK_KEY)
    monkeypatch.setenv("API_TOKEN", TOKEN)
    server, printed = Talkative(), b""
    process = Process(short_path)
    config = short_path / "config.yaml"
    with receiving(lambda _: Answer(204)) as (hook, told):
        pulls = "".join(
            f"    from-{kind}: {{kind: {kind}, url: '{server.url}', every_s: 0.5, secret_variables: [API_TOKEN]}}\n"
            for kind in SOURCES
        )
        config.write_text(CONFIG.format(hook=hook, pulls=pulls, folder=short_path))
        process.log = short_path / "log"
        with process.log.open("wb") as log:
            process.process = subprocess.Popen(process.command("serve"), cwd=ROOT, stderr=log)
        try:
            process.logged("an investigation began", times=2)
            _until(lambda: len(server.asked) == len(SOURCES) and min(server.asked.values()) >= 5)
            server.ended = True
            _until(lambda: bool(told))
            for words in (["on-call", "--json"], ["incidents", "--json"], ["notifications", "list"], ["doctor"]):
                done = subprocess.run(process.command(*words), cwd=ROOT, capture_output=True, check=False, timeout=60)
                printed += done.stdout + done.stderr
        finally:
            process.end(signal.SIGTERM)
            server.close()
        sent = b"".join(request.path.encode() + request.body for request in told)
    written = printed + sent + _bytes(short_path, config, short_path / "token")
    assert server.said > 200
    for seen in (b"look, ", b"[redacted:", b"Sales are slow", b"can't be asked for"):
        assert seen in written, seen
    assert [number for number in range(1, server.said + 1) if secret(number).encode() in written] == []
    assert TOKEN.encode() not in written
