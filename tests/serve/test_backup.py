"""A copy of the store while it is used."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from running import Running, alert

from cockpit.cli import main
from engine.host import ServedEngine


async def test_a_copy_made_while_alerts_come_in_is_whole(
    service: Running, short_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await service.send(alert())
    await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")

    async def sending() -> None:
        for number in range(60):
            await service.send(alert(service=f"service-{number % 4}", name=f"Slow{number}"))

    busy = asyncio.create_task(sending())
    store, copy = short_path / "incidents.db", short_path / "copy"
    code = await asyncio.to_thread(main, ["backup", str(copy), "--store", str(store)])
    await busy
    assert code == 0
    files = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [file.name for file in files] == ["incidents.db", "incidents.db.heads", "incidents.db.inbox"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert await asyncio.to_thread(main, ["backup", str(copy), "--store", str(store)]) == 2
    assert "is there already" in capsys.readouterr().err
    engine = await ServedEngine.serve(copy / "incidents.db")
    try:
        verdicts = await engine.verify()
        assert verdicts
        assert all(verdict.ok for verdict in verdicts)
        assert {group.title for group in await engine.alert_groups()} >= {"SlowTickets"}
    finally:
        await engine.close()


def test_there_is_nothing_to_copy_where_there_is_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", str(tmp_path / "copy"), "--store", str(tmp_path / "none.db")]) == 2
    assert "nothing to copy" in capsys.readouterr().err
