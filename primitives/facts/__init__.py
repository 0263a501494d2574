"""Every kind of fact, one module a kind, and the sentence for each.

A fact is data that a diagnostic found: about a resource, in a window, with values and units. The sentence is rendered
from the data by code. Reasoning takes facts and nothing else.
"""

from __future__ import annotations

from primitives.facts.alerts import AlertState
from primitives.facts.assertions import Assertion
from primitives.facts.base import FactBase, label
from primitives.facts.changes import ChangeFound, change_key, change_kind, change_label, change_name, change_noun
from primitives.facts.configuration import ConfigurationDifference
from primitives.facts.gaps import SourceGap
from primitives.facts.locations import Location, locations_of
from primitives.facts.logs import LogPattern
from primitives.facts.metrics import MetricAtLimit, MetricMissing, MetricShift, OwnShare, normal_room
from primitives.facts.observations import NEUTRAL_KINDS, Observed
from primitives.facts.probes import ProbeResult
from primitives.facts.replicas import ReplicaComparison, ReplicaMeasure, ReplicaVerdict
from primitives.facts.settings import SettingConflict
from primitives.facts.topology import Dependencies
from primitives.facts.traces import MoreCalls, SpanErrors, SpanShift
from primitives.facts.union import Fact, fact_adapter
from primitives.facts.wire import WireDelay
from primitives.facts.workloads import WorkloadState

__all__ = [
    "NEUTRAL_KINDS",
    "AlertState",
    "Assertion",
    "ChangeFound",
    "ConfigurationDifference",
    "Dependencies",
    "Fact",
    "FactBase",
    "Location",
    "LogPattern",
    "MetricAtLimit",
    "MetricMissing",
    "MetricShift",
    "MoreCalls",
    "Observed",
    "OwnShare",
    "ProbeResult",
    "ReplicaComparison",
    "ReplicaMeasure",
    "ReplicaVerdict",
    "SettingConflict",
    "SourceGap",
    "SpanErrors",
    "SpanShift",
    "WireDelay",
    "WorkloadState",
    "change_key",
    "change_kind",
    "change_label",
    "change_name",
    "change_noun",
    "fact_adapter",
    "label",
    "locations_of",
    "normal_room",
]
