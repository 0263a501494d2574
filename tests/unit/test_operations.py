"""One table of operations: what the protocol declares, every way to an engine has."""

from __future__ import annotations

import asyncio
import inspect
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from pydantic import TypeAdapter, ValidationError

import engine.remote
from engine.engine import Engine
from engine.host import ServedEngine, connect
from engine.port import OPERATIONS, Command, EnginePort, Exclude, Investigate, Judge
from engine.presence import Looking
from engine.remote import RemoteEngine
from engine.wire import PROTOCOL, error_from, error_to, socket_path
from primitives import errors
from primitives.errors import CloudopsError, StoreBusy

SAMPLE = Path(__file__).parents[2] / "sample_incidents" / "api-latency-spike"


def test_every_method_of_the_protocol_is_an_operation_and_the_reverse() -> None:
    methods = {name for name, value in vars(EnginePort).items() if inspect.isfunction(value) and name[0] != "_"}
    assert methods - {"close"} == set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_engine_has_every_operation_with_the_declared_parameters(name: str) -> None:
    operation = OPERATIONS[name]
    parameters = list(inspect.signature(getattr(Engine, name)).parameters.values())[1:]
    told = [parameter.name for parameter in parameters if parameter.name == "who"]
    assert told == (["who"] if operation.tells_who else [])
    mine = [(each.name, each.kind, each.default) for each in parameters if each.name != "who"]
    assert mine == [(each.name, each.kind, each.default) for each in operation.signature.parameters.values()]


ARGUMENTS: dict[str, dict[str, Any]] = {
    "investigate": {"request": Investigate(query="slow", sources=("prod",), confirm=False)},
    "resume": {"execution_id": "exec-1", "sources": ("prod", "test")},
    "send": {"execution_id": "exec-1", "command": Judge(statements=(Exclude(what="db"),), because="it is idle")},
    "follow": {"execution_id": "exec-1", "after": 7, "live": False},
    "presence": {"execution_id": "exec-1", "viewer": "view-1"},
    "look": {"execution_id": "exec-1", "viewer": "view-1", "looking": Looking(pane="facts", row="F1")},
    "read": {"execution_id": "exec-1", "after": 3, "limit": 10},
    "times": {"execution_id": "exec-1"},
    "state": {"execution_id": "exec-1", "seq": 4},
    "resolve": {"name": "inc"},
    "incidents": {},
    "blob": {"digest": "ab"},
    "verify": {"execution_id": None},
    "alert_groups": {},
    "take_alert": {"name": "grp-1"},
    "alert_payloads": {"name": "grp-1"},
    "quarantined": {},
    "back_up": {"folder": "/backup"},
    "deliveries": {},
    "retry_deliveries": {"keys": ("3f9a", "77")},
}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_arguments_come_through_json_as_they_were(name: str) -> None:
    operation = OPERATIONS[name]
    arguments = operation.bind(**ARGUMENTS[name])
    document = orjson.loads(orjson.dumps(operation.encode_arguments(arguments)))
    assert operation.decode_arguments(document) == arguments


def example_of(annotation: Any) -> Any:
    for value in ("x", {"name": "web"}, ()):
        with suppress(ValidationError):
            return TypeAdapter(annotation).validate_python(value)
    raise AssertionError(f"an example of {annotation} is missing")


@pytest.mark.parametrize("kind", get_args(get_args(Command)[0]))
def test_every_command_comes_through_json(kind: type[Any]) -> None:
    required = {name: field.annotation for name, field in kind.model_fields.items() if field.is_required()}
    command = kind(**{name: example_of(annotation) for name, annotation in required.items()})
    operation = OPERATIONS["send"]
    document = operation.encode_arguments({"execution_id": "exec-1", "command": command})
    assert operation.decode_arguments(orjson.loads(orjson.dumps(document)))["command"] == command


def test_arguments_that_an_operation_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        OPERATIONS["resolve"].decode_arguments({"name": "x", "colour": "red"})
    with pytest.raises(TypeError, match="colour"):
        OPERATIONS["resolve"].bind("x", colour="red")


@pytest.mark.parametrize("name", sorted(set(errors.__all__) - {"BundleError"}))
def test_an_error_crosses_the_socket_as_the_same_type(name: str) -> None:
    kind = getattr(errors, name)
    error = kind("prometheus", "no answer") if issubclass(kind, errors.SourceError) else kind("no answer")
    received = error_from(orjson.loads(orjson.dumps(error_to(error)))["error"])
    assert type(received) is kind
    assert str(received) == str(error)


# Versions that do not understand each other


async def _raw(store: Path, document: dict[str, Any]) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(socket_path(store))
    data = orjson.dumps(document)
    writer.write(struct.pack(">I", len(data)) + data)
    (size,) = struct.unpack(">I", await reader.readexactly(4))
    answer: dict[str, Any] = orjson.loads(await reader.readexactly(size))
    writer.close()
    return answer


@pytest.mark.parametrize(
    "request_", [{"op": "resolve", "name": "x"}, {"op": "dance", "protocol": PROTOCOL, "arguments": {}}]
)
async def test_a_request_of_another_version_gets_a_clear_error(short_path: Path, request_: dict[str, Any]) -> None:
    served = await ServedEngine.serve(short_path / "store.db")
    try:
        answer = await _raw(short_path / "store.db", request_)
        assert answer["error"]["type"] == "UsageError"
        assert "does not understand this request: use that version, or end process" in answer["error"]["message"]
        hello = await _raw(short_path / "store.db", {"op": "hello"})
        assert hello["ok"]["protocol"] == PROTOCOL
    finally:
        await served.close()


async def test_arguments_that_make_no_sense_are_an_error_and_not_the_end_of_the_engine(short_path: Path) -> None:
    served = await ServedEngine.serve(short_path / "store.db")
    try:
        for arguments in ({"seq": "many"}, {}, [], None, {"execution_id": "x", "more": 1}):
            request = {"op": "state", "protocol": PROTOCOL, "arguments": arguments}
            assert "can't be read" in (await _raw(short_path / "store.db", request))["error"]["message"]
        assert await RemoteEngine(short_path / "store.db").incidents() == ()
    finally:
        await served.close()


async def test_an_engine_that_speaks_another_protocol_is_named(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = await ServedEngine.serve(short_path / "store.db")
    monkeypatch.setattr(engine.remote, "PROTOCOL", PROTOCOL + 1)
    try:
        with pytest.raises(StoreBusy, match=r"has the store and speaks another protocol than this one .*: end that"):
            await connect(short_path / "store.db", role="query")
    finally:
        await served.close()


def test_only_errors_of_ours_cross_the_socket() -> None:
    assert type(error_from({"type": "SystemExit", "message": "x"})) is CloudopsError
