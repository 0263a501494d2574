"""Declares an engine operation once; proxy, server and client are generated from it.

An operation is a method of `engine.port.EnginePort` with the decorator `operation`: its signature is the request, the
decorator's codec encodes its answer. The in-process port, the engine in a thread, the socket's server and its client
are made from these; none of them knows an operation by name.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
from array import array
from collections.abc import Callable, Mapping
from functools import cached_property
from types import SimpleNamespace
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model

from engine.incident import IncidentState
from engine.listings import IncidentSummary
from engine.wire import decode_event, encode_event
from primitives.dataclass import dataclass

__all__ = [
    "BYTES",
    "EVENTS",
    "STATE",
    "SUMMARIES",
    "TIMES",
    "Codec",
    "Operation",
    "operation",
    "operations_of",
    "typed",
]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Codec:
    """The form of an answer, or of one item of a stream, as JSON. `slow` means that encoding is worth a thread."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    slow: bool = False

    async def encode_on_loop(self, value: Any) -> Any:
        """Encode without holding up the event loop."""
        return await asyncio.to_thread(self.encode, value) if self.slow else self.encode(value)


class _Typed:
    """The codec of a type that pydantic knows; built when it is first used."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self._kind)

    def encode(self, value: Any) -> Any:
        return self._adapter.dump_python(value, mode="json")

    def decode(self, document: Any) -> Any:
        return self._adapter.validate_python(document)


def typed(kind: Any) -> Codec:
    """The codec of whatever pydantic can validate."""
    adapter = _Typed(kind)
    return Codec(adapter.encode, adapter.decode)


EVENTS = Codec(
    lambda events: [encode_event(event) for event in events],
    lambda documents: tuple(decode_event(document) for document in documents),
)
STATE = Codec(lambda state: state.encode().decode(), lambda text: IncidentState.decode(str(text).encode()), slow=True)
SUMMARIES = Codec(
    lambda summaries: [summary.document() for summary in summaries],
    lambda documents: tuple(IncidentSummary.from_document(document) for document in documents),
    slow=True,
)
TIMES = Codec(lambda times: times.tolist(), lambda times: array("d", times))


BYTES = Codec(lambda data: base64.b64encode(data).decode(), base64.b64decode, slow=True)


class Operation:
    """One operation: its name, its request, the codec of its answer.

    `streams` says that it gives an iterator of answers; with `tells_who` the engine's method also takes `who` asks.
    `begins` says that it starts an investigation, which the one who asks for it then follows. `lasts` says that its
    answers end only with the one who asks, or the engine.
    """

    def __init__(self, method: Callable[..., Any], codec: Codec, *, tells_who: bool, begins: bool, lasts: bool) -> None:
        self.name = method.__name__
        self.codec = codec
        self.tells_who = tells_who
        self.begins = begins
        self.lasts = lasts
        self.streams = not inspect.iscoroutinefunction(method)
        self._method = method

    @property
    def reads(self) -> bool:
        """Whether it changes nothing: it may be asked again when nobody knows whether it was answered."""
        return not (self.tells_who or self.begins)

    @cached_property
    def signature(self) -> inspect.Signature:
        """The method's parameters without `self`."""
        signature = inspect.signature(self._method)
        return signature.replace(parameters=tuple(signature.parameters.values())[1:])

    @cached_property
    def request(self) -> type[BaseModel]:
        """The parameters as a model; built when it is first used."""
        own = {name: kind for name, kind in self._method.__annotations__.items() if name != "return"}
        hints = get_type_hints(
            SimpleNamespace(__annotations__=own), globalns=self._method.__globals__, include_extras=True
        )
        fields: dict[str, Any] = {
            name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
            for name, parameter in self.signature.parameters.items()
        }
        return create_model(self.name, __config__=ConfigDict(extra="forbid"), **fields)

    def bind(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The arguments of a call by name, with defaults. Raises `TypeError` as a call does."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments

    def encode_arguments(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments as JSON."""
        return self.request(**arguments).model_dump(mode="json")

    def decode_arguments(self, document: Any) -> dict[str, Any]:
        """The arguments that `encode_arguments` wrote. Raises pydantic's `ValidationError`."""
        model = self.request.model_validate(document)
        return {name: getattr(model, name) for name in self.signature.parameters}


def operation(codec: Codec, *, tells_who: bool = False, begins: bool = False, lasts: bool = False) -> Callable[[F], F]:
    """Make a method of a protocol an operation."""

    def mark(method: F) -> F:
        method.__dict__["operation"] = Operation(method, codec, tells_who=tells_who, begins=begins, lasts=lasts)
        return method

    return mark


def operations_of(port: type) -> dict[str, Operation]:
    """The operations that a protocol declares, by name."""
    return {name: method.operation for name, method in vars(port).items() if hasattr(method, "operation")}
