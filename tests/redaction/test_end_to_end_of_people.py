"""Secrets in what people and other services say are in no byte: queries, notes, judgements, alerts, policies, settings.

Each text gets a secret of its own; the store, exports, audit trail and all that was printed are searched.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fuzz.bases import ALERTS, bundle
from test_end_to_end import FORMS, _files, _write, secret

from cockpit.cli import main

POLICY = """\
policy:
  require_approval_for: [write]
  rules:
    - name: "%s"
      match: {resource: "%s"}
      verdict: %s
"""


def _said(number: int) -> str:
    return f"look, {FORMS[number % len(FORMS)].format(secret(number))} and so on"


def _alert(folder: Path, number: int) -> Path:
    path = folder / "input" / f"alert-{number}.json"
    path.parent.mkdir(exist_ok=True)
    alert = json.loads(json.dumps(ALERTS[number % len(ALERTS)]))
    alert["note"], alert["commonAnnotations"] = _said(number), {"summary": _said(number + 1)}
    path.write_text(json.dumps(alert))
    return path


def _policy(folder: Path, number: int, verdict: str) -> Path:
    path = folder / "input" / f"policy-{number}.yaml"
    path.write_text(POLICY % (_said(number).replace('"', "'"), _said(number + 1).replace('"', "'"), verdict))
    return path


def _configuration(folder: Path) -> Path:
    path = folder / "input" / "config.yaml"
    sources = {"prod": {"backend": "prometheus", "url": f"http://ops:{secret(40)}@127.0.0.1:9"}, "odd": _said(41)}
    path.write_text(json.dumps({"sources": sources, "token": secret(42)}))
    return path


def test_a_secret_that_somebody_says_is_in_no_byte(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place = _write(tmp_path / "b", bundle())
    first, second = _alert(tmp_path, 20), _alert(tmp_path, 22)
    nothing = ["--prometheus", "http://127.0.0.1:9"]
    for words in (
        ["investigate", _said(1), "--incident", place, "--json"],
        ["note", "florist", _said(2)],
        ["judge", "florist", "--add", _said(3), "--about", "ribbon", "--because", _said(4)],
        ["judge", "florist", "--exclude", _said(5), "--because", _said(6)],
        ["judge", "florist", "--exclude", "shelf", "--because", _said(7)],
        ["judge", "florist", "--add", json.dumps({"kind": "log", "resource": "ribbon", "text": _said(8)})],
        ["report", "florist"],
        ["replay", "florist", "--plain"],
        ["replay", "florist", "--plain", "--at", _said(9)],
        ["audit", "show", "florist"],
        ["audit", "export", "florist"],
        ["audit", "export", "florist", "--format", "csv"],
        ["remediate", "--plan-id", "florist", "--dry-run", *nothing],
        ["remediate", "--plan-id", "florist", "--action", _said(10), *nothing],
        ["approve", "florist", _said(11)],
        ["close", "florist", "--because", _said(12)],
        ["export", "florist", tmp_path / "again"],
        ["import", tmp_path / "again", "--store", tmp_path / "other.db"],
        ["incidents", "--json"],
        ["investigate", "--alert", first, *nothing, "--json"],
        ["investigate", _said(13), "--alert", second, *nothing, "--plain"],
        ["investigate", _said(14), "--source", _said(15)],
        ["record", tmp_path / "recorded", "--query", _said(16), *nothing],
        ["intake", "try", first],
        ["intake", "try", second, "--json"],
        [
            "policy",
            "check",
            "--file",
            _policy(tmp_path, 30, "deny"),
            "--action",
            "scale_workload",
            "--resource",
            _said(17),
        ],
        ["policy", "check", "--file", _policy(tmp_path, 32, _said(34).replace('"', "'"))],
        ["--config", _configuration(tmp_path), "doctor"],
        ["--config", _configuration(tmp_path), "investigate", _said(18)],
        ["report", _said(19)],
    ):
        # A store of its own, where none is named.
        own = [] if "--store" in words or words[0] in ("intake", "--config") else ["--store", tmp_path / "s.db"]
        main([str(word) for word in (*words, *own)])
    printed = capfd.readouterr()
    shutil.rmtree(tmp_path / "input")
    written = (printed.out + printed.err).encode() + b"".join(_files(tmp_path, besides=place))
    assert b"[redacted:" in written
    assert [number for number in range(50) if secret(number).encode() in written] == []
