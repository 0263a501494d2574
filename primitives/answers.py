"""Answers as bytes and back: what the blob store keeps.

The form is one line of JSON and, for series and aggregates, the samples after it as little-endian float64 (all times,
then all values, a series after the other), so that a month of samples is read in milliseconds. Equal answers give equal
bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter

from primitives.errors import StoreCorrupt
from primitives.records import (
    Aggregate,
    Alert,
    Change,
    ConfigurationSnapshot,
    ContainerLog,
    Coverage,
    KubernetesDump,
    LogRecord,
    Metric,
    Observation,
    Probe,
    Series,
    Span,
    Topology,
)
from primitives.telemetry import Answer, Completeness, Query, Question, Reduction

__all__ = ["decode_answer", "encode_answer"]

# Built when first used: most runs read no answer, or those of two questions.
_DEFERRED: Final = ConfigDict(defer_build=True)
_query: TypeAdapter[Query] = TypeAdapter(Query, config=_DEFERRED)
_reduction: TypeAdapter[Reduction | None] = TypeAdapter(Reduction | None, config=_DEFERRED)
_coverage: TypeAdapter[tuple[Coverage, ...]] = TypeAdapter(tuple[Coverage, ...], config=_DEFERRED)
_records: dict[Question, TypeAdapter[Any]] = {
    "changes": TypeAdapter(tuple[Change, ...], config=_DEFERRED),
    "logs": TypeAdapter(tuple[LogRecord, ...], config=_DEFERRED),
    "spans": TypeAdapter(tuple[Span, ...], config=_DEFERRED),
    "topology": TypeAdapter(tuple[Topology, ...], config=_DEFERRED),
    "configuration": TypeAdapter(tuple[ConfigurationSnapshot, ...], config=_DEFERRED),
    "objects": TypeAdapter(tuple[KubernetesDump, ...], config=_DEFERRED),
    "container_logs": TypeAdapter(tuple[ContainerLog, ...], config=_DEFERRED),
    "probes": TypeAdapter(tuple[Probe, ...], config=_DEFERRED),
    "observations": TypeAdapter(tuple[Observation, ...], config=_DEFERRED),
    "alerts": TypeAdapter(tuple[Alert, ...], config=_DEFERRED),
}


def encode_answer(answer: Answer[Any]) -> bytes:
    """The answer as bytes, without its digest."""
    records, samples = _encode_records(answer)
    head = {
        "query": answer.query.model_dump(mode="json", by_alias=True),
        "source": answer.source,
        "status": answer.status,
        "detail": answer.detail,
        "completeness": answer.completeness,
        "left_out": answer.left_out,
        "reduction": answer.reduction.model_dump(mode="json") if answer.reduction else None,
        "coverage": _coverage.dump_python(answer.coverage, mode="json", by_alias=True),
        "records": records,
    }
    return orjson.dumps(head) + b"\n" + samples


def decode_answer(data: bytes, digest: str | None = None) -> Answer[Any]:
    """The answer that `data` holds. Raises `StoreCorrupt` when it holds none."""
    line, _, samples = data.partition(b"\n")
    try:
        head = orjson.loads(line)
        query = _query.validate_python(head["query"])
        answer: Answer[Any] = Answer(
            query=query,
            source=head["source"],
            status=head["status"],
            coverage=_coverage.validate_python(head["coverage"]),
            detail=head["detail"],
            completeness=_completeness(head),
            left_out=head.get("left_out", ""),
            reduction=_reduction.validate_python(head.get("reduction")),
            digest=digest,
        )
        if answer.reduction is not None:
            return replace(answer, records=_aggregates(head["records"], samples))
        if query.question == "series":
            return replace(answer, records=_series(head["records"], samples))
        return replace(answer, records=_records[query.question].validate_python(head["records"]))
    except (KeyError, ValueError, TypeError) as error:
        name = digest[:12] if digest else "an answer"
        raise StoreCorrupt(
            f"the recorded answer {name} can't be read ({type(error).__name__}); run `cloudops audit verify`"
        ) from error


def _encode_records(answer: Answer[Any]) -> tuple[Any, bytes]:
    """The records as JSON, and the numbers of those that have many."""
    if answer.reduction is not None:
        heads = [{"labels": dict(record.labels), "samples": len(record.times)} for record in answer.records]
        return heads, _numbers(answer.records)
    if answer.query.question == "series":
        heads = [
            {"resource": series.resource, "metric": series.metric.model_dump(mode="json"), "samples": len(series.times)}
            for series in answer.records
        ]
        return heads, _numbers(answer.records)
    return _records[answer.query.question].dump_python(answer.records, mode="json", by_alias=True), b""


def _numbers(records: Iterable[Series | Aggregate]) -> bytes:
    return b"".join(record.times.astype("<f8").tobytes() + record.values.astype("<f8").tobytes() for record in records)


def _completeness(head: dict[str, Any]) -> Completeness:
    """Before there was a `completeness`, an answer said only whether it was truncated."""
    value: Completeness = head.get("completeness", "cut" if head.get("truncated") else "complete")
    return value


def _series(heads: list[dict[str, Any]], samples: bytes) -> tuple[Series, ...]:
    return tuple(
        Series(head["resource"], Metric.model_validate(head["metric"]), times, values)
        for head, times, values in _columns(heads, samples)
    )


def _aggregates(heads: list[dict[str, Any]], samples: bytes) -> tuple[Aggregate, ...]:
    return tuple(Aggregate(head["labels"], times, values) for head, times, values in _columns(heads, samples))


def _columns(
    heads: list[dict[str, Any]], samples: bytes
) -> Iterator[tuple[dict[str, Any], NDArray[np.float64], NDArray[np.float64]]]:
    """Each record's head with its times and values."""
    numbers = np.frombuffer(samples, dtype="<f8")
    at = 0
    for head in heads:
        count = head["samples"]
        times, values = numbers[at : at + count], numbers[at + count : at + 2 * count]
        if len(values) != count:
            raise ValueError("samples are missing")
        yield head, times, values
        at += 2 * count
