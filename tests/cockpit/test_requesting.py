"""`f` reads a change in words, `d` fills in a diagnostic's form, `R` asks the whole question again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from stage import Opened, settle, shown
from story import ALERT, NOW, StoryPort, whole
from test_what_engineers_say import notices

from cockpit.app import CockpitApp
from cockpit.screens.forms import FormPrompt, ReadingPrompt
from engine.act.request_forms import chosen_form, request_forms
from engine.incident import fold
from engine.port import AddFact, Judge, RunDiagnostic
from engine.said_changes import read_change
from primitives.errors import UsageError
from primitives.facts import ChangeFound, fact_adapter

SAID = "connection pool of orders-db cut from 200 to 100 at 14:20"


@pytest.mark.parametrize(
    ("said", "hour", "kind", "resource", "levels"),
    [
        (SAID, (14, 20), "configuration", "orders-db", ("200", "100")),
        ("api-service scaled 3 → 9 at 14:21", (14, 21), "scaling", "api-service", ("3", "9")),
        ("somebody rolled out a new image at 9:05", (9, 5), "deployment", "here", (None, None)),
        ("flag slow_path turned on at 14:22:30", (14, 22), "feature_flag", "here", (None, None)),
        ("I restarted it 10 min before the alert", (14, 24), "configuration", "here", (None, None)),
        ("timeout lowered 32 min ago", (14, 20), "configuration", "here", (None, None)),
    ],
)
def test_what_changed_when_is_read_as_a_change(
    said: str, hour: tuple[int, int], kind: str, resource: str, levels: tuple[str | None, str | None]
) -> None:
    change = read_change(fold(whole()), said, "here")
    assert change is not None
    assert (change.time.hour, change.time.minute) == hour
    assert (change.kind, change.resource, (change.before, change.after)) == (kind, resource, levels)


@pytest.mark.parametrize(
    "said",
    [
        "the pool was cut from 200 to 100",
        "it was quiet at 14:20",
        "orders-db is in eu-west-1",
        "",
        "at 25:99 cut",
        "14:20",
    ],
)
def test_what_names_no_time_or_no_change_stays_words(said: str) -> None:
    assert read_change(fold(whole()), said, None) is None


def test_a_time_of_day_is_never_after_the_incident() -> None:
    change = read_change(fold(whole()), "cache turned off at 23:50", None)
    assert change is not None
    assert change.time == datetime(NOW.year, NOW.month, NOW.day, 23, 50, tzinfo=UTC) - timedelta(days=1)


def test_the_document_is_a_fact_that_the_engine_takes() -> None:
    change = read_change(fold(whole()), SAID, None)
    assert change is not None
    known = {"observed_at": NOW, "source": "ann", "trust": "asserted", **orjson.loads(change.document(ALERT))}
    fact = fact_adapter.validate_python(known)
    assert isinstance(fact, ChangeFound)
    assert fact.change is not None
    assert fact.resource == fact.change.resource == "orders-db"
    assert fact.lead_s == 14 * 60
    assert "14:20" not in fact.change.summary


async def said(app: CockpitApp, pilot: object, words: str) -> None:
    press = pilot.press  # type: ignore[attr-defined]
    await press("f")
    await settle(pilot)  # type: ignore[arg-type]
    for letter in words:
        await press({" ": "space", ":": "colon", "-": "minus", ".": "full_stop"}.get(letter, letter))
    await press("enter")
    await settle(pilot)  # type: ignore[arg-type]


def facts_told(port: StoryPort) -> list[AddFact]:
    return [each for command in port.commands if isinstance(command, Judge)
            for each in command.statements if isinstance(each, AddFact)]  # fmt: skip


@pytest.mark.parametrize(("key", "kept"), [("y", "change"), ("w", "words"), ("escape", "nothing")])
async def test_the_reading_is_shown_before_it_is_kept(opened: Opened, key: str, kept: str) -> None:
    port = StoryPort(wait=False)
    async with opened(port=port) as (app, pilot):
        await said(app, pilot, SAID)
        assert isinstance(app.screen, ReadingPrompt)
        assert not facts_told(port)
        for words in ("14:20:00 UTC", "10 min before the onset", "orders-db", "200 → 100"):
            assert words in shown(app)
        await pilot.press(key)
        await settle(pilot)
        told = facts_told(port)
        if kept == "nothing":
            assert not told
        elif kept == "words":
            assert told[0].text == SAID
        else:
            assert orjson.loads(told[0].text)["change"]["after"] == "100"


async def test_plain_words_are_kept_at_once_as_before(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(port=port) as (app, pilot):
        await said(app, pilot, "it is the cache")
        assert not isinstance(app.screen, ReadingPrompt)
        assert facts_told(port)[0].text == "it is the cache"


def test_every_form_has_fields_and_those_that_must_be_filled_in_come_first() -> None:
    for form in request_forms():
        required = [field.required for field in form.fields]
        assert required[0]
        assert required == sorted(required, reverse=True)
    with pytest.raises(UsageError, match="names no look"):
        chosen_form("99")


async def test_a_look_is_chosen_and_filled_in(opened: Opened) -> None:
    port = StoryPort(wait=False)
    number = next(at for at, form in enumerate(request_forms(), 1) if form.primitive == "inspect_database")
    async with opened(port=port) as (app, pilot):
        await pilot.press("1", "1", "j", "j", "d")
        await settle(pilot)
        assert "LOOK AT WHAT?" in shown(app)
        await pilot.press(str(number), "enter")
        await settle(pilot)
        assert isinstance(app.screen, FormPrompt)
        assert "instance" in shown(app)
        assert "region" in shown(app)
        await pilot.press("end", "ctrl+u", *"orders", "tab", "tab", "shift+tab", "enter", *"eu", "enter")
        await settle(pilot)
        (request,) = [command for command in port.commands if isinstance(command, RunDiagnostic)]
        assert request.primitive == "inspect_database"
        assert request.target["instance"] == "orders"


async def test_asking_a_recording_again_says_why_it_does_not(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(port=port) as (app, pilot):
        before = len(port.requests)
        await pilot.press("R")
        await settle(pilot)
        assert "a recording answers the same again" in notices(app)
        assert len(port.requests) == before
