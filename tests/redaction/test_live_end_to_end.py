"""Secrets in what live sources answer, at every look and through an approved action, are in no byte; nor those of alerts.

The cluster is a fake over real HTTP whose every answer has new secrets. It is investigated and watched, an action is
previewed, approved on a terminal, executed and told of; then files, terminal, notifications, log and /metrics are searched.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx2
import pytest
from test_end_to_end import FORMS, secret

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / name) for name in ("terminal", "notify", "serve")]

from cases.acting_clinic import GOOD, Clinic, configure, stamp  # noqa: E402
from cases.fake_kubernetes import Reply  # noqa: E402
from fake_receivers import Answer  # noqa: E402
from pseudo_terminal import ROOT, PseudoTerminal  # noqa: E402
from running import BEARER, alert  # noqa: E402
from test_commands import SECRET as HOOK_KEY  # noqa: E402
from test_commands import served as receiving  # noqa: E402
from test_remediate_command import WITH_CLINIC  # noqa: E402
from test_serve_command import Process  # noqa: E402

WITHIN_S = 90
SET, ANSWERED = 400, 500
"""Numbers of secrets: those of settings, and from there on those of each answer."""


class TalkativeClinic(Clinic):
    """Its Deployment has secrets in its settings, and what it says of itself has other ones at every look."""

    def __init__(self) -> None:
        self.said = ANSWERED
        super().__init__()
        container = self._deployment["spec"]["template"]["spec"]["containers"][0]
        container["env"] = [
            {"name": "DB_PASSWORD", "value": secret(SET)},
            {"name": "DATABASE_URL", "value": f"postgres://app:{secret(SET + 1)}@db.example.com/shop"},
        ]
        container["args"] = ["serve", "--token", secret(SET + 2)]
        self._deployment["metadata"]["annotations"]["kubernetes.io/change-cause"] = f"api_key={secret(SET + 3)}"

    def _say(self) -> str:
        self.said += 1
        return f"look, {FORMS[self.said % len(FORMS)].format(secret(self.said))} and so on"

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        if handler.path.partition("?")[0].endswith("/log"):
            lines = (f"{stamp(time.time() - ago)} ERROR {self._say()}" for ago in (40, 20, 5))
            return Reply(body="".join(f"{line}\n" for line in lines).encode())
        return super().reply(handler, body)

    def _rolled(self) -> dict[str, Any]:
        rolled = super()._rolled()
        condition = {"type": "Progressing", "status": "True", "reason": "Slow", "message": self._say()}
        return {**rolled, "status": {**rolled["status"], "conditions": [condition]}}

    def _lists(self) -> dict[str, list[dict[str, Any]]]:
        lists = super()._lists()
        name = lists["pods"][0]["metadata"]["name"]
        for pod in lists["pods"]:
            pod["status"]["message"] = self._say()
        about = {"kind": "Pod", "namespace": "clinic", "name": name}
        event = {
            "metadata": {"name": f"{name}.1", "namespace": "clinic", "uid": "uid-event"}, "involvedObject": about,
            "type": "Warning", "reason": "Unhealthy", "message": f"Readiness probe failed: {self._say()}", "count": 9,
            "firstTimestamp": stamp(time.time() - 900), "lastTimestamp": stamp(time.time() - 5),
        }  # fmt: skip
        return {**lists, "events": [event]}


def _bytes(folder: Path, *given: Path) -> bytes:
    """All names and contents of files in a folder but those that hold what was planted."""
    files = [path for path in folder.rglob("*") if path.is_file() and not any(map(path.is_relative_to, given))]
    return b"".join(path.name.encode() + path.read_bytes() for path in files)


def _leaked(written: bytes, numbers: Iterator[int] | range) -> list[int]:
    return [number for number in numbers if secret(number).encode() in written]


@pytest.fixture
def clinic() -> Iterator[TalkativeClinic]:
    server = TalkativeClinic()
    yield server
    server.close()


class Desk:
    """A person's terminal: the commands and all that they printed."""

    def __init__(self, clinic: Clinic, folder: Path, hook: str) -> None:
        config = configure(clinic, folder)
        told = {"allow_hosts": ["127.0.0.1"], "receivers": {"hook": {"kind": "webhook", "url": f"{hook}/hook"}}}
        rules = [{"name": "all", "to": ["hook"]}]
        config.write_text(json.dumps(json.loads(config.read_text()) | {"notifications": told | {"rules": rules}}))
        self.environment = {"CLOUDOPS_CONFIG": str(config), "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
        self.printed = b""

    def start(self, *words: str) -> PseudoTerminal:
        command = (sys.executable, "-c", WITH_CLINIC, *words)
        return PseudoTerminal(*command, columns=160, lines=70, environment=self.environment)

    def run(self, *words: str) -> str:
        with self.start(*words) as terminal:
            terminal.wait(WITHIN_S)
            self.printed += bytes(terminal.raw)
        return bytes(terminal.raw).decode()


def test_a_secret_is_in_no_byte_through_refreshes_and_an_approved_action(
    clinic: TalkativeClinic, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDOPS_WEBHOOK_SECRET", HOOK_KEY)
    with receiving(lambda _: Answer(204)) as (hook, asked):
        desk = Desk(clinic, short_path, hook)
        watch = ("--events", "--watch", "--watch-every", "1", "--notify")
        with desk.start("investigate", "booking is slow in clinic", *watch) as terminal:
            terminal.wait_for(lambda _: terminal.raw.count(b"reading_taken") >= 3, WITHIN_S)
            terminal.signal(signal.SIGINT)
            terminal.wait(WITHIN_S)
            desk.printed += bytes(terminal.raw)
        execution = re.findall(r"exec-[0-9a-f]+", bytes(terminal.raw).decode())[-1]
        desk.run("remediate", "--plan-id", execution, "--action", "RollbackDeployment", "--dry-run")
        with desk.start("remediate", "--plan-id", execution, "--action", "RollbackDeployment") as terminal:
            terminal.wait_for("Proceed? [y/n]:", WITHIN_S)
            terminal.press("y\n")
            terminal.wait_for("Remediation Complete", WITHIN_S)
            terminal.wait(WITHIN_S)
            desk.printed += bytes(terminal.raw)
        assert clinic.image == GOOD
        for words in (
            ("report", execution, "--format", "html"), ("report", execution), ("replay", execution, "--plain"),
            ("audit", "show", execution), ("audit", "export", execution), ("export", execution, str(short_path / "again")),
            ("notifications", "list"), ("incidents", "--json"), ("record", str(short_path / "r"), "--query", "booking"),
        ):  # fmt: skip
            desk.run(*words)
        told = b"".join(request.path.encode() + request.body for request in asked)
    written = desk.printed + told + _bytes(short_path, short_path / "config.yaml", short_path / "kube")
    assert clinic.said > ANSWERED + 50
    assert told
    for seen in (b"[redacted:", b"Readiness probe failed", b"rollback", b"DB_PASSWORD"):
        assert seen in written, seen
    assert _leaked(written, range(SET, clinic.said + 1)) == []
    assert HOOK_KEY.encode() not in written


def test_a_secret_of_an_alert_is_in_no_byte_of_the_service(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDOPS_WEBHOOK_SECRET", HOOK_KEY)
    said = [f"look, {form.format(secret(number))} and so on" for number, form in enumerate(FORMS, start=SET)]
    with receiving(lambda _: Answer(204)) as (hook, asked):
        process = Process(short_path)
        config = short_path / "config.yaml"
        receiver = f"hook: {{kind: webhook, url: '{hook}/hook'}}"
        config.write_text(
            f"{config.read_text()}\nnotifications:\n  allow_hosts: [127.0.0.1]\n"
            f"  receivers: {{{receiver}}}\n  rules: [{{name: all, to: [hook]}}]\n"
        )
        process.start()
        printed = b""
        try:
            document = alert(said[0], service=said[1], instance=said[2])
            document["alerts"][0]["annotations"] |= {"summary": said[3], "description": said[4], "runbook_url": said[5]}
            document["alerts"][0]["generatorURL"] = f"http://p.example.com/graph?token={secret(SET + 6)}"
            document["commonLabels"] = {"note": said[7]}
            document["groupKey"] = f'{{}}/{{note="{said[7]}"}}:{{alertname="{said[0]}"}}'
            assert process.send("first", document) == 202
            assert process.send("first", {"alerts": [{"status": said[8]}]}) == 202
            process.logged("an investigation began")
            with httpx2.Client(trust_env=False) as http:
                url = f"http://127.0.0.1:{process.port}"
                refused = http.post(f"{url}/webhooks/first", json={"a": said[9]}, headers={"Authorization": said[9]})
                answers = [refused, *(http.get(f"{url}/{page}") for page in ("metrics", "readyz"))]
                answers.append(http.post(f"{url}/webhooks/{secret(SET + 9)}", json={}, headers=BEARER))
            printed = b"".join(answer.content for answer in answers)
            deadline = time.monotonic() + 60
            while not asked and time.monotonic() < deadline:
                time.sleep(0.1)
            for words in (["on-call", "--json"], ["incidents", "--json"], ["notifications", "list"], ["doctor"]):
                done = subprocess.run(process.command(*words), cwd=ROOT, capture_output=True, check=False, timeout=60)
                printed += done.stdout + done.stderr
        finally:
            process.end(signal.SIGTERM)
        told = b"".join(request.body for request in asked)
    assert told
    written = printed + told + _bytes(short_path, config, short_path / "token")
    assert b"[redacted:" in written
    assert b"cloudops_deliveries_total" in written
    assert _leaked(written, range(SET, SET + 10)) == []
