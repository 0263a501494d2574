"""The commands: try a receiver, list and retry, what doctor says, and telling of a run."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_receivers import Answer, Asked, serving
from made_notices import Kept, settings_of, story, write

from cockpit.cli import main
from engine.log import EventLog
from engine.notify.delivering import Deliverer
from engine.notify.deriving import Deriver
from engine.notify.outbox import Outbox
from engine.notify.receiver import RefusedForGood, TryLater
from primitives.clock import SystemClock

SAMPLE = Path(__file__).parents[2] / "sample_incidents" / "api-latency-spike"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@contextmanager
def served(answer: Callable[[Asked], Answer]) -> Iterator[tuple[str, list[Asked]]]:
    """A receiver in a thread, since a command has an event loop of its own."""
    ready, stop = threading.Event(), threading.Event()
    running: list[Any] = []

    async def serve() -> None:
        async with serving(answer) as server:
            running.append(server)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait(30)
    try:
        yield running[0].url, running[0].asked
    finally:
        stop.set()
        thread.join(30)


def configured(folder: Path, url: str = "http://127.0.0.1:1", rules: str = "", **more: object) -> list[str]:
    """`--config` and `--store` for a configuration with one webhook called `hook`."""
    path = folder / "config.yaml"
    receiver = f"hook: {{kind: webhook, url: '{url}/hook'}}"
    path.write_text(f"notifications:\n  allow_hosts: [127.0.0.1]\n  receivers:\n    {receiver}\n{rules}")
    return ["--config", str(path), "--store", str(folder / "incidents.db")]


ALL = "  rules: [{name: all, to: [hook]}]\n"


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDOPS_WEBHOOK_SECRET", SECRET)


def test_a_dry_run_shows_what_would_be_sent_without_credentials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUDOPS_WEBHOOK_SECRET")
    assert main(["notifications", "try", "hook", "--dry-run", *configured(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "incident.test" in said.out
    assert "Test of notifications: nothing is wrong" in said.out
    assert main(["notifications", "try", "hook", *configured(tmp_path)]) == 2
    assert "the environment variable CLOUDOPS_WEBHOOK_SECRET isn't set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (Answer(204, b""), 0, "hook has taken the test"),
        (Answer(403, {"error": "no"}), 3, "the test was not delivered to hook: the webhook refused it (HTTP 403)"),
        (Answer(503), 3, "the test was not delivered to hook: the webhook answered HTTP 503"),
    ],
)
def test_a_receiver_is_tried_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: Answer, code: int, words: str
) -> None:
    with served(lambda asked: answer) as (url, asked):
        assert main(["notifications", "try", "hook", *configured(tmp_path, url)]) == code
    assert words in capsys.readouterr().err
    assert len(asked) == 1


def test_an_unknown_receiver_is_said_with_those_that_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["notifications", "try", "chat", *configured(tmp_path)]) == 2
    assert "there is no receiver 'chat'; there are: hook" in capsys.readouterr().err


async def fill(folder: Path) -> None:
    """A store whose outbox has a dead notice, one that waits for a retry, and those behind it."""
    log, outbox = await EventLog.open(folder / "incidents.db"), await Outbox.open(folder / "incidents.db.outbox")
    clock = SystemClock()
    await write(log, story(), at=clock.now())
    await Deriver(log, outbox, settings_of({"to": ["hook"]}), clock, lambda: None).derive("exec-a")
    kept = {"hook": Kept(RefusedForGood("no such channel"), TryLater("busy"))}
    deliverer = Deliverer(outbox, kept, clock, log.state, give_up_after_s=3600)
    await deliverer.deliver_due("hook")
    await deliverer.deliver_due("hook")
    await outbox.close()
    await log.close()


def test_what_is_dead_is_listed_and_can_be_retried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = configured(tmp_path, rules=ALL)
    assert main(["notifications", "list", *given]) == 0
    assert capsys.readouterr().out == "Nothing was to be delivered.\n"
    asyncio.run(fill(tmp_path))
    assert main(["notifications", "list", *given]) == 0
    table = capsys.readouterr().out
    assert "no such channel" in table
    assert table.count(" waiting  hook") == 4
    assert main(["notifications", "list", "--dead", "--json", *given]) == 0
    (dead,) = json.loads(capsys.readouterr().out)
    assert (dead["kind"], dead["status"], dead["attempts"]) == ("opened", "dead", 1)
    main(["doctor", *given])
    assert "4 waiting; 1 could not be delivered" in capsys.readouterr().out
    assert main(["notifications", "retry", "ffffffffffff", *given]) == 2
    assert "no dead notice has such a key" in capsys.readouterr().err
    assert main(["notifications", "retry", dead["key"][:8], *given]) == 0
    assert "1 notice will be tried again" in capsys.readouterr().err
    assert main(["notifications", "retry", *given]) == 0
    assert "nothing is dead" in capsys.readouterr().err


def test_doctor_says_what_is_configured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for rules, words in ((ALL, "hook; 1 rule"), ("", "no rule says who is told of what")):
        main(["doctor", *configured(tmp_path, rules=rules)])
        assert words in capsys.readouterr().out
    (tmp_path / "config.yaml").write_text("theme: cloudops-dark\n")
    main(["doctor", *configured(tmp_path)[2:], "--config", str(tmp_path / "config.yaml")])


def test_a_run_tells_of_its_result_only_when_it_is_asked_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["investigate", "--incident", str(SAMPLE), "--json"]
    with served(lambda asked: Answer(204, b"")) as (url, asked):
        given = configured(tmp_path, url, ALL)
        assert main([*command, *given]) == 0
        assert asked == []
        capsys.readouterr()
        assert main([*command, "--notify", *given]) == 0
        report = json.loads(capsys.readouterr().out)
    (told,) = [each.json for each in asked]
    assert told["type"] == "incident.concluded"
    assert told["data"]["execution_id"] == report["execution_id"]
    assert told["data"]["cause"]["words"] == report["likely_root_causes"][0]["cause"]
    assert told["data"]["command"] == report["recommended_actions"][0]["command"]


def test_a_run_whose_result_could_not_be_told_says_so_and_ends_as_it_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["investigate", "--incident", str(SAMPLE), "--json", "--notify"]
    with served(lambda asked: Answer(410, b"")) as (url, _):
        assert main([*command, *configured(tmp_path, url, ALL)]) == 0
    assert "cloudops: hook was not told: the webhook refused it (HTTP 410)" in capsys.readouterr().err
    assert main([*command, *configured(tmp_path)]) == 0
    assert "nobody was told: the configuration has no `notifications` with rules" in capsys.readouterr().err
