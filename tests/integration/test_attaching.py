"""While one process has the store, others of the same account see the same events in the same order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.events import Event
from engine.follow_to_end import follow_investigation
from engine.host import ServedEngine, connect, engine_in_thread
from engine.investigate.investigation import Investigation
from engine.port import Cancel, ConfirmPlan, EnginePort, Investigate
from engine.remote import RemoteEngine
from engine.wire import socket_path
from primitives.errors import StoreBusy, UsageError

SAMPLE = Path(__file__).parents[2] / "sample_incidents" / "api-latency-spike"


async def everything(port: EnginePort, execution_id: str) -> list[Event]:
    return [event async for batch in follow_investigation(port, execution_id) for event in batch]


async def test_a_follower_over_the_socket_sees_what_the_engine_wrote(short_path: Path) -> None:
    store = short_path / "store.db"
    engine = await ServedEngine.serve(store)
    try:
        far = RemoteEngine(store)
        execution_id = await far.investigate(Investigate(bundle=str(SAMPLE), confirm=True))
        followers = [asyncio.create_task(everything(far, execution_id)) for _ in range(3)]
        while (await far.state(execution_id)).phase != "planned":
            await asyncio.sleep(0.01)
        assert (await far.incidents())[0].running
        await far.send(execution_id, ConfirmPlan())
        near = await everything(engine, execution_id)
        for follower in followers:
            assert await follower == near
        assert await far.state(execution_id) == await engine.state(execution_id)
        digest = next(iter((await far.state(execution_id)).answers))
        assert await far.blob(digest) == await engine.blob(digest)
        assert [one.ok for one in await far.verify()] == [True]
        assert await far.resolve("api-latency-spike") == execution_id
        with pytest.raises(UsageError, match="already ended"):
            await far.send(execution_id, Cancel())
    finally:
        await engine.close()


async def test_a_cancelled_investigation_keeps_what_was_found(short_path: Path) -> None:
    engine = await ServedEngine.serve(short_path / "store.db")
    try:
        execution_id = await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=True))
        await engine.send(execution_id, Cancel())
        log = await everything(engine, execution_id)
        assert log[-1].body.type == "investigation_finished"
        state = await engine.state(execution_id)
        assert state.phase == "cancelled"
        assert all(step.status != "running" for step in state.steps.values())
    finally:
        await engine.close()


@pytest.mark.parametrize("last", ["conclusion_reached", "hypotheses_ranked", "step_finished"])
async def test_one_that_is_cancelled_in_the_last_moment_ends_as_cancelled_or_had_ended(
    short_path: Path, last: str
) -> None:
    engine = await ServedEngine.serve(short_path / "store.db")
    try:
        execution_id = await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
        refused = False
        async for batch in follow_investigation(engine, execution_id):
            if batch[-1].body.type in (last, "investigation_finished") and not refused:
                try:
                    await engine.send(execution_id, Cancel())
                except UsageError:
                    refused = True
        kinds = [event.body.type for event in await everything(engine, execution_id)]
        assert kinds[-1] == "investigation_finished"
        cancelled = "investigation_cancelled" in kinds
        assert kinds.count("investigation_cancelled") <= 1
        assert (await engine.state(execution_id)).phase == ("cancelled" if cancelled else "completed")
        assert cancelled or refused
    finally:
        await engine.close()


async def test_closing_does_not_wait_for_a_cancelled_one_that_hangs(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(investigation: Investigation) -> None:
        await asyncio.Event().wait()

    engine = await ServedEngine.serve(short_path / "store.db")
    with monkeypatch.context() as patch:
        patch.setattr(Investigation, "_conclude", hang)
        execution_id = await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
        await engine.send(execution_id, Cancel())
        async with asyncio.timeout(10):
            await engine.close()
    again = await ServedEngine.serve(short_path / "store.db")
    try:
        assert await again.resume(execution_id)
        await everything(again, execution_id)
        assert (await again.state(execution_id)).phase == "cancelled"
    finally:
        await again.close()


async def test_an_engine_in_a_thread_is_the_same_port(short_path: Path) -> None:
    thread = engine_in_thread(short_path / "store.db")
    await thread.open()
    try:
        execution_id = await thread.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
        log = await everything(thread, execution_id)
        assert [event.seq for event in log] == list(range(1, len(log) + 1))
    finally:
        await thread.close()


async def test_the_socket_is_for_its_owner_alone_and_goes_with_its_engine(short_path: Path) -> None:
    store = short_path / "store.db"
    engine = await ServedEngine.serve(store)
    assert socket_path(store).stat().st_mode & 0o777 == 0o600
    await engine.close()
    assert not socket_path(store).exists()


async def test_a_path_too_long_for_a_socket_still_serves(tmp_path: Path) -> None:
    store = tmp_path / ("deep" * 30) / "store.db"
    engine = await ServedEngine.serve(store)
    try:
        assert (await RemoteEngine(store).hello())["pid"] == os.getpid()
    finally:
        await engine.close()


def test_commands_work_while_another_process_has_the_store(short_path: Path) -> None:
    store = short_path / "store.db"
    with holding(store) as (_, execution_id):
        listed = command("incidents", "--json", store=store)
        assert json.loads(listed.stdout)[0]["execution_id"] == execution_id
        assert command("audit", "verify", store=store).returncode == 0
        assert "LIKELY ROOT CAUSES" in command("replay", execution_id, "--plain", store=store).stdout
        followed = command("attach", execution_id, "--events", store=store).stdout.splitlines()
        assert json.loads(followed[-1])["body"]["type"] == "investigation_finished"
        assert command("doctor", store=store).returncode == 0
        assert "another CloudOps" in command("doctor", store=store).stdout


def test_what_a_killed_engine_leaves_behind_is_cleaned_up_by_the_next(short_path: Path) -> None:
    store = short_path / "store.db"
    with holding(store) as (holder, _):
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
        assert socket_path(store).exists()
    assert command("incidents", store=store).returncode == 0
    assert command("investigate", "--incident", str(SAMPLE), "--plain", store=store).returncode == 0
    assert not socket_path(store).exists()


async def test_a_holder_that_does_not_answer_is_named_as_the_problem(short_path: Path) -> None:
    store = short_path / "store.db"
    with holding(store) as (holder, _):
        holder.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(StoreBusy, match=str(holder.pid)):
                await connect(store, patience_s=0.5)
        finally:
            holder.send_signal(signal.SIGCONT)


@contextmanager
def holding(store: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that has the store, and the investigation that it has made."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(store), str(SAMPLE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        try:
            yield holder, holder.stdout.readline().strip()
        finally:
            holder.kill()


def command(*arguments: str, store: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cockpit", *arguments, "--store", str(store)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


_HOLDER = """
import asyncio, sys
from pathlib import Path
from engine.follow_to_end import follow_investigation
from engine.host import ServedEngine
from engine.port import Investigate

async def hold(store, sample):
    engine = await ServedEngine.serve(Path(store))
    execution_id = await engine.investigate(Investigate(bundle=sample, confirm=False))
    async for _ in follow_investigation(engine, execution_id):
        pass
    print(execution_id, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await engine.close()

asyncio.run(hold(*sys.argv[1:]))
"""


async def test_who_acts_is_the_account_and_not_what_the_environment_says(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody-else")
    engine = await ServedEngine.serve(short_path / "store.db")
    try:
        execution_id = await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
        (opened, *_) = await everything(engine, execution_id)
        account = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True)
        assert opened.who.name == account.stdout.strip()
    finally:
        await engine.close()
