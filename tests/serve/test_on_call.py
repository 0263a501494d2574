"""What a person on call sees and hears."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from running import TOKEN, alert, started

from cockpit.cli import main
from cockpit.on_call import Bell, text_of
from engine.alerts import AlertGroup

NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)


def group(name: str, **fields: object) -> AlertGroup:
    document = {
        "id": name, "title": f"trouble of {name}", "provider": "plain", "channel": "any", "state": "noted",
        "opened_at": NOW - timedelta(minutes=5), "last_at": NOW, "incident_id": "inc-00000000", "severity": "warning",
        "alerts": 1, "firing": 1, **fields,
    }  # fmt: skip
    return AlertGroup.model_validate(document)


def test_what_nobody_has_taken_stands_first_and_what_is_escalated_before_it() -> None:
    groups = [
        group("grp-over", ended_at=NOW),
        group("grp-info", severity="info"),
        group("grp-worst", severity="critical"),
        group("grp-old", escalated_at=NOW),
        group("grp-mine", taken_by="ana"),
    ]
    lines = text_of(groups, {}, NOW).splitlines()
    names = [line.split()[0] for line in lines if line.startswith("grp-")]
    assert names == ["grp-old", "grp-worst", "grp-info", "grp-mine", "grp-over"]
    assert "Nobody has taken (3)" in lines
    assert any("warning !" in line for line in lines)


def test_the_bell_rings_once_for_what_is_new_and_each_minute_for_what_is_escalated() -> None:
    bell = Bell()
    assert bell.due([group("grp-1")], NOW)
    assert not bell.due([group("grp-1")], NOW + timedelta(minutes=2))
    assert bell.due([group("grp-1"), group("grp-2")], NOW + timedelta(minutes=3))
    escalated = group("grp-1", escalated_at=NOW)
    assert bell.due([escalated], NOW + timedelta(minutes=4))
    assert not bell.due([escalated], NOW + timedelta(minutes=4, seconds=30))
    assert bell.due([escalated], NOW + timedelta(minutes=5))


@pytest.mark.parametrize("fields", [{"severity": "info"}, {"taken_by": "ana"}, {"ended_at": NOW}])
def test_the_bell_is_silent_for_what_informs_is_taken_or_over(fields: dict[str, object]) -> None:
    assert not Bell().due([group("grp-1", escalated_at=NOW, **fields)], NOW)


async def test_without_a_service_running_the_list_is_still_there(
    short_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    async with started(short_path) as service:
        await service.send(alert("Slow\x1b[31mTickets"))
        (opened,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
        await service.send(b"{")

    def command(*words: str) -> tuple[int, str]:
        code = main(["on-call", *words, "--store", str(short_path / "incidents.db")])
        return code, capsys.readouterr().out

    code, shown = await asyncio.to_thread(command)
    assert code == 0
    assert "Nobody has taken (1)" in shown
    assert "SlowTickets" in shown
    assert "\x1b" not in shown
    code, shown = await asyncio.to_thread(command, "--take", opened.incident_id)
    assert shown.startswith(f"{opened.id} is yours (")
    code, shown = await asyncio.to_thread(command, "--json")
    (document,) = json.loads(shown)
    assert document["taken_by"]
    assert document["top_cause"]
    code, shown = await asyncio.to_thread(command, "--payload", opened.id)
    assert json.loads(shown)[0]["receiver"] == "cloudops"
    assert (
        await asyncio.to_thread(
            lambda: main(["on-call", "--take", "grp-none", "--store", str(short_path / "incidents.db")])
        )
        == 2
    )
    assert await asyncio.to_thread(lambda: main(["doctor", "--store", str(short_path / "incidents.db"), "--json"])) == 0
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["alerts"]["status"] == "warning"
    assert "it is not JSON" in checks["alerts"]["detail"]
