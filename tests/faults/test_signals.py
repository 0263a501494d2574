"""Signals, pipes and streams that go away: one line, 130, nothing lost."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_lines import (
    COMMAND,
    ROOT,
    SLOW,
    STORY,
    attached,
    command,
    events,
    finished,
    line,
    read_until,
    started,
)

from cockpit.cli import main

# The command line, which sends itself a signal after a while; also while the interpreter ends, if it comes to that.
_SIGNALLED = """
import os, signal, sys, threading
from cockpit.__main__ import main
number, delay, *arguments = sys.argv[1:]
threading.Timer(float(delay), os.kill, (os.getpid(), int(number))).start()
sys.argv[1:] = arguments
sys.exit(main())
"""
_WAYS_ON = (("attach", "resumes"), ("replay", "shows"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_a_signal_at_any_moment_ends_with_one_line_and_loses_nothing(
    number: signal.Signals, short_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = short_path / "incidents.db"
    began, interrupted, ended = time.monotonic(), 0, 0
    assert finished("investigate", "--incident", STORY, "--events", "--store", store).returncode == 0
    whole = time.monotonic() - began
    # On a busy machine a later run may take several times as long as the first.
    for share in (0.005, 0.3, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 1.2, 2.0, 4.0, 8.0):
        if ended and share > 1.2:
            break
        delay = share * whole
        arguments = [str(int(number)), str(delay), "investigate", "--incident", STORY, "--events", "--store", store]
        told = subprocess.run(
            command(*arguments, program=_SIGNALLED), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        acknowledged = events(told.stdout)
        if told.returncode == 0:
            ended += 1
            assert told.stderr == ""
            assert acknowledged[-1]["body"]["status"] == "completed"
            continue
        assert told.returncode == 130, (delay, told)
        said = line(told.stderr)
        if acknowledged:
            interrupted += 1
            execution_id = acknowledged[0]["execution_id"]
            # A signal while the store is closed finds nothing more to go on with.
            assert execution_id in said or acknowledged[-1]["body"]["type"] == "investigation_finished"
            code, log, _ = attached(execution_id, store, capfd)
            assert log[: len(acknowledged)] == acknowledged
            assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
            finish = log[-1]["body"]
            if any(event["body"]["type"] == "investigation_cancelled" for event in log):
                assert number == signal.SIGINT
                assert (code, finish["status"]) == (130, "cancelled"), "a cancelled one stays cancelled"
            else:
                assert (code, finish["status"]) == (0, "completed"), "an interrupted one is finished"
    assert interrupted + ended, "the delays must reach into the investigation"
    assert main(["audit", "verify", "--store", str(store)]) == 0


@pytest.mark.parametrize("arguments", [("incidents",), ("evaluate", STORY), ("doctor",), ("report", "x")])
def test_every_other_command_is_interrupted_as_clearly(arguments: Sequence[str | Path], short_path: Path) -> None:
    (short_path / "incidents.db").touch()
    whole = [str(int(signal.SIGTERM)), "0.2", *arguments, "--store", short_path / "incidents.db"]
    told = subprocess.run(
        command(*whole, program=_SIGNALLED), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    if told.returncode == 130:
        assert line(told.stderr) == "interrupted"
    else:
        assert told.returncode == (2 if arguments[0] == "report" else 0)
    assert "Traceback" not in told.stderr


def test_ctrl_c_twice_leaves_what_does_not_end_and_it_stays_cancelled(
    short_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = short_path / "incidents.db"
    program = SLOW.format(method="_conclude") + COMMAND
    with started("investigate", "--incident", STORY, "--events", "--store", store, program=program) as process:
        seen = read_until(process, "plan_confirmed")
        process.send_signal(signal.SIGINT)
        seen += read_until(process, "investigation_cancelled")
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=30)
    execution_id = seen[0]["execution_id"]
    assert process.returncode == 130
    assert line(said) == f"interrupted; `cloudops attach {execution_id}` resumes it"
    code, log, again = attached(execution_id, store, capfd)
    assert code == 130
    assert "cancelled" in line(again)
    assert log[: len(seen)] == seen
    assert log[len(seen) :][: len(events(rest))] == events(rest)
    assert log[-1]["body"]["status"] == "cancelled"


def test_work_that_does_not_let_go_is_left_all_the_same(short_path: Path) -> None:
    program = """
import sys, time
import engine.investigate.scenario
engine.investigate.scenario._read_whole = lambda path: (print("reading", flush=True), time.sleep(100))
import cockpit.terminal
cockpit.terminal.LAST_RESORT_S = 0.5
"""
    store = short_path / "incidents.db"
    with started("investigate", "--incident", STORY, "--store", store, program=program + COMMAND) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 130
    assert main(["audit", "verify", "--store", str(store)]) == 0


def test_an_import_that_does_not_let_go_says_so_all_the_same(short_path: Path) -> None:
    program = """
import asyncio, sys, time
import engine.export
async def stuck(*_):
    print("reading", flush=True)
    await asyncio.to_thread(time.sleep, 100)
engine.export.import_events = stuck
import cockpit.terminal
cockpit.terminal.LAST_RESORT_S = 0.5
"""
    store = short_path / "incidents.db"
    with started("import", STORY, "--store", store, program=program + COMMAND) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, line(said)) == (130, "interrupted")


def test_a_hangup_that_the_starter_ignored_stays_ignored(short_path: Path) -> None:
    def nohup() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    store = short_path / "incidents.db"
    with started("investigate", "--incident", STORY, "--events", "--store", store, preexec_fn=nohup) as process:
        read_until(process, "incident_opened")
        process.send_signal(signal.SIGHUP)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_closed_standard_streams_are_as_good_as_nothing(closed: tuple[int, ...], short_path: Path) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    store = short_path / "incidents.db"
    investigate = ("investigate", "--incident", STORY, "--json")
    for arguments, code in ((investigate, 0), (("replay", "nosuch"), 2))[0 if 1 in closed else 1 :]:
        told = finished(*arguments, "--store", store, preexec_fn=close)
        assert told.returncode == code
        assert (told.stdout == "") == (1 in closed or code == 2)
        assert (told.stderr == "") == (2 in closed or code == 0)
        assert "Traceback" not in told.stderr
    kept = [path for path in short_path.iterdir() if b"cloudops: there is no" in path.read_bytes()]
    assert not kept, "no message went into a file that took a closed stream's place"
    assert main(["incidents", "--store", str(store)]) == 0


@pytest.mark.parametrize("most", [6, 12])
def test_too_low_a_limit_of_open_files_is_said(most: int, short_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    told = finished("investigate", "--incident", STORY, "--json", "--store", short_path / "s.db", preexec_fn=limit)
    assert told.returncode == 3
    assert line(told.stderr) == "too many files are open: raise the limit, such as with `ulimit -n 1024`"


def test_output_that_cannot_be_written_is_said(short_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = short_path / "incidents.db"
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        for arguments in (("investigate", "--incident", STORY, "--events"), ("report", "exec"), ("--help",)):
            told = finished(*arguments, *(() if arguments == ("--help",) else ("--store", store)), stdout=full)
            assert told.returncode == 3
            assert "the output can't be written (No space left on device)" in line(told.stderr)
    assert main(["incidents", "--json", "--store", str(store)]) == 0
    execution_id = json.loads(capfd.readouterr().out)[0]["execution_id"]
    assert attached(execution_id, store, capfd)[0] == 0


def test_a_reader_that_leaves_is_said_and_its_investigation_can_be_finished(
    short_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = short_path / "incidents.db"
    with started("investigate", "--incident", STORY, "--events", "--store", store) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(30) == 130
    # It may have ended in the meantime.
    ways = (f"`cloudops {way} {first['execution_id']}` {does} it" for way, does in _WAYS_ON)
    assert line(said) in [f"the reader of the output left; {way}" for way in ways]
    code, log, _ = attached(first["execution_id"], store, capfd)
    assert (code, log[0]) == (0, first)
    for arguments in (("incidents",), ("report", first["execution_id"])):
        with started(*arguments, "--store", store) as process:
            assert process.stdout is not None
            process.stdout.close()
            process.stdout = None
            _, said = process.communicate(timeout=30)
            assert (process.returncode, said) == (130, "")


def test_an_investigation_that_has_ended_is_not_offered_to_be_resumed(short_path: Path) -> None:
    store = short_path / "incidents.db"
    told = finished("investigate", "--incident", STORY, "--events", "--store", store)
    execution_id = events(told.stdout)[0]["execution_id"]
    on = f"`cloudops replay {execution_id}` shows it"
    for form in ("--events", "--plain"):
        with started("attach", execution_id, form, "--store", store) as process:
            assert process.stdout is not None
            process.stdout.close()
            process.stdout = None
            _, said = process.communicate(timeout=30)
            assert (process.returncode, line(said)) == (130, f"the reader of the output left; {on}"), form
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        told = finished("attach", execution_id, "--events", "--store", store, stdout=full)
        assert line(told.stderr) == f"the output can't be written (No space left on device); {on}"
        told = finished("investigate", "--incident", STORY, "--json", "--store", store, stdout=full)
        assert (told.returncode, "`cloudops replay exec-" in line(told.stderr)) == (3, True), told.stderr
