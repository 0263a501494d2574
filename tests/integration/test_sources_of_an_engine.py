"""Sources and the process that asks them: a client's own, the engine's, and those that a log names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cases.fake_prometheus import FakePrometheus, healthy
from cases.fake_server import Reply

from cockpit.doctor import examine
from cockpit.settings import load_settings
from engine.follow_to_end import follow_investigation
from engine.host import ServedEngine
from engine.port import EnginePort, Investigate
from engine.remote import RemoteEngine
from primitives.clock import SystemClock
from primitives.errors import SourceUnreachable, UsageError
from primitives.sources import SourceDirectory, define_source

PASSWORD = "correct-horse-battery"


@pytest.fixture
def server() -> Iterator[FakePrometheus]:
    with closing(FakePrometheus()) as server:
        now = SystemClock().now()
        server.answer = lambda path, query: healthy(path, query, now)
        yield server


def directory(**ports: int) -> SourceDirectory:
    """A source on the loopback for each name, with a password in its address."""
    return SourceDirectory(
        definitions={
            name: define_source(name, {"kind": "prometheus", "url": f"http://me:{PASSWORD}@127.0.0.1:{port}"}, {})
            for name, port in ports.items()
        }
    )


async def to_the_end(port: EnginePort, execution_id: str) -> None:
    async for _ in follow_investigation(port, execution_id):
        pass


async def test_a_client_brings_its_own_sources_and_nothing_of_them_is_stored(
    short_path: Path, server: FakePrometheus
) -> None:
    store = short_path / "store.db"
    engine = await ServedEngine.serve(store)
    try:
        far = RemoteEngine(store)
        with pytest.raises(UsageError, match="there is no source prod: none is configured"):
            await far.investigate(Investigate(query="slow", sources=("prod",)))
        own = directory(prod=server.port)
        execution_id = await far.investigate(Investigate(query="slow", definitions=own, confirm=False))
        await to_the_end(far, execution_id)
        state = await far.state(execution_id)
        assert [(source.name, source.status) for source in state.sources] == [("prod", "reachable")]
        kept = [await engine.blob(digest) for digest in state.answers]
        kept += [repr(event).encode() for event in await engine.read(execution_id)]
        kept += [path.read_bytes() for path in short_path.glob("store.db*") if path.is_file()]
        for private in (PASSWORD, f"127.0.0.1:{server.port}"):
            assert not any(private.encode() in text for text in kept)
    finally:
        await engine.close()


async def test_a_source_that_cannot_be_reached_leaves_the_others_and_is_not_asked(
    short_path: Path, server: FakePrometheus
) -> None:
    engine = await ServedEngine.serve(short_path / "store.db", sources=directory(gone=1, prod=server.port))
    try:
        execution_id = await engine.investigate(Investigate(query="slow", confirm=False))
        await to_the_end(engine, execution_id)
        state = await engine.state(execution_id)
        assert {source.name: source.status for source in state.sources} == {"gone": "unreachable", "prod": "reachable"}
        assert state.finished is not None
        assert state.finished.status == "completed"
        told = [found.fact for found in state.facts.values() if found.fact.type == "source_gap"]
        assert any("gone" in fact.source for fact in told)
        with pytest.raises(SourceUnreachable, match="gone"):
            await engine.investigate(Investigate(query="slow", sources=("gone",)))
    finally:
        await engine.close()


async def test_what_was_interrupted_asks_the_sources_that_its_log_names(
    short_path: Path, server: FakePrometheus
) -> None:
    store = short_path / "store.db"
    engine = await ServedEngine.serve(store, sources=directory(prod=server.port, other=1))
    execution_id = await engine.investigate(Investigate(query="slow", sources=("prod",)))
    await engine.close()

    engine = await ServedEngine.serve(store, sources=directory(other=server.port))
    try:
        with pytest.raises(UsageError, match="there is no source prod: configured are other; add it to `sources:`"):
            await engine.resume(execution_id)
        assert await engine.resume(execution_id, sources=("other",))
    finally:
        await engine.close()

    engine = await ServedEngine.serve(store)
    try:
        assert await engine.resume(execution_id, definitions=directory(prod=server.port))
    finally:
        await engine.close()


@pytest.mark.parametrize(("status", "expected"), [(200, "warning"), (401, "bad")])
async def test_a_token_variable_that_is_not_set_is_said(
    status: int, expected: str, tmp_path: Path, server: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EU_TOKEN", raising=False)
    path = tmp_path / "config.yaml"
    path.write_text(f"sources: {{eu: {{kind: prometheus, url: '{server.url}', token_variable: EU_TOKEN}}}}")
    if status != 200:
        server.answer = lambda path, query: Reply(status)
    checks = {check.name: check for check in await examine(load_settings(None, path))}
    assert checks["source eu"].status == expected
    assert checks["source eu"].detail.count("EU_TOKEN, its token_variable, is not set") == 1
    monkeypatch.setenv("EU_TOKEN", "secret-of-eu")
    checks = {check.name: check for check in await examine(load_settings(None, path))}
    assert "EU_TOKEN" not in checks["source eu"].detail
