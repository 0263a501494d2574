"""Answers as bytes and back: what the blob store keeps.

The form is one line of JSON and, for series, the samples after it as little-endian float64 (all times, then all values,
a series after the other), so that a month of samples is read in milliseconds. Equal answers give equal bytes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
from pydantic import TypeAdapter

from primitives.errors import StoreCorrupt
from primitives.records import (
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
from primitives.telemetry import Answer, Query, Question

__all__ = ["decode_answer", "encode_answer"]

_query: TypeAdapter[Query] = TypeAdapter(Query)
_coverage: TypeAdapter[tuple[Coverage, ...]] = TypeAdapter(tuple[Coverage, ...])
_records: dict[Question, TypeAdapter[Any]] = {
    "changes": TypeAdapter(tuple[Change, ...]),
    "logs": TypeAdapter(tuple[LogRecord, ...]),
    "spans": TypeAdapter(tuple[Span, ...]),
    "topology": TypeAdapter(tuple[Topology, ...]),
    "configuration": TypeAdapter(tuple[ConfigurationSnapshot, ...]),
    "objects": TypeAdapter(tuple[KubernetesDump, ...]),
    "container_logs": TypeAdapter(tuple[ContainerLog, ...]),
    "probes": TypeAdapter(tuple[Probe, ...]),
    "observations": TypeAdapter(tuple[Observation, ...]),
    "alerts": TypeAdapter(tuple[Alert, ...]),
}


def encode_answer(answer: Answer[Any]) -> bytes:
    """The answer as bytes, without its digest."""
    question = answer.query.question
    if question == "series":
        records: Any = [
            {"resource": one.resource, "metric": one.metric.model_dump(mode="json"), "samples": len(one.times)}
            for one in answer.records
        ]
        samples = b"".join(
            one.times.astype("<f8").tobytes() + one.values.astype("<f8").tobytes() for one in answer.records
        )
    else:
        records = _records[question].dump_python(answer.records, mode="json", by_alias=True)
        samples = b""
    head = {
        "query": answer.query.model_dump(mode="json", by_alias=True),
        "source": answer.source,
        "status": answer.status,
        "detail": answer.detail,
        "truncated": answer.truncated,
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
            truncated=head["truncated"],
            digest=digest,
        )
        if query.question == "series":
            return replace(answer, records=_series(head["records"], samples))
        return replace(answer, records=_records[query.question].validate_python(head["records"]))
    except (KeyError, ValueError, TypeError) as error:
        name = digest[:12] if digest else "an answer"
        raise StoreCorrupt(
            f"the recorded answer {name} can't be read ({type(error).__name__}); run `cloudops audit verify`"
        ) from error


def _series(heads: list[dict[str, Any]], samples: bytes) -> tuple[Series, ...]:
    numbers = np.frombuffer(samples, dtype="<f8")
    found, at = [], 0
    for head in heads:
        count = head["samples"]
        times, values = numbers[at : at + count], numbers[at + count : at + 2 * count]
        if len(values) != count:
            raise ValueError("samples are missing")
        found.append(Series(head["resource"], Metric.model_validate(head["metric"]), times, values))
        at += 2 * count
    return tuple(found)
