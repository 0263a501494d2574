"""Logs of every released format fold to what a person saw then, and their hash chains still hold."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.audit import StoredRow, verify_chain
from engine.engine import Engine
from engine.events import Event
from engine.export import export_bundle, import_events
from engine.incident import IncidentState, fold
from engine.log import EventLog
from engine.port import AddFact, Judge
from engine.wire import decode_event, encode_event

GOLDEN = Path(__file__).parent
LOGS = sorted(GOLDEN.glob("*/*.events.jsonl"))
STORES = sorted(GOLDEN.glob("*/store.db"))
BUNDLES = sorted(GOLDEN.glob("*/*.incident"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name.split('.')[0]}"


def seen(state: IncidentState) -> dict[str, Any]:
    """What a person sees of a state, in the words of `*.seen.json`."""
    assert state.opened is not None
    known = state.classification
    return {
        "phase": state.phase,
        "ended": state.ended,
        "resumed": state.resumed,
        "concluded": state.concluded,
        "title": state.opened.title,
        "classification": known.model_dump(mode="json") if known else None,
        "steps": [
            [step.plan.id, step.plan.primitive, step.status, step.attempt, step.summary, step.facts]
            for step in state.steps.values()
        ],
        "facts": [
            [fact.id, fact.step, fact.key, fact.fact.type, fact.fact.polarity, fact.fact.trust]
            for fact in state.facts.values()
        ],
        "judgements": {
            name: {"verdict": judgement.verdict, "by": judgement.by, "because": judgement.because}
            for name, judgement in state.judgements.items()
        },
        "hypotheses": [
            [
                hypothesis.id, hypothesis.cause, hypothesis.cause_id, hypothesis.resource, hypothesis.change,
                hypothesis.confidence, [[item.fact, item.weight] for item in hypothesis.evidence],
            ]
            for hypothesis in state.hypotheses
        ],
        "findings": [[finding.statement, list(finding.facts)] for finding in state.findings],
        "gaps": list(state.gaps),
        "would_change": list(state.would_change),
        "actions": [
            [
                action.id, action.priority, action.action, action.command, action.risk, action.urgency,
                action.requires_approval,
            ]
            for action in state.actions
        ],
        "answers": len(state.answers),
        "events": state.seq,
        "hash": state.hash,
    }  # fmt: skip


def expected(log: Path) -> Any:
    return json.loads(log.with_name(log.name.replace(".events.jsonl", ".seen.json")).read_bytes())


def events_of(log: Path) -> list[Event]:
    return [decode_event(orjson.loads(line)) for line in log.read_bytes().splitlines()]


@pytest.mark.parametrize("log", LOGS, ids=name_of)
def test_an_old_log_shows_what_it_showed(log: Path) -> None:
    assert seen(fold(events_of(log))) == expected(log)


@pytest.mark.parametrize("log", LOGS, ids=name_of)
def test_an_old_log_is_written_again_byte_for_byte(log: Path) -> None:
    lines = log.read_bytes().splitlines()
    written = [orjson.dumps(encode_event(decode_event(orjson.loads(line)))) for line in lines]
    assert written == lines


@pytest.mark.parametrize("log", LOGS, ids=name_of)
def test_an_old_logs_chain_holds_as_it_was_stored(log: Path) -> None:
    documents = [json.loads(line) for line in log.read_bytes().splitlines()]
    rows = [
        StoredRow(
            incident_id=document["incident_id"].encode(),
            seq=document["seq"],
            time=event.time.isoformat(timespec="microseconds").encode(),
            who=json.dumps(document["who"], separators=(",", ":")).encode(),
            body=orjson.dumps(document["body"], option=orjson.OPT_SORT_KEYS),
            previous=document["previous"].encode(),
            hash=document["hash"].encode(),
        )
        for document, event in zip(documents, events_of(log), strict=True)
    ]
    result = verify_chain(documents[0]["execution_id"], rows)
    assert result.ok, result.problem


@pytest.mark.parametrize("golden", STORES, ids=name_of)
async def test_an_old_store_opens_shows_the_same_and_can_be_written(golden: Path, tmp_path: Path) -> None:
    path = shutil.copy(golden, tmp_path / "store.db")
    shutil.copy(golden.with_name("store.db.heads"), tmp_path / "store.db.heads")
    known = json.loads(golden.with_name("store.seen.json").read_bytes())
    engine = await Engine.open(Path(path))
    assert {execution_id: seen(await engine.state(execution_id)) for execution_id in known} == known
    assert all(result.ok and result.anchored == result.events for result in await engine.verify())
    for execution_id, before in known.items():
        await engine.send(execution_id, Judge(statements=(AddFact(text="the disk was replaced"),)))
        assert (await engine.state(execution_id)).seq > before["events"]
    assert all(result.ok for result in await engine.verify())
    await engine.close()


@pytest.mark.parametrize("golden", STORES, ids=name_of)
async def test_an_old_execution_is_exported_with_the_answers_as_they_were_stored(golden: Path, tmp_path: Path) -> None:
    path = shutil.copy(golden, tmp_path / "store.db")
    shutil.copy(golden.with_name("store.db.heads"), tmp_path / "store.db.heads")
    engine = await Engine.open(Path(path))
    other = await EventLog.open(tmp_path / "other.db")
    for execution_id in json.loads(golden.with_name("store.seen.json").read_bytes()):
        bundle = tmp_path / f"{execution_id}.incident"
        await export_bundle(engine, execution_id, bundle)
        assert await import_events(other, bundle) == execution_id
        for digest in (await other.state(execution_id)).answers:
            assert await other.get_blob(digest) == await engine.blob(digest)
    assert all(result.ok for result in await other.verify())
    await other.close()
    await engine.close()


@pytest.mark.parametrize("bundle", BUNDLES, ids=name_of)
async def test_an_old_bundle_is_imported_whole(bundle: Path, tmp_path: Path) -> None:
    store = await EventLog.open(tmp_path / "store.db")
    execution_id = await import_events(store, bundle)
    state = await store.state(execution_id)
    assert seen(state) == json.loads(bundle.with_suffix(".seen.json").read_bytes())
    assert all(result.ok for result in await store.verify())
    for digest in state.answers:
        assert hashlib.sha256(await store.get_blob(digest)).hexdigest() == digest
    await store.close()


def test_every_kind_of_old_log_is_there() -> None:
    kinds = {"asked_further", "cancelled", "completed", "excluded", "interrupted", "judged", "resumed", "unconfirmed"}
    assert kinds <= {log.name.split(".")[0] for log in LOGS}
    assert STORES
    assert BUNDLES
