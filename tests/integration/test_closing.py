"""`cloudops close`: the incident ends for good, says who ended it and why, and takes nothing more."""

from __future__ import annotations

import json

import pytest

from cockpit.cli import main


@pytest.fixture
def stored(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["investigate", "--incident", "api-latency-spike", "--json"]) == 0
    return str(json.loads(capsys.readouterr().out)["execution_id"])


def test_a_closed_incident_says_so_and_takes_no_judgement(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["close", stored, "--because", "rolled back at 14:52"]) == 0
    assert capsys.readouterr().err == f"{stored} is closed\n"
    assert main(["incidents", "--json"]) == 0
    (incident,) = json.loads(capsys.readouterr().out)
    assert incident["phase"] == "closed"
    assert main(["incidents"]) == 0
    assert " closed " in capsys.readouterr().out
    assert main(["replay", stored, "--plain"]) == 0
    assert "rolled back at 14:52" in capsys.readouterr().out
    assert main(["judge", stored, "--pin", "F1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "closed" in line
    assert main(["close", stored]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "closed" in line


def test_what_is_not_stored_cannot_be_closed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["close", "exec-00000000"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
