"""What kind of change a call is, and one record for what two sources tell of one change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from primitives.patterns import lazy_pattern
from primitives.records import Change
from primitives.terms import ChangeKind

__all__ = ["kind_of_call", "merged_changes"]

_SAME: Final = timedelta(minutes=2)
# What services and agents do all day, and what only starts a job that others tell of.
_NOISE: Final = lazy_pattern(
    r"(?:Create|Put|Delete)Log(?:Stream|Group|Events)|AssumeRole\w*|GetSessionToken|Decrypt|GenerateDataKey\w*|Encrypt|"
    r"CreateGrant|RetireGrant|UpdateInstance(?:Information|AssociationStatus)|Put(?:Inventory|ComplianceItems)|"
    r"(?:Submit|Poll|Signal|Record)\w*|SendHeartbeat|ConsoleLogin|StartQuery|StopQuery|"
    r"(?:Create|Delete|Attach|Detach)NetworkInterface\w*|SharedSnapshot\w*|SendMessage\w*|Publish|Invoke\w*|"
    r"(?:Start|Stop)Session|PutMetricData|BatchGet\w*|Get\w*|List\w*|Describe\w*|Lookup\w*"
)
_SCALING: Final = lazy_pattern(
    r"SetDesiredCapacity|UpdateAutoScalingGroup|RegisterScalableTarget|PutScal\w*|DeleteScal\w*|SuspendProcesses|"
    r"ResumeProcesses|TerminateInstanceInAutoScalingGroup|UpdateShardCount"
)
_DEPLOYMENT: Final = lazy_pattern(
    r"UpdateFunctionCode\w*|PublishVersion\w*|(?:Create|Update)Alias\w*|CreateFunction\w*|"
    r"CreateDeployment\w*|StartPipelineExecution|CreateService|DeleteService|StartDeployment|StartInstanceRefresh"
)
_INFRASTRUCTURE: Final = lazy_pattern(
    r"(?:Run|Start|Stop|Reboot|Terminate)Instances|(?:Reboot|Start|Stop|Failover|Promote)DB\w*|"
    r"(?:Register|Deregister)Targets|(?:Update|Execute)(?:Stack\w*|ChangeSet)|(?:Reboot|TestFailover)\w*|"
    r"Delete\w+|Create\w+"
)
_NETWORK: Final = ("SecurityGroup", "Route", "NetworkAcl", "Subnet", "NatGateway", "Vpc", "Volume")
_ACCESS_SOURCES: Final = frozenset({"iam.amazonaws.com", "sso.amazonaws.com", "organizations.amazonaws.com"})
_ACCESS: Final = ("Policy", "Permission", "Role", "AccessKey", "Grant", "Certificate")
_FLAGS: Final = frozenset({"appconfig.amazonaws.com", "evidently.amazonaws.com"})


def kind_of_call(source: str, name: str, request: Mapping[str, Any]) -> ChangeKind | None:
    """The kind of change that a CloudTrail event of `source` and `name` is; None where it changes no behaviour."""
    if not name or _NOISE.fullmatch(name):
        return None
    if source in _ACCESS_SOURCES or (_names(name, _ACCESS) and not name.startswith("PutScaling")):
        return "iam"
    if source in _FLAGS and name.startswith("Start"):
        return "feature_flag"
    if source == "ecs.amazonaws.com" and name == "UpdateService":
        return "scaling" if "desiredCount" in request and "taskDefinition" not in request else "deployment"
    if _SCALING.fullmatch(name):
        return "scaling"
    if _DEPLOYMENT.fullmatch(name):
        return "deployment"
    built = _INFRASTRUCTURE.fullmatch(name) or _names(name, _NETWORK)
    return "infrastructure" if built else "configuration"


def _names(name: str, words: Iterable[str]) -> bool:
    return any(word in name for word in words)


def merged_changes(changes: Iterable[Change]) -> list[Change]:
    """The changes in order of time; what CloudTrail tells of one that its service tells too gives that its actor."""
    told: list[Change] = []
    by_trail: list[Change] = []
    places: dict[tuple[str | None, ChangeKind], list[int]] = defaultdict(list)
    for change in changes:
        if change.origin == "cloudtrail":
            by_trail.append(change)
        else:
            places[change.resource, change.kind].append(len(told))
            told.append(change)
    alone: list[Change] = []
    for change in by_trail:
        alike = places[change.resource, change.kind] if change.resource is not None else ()
        twin = next((place for place in alike if abs(change.time - told[place].time) <= _SAME), None)
        if twin is None:
            alone.append(change)
        elif change.actor and not told[twin].actor:
            told[twin] = told[twin].model_copy(update={"actor": change.actor})
    return sorted([*told, *alone], key=lambda change: (change.time, change.id or "", change.resource or ""))
