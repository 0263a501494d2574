"""Engines that end and processes that compete: whoever follows is told, and nothing is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import cycle
from pathlib import Path

import pytest
from cases.fake_prometheus import FakePrometheus, healthy
from command_lines import (
    COMMAND,
    HOLDER,
    SLOW,
    STORY,
    attached,
    events,
    finished,
    line,
    read_until,
    started,
)

from cockpit.cli import main
from primitives.clock import SystemClock


@contextmanager
def stuck_holder(store: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the store and whose investigations don't get beyond their plan."""
    program = SLOW.format(method="_run_plan") + HOLDER
    with started(store, program=program, stdin=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder


@pytest.mark.parametrize("ending", ["killed", "closed"])
def test_an_investigation_outlives_the_process_that_ran_it(
    ending: str, short_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = short_path / "incidents.db"
    with (
        stuck_holder(store) as holder,
        started("investigate", "--incident", STORY, "--events", "--store", store) as second,
    ):
        seen = read_until(second, "plan_confirmed")
        execution_id = seen[0]["execution_id"]
        with started("attach", execution_id, "--events", "--store", store) as third:
            assert read_until(third, "plan_confirmed") == seen
            if ending == "killed":
                holder.kill()
            else:
                assert holder.stdin is not None
                holder.stdin.close()
            _, said = second.communicate(timeout=30)
            assert second.returncode == 3
            go_on = f"`cloudops attach {execution_id}` resumes it"
            assert line(said) == f"the engine went away; {go_on}"
            rest, said = third.communicate(timeout=30)
            assert (third.returncode, line(said)) == (3, f"the engine went away; {go_on}"), (
                "nobody else runs it unasked"
            )
    code, log, said = attached(execution_id, store, capfd)
    assert (code, said) == (0, "")
    seen += events(rest)
    assert log[: len(seen)] == seen
    assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
    assert log[-1]["body"]["status"] == "completed"
    assert attached(execution_id, store, capfd) == (0, log, "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda one: one.name)
def test_who_followed_a_live_investigation_is_told_that_its_engine_went_away(
    number: signal.Signals, short_path: Path
) -> None:
    store = short_path / "incidents.db"
    with closing(FakePrometheus()) as server:
        now = SystemClock().now()
        server.answer = lambda path, query: healthy(path, query, now)
        own = ("--prometheus", f"http://127.0.0.1:{server.port}")
        program = SLOW.format(method="_run_plan") + COMMAND
        asked = ("investigate", "slow", *own, "--events", "--store", store)
        with started(*asked, program=program) as first:
            execution_id = read_until(first, "plan_confirmed")[0]["execution_id"]
            attach = ("attach", execution_id, "--events", "--store", store)
            with started(*attach) as without, started(*attach, *own) as with_sources:
                for follower in (without, with_sources):
                    read_until(follower, "plan_confirmed")
                first.send_signal(number)
                for follower in (without, with_sources):
                    rest, said = follower.communicate(timeout=30)
                    gone = f"the engine went away; `cloudops attach {execution_id}` resumes it"
                    assert (follower.returncode, line(said), rest) == (3, gone, "")
        assert finished(*attach, *own).returncode == 1, "a healthy system has no cause that is known"


def test_an_investigation_is_not_given_to_an_engine_that_only_looks_something_up(short_path: Path) -> None:
    store = short_path / "incidents.db"
    looking = HOLDER.replace("Path(sys.argv[1])", "Path(sys.argv[1]), lasting=False")
    with started(store, program="import asyncio, sys" + looking, stdin=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        assert finished("incidents", "--json", "--store", store).stdout == "[]\n"
        with started("investigate", "--incident", STORY, "--json", "--store", store) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(2.5)
            holder.stdin.close()
            report, said = waiting.communicate(timeout=30)
    assert (waiting.returncode, said) == (0, "")
    assert json.loads(report)["status"] == "completed"


def test_commands_under_load_neither_fail_nor_hang(short_path: Path) -> None:
    store = short_path / "incidents.db"
    first = json.loads(finished("investigate", "--incident", STORY, "--json", "--store", store).stdout)["execution_id"]
    until = time.monotonic() + 10

    def loop(*commands: Sequence[str | Path]) -> list[tuple[Sequence[str | Path], int, str]]:
        told = []
        for arguments in cycle(commands):
            if time.monotonic() > until:
                return told
            done = finished(*arguments, "--store", store)
            told.append((arguments, done.returncode, done.stderr))
        raise AssertionError

    loops: tuple[tuple[Sequence[str | Path], ...], ...] = (
        (("investigate", "--incident", STORY, "--events"),),
        (("incidents",), ("audit", "verify")),
        (("replay", first, "--plain"), ("report", first)),
        (("attach", first, "--plain"),),
        (("doctor",), ("incidents", "--json")),
    )
    with ThreadPoolExecutor(len(loops)) as pool:
        results = [future.result() for future in [pool.submit(loop, *commands) for commands in loops]]
    assert all(results), "every loop came to something"
    assert [one for told in results for one in told if one[1:] != (0, "")] == []
    assert main(["audit", "verify", "--store", str(store)]) == 0
