"""`cloudops serve` as a process: its log, its signals, and what a kill leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from running import BEARER, TOKEN, alert

ROOT = Path(__file__).parents[2]
CONFIG = """
serve:
  listen: 127.0.0.1:0
  webhooks:
    {name}: {{provider: alertmanager, secret_files: [{folder}/token]}}
sources: {{spans: {{kind: otlp_files, path: {folder}/spans}}}}
"""


class Process:
    """The command, its log and its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "spans").mkdir(exist_ok=True)
        (folder / "spans" / "traces.jsonl").touch()
        (folder / "token").write_text(TOKEN + "\n")
        self.configure("first")
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, name: str) -> None:
        (self.folder / "config.yaml").write_text(CONFIG.format(name=name, folder=self.folder))

    def command(self, *words: str) -> list[str]:
        options = ["--config", str(self.folder / "config.yaml"), "--store", str(self.folder / "incidents.db")]
        return [sys.executable, "-m", "cockpit", *words, *options]

    def start(self) -> None:
        self.log = self.folder / "log"
        with self.log.open("wb") as log:
            environment = {**os.environ, "HOME": str(self.folder)}
            self.process = subprocess.Popen(self.command("serve"), cwd=ROOT, env=environment, stderr=log)
        self.port = self.logged("serving")["port"]

    def lines(self) -> list[dict[str, Any]]:
        whole = self.log.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def logged(self, event: str, times: int = 1) -> dict[str, Any]:
        """The line of the log that says `event`, once it is there so many times."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            lines = [line for line in self.lines() if line["event"] == event]
            if len(lines) >= times:
                return lines[-1]
            assert self.process is not None
            assert self.process.poll() is None or event == "stopped", self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"{event} was never logged: {self.log.read_text()}")

    def send(self, path: str, document: Any) -> int:
        with httpx2.Client(trust_env=False) as http:
            answer = http.post(f"http://127.0.0.1:{self.port}/webhooks/{path}", json=document, headers=BEARER)
        return answer.status_code

    def end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def on_call(self) -> list[dict[str, Any]]:
        done = subprocess.run(self.command("on-call", "--json"), cwd=ROOT, capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.fixture
def served(short_path: Path) -> Iterator[Process]:
    process = Process(short_path)
    process.start()
    yield process
    if process.process is not None and process.process.poll() is None:
        process.process.kill()
        process.process.wait(60)


def test_it_stops_in_order_and_its_log_has_no_secret(served: Process) -> None:
    assert served.send("first", alert()) == 202
    assert served.send("first", {"alerts": [{"status": f"token={TOKEN}"}]}) == 202
    served.logged("an investigation began")
    (group,) = served.on_call()
    assert group["title"] == "SlowTickets"
    assert served.end(signal.SIGTERM) == 0
    assert served.logged("stopped")["level"] == "info"
    assert TOKEN not in served.log.read_text()
    assert not (served.folder / "incidents.db.sock").exists()


def test_what_was_answered_outlives_a_kill(served: Process) -> None:
    for number in range(20):
        assert served.send("first", alert(f"Slow{number}", service="ticket-api")) == 202
    served.end(signal.SIGKILL)
    served.start()
    served.logged("an investigation began") if not served.on_call()[0]["execution_id"] else None
    deadline = time.monotonic() + 60
    while (groups := served.on_call())[0]["state"] != "investigated" or groups[0]["alerts"] < 20:
        assert time.monotonic() < deadline, groups
    (group,) = groups
    assert group["alerts"] == 20


def test_the_configuration_is_read_again(served: Process) -> None:
    served.configure("second")
    assert served.process is not None
    served.process.send_signal(signal.SIGHUP)
    served.logged("the configuration was read again")
    assert served.send("second", alert()) == 202
    assert served.send("first", alert()) == 404
    (served.folder / "config.yaml").write_text("serve: {listen: nowhere}")
    served.process.send_signal(signal.SIGHUP)
    line = served.logged("the configuration was not read again")
    assert "expected HOST:PORT" in line["error"]
    assert served.send("second", alert()) == 202


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("serve: {listen: 127.0.0.1}", "serve.listen: expected HOST:PORT"),
        ("serve: {webhooks: {x: {provider: fax}}}", "serve.webhooks.x: `provider` is one of"),
        ("serve: {webhooks: {x: {provider: github}}}", "name where its secret is"),
        ("serve: {webhooks: {x: {provider: aws}}}", "name the `topics` that may send"),
        ("serve: {webhooks: {x: {provider: grafana, secret_variables: [NONE]}}}", "need an address to `listen` on"),
        (
            "serve: {listen: '127.0.0.1:0', webhooks: {x: {provider: grafana, secret_variables: [NONE]}}}",
            "serve.webhooks.x: the environment variable NONE holds no secret",
        ),
        ("serve: {pull: {x: {kind: sqs}}}", "`kind: sqs` needs `queue_url`"),
        ("serve: {colour: red}", "serve.colour: Extra inputs"),
        ("serve: {listen: '127.0.0.1:0', tls: {certificate: none.pem, key: none.pem}}", "can't be used"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, expected: str
) -> None:
    from cockpit.cli import main

    (tmp_path / "config.yaml").write_text(text)
    assert main(["serve", "--config", str(tmp_path / "config.yaml"), "--store", str(tmp_path / "s.db"), "--check"]) == 2
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1
