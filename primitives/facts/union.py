"""The closed union of all kinds of fact. A new kind is added here."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter

from primitives.facts.alerts import AlertState
from primitives.facts.assertions import Assertion
from primitives.facts.changes import ChangeFound
from primitives.facts.configuration import ConfigurationDifference
from primitives.facts.gaps import SourceGap
from primitives.facts.logs import LogPattern
from primitives.facts.metrics import MetricAtLimit, MetricMissing, MetricShift, OwnShare
from primitives.facts.observations import Observed
from primitives.facts.probes import ProbeResult
from primitives.facts.replicas import ReplicaComparison
from primitives.facts.settings import SettingConflict
from primitives.facts.topology import Dependencies
from primitives.facts.traces import MoreCalls, SpanErrors, SpanShift
from primitives.facts.wire import WireDelay
from primitives.facts.workloads import WorkloadState

__all__ = ["Fact", "fact_adapter"]

Fact = Annotated[
    MetricShift
    | MetricAtLimit
    | MetricMissing
    | OwnShare
    | Dependencies
    | ChangeFound
    | ReplicaComparison
    | ConfigurationDifference
    | SettingConflict
    | LogPattern
    | SpanShift
    | SpanErrors
    | MoreCalls
    | WireDelay
    | WorkloadState
    | ProbeResult
    | Observed
    | AlertState
    | SourceGap
    | Assertion,
    Field(discriminator="type"),
]
"""The closed union of all facts."""

fact_adapter: TypeAdapter[Fact] = TypeAdapter(Fact, config=ConfigDict(defer_build=True))
