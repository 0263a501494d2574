"""Old bodies are brought up to date version by version, and keep the bytes that their hashes cover."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from engine.events import ENGINE, Event, FactJudged, decode_body, encode_body, in_real_time, upcast
from engine.incident import IncidentState
from engine.wire import decode_event, encode_event

WHEN = datetime(2026, 3, 10, 12, tzinfo=UTC)
OLD = {"type": "fact_judged", "version": 1, "fact": "F1", "verdict": "pinned", "because": "seen"}


def test_versions_are_raised_one_at_a_time() -> None:
    upcasters = {
        ("thing", 1): lambda document: {**document, "name": document["title"]},
        ("thing", 2): lambda document: {key: value for key, value in document.items() if key != "title"},
    }
    assert upcast({"type": "thing", "title": "x"}, upcasters) == {"type": "thing", "version": 3, "name": "x"}
    assert upcast({"type": "thing", "version": 3, "name": "x"}, upcasters) == {
        "type": "thing",
        "version": 3,
        "name": "x",
    }
    assert upcast({"type": "other", "version": 1}, upcasters) == {"type": "other", "version": 1}


def test_a_body_that_was_upcast_is_written_as_it_was_stored() -> None:
    stored = orjson.dumps(OLD, option=orjson.OPT_SORT_KEYS)
    body = decode_body(stored)
    assert isinstance(body, FactJudged)
    assert body.version == 2
    assert encode_body(body) == stored
    assert encode_body(body.model_copy(update={"because": "anew"})) != stored
    event = Event("exec-1", "inc-1", 1, WHEN, ENGINE, body, "0" * 64, "1" * 64)
    assert encode_body(decode_event(orjson.loads(orjson.dumps(encode_event(event)))).body) == stored


def test_a_new_body_is_written_as_it_is() -> None:
    body = FactJudged(fact="F1", verdict="pinned")
    assert orjson.loads(encode_body(body))["version"] == 2
    assert decode_body(encode_body(body)) == body


def test_what_was_said_before_statements_had_real_time_is_of_unknown_time() -> None:
    old = decode_body(orjson.dumps(OLD))
    assert not in_real_time(old)
    assert in_real_time(FactJudged(fact="F1", verdict="pinned"))
    state = IncidentState()
    state.apply(Event("exec-1", "inc-1", 1, WHEN, ENGINE, old, "0" * 64, "1" * 64))
    assert (state.judgements["F1"].at, state.said_at, state.updated_at) == (None, None, WHEN)


@pytest.mark.parametrize(
    "document",
    [{"type": "fact_judged", "version": 3}, {"type": "nothing"}, {"type": "fact_judged", "version": None}, {}, []],
)
def test_what_is_no_known_body_is_a_value_error(document: object) -> None:
    with pytest.raises(ValueError):
        decode_body(orjson.dumps(document))
