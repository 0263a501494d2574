"""Questions and answers: what may be asked, of which resources, for how much, reduced to what; and what comes back.

Questions are frozen records, so that equal ones are asked once and every answer can be stored with its question.
"""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from primitives.dataclass import dataclass
from primitives.records import Coverage, Record, Window
from primitives.terms import AnswerStatus, ChangeKind, MetricKind, Severity

__all__ = [
    "AlertsQuery",
    "Answer",
    "Answers",
    "Budget",
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
    "Reduction",
    "ScopedQuery",
    "SeriesQuery",
    "SpansQuery",
    "TopK",
    "TopologyQuery",
]

N = TypeVar("N", int, float)
R = TypeVar("R")

Question = Literal[
    "series", "changes", "logs", "spans", "topology", "configuration", "objects", "container_logs", "probes",
    "observations", "alerts",
]  # fmt: skip


class QueryBase(Record):
    """What every question has: the time it is about. `question` names it in events, blobs and documents."""

    question: Question
    window: Window


class Budget(Record):
    """The most that an answer may cost: `rows` of records (of series: samples), `text_bytes` of text, and US dollars.

    What exceeds it is left out, the oldest first, and the answer says that it is cut. A source that charges for a
    question refuses one that would cost more than `usd` (None: no limit).
    """

    rows: int = Field(default=100_000, gt=0)
    text_bytes: int | None = Field(default=None, gt=0)
    usd: float | None = Field(default=None, ge=0)

    def capped(self, other: "Budget") -> "Budget":
        """The smaller of both in every respect."""
        return Budget(
            rows=min(self.rows, other.rows),
            text_bytes=_least(self.text_bytes, other.text_bytes),
            usd=_least(self.usd, other.usd),
        )


class CountByTemplate(Record):
    """How many log records of each resource, severity and message template came in each step of `step_s` seconds.

    Labels: `resource`, `severity`, `template` and `example`, a message.
    """

    type: Literal["count_by_template"] = "count_by_template"
    step_s: float = Field(default=60.0, gt=0)


class CountByLabel(Record):
    """How many records came in each step of `step_s` seconds, for each combination of `labels`.

    A label is a field that names something (`resource`, `severity`, `name`, `status`) or an attribute.
    """

    type: Literal["count_by_label"] = "count_by_label"
    labels: tuple[str, ...] = Field(default=("resource",), min_length=1)
    step_s: float = Field(default=60.0, gt=0)


class Quantiles(Record):
    """Quantiles (0 to 1) in each step of `step_s` seconds: of spans' durations in seconds, or of a metric's samples.

    Labels: `quantile` and `resource`, for spans `name`, for series `metric`.
    """

    type: Literal["quantiles"] = "quantiles"
    quantiles: tuple[float, ...] = Field(default=(0.5, 0.95), min_length=1)
    step_s: float = Field(default=60.0, gt=0)


class TopK(Record):
    """The `k` combinations of `labels` with the most records in the whole window, the most frequent first."""

    type: Literal["top_k"] = "top_k"
    labels: tuple[str, ...] = Field(default=("resource",), min_length=1)
    k: int = Field(default=10, gt=0)


Reduction = CountByTemplate | CountByLabel | Quantiles | TopK


class ScopedQuery(QueryBase):
    """A question about some resources (None: about all), with a budget.

    `aliases` are further names that a source may know them by; `Telemetry` fills them in.
    """

    resources: tuple[str, ...] | None = None
    aliases: tuple[str, ...] = ()
    budget: Budget = Budget()

    @property
    def names(self) -> frozenset[str] | None:
        """Every name that the resources go by; None where all are asked for."""
        return None if self.resources is None else frozenset((*self.resources, *self.aliases))


class SeriesQuery(ScopedQuery):
    """Samples of metrics. None means all; the filters are joined by AND."""

    question: Literal["series"] = "series"
    metrics: tuple[str, ...] | None = None
    kinds: tuple[MetricKind, ...] | None = None
    step_s: float | None = None
    budget: Budget = Budget(rows=4_000_000)
    reduction: Quantiles | None = None


class ChangesQuery(QueryBase):
    """Changes, of these kinds (None: of every kind)."""

    question: Literal["changes"] = "changes"
    kinds: tuple[ChangeKind, ...] | None = None


class LogsQuery(ScopedQuery):
    """Log records, of these severities (None: all) and with one of the `text`s in their message, in any case."""

    question: Literal["logs"] = "logs"
    severities: tuple[Severity, ...] | None = None
    text: tuple[str, ...] | None = None
    reduction: Annotated[CountByTemplate | CountByLabel | TopK, Field(discriminator="type")] | None = None


class SpansQuery(ScopedQuery):
    """Spans of the traces in which one of the `resources` takes part (None: of all traces)."""

    question: Literal["spans"] = "spans"
    reduction: Annotated[CountByLabel | Quantiles | TopK, Field(discriminator="type")] | None = None


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


Completeness = Literal["complete", "sampled", "cut"]
"""Whether an answer holds everything that was asked for, a fair sample of it, or the newest part of it."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """What one source said to one question.

    `coverage` says for which kinds and times the source really answered; only there may anything be called absent.
    `completeness` says whether all of it is here, and `left_out` why not. `reduction` is what the source made of the
    records: then they are `Aggregate`s, of the records that it read. `digest` names the recorded blob (SHA-256, hex)
    once a recorder has it.
    """

    query: Query
    source: str
    status: AnswerStatus
    records: tuple[R, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    detail: str | None = None
    completeness: Completeness = "complete"
    left_out: str = ""
    reduction: Reduction | None = None
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
    def complete(self) -> bool:
        """Whether no source left records out."""
        return all(part.completeness == "complete" for part in self.parts)

    @property
    def source(self) -> str:
        """The names of the sources that answered, or of those that were asked, each once: some answer in parts."""
        answering = [part.source for part in self.parts if part.status in ("answered", "partial")]
        return ", ".join(dict.fromkeys(answering or [part.source for part in self.parts]))

    @property
    def digests(self) -> tuple[str, ...]:
        """The recorded blobs."""
        return tuple(part.digest for part in self.parts if part.digest)

    @property
    def gaps(self) -> tuple[Answer[R], ...]:
        """The answers that say less than was asked."""
        return tuple(part for part in self.parts if part.status != "answered" or part.completeness != "complete")

    def covered(self, kind: str, window: Window) -> tuple[str, ...]:
        """The sources that answered for `kind` over all of `window`: the licence to say that something was absent."""
        return tuple(
            entry.source
            for part in self.parts
            if part.completeness == "complete"
            for entry in part.coverage
            if entry.status == "answered"
            and kind in entry.kinds
            and entry.start <= window.start <= window.end <= entry.end
        )


def _least(first: N | None, second: N | None) -> N | None:
    present = [value for value in (first, second) if value is not None]
    return min(present, default=None)
