"""Readers that stop reading: the engine goes on, others are served, and who is stuck is let go."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import struct
import subprocess
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from command_lines import COMMAND, HOLDER, SLOW, STORY, events, finished, line, read_until, started

import engine.remote
import engine.server
from cockpit.output import deliver
from engine.host import ServedEngine, engine_in_thread
from engine.remote import RemoteEngine
from engine.wire import read_frame, send_frame, socket_path

NARROW = """
import fcntl, sys
fcntl.fcntl(1, 1031, 4096)
"""
"""F_SETPIPE_SZ: a pipe that is full after a page."""
A_WHILE = """
import asyncio, sys
import engine.investigate.investigation
run = engine.investigate.investigation.Investigation._run_plan

async def slowly(self):
    await asyncio.sleep({seconds})
    await run(self)

engine.investigate.investigation.Investigation._run_plan = slowly
"""
ONLY_THE_FIRST = """
import asyncio, sys
import engine.investigate.investigation
run = engine.investigate.investigation.Investigation._run_plan
numbers = iter(range(9))

async def slowly(self):
    number = next(numbers)
    await asyncio.sleep(1.5)
    await (asyncio.Event().wait() if number else run(self))

engine.investigate.investigation.Investigation._run_plan = slowly
"""


@pytest.mark.parametrize("form", ["--json", "--events", "--plain"])
def test_output_that_nobody_reads_does_not_hold_up_others(short_path: Path, form: str) -> None:
    store = short_path / "incidents.db"
    with started("investigate", "--incident", STORY, form, "--store", store, program=NARROW + COMMAND) as stuck:
        listed: list[dict[str, Any]] = []
        while not listed or listed[0]["phase"] != "completed":
            assert stuck.poll() is None
            listed = json.loads(finished("incidents", "--json", "--store", store).stdout)
        other = finished("investigate", "--incident", STORY, "--json", "--store", store)
        assert json.loads(other.stdout)["status"] == "completed"
        assert stuck.poll() is None, "it still waits for its reader"
        out, said = stuck.communicate(timeout=30)
    assert (stuck.returncode, said) == (0, "")
    assert len(out) > 4_096


def test_the_reader_of_a_full_pipe_may_leave_or_interrupt(short_path: Path) -> None:
    store = short_path / "incidents.db"
    arguments = ("investigate", "--incident", STORY, "--events", "--store", store)
    with started(*arguments, program=NARROW + COMMAND) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 130
    with started(*arguments, program=NARROW + COMMAND) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 130


def test_the_first_to_finish_stays_for_the_others(short_path: Path) -> None:
    store = short_path / "incidents.db"
    ask = ("investigate", "--incident", STORY, "--events", "--store", store)
    with started(*ask, program=A_WHILE.format(seconds=2) + COMMAND) as first:
        read_until(first, "plan_confirmed")
        with started(*ask) as second:
            read_until(second, "plan_confirmed")
            with started(*ask) as third:
                read_until(third, "plan_confirmed")
                with ThreadPoolExecutor(3) as pool:
                    told = list(pool.map(lambda each: each.communicate(timeout=60), (first, second, third)))
    assert [process.returncode for process in (first, second, third)] == [0, 0, 0], told
    for out, _ in told:
        assert "investigation_finished" in {event["body"]["type"] for event in events(out)}
    assert [said for _, said in told[1:]] == ["", ""]


def test_staying_ends_with_a_signal_and_the_output_has_ended_before(short_path: Path) -> None:
    store = short_path / "incidents.db"
    ask = ("investigate", "--incident", STORY, "--json", "--store", store)
    with started(*ask, program=ONLY_THE_FIRST + COMMAND) as first:
        while not socket_path(store).exists():
            pass
        with started("investigate", "--incident", STORY, "--events", "--store", store) as second:
            execution_id = read_until(second, "plan_confirmed")[0]["execution_id"]
            assert first.stdout is not None
            assert json.loads(first.stdout.read())["status"] == "completed"
            assert first.stderr is not None
            assert "stays for another process" in line(first.stderr.readline())
            first.send_signal(signal.SIGINT)
            assert first.wait(60) == 0
            _, said = second.communicate(timeout=20)
            assert (second.returncode, line(said)) == (
                3,
                f"the engine went away; `cloudops attach {execution_id}` resumes it",
            )


def test_a_stopped_holder_does_not_hold_others_without_limit(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = short_path / "incidents.db"
    program = SLOW.format(method="_run_plan") + HOLDER
    quick = "import engine.remote\nengine.remote.QUIET_S = 1.0\n" + COMMAND
    with started(store, program=program, stdin=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ask = ("investigate", "--incident", STORY, "--events", "--store", store)
        with started(*ask, program="import sys\n" + quick) as follower:
            read_until(follower, "plan_confirmed")
            holder.send_signal(signal.SIGSTOP)
            _, said = follower.communicate(timeout=40)
            assert follower.returncode == 3
            assert f"held by process {holder.pid}: end that process" in line(said)
        again = finished("incidents", "--store", store)
        assert again.returncode == 3
        assert "held by process" in line(again.stderr)


async def _connected(store: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_unix_connection(socket_path(store), limit=4_096)


async def test_a_reader_that_takes_nothing_is_let_go(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.server, "STUCK_AFTER_S", 0.3)
    store = short_path / "incidents.db"
    served = await ServedEngine.serve(store)
    try:
        digest = await served.store.put_blob(random.Random(7).randbytes(8_000_000))
        readers = [await _connected(store) for _ in range(5)]
        for reader, writer in readers:
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            send_frame(writer, request("blob", digest=digest))
        while served.server is not None and len(served.server._questions) < 5:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(20):
            while served.server is not None and served.server._connections:
                assert (await RemoteEngine(store).hello())["pid"] == os.getpid(), "others are served"
                await asyncio.sleep(0.1)
        for _, writer in readers:
            writer.transport.abort()
    finally:
        async with asyncio.timeout(5):
            await served.close()


@asynccontextmanager
async def serving(store: Path) -> AsyncIterator[ServedEngine]:
    served = await ServedEngine.serve(store)
    try:
        yield served
    finally:
        await served.close()


def request(name: str, **arguments: Any) -> dict[str, Any]:
    return {"protocol": engine.remote.PROTOCOL, "op": name, "arguments": arguments}


@pytest.mark.parametrize("bad", [
    b"\0\0\0\2[]", b"\0\0\0\4null", b"\0\0\0\1{", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n",
    *(b"\0\0" + struct.pack(">H", len(body)) + body for body in (
        b"{}", b'{"op":7}', b'{"protocol":3,"op":"state"}', b'{"protocol":3,"op":"state","arguments":7}',
        b'{"protocol":3,"op":"state","arguments":{"execution_id":[]}}', b'{"protocol":[],"op":{}}',
        b'{"protocol":3,"op":"read","arguments":{"execution_id":"x","after":-1e300}}',
        b'{"protocol":3,"op":"blob","arguments":{"digest":"\\u0000"}}',
        b'{"protocol":3,"op":"send","arguments":{"execution_id":"x","command":{"type":"haunt"}}}',
    )),
])  # fmt: skip
async def test_a_request_that_is_none_is_answered_with_one_line(short_path: Path, bad: bytes) -> None:
    store = short_path / "incidents.db"
    async with serving(store):
        reader, writer = await _connected(store)
        writer.write(bad)
        async with asyncio.timeout(5):
            answer = await read_frame(reader)
        assert "error" in answer
        assert answer["error"]["message"].isprintable()
        writer.close()
        assert await RemoteEngine(store).incidents() == ()


@pytest.mark.parametrize("half", [b"", b"\0", b"\0\0\0\x20", b'\0\0\0\x20{"protocol":3'])
async def test_half_a_request_is_not_kept(short_path: Path, half: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.server, "REQUEST_TIMEOUT_S", 0.2)
    store = short_path / "incidents.db"
    async with serving(store) as served:
        reader, writer = await _connected(store)
        writer.write(half)
        async with asyncio.timeout(5):
            assert "did not arrive whole" in (await read_frame(reader))["error"]["message"]
            while served.server is not None and served.server._connections:
                await asyncio.sleep(0.01)
        writer.close()


async def test_a_cockpit_takes_over_when_the_process_with_the_store_ends(short_path: Path) -> None:
    store = short_path / "incidents.db"
    holder = await ServedEngine.serve(store)
    cockpit = engine_in_thread(store)
    await cockpit.open()
    try:
        assert cockpit.remote
        await holder.close()
        assert await cockpit.incidents() == ()
        assert not cockpit.remote
    finally:
        await cockpit.close()


async def test_delivering_waits_for_the_reader_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, os.fdopen(os.dup(ours.fileno()), "w") as out:
        monkeypatch.setattr("sys.stdout", out)
        text = "für alle\n" * 200_000
        delivery = asyncio.create_task(deliver(text))
        await asyncio.sleep(0.2)
        assert not delivery.done()
        theirs.setblocking(False)
        loop, taken = asyncio.get_running_loop(), bytearray()
        while len(taken) < len(text.encode()):
            taken += await loop.sock_recv(theirs, 1 << 20)
        await delivery
    assert taken.decode() == text
