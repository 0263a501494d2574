"""Questions and answers: what a diagnostic may ask, whatever the sources are.

A diagnostic asks a typed question of `Telemetry`. `Telemetry` routes it to every backend that can answer, side by side,
each with a time-out. It answers an equal question from its cache. Every answer, of whatever backend, is sanitised,
redacted and canonicalised here, before it is recorded and before a diagnostic sees it; so a live incident is always
also a recorded one. A question that nobody can answer yields an answer that says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, ClassVar, Final, Literal, Protocol

from primitives.canonicaliser import Ask, Canonicaliser
from primitives.clock import Clock
from primitives.collector import made_to_stay
from primitives.dataclass import dataclass
from primitives.errors import CloudopsError, SourceDenied, SourceError
from primitives.longer_answers import answered_by, may_answer
from primitives.questions import (
    AlertsQuery,
    Answer,
    Answers,
    Budget,
    ChangesQuery,
    Completeness,
    ConfigurationQuery,
    ContainerLogsQuery,
    CountByLabel,
    CountByTemplate,
    LogsQuery,
    ObjectsQuery,
    ObservationsQuery,
    ProbesQuery,
    Quantiles,
    Query,
    Question,
    Reduction,
    ScopedQuery,
    SeriesQuery,
    SpansQuery,
    TopK,
    TopologyQuery,
)
from primitives.records import (
    Aggregate,
    Alert,
    Change,
    ConfigurationSnapshot,
    ContainerLog,
    KubernetesDump,
    LogRecord,
    Observation,
    Probe,
    Series,
    Span,
    Topology,
)
from primitives.redact import Redactor
from primitives.reductions import reduced, within_budget
from primitives.resolver import Tie
from primitives.sanitise import Cleaner, TooDeepError
from primitives.sanitise_records import are_many, sanitise_record
from primitives.terms import AnswerStatus

__all__ = [
    "LIVE_BUDGETS",
    "RECORDED",
    "AlertsQuery",
    "Answer",
    "Answers",
    "Ask",
    "Backend",
    "BackendStatus",
    "Budget",
    "Canonicaliser",
    "ChangesQuery",
    "Completeness",
    "ConfigurationQuery",
    "ContainerLogsQuery",
    "CountByLabel",
    "CountByTemplate",
    "LogsQuery",
    "ObjectsQuery",
    "ObservationsQuery",
    "ProbesQuery",
    "Quantiles",
    "Query",
    "Question",
    "Recorder",
    "Reduction",
    "ScopedQuery",
    "SeriesQuery",
    "SpansQuery",
    "Telemetry",
    "TopK",
    "TopologyQuery",
    "sanitise_answer",
]

RECORDED: Final = "recorded"
"""The name of the backend that reads a bundle. No configured source may have it."""

LIVE_BUDGETS: Final[Mapping[Question, Budget]] = {
    "logs": Budget(rows=20_000, text_bytes=32 * 1024 * 1024),
    "spans": Budget(rows=50_000, text_bytes=32 * 1024 * 1024),
}
"""The most that one question may bring from a live source. A busy log store has millions of lines in the hours that a
diagnostic looks back over; so many are read in seconds, and tell as much about what a message means."""


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
    """What talks to one kind of system. `Telemetry` sanitises, redacts and reduces its answers where it didn't.

    A backend that can do a question's reduction, scope or budget itself should: what it leaves to do is done on the
    records that it brought.
    """

    @property
    def name(self) -> str:
        """What facts cite it by."""
        ...

    @property
    def questions(self) -> frozenset[Question]:
        """What it can answer."""
        ...

    async def ask(self, query: Query) -> Answer[Any]:
        """Answer `query`. Raises `SourceError`, whose message names no address, when it can't."""
        ...

    async def check(self) -> BackendStatus:
        """Whether it can be reached, and as whom."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Recorder(Protocol):
    """Keeps answers; the engine implements it."""

    async def record(self, answer: Answer[Any]) -> str:
        """Keep `answer` and return its digest."""
        ...


@dataclass(slots=True)
class Telemetry:
    """Routes questions to backends, and makes their answers fit to be recorded and believed.

    `timeout_s` bounds each backend's answer, `concurrency` the questions under way. A source whose check among `checks`
    failed isn't asked. `secrets` are known credentials, redacted wherever they appear. `budgets` cap what a question
    may bring. With several backends the `canonicaliser` gives every answer one name for each thing.
    """

    DEFAULT_TIMEOUT_S: ClassVar[float] = 20.0

    backends: Sequence[Backend]
    recorder: Recorder
    clock: Clock
    timeout_s: float = DEFAULT_TIMEOUT_S
    concurrency: int = 8
    checks: Iterable[BackendStatus] = ()
    secrets: Iterable[str] = ()
    budgets: Mapping[Question, Budget] = field(default_factory=dict)
    canonicaliser: Canonicaliser | None = None
    _asked: dict[str, asyncio.Future[Answers[Any]]] = field(default_factory=dict)
    _longer: dict[Question, tuple[Query, asyncio.Future[Answers[Any]]]] = field(default_factory=dict)
    _limit: asyncio.Semaphore | None = None
    _failed: dict[str, BackendStatus] = field(init=False)
    _cleaner: Cleaner = field(init=False)
    _recorded: bool = field(init=False)

    def __post_init__(self) -> None:
        self._failed = {check.name: check for check in self.checks if check.status in ("denied", "unreachable")}
        self._cleaner = Cleaner(Redactor(self.secrets))
        self._recorded = any(backend.name == RECORDED for backend in self.backends)

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

    async def aggregates(self, query: LogsQuery | SpansQuery | SeriesQuery) -> Answers[Aggregate]:
        """What `query.reduction` makes of the records."""
        return await self.ask(query)

    async def ask(self, query: Query) -> Answers[Any]:
        """Ask every backend that can answer. An equal question under way or answered is not asked again."""
        query = await self._scoped(query)
        key = query.model_dump_json()
        known = self._asked.get(key)
        if known is None:
            longer = None if self._recorded else self._longer.get(query.question)
            asked = self._ask_all(query) if longer is None else self._from_longer(query, longer)
            known = asyncio.ensure_future(asked)
            self._asked[key] = known
            self._longer.setdefault(query.question, (query, known))
        # One asker's cancellation must not take the answer away from the others.
        return await asyncio.shield(known)

    @property
    def cost_usd(self) -> float:
        """What the backends that charge for questions have charged by now, as far as they know; they say `cost_usd`."""
        return sum(float(getattr(backend, "cost_usd", 0.0)) for backend in self.backends)

    @property
    def ties(self) -> tuple[Tie, ...]:
        """Which names in the answers were tied to a resource by now, and by which rule."""
        canonicaliser = self._canonicaliser()
        return () if canonicaliser is None else canonicaliser.ties

    async def close(self) -> None:
        """Stop what is under way and close the backends."""
        for future in self._asked.values():
            future.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)
        await asyncio.gather(*(backend.close() for backend in self.backends), return_exceptions=True)
        # To free an answer of thousands of objects takes longer than a key should wait.
        held = [*self._asked.values()]
        self._asked.clear()
        self._longer.clear()
        await asyncio.to_thread(held.clear)

    async def _from_longer(self, query: Query, longer: tuple[Query, asyncio.Future[Answers[Any]]]) -> Answers[Any]:
        """The answer that one about a longer time holds, else that of the backends."""
        asked, under_way = longer
        if not may_answer(asked, query) or (same := answered_by(await asyncio.shield(under_way), query)) is None:
            return await self._ask_all(query)
        parts = [replace(part, digest=await self.recorder.record(part)) for part in same.parts]
        return Answers(query, tuple(parts))

    async def _ask_all(self, query: Query) -> Answers[Any]:
        able = [backend for backend in self.backends if query.question in backend.questions]
        if not able:
            nobody: Answer[Any] = Answer(query, "none", "not_recorded")
            return Answers(query, (nobody,))
        parts = await asyncio.gather(*(self._ask_one(backend, query) for backend in able))
        return Answers(query, tuple(parts))

    async def _scoped(self, query: Query) -> Query:
        """The question with the aliases of its resources, and with no larger a budget than is allowed."""
        if not isinstance(query, ScopedQuery):
            return query
        changed: dict[str, Any] = {}
        if (cap := self.budgets.get(query.question)) is not None:
            changed["budget"] = query.budget.capped(cap)
        if query.resources and (canonicaliser := self._canonicaliser()) is not None:
            aliases = [await canonicaliser.aliases(name, self._ask_for_names) for name in query.resources]
            changed["aliases"] = tuple(sorted({alias for names in aliases for alias in names}))
        return query.model_copy(update=changed) if changed else query

    def _canonicaliser(self) -> Canonicaliser | None:
        return self.canonicaliser if len(self.backends) > 1 else None

    async def _ask_one(self, backend: Backend, query: Query) -> Answer[Any]:
        if (canonicaliser := self._canonicaliser()) is None:
            answer = await self._answer_of(backend, query)
        else:
            local = await canonicaliser.local(query, backend.name, self._ask_for_names)
            answer = Answer(query, backend.name, "answered")
            if local is not None:
                answer = replace(await self._answer_of(backend, local), query=query)
            answer = await canonicaliser.canonical(answer, self._ask_for_names)
        if backend.name != RECORDED:
            try:
                answer = await asyncio.to_thread(_fitted, answer)
            except Exception as error:  # Any failure to read its records leaves that answer out; the others are heard.
                answer = self._refusal(backend, query, error)
        return replace(answer, digest=await self.recorder.record(answer))

    async def _ask_for_names(self, query: Query) -> tuple[Answer[Any], ...]:
        """The sources' own answers, neither canonicalised nor recorded."""
        able = [backend for backend in self.backends if query.question in backend.questions]
        return tuple(await asyncio.gather(*(self._answer_of(backend, query) for backend in able)))

    async def _answer_of(self, backend: Backend, query: Query) -> Answer[Any]:
        """What the backend answers, sanitised and redacted; a failure is an answer too."""
        if (failed := self._failed.get(backend.name)) is not None:
            status: AnswerStatus = "denied" if failed.status == "denied" else "unreachable"
            return Answer(query, backend.name, status, detail=failed.detail)
        if self._limit is None:
            self._limit = asyncio.Semaphore(self.concurrency)
        async with self._limit:
            try:
                async with asyncio.timeout(self.timeout_s):
                    answer = await backend.ask(query)
                if backend.name == RECORDED:
                    return answer  # A bundle is sanitised while it is read.
                # A large answer must not hold up the others.
                answer = replace(answer, query=query, source=backend.name)
                return await asyncio.to_thread(sanitise_answer, answer, self._cleaner)
            except Exception as error:  # Any failure of a backend leaves its answer out; the others are heard.
                return self._refusal(backend, query, error)

    def _refusal(self, backend: Backend, query: Query, error: Exception) -> Answer[Any]:
        match error:
            case TimeoutError():
                problem = f"no answer within {self.timeout_s:g} s"
            case SourceError():
                problem = error.problem
            case TooDeepError():
                problem = f"what it answers can't be read: {error}"
            case CloudopsError():
                problem = str(error)
            case _:
                problem = f"{type(error).__name__}: {error}"
        status: AnswerStatus = "denied" if isinstance(error, SourceDenied) else "unreachable"
        return Answer(query, backend.name, status, detail=self._cleaner.line(problem))


def sanitise_answer(answer: Answer[Any], cleaner: Cleaner) -> Answer[Any]:
    """The answer with the texts of its records and its own sanitised and redacted; its source is left as it is."""
    with made_to_stay(large=are_many(answer.records)):
        records = tuple(sanitise_record(record, cleaner) for record in answer.records)
    return replace(
        answer,
        records=records,
        coverage=tuple(sanitise_record(entry, cleaner) for entry in answer.coverage),
        detail=answer.detail and cleaner.line(answer.detail),
        left_out=cleaner.line(answer.left_out),
    )


def _fitted(answer: Answer[Any]) -> Answer[Any]:
    """What a backend left to do: the budget, and the reduction."""
    query = answer.query
    if not isinstance(query, LogsQuery | SpansQuery | SeriesQuery) or answer.reduction is not None:
        return answer
    if not isinstance(query, SeriesQuery):
        kept, why = within_budget(answer.records, query.budget)
        if why:
            answer = replace(answer, records=tuple(kept), completeness="cut", left_out=why)
    if query.reduction is None:
        return answer
    return replace(answer, records=reduced(answer.records, query), reduction=query.reduction)
