"""Questions and answers: what a diagnostic may ask of the world, whatever the world is made of.

A diagnostic asks a typed question of `Telemetry`. `Telemetry` routes it to every backend that can answer, side by
side, each with a time-out; it answers an equal question from its cache; and it hands every answer to a `Recorder`, so
that a live incident is always also a recorded one. A question that nobody can answer yields an answer that says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import Field

from primitives.clock import Clock
from primitives.errors import SourceDenied, SourceError, SourceTimeout
from primitives.records import (
    Alert,
    Change,
    ConfigurationSnapshot,
    ContainerLog,
    Coverage,
    KubernetesDump,
    LogRecord,
    Observation,
    Probe,
    Record,
    Series,
    Span,
    Topology,
    Window,
)
from primitives.terms import AnswerStatus, ChangeKind, MetricKind, Severity

__all__ = [
    "AlertsQuery",
    "Answer",
    "Answers",
    "Ask",
    "Backend",
    "BackendStatus",
    "Canonicaliser",
    "ChangesQuery",
    "ConfigurationQuery",
    "ContainerLogsQuery",
    "LogsQuery",
    "ObjectsQuery",
    "ObservationsQuery",
    "ProbesQuery",
    "Query",
    "Question",
    "Recorder",
    "SeriesQuery",
    "SpansQuery",
    "Telemetry",
    "TopologyQuery",
]

R = TypeVar("R")

Question = Literal[
    "series", "changes", "logs", "spans", "topology", "configuration", "objects", "container_logs", "probes",
    "observations", "alerts",
]  # fmt: skip


class QueryBase(Record):
    """What every question has: the time it is about. `question` names it in events, blobs and documents."""

    question: Question
    window: Window


class SeriesQuery(QueryBase):
    """Samples of metrics. None means all; the filters are joined by AND."""

    question: Literal["series"] = "series"
    resources: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    kinds: tuple[MetricKind, ...] | None = None
    step_s: float | None = None


class ChangesQuery(QueryBase):
    """Changes, of these kinds (None: of every kind)."""

    question: Literal["changes"] = "changes"
    kinds: tuple[ChangeKind, ...] | None = None


class LogsQuery(QueryBase):
    """Log records, of these resources and severities (None: all); at most `limit`, the newest."""

    question: Literal["logs"] = "logs"
    resources: tuple[str, ...] | None = None
    severities: tuple[Severity, ...] | None = None
    limit: int = Field(default=100_000, gt=0)


class SpansQuery(QueryBase):
    """Trace spans; at most `limit`, the newest."""

    question: Literal["spans"] = "spans"
    limit: int = Field(default=100_000, gt=0)


class TopologyQuery(QueryBase):
    """The resources and their dependencies."""

    question: Literal["topology"] = "topology"


class ConfigurationQuery(QueryBase):
    """Configuration snapshots taken in the window, and the last one before it, of each resource and kind."""

    question: Literal["configuration"] = "configuration"


class ObjectsQuery(QueryBase):
    """Kubernetes objects, of these kinds (plural, lower case; None: all): every dump in the window."""

    question: Literal["objects"] = "objects"
    kinds: tuple[str, ...] | None = None


class ContainerLogsQuery(QueryBase):
    """Raw container logs, with those of the last terminated instances."""

    question: Literal["container_logs"] = "container_logs"


class ProbesQuery(QueryBase):
    """Results of active checks."""

    question: Literal["probes"] = "probes"


class ObservationsQuery(QueryBase):
    """What fits nowhere else, of these kinds (None: all)."""

    question: Literal["observations"] = "observations"
    kinds: tuple[str, ...] | None = None


class AlertsQuery(QueryBase):
    """Alerts that fired in the window."""

    question: Literal["alerts"] = "alerts"


Query = (
    SeriesQuery
    | ChangesQuery
    | LogsQuery
    | SpansQuery
    | TopologyQuery
    | ConfigurationQuery
    | ObjectsQuery
    | ContainerLogsQuery
    | ProbesQuery
    | ObservationsQuery
    | AlertsQuery
)


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """What one source said to one question.

    `coverage` says for which kinds and times the source really answered; only there may anything be called absent.
    `digest` names the recorded blob (SHA-256, hex) once a recorder has it.
    """

    query: Query
    source: str
    status: AnswerStatus
    records: tuple[R, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    detail: str | None = None
    truncated: bool = False
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Answers(Generic[R]):
    """What all sources said to one question."""

    query: Query
    parts: tuple[Answer[R], ...]

    @property
    def records(self) -> tuple[R, ...]:
        """The records of every source, in the sources' order."""
        if len(self.parts) == 1:
            return self.parts[0].records
        return tuple(record for part in self.parts for record in part.records)

    @property
    def answered(self) -> bool:
        """Whether any source answered, at least in part."""
        return any(part.status in ("answered", "partial") for part in self.parts)

    @property
    def source(self) -> str:
        """The names of the sources that answered, or of those that were asked."""
        answering = [part.source for part in self.parts if part.status in ("answered", "partial")]
        return ", ".join(answering or [part.source for part in self.parts])

    @property
    def digests(self) -> tuple[str, ...]:
        """The recorded blobs."""
        return tuple(part.digest for part in self.parts if part.digest)

    @property
    def gaps(self) -> tuple[Answer[R], ...]:
        """The answers that say less than was asked."""
        return tuple(part for part in self.parts if part.status != "answered" or part.truncated)

    def covered(self, kind: str, window: Window) -> tuple[str, ...]:
        """The sources that answered for `kind` over all of `window`: the licence to say that something was absent."""
        return tuple(
            entry.source
            for part in self.parts
            for entry in part.coverage
            if entry.status == "answered"
            and kind in entry.kinds
            and entry.start <= window.start <= window.end <= entry.end
        )


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """What `doctor` and the header show of a source.

    `detail` is logged, so it holds no address; `address`, without credentials, is for `doctor` alone.
    """

    name: str
    status: Literal["reachable", "denied", "unreachable", "not_configured"]
    detail: str = ""
    questions: tuple[Question, ...] = ()
    address: str = ""


class Backend(Protocol):
    """One world that can be asked. Raises `SourceError` when it can't answer; never anything else on purpose."""

    @property
    def name(self) -> str:
        """What facts cite it by."""
        ...

    @property
    def questions(self) -> frozenset[Question]:
        """What it can answer."""
        ...

    async def ask(self, query: Query) -> Answer[Any]:
        """Answer `query`, redacted and made safe."""
        ...

    async def check(self) -> BackendStatus:
        """Whether it can be reached, and as whom."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


Ask = Callable[[Query], Awaitable[Sequence[Answer[Any]]]]
"""Puts a question to every source that can answer it."""


class Recorder(Protocol):
    """Keeps answers; the engine implements it."""

    async def record(self, answer: Answer[Any]) -> str:
        """Keep `answer` and return its digest."""
        ...


class Canonicaliser(Protocol):
    """Calls each thing by one identifier, whatever the sources call it (`primitives/canonical.py`)."""

    async def canonical(self, answer: Answer[Any], ask: Ask) -> Answer[Any]:
        """`answer` with canonical identifiers; `ask` puts a question to every source and changes nothing of it."""
        ...


@dataclass(slots=True)
class Telemetry:
    """Routes questions to backends. `timeout_s` bounds each backend's answer, `concurrency` the questions under way.

    With several backends and a `canonicaliser` every answer is canonicalised before it is recorded and read.
    """

    DEFAULT_TIMEOUT_S: ClassVar[float] = 20.0

    backends: Sequence[Backend]
    recorder: Recorder
    clock: Clock
    timeout_s: float = DEFAULT_TIMEOUT_S
    concurrency: int = 8
    canonicaliser: Canonicaliser | None = None
    _asked: dict[str, asyncio.Future[Answers[Any]]] = field(default_factory=dict)
    _limit: asyncio.Semaphore | None = None

    async def series(self, query: SeriesQuery) -> Answers[Series]:
        """Samples of metrics."""
        return await self.ask(query)

    async def changes(self, query: ChangesQuery) -> Answers[Change]:
        """What was changed."""
        return await self.ask(query)

    async def logs(self, query: LogsQuery) -> Answers[LogRecord]:
        """Log records."""
        return await self.ask(query)

    async def spans(self, query: SpansQuery) -> Answers[Span]:
        """Trace spans."""
        return await self.ask(query)

    async def topology(self, query: TopologyQuery) -> Answers[Topology]:
        """Resources and dependencies, one `Topology` a source."""
        return await self.ask(query)

    async def configuration(self, query: ConfigurationQuery) -> Answers[ConfigurationSnapshot]:
        """Configuration snapshots."""
        return await self.ask(query)

    async def objects(self, query: ObjectsQuery) -> Answers[KubernetesDump]:
        """Kubernetes objects."""
        return await self.ask(query)

    async def container_logs(self, query: ContainerLogsQuery) -> Answers[ContainerLog]:
        """Raw container logs."""
        return await self.ask(query)

    async def probes(self, query: ProbesQuery) -> Answers[Probe]:
        """Results of active checks."""
        return await self.ask(query)

    async def observations(self, query: ObservationsQuery) -> Answers[Observation]:
        """What fits nowhere else."""
        return await self.ask(query)

    async def alerts(self, query: AlertsQuery) -> Answers[Alert]:
        """Alerts."""
        return await self.ask(query)

    async def ask(self, query: Query) -> Answers[Any]:
        """Ask every backend that can answer. An equal question under way or answered is not asked again."""
        key = query.model_dump_json()
        known = self._asked.get(key)
        if known is None:
            known = asyncio.ensure_future(self._ask_all(query))
            self._asked[key] = known
        # One asker's cancellation must not take the answer away from the others.
        return await asyncio.shield(known)

    async def close(self) -> None:
        """Stop what is under way and close the backends."""
        for future in self._asked.values():
            future.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)
        await asyncio.gather(*(backend.close() for backend in self.backends), return_exceptions=True)

    async def _ask_all(self, query: Query) -> Answers[Any]:
        able = [backend for backend in self.backends if query.question in backend.questions]
        if not able:
            nobody: Answer[Any] = Answer(query, "none", "not_recorded")
            return Answers(query, (nobody,))
        parts = await asyncio.gather(*(self._ask_one(backend, query) for backend in able))
        return Answers(query, tuple(parts))

    async def _ask_one(self, backend: Backend, query: Query) -> Answer[Any]:
        answer = await self._answer_of(backend, query)
        if self.canonicaliser is not None and len(self.backends) > 1:
            answer = await self.canonicaliser.canonical(answer, self._ask_for_names)
        return replace(answer, digest=await self.recorder.record(answer))

    async def _ask_for_names(self, query: Query) -> tuple[Answer[Any], ...]:
        """The sources' own answers, neither canonicalised nor recorded."""
        able = [backend for backend in self.backends if query.question in backend.questions]
        return tuple(await asyncio.gather(*(self._answer_of(backend, query) for backend in able)))

    async def _answer_of(self, backend: Backend, query: Query) -> Answer[Any]:
        if self._limit is None:
            self._limit = asyncio.Semaphore(self.concurrency)
        async with self._limit:
            try:
                async with asyncio.timeout(self.timeout_s):
                    return await backend.ask(query)
            except TimeoutError:
                return _failed(query, SourceTimeout(backend.name, f"no answer within {self.timeout_s:g} s"))
            except SourceError as error:
                return _failed(query, error)


def _failed(query: Query, error: SourceError) -> Answer[Any]:
    status: AnswerStatus = "denied" if isinstance(error, SourceDenied) else "unreachable"
    return Answer(query, error.source, status, detail=error.problem)
