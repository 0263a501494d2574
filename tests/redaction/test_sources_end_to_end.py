"""Secrets in what Prometheus, Loki, Jaeger, Tempo and OTLP files answer are in no byte that is written or printed.

Each text that such a source may answer has a secret of its own, at every answer new ones. The sources are investigated,
recorded and examined; then stores, recordings, exports and all that was printed are searched.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cases import fake_loki, fake_traces
from cases.fake_loki import FakeLoki, line
from cases.fake_prometheus import FakePrometheus, error, success
from cases.fake_server import FakeServer, Reply
from cases.fake_traces import FakeJaeger, FakeSpan, FakeTempo, otlp
from test_end_to_end import FORMS, _files, secret

from cockpit.cli import main

KINDS = ("prometheus", "loki", "jaeger", "tempo", "otlp_files")
MAPPING = """\
service_labels: [job]
metrics: [{series: requests, name: requests, kind: traffic, unit: "PLANTED"}]
"""


class Said:
    """Sentences, each with a secret of its own."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self) -> str:
        self.number += 1
        return f"look, {FORMS[self.number % len(FORMS)].format(secret(self.number))} and so on"


def _talkative(said: Said, path: str, query: str) -> Reply:
    now = time.time()
    labels = {"job": "till", "note": said(), "pod": "till-7d9f8c6b5-x2x4z", "version": said()}
    if path.endswith("/values"):
        return success(["up", "requests", "http_requests_total", "till_build_info"])
    if path.endswith("/buildinfo"):
        return success({"version": said()})
    if path.endswith("/alerts"):
        alert = {"labels": {"alertname": "Late", "job": "till", "detail": said()}, "annotations": {"summary": said()}}
        return success({"alerts": [{**alert, "state": "firing", "activeAt": "2026-03-10T12:05:00Z", "value": "4e+00"}]})
    if "error" in query or len(query) % 5 == 0:
        return error(422, "execution", said())
    if path.endswith("/query"):
        return success(
            {"resultType": "vector", "result": [{"metric": labels, "value": [now, "40"]}]}, warnings=[said()]
        )
    if path.endswith("/series"):
        return success([labels])
    values = [[now - 30 * at, str(100 + at % 7 + 900 * (at < 9))] for at in range(240, 0, -1)]
    return success({"resultType": "matrix", "result": [{"metric": labels, "values": values}]}, warnings=[said()])


def _spans(said: Said) -> list[FakeSpan]:
    return [
        FakeSpan(
            f"{at // 2:032x}", f"{at + 1:016x}", ("till", "ledger")[at % 2], f"GET /pay {said()}" if at > 50 else "GET /pay",
            30.0 * at, 0.2, f"{at:016x}" if at % 2 else "", failed=at < 9, resource={"host.name": said()},
            attributes={"http.url": said(), "db.statement": said(), "exception.message": said(), "http.status_code": "500"},
        )
        for at in range(60)
    ]  # fmt: skip


@contextmanager
def _source(kind: str, said: Said, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The settings of a source whose answers are full of secrets."""
    now = datetime.now(UTC)
    for module in (fake_loki, fake_traces):
        monkeypatch.setattr(module, "NOW", now)
    monkeypatch.setattr(fake_traces, "NOW_US", int(now.timestamp() * 1_000_000))
    if kind == "otlp_files":
        path = folder / "traces.jsonl"
        path.write_text("".join(json.dumps({"resourceSpans": [part]}) + "\n" for part in otlp(_spans(said))))
        yield {"kind": kind, "path": str(path)}
        return
    server: FakeServer
    if kind == "prometheus":
        server = prometheus = FakePrometheus()
        prometheus.answer = lambda path, query: _talkative(said, path, query)
    elif kind == "loki":
        labels = {"detected_level": "error", "note": said()}
        server = loki = FakeLoki(
            line(30 * at, f"failed: {said()}", labels, app="till", zone=said()) for at in range(60)
        )
        loki.patterns = [{"pattern": said(), "level": "error", "samples": [[int(now.timestamp()), 9]]}]
    else:
        server = (FakeJaeger if kind == "jaeger" else FakeTempo)(_spans(said))
    try:
        yield {"kind": kind, "url": server.url}  # type: ignore[attr-defined]
    finally:
        server.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_that_a_source_answers_is_in_no_byte(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said, given, out = Said(), tmp_path / "given", tmp_path / "out"
    given.mkdir()
    out.mkdir()
    (given / "mapping.yaml").write_text(MAPPING.replace("PLANTED", f"password={secret(900)}"))
    with _source(kind, said, given, monkeypatch) as settings:
        if kind == "prometheus":
            settings["mapping"] = str(given / "mapping.yaml")
        (given / "c.yaml").write_text(json.dumps({"sources": {"prod": settings}}))
        place = ["--config", str(given / "c.yaml"), "--store", str(out / "s.db")]
        main(["investigate", "till is slow since 10 minutes", "--json", *place])
        report = json.loads(capfd.readouterr().out)
        for words in (
            ["record", out / "r.incident", "--query", said()],
            ["doctor"],
            ["report", report["execution_id"], "--format", "html"],
            ["replay", report["execution_id"], "--plain"],
            ["export", report["execution_id"], out / "again"],
            ["investigate", "--incident", out / "r.incident", "--events"],
            ["investigate", "till is slow", "--explain"],
        ):
            main([*map(str, words), *place])
    printed = capfd.readouterr()
    written = (json.dumps(report) + printed.out + printed.err).encode() + b"".join(_files(out, besides=given))
    assert said.number > 50
    for seen in (b"till", b"look, ", b"[redacted:"):
        assert seen in written, seen
    assert [number for number in (*range(said.number + 1), 900) if secret(number).encode() in written] == []
