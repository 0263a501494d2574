"""Whether each finding is relevant to the trouble of now, or is background: true, and no workload is affected by it.

A finding that a comparison of settings makes (a linter's) is true as long as the settings are. It explains something
only where something that it concerns is unhealthy, a check or the question names it, it nearly spells something that
exists, or it changed lately (Google SRE book, chapter 12: what changed, and what differs from what works). Where
nothing is in trouble at all it is the best lead that there is. Each rule is one function: what the finding concerns, or
None where it may be the reason in any case. What is past is marked by `past_events`.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final

from primitives.dataclass import dataclass
from primitives.identity import base_name, kind_of, namespace_of, same_name
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.illness import checked_well, find_ill, long_before
from primitives.kubernetes.links import find_links
from primitives.kubernetes.nodes import is_control_plane
from primitives.kubernetes.placement import fits
from primitives.kubernetes.pods_view import Pod
from primitives.kubernetes.states import STATES

__all__ = ["BY_COMPARISON", "judge_relevance", "nearly_spells"]

Concerned = Collection[str] | None

# A slip of the keyboard changes one character in eight or fewer; words such as -service at the end count for little.
_ALIKE: Final = 0.85
_SHORTEST_WORD: Final = 4
_READ_AT_START: Final = frozenset({"EnvHostUnknown", "EnvPortMismatch"})
_CHANGES: Final = frozenset({"RevisionChanged", "ObjectChanged", "RolloutInProgress", "RolloutStuck"})


@dataclass(frozen=True)
class Situation:
    """What the rules look at."""

    cluster: Cluster
    findings: Collection[Finding]
    focus: Collection[str]

    @cached_property
    def ill(self) -> Mapping[str, str]:
        """Who is in trouble, and how."""
        return find_ill(self.cluster)

    @cached_property
    def answering(self) -> Collection[str]:
        """What answered every check."""
        return checked_well(self.cluster)

    @cached_property
    def troubled(self) -> frozenset[str]:
        """Who is in trouble, by their own state or by a finding that can't be innocent."""
        seen = {
            name
            for finding in self.findings
            if finding.bearing == "active" and STATES[finding.state].weight == "cause"
            and not _ended_long_ago(self, finding)
            and (finding.state not in BY_COMPARISON or _is_slip(self.cluster, finding)
                 or _is_in_question(self, finding))
            for name in (finding.resource, finding.object)
        }  # fmt: skip
        return frozenset({*self.ill, *seen})

    @cached_property
    def services_of(self) -> Mapping[str, set[str]]:
        """The Services in front of each workload."""
        services: dict[str, set[str]] = defaultdict(set)
        for source, target, kind in find_links(self.cluster)[1]:
            if kind == "depends":
                services[target].add(source)
        return services

    @cached_property
    def callers(self) -> Mapping[str, set[str]]:
        """Who depends on each Service."""
        callers: dict[str, set[str]] = defaultdict(set)
        for source, target, kind in find_links(self.cluster)[1]:
            if kind == "calls" or kind_of(source) == "ingress":
                callers[target].add(source)
        return callers

    @cached_property
    def changed(self) -> Collection[str]:
        """What changed within the window."""
        window = self.cluster.window
        return {
            finding.resource
            for finding in self.findings
            if finding.state in _CHANGES and (finding.since is None or window.holds(finding.since))
        }

    @cached_property
    def waiting(self) -> list[Pod]:
        """Pods that wait for a node."""
        return [pod for pod in self.cluster.pods if pod.phase == "Pending" and not pod.node and not pod.terminating]


def judge_relevance(cluster: Cluster, findings: Iterable[Finding], focus: Collection[str] = ()) -> list[Finding]:
    """The findings, each with its relevance (`bearing`); `focus` are the resources that the question names."""
    known = list(findings)
    situation = Situation(cluster, known, frozenset(focus))
    return [_judged(situation, finding) for finding in known]


def nearly_spells(name: str, names: Iterable[str]) -> str | None:
    """The existing name that `name` is a slip of: nearly the same letters, or the same words and one more or less."""
    words = _words(name)
    for other in names:
        shared = words & _words(other)
        subset = shared in (words, _words(other)) and any(len(word) >= _SHORTEST_WORD for word in shared)
        if name != other and (subset or difflib.SequenceMatcher(None, name, other).ratio() >= _ALIKE):
            return other
    return None


def _is_slip(cluster: Cluster, finding: Finding) -> bool:
    """Whether it nearly names something: a Service by a name that is nearly its own, or by another port."""
    if finding.state == "EnvPortMismatch":
        return True
    host = str(finding.details.get("host") or "").partition(".")[0].lower()
    return bool(host) and nearly_spells(host, sorted({item.name for item in cluster.all("Service")})) is not None


def _is_in_question(situation: Situation, finding: Finding) -> bool:
    """Whether the question names what the finding is of, or that just changed: older settings are no better lead."""
    return not {finding.resource, finding.object}.isdisjoint({*situation.focus, *situation.changed})


def _words(name: str) -> set[str]:
    return {word for word in re.split(r"[^a-z0-9]+", name.lower()) if word not in ("", "svc", "service", "api")}


_KEEPS_RUNNING: Final = ("NodeCordoned", "StatefulSetServiceMissing")
"""Kubernetes, "Manual Node administration"; "StatefulSets": a governing Service gives pods names, and no traffic."""


def _judged(situation: Situation, finding: Finding) -> Finding:
    finding = replace(finding, hurt=_is_hurt(situation, finding.resource))
    if finding.bearing == "active" and _ended_long_ago(situation, finding):
        return replace(finding, bearing="standing", bearing_reason="the Job ended long before the incident")
    if finding.bearing != "active" or finding.state not in BY_COMPARISON:
        return finding
    why = _background_reason(situation, finding)
    return finding if why is None else replace(finding, bearing="standing", bearing_reason=why)


def _is_hurt(situation: Situation, resource: str) -> bool | None:
    """Whether a workload is in trouble, or a Service in front of it; None where its pods aren't known."""
    if resource in situation.ill:
        return True
    if resource not in situation.cluster.pods_of:
        return None
    return any(service in situation.ill for service in situation.services_of.get(resource, ()))


def _background_reason(situation: Situation, finding: Finding) -> str | None:
    """Why the finding is background; None where it may be why something fails."""
    if finding.state == "NodeCordoned" and _kept_free(situation, finding):
        return "a control plane's node is kept free of other pods, and no pod needs it"
    unread = finding.resource in situation.ill and not _may_have_read(situation.cluster, finding)
    if finding.state in _READ_AT_START and unread and finding.resource in situation.cluster.pods_of:
        return "what is in trouble hasn't started, so it hasn't read the setting"
    concerned = BY_COMPARISON[finding.state](situation, finding)
    hurt = [*concerned, finding.resource, finding.object] if concerned is not None else []
    # Where nothing else is wrong it may be what is asked about; what does nothing to running pods is asked for by name.
    asked = finding.state not in _KEEPS_RUNNING or not situation.focus
    alone = situation.troubled <= {*hurt} and (asked or any(_is_asked(situation, name) for name in hurt))
    if concerned is None or alone:
        return None
    if any(name in situation.ill or name in situation.changed or _is_asked(situation, name) for name in hurt):
        return None
    return "what it concerns is healthy" if concerned else "no workload is affected"


def _is_asked(situation: Situation, name: str) -> bool:
    """Whether the question names it, by its identifier or by the name alone."""
    return name in situation.focus or any(not kind_of(word) and same_name(word, name) for word in situation.focus)


def _ended_long_ago(situation: Situation, finding: Finding) -> bool:
    """Whether it tells of a Job's run that ended long before the incident."""
    ended = long_before(situation.cluster, finding.since)
    return ended and kind_of(finding.resource) == "job" and finding.resource not in situation.focus


def _own(situation: Situation, finding: Finding) -> Concerned:
    del situation
    return (finding.resource,)


def _host(situation: Situation, finding: Finding) -> Concerned:
    """A failed check may name the same host although no Service of that name exists."""
    host = str(finding.details.get("host") or base_name(finding.object)).partition(".")[0].lower()
    if any(same_name(base_name(name), host) for name in situation.ill):
        return None
    if _is_slip(situation.cluster, finding):
        return None
    writers = finding.details.get("named_by")
    return (finding.resource, *(writers if isinstance(writers, list) else ()))


def _may_have_read(cluster: Cluster, finding: Finding) -> bool:
    """Whether a process that is in trouble may have read a setting: what never started has read none."""
    pods = [pod for pod in cluster.pods_of.get(finding.resource, ()) if pod.live]
    unwell = [pod for pod in pods if not pod.healthy]
    started = any(container.running or container.last or container.restarts
                  for pod in unwell for container in pod.containers
                  if not container.init or container.name == finding.container)  # fmt: skip
    return started if unwell else bool(pods)


def _port(situation: Situation, finding: Finding) -> Concerned:
    """A setting that names a Service and no port of it is a slip by itself; it may only be an old one."""
    del situation, finding
    return None


def _service(situation: Situation, finding: Finding) -> Concerned:
    """A Service that is called can't be said to hurt nobody, unless a check of it is well."""
    callers = situation.callers.get(finding.resource, set())
    if callers and finding.resource not in situation.answering:
        return None
    return callers


def _ingress(situation: Situation, finding: Finding) -> Concerned:
    """A route to a Service that is gone may be why, where something of such a name is there to be reached."""
    namespace, name = namespace_of(finding.resource), str(finding.details.get("service") or "")
    there = {item.name for item in (*situation.cluster.all("Service"), *situation.cluster.workloads)
             if item.namespace == namespace}  # fmt: skip
    return None if name in there or nearly_spells(name, sorted(there)) else (finding.resource,)


def _policy(situation: Situation, finding: Finding) -> Concerned:
    del situation
    named = finding.details.get("workloads")
    return {str(name) for name in named} if isinstance(named, list) else {finding.resource}


def _connection(situation: Situation, finding: Finding) -> Concerned:
    """A denied connection is needed, unless a check of the Service behind which its server stands is well."""
    ends = {str(finding.details.get(end)) for end in ("from", "to")}
    services = situation.services_of.get(str(finding.details.get("to")), set())
    return ends | services if services and services <= set(situation.answering) else None


def _scaled(situation: Situation, finding: Finding) -> Concerned:
    if finding.details.get("recent"):
        return None
    services = finding.details.get("used_by")
    return {caller for service in (services if isinstance(services, list) else ())
            for caller in (str(service), *situation.callers.get(str(service), ()))}  # fmt: skip


def _cordoned(situation: Situation, finding: Finding) -> Concerned:
    """A pod that waits for a node may wait for this one."""
    del finding
    return None if situation.waiting else ()


def _quota(situation: Situation, finding: Finding) -> Concerned:
    """A full quota hurts where it refuses something now (`refusals`)."""
    refuses = any(
        other.state == "QuotaExceeded"
        and other.bearing == "active"
        and finding.object in (other.resource, other.object)
        for other in situation.findings
    )
    return None if refuses else ()


def _webhook(situation: Situation, finding: Finding) -> Concerned:
    """A webhook without a server hurts where something can't be created now."""
    del finding
    refused = ("AdmissionWebhookUnavailable", "FailedCreate", "ReplicasUnavailable")
    return None if any(other.state in refused and other.bearing == "active" for other in situation.findings) else ()


def _kept_free(situation: Situation, finding: Finding) -> bool:
    """Whether it is a control plane's node, and no waiting pod can only run there (kubeadm: node isolation)."""
    node = next((item for item in situation.cluster.all("Node") if item.id == finding.object), None)
    if node is None or not is_control_plane(node):
        return False
    others = [item for item in situation.cluster.all("Node") if not is_control_plane(item)]
    return bool(others) and not any(
        fits(pod.spec, node) and not any(fits(pod.spec, other) for other in others) for pod in situation.waiting
    )


BY_COMPARISON: Final[Mapping[str, Callable[[Situation, Finding], Concerned]]] = {
    "EnvHostUnknown": _host,
    "SharedHostUnknown": _host,
    "EnvPortMismatch": _port,
    "ContainerPortConflict": _own,
    "ImagePullSecretMissing": _own,
    "AutoscalerWithoutRequests": _own,
    "AutoscalerTargetMissing": _own,
    "StatefulSetServiceMissing": _own,
    "SelectorMismatch": _service,
    "NoEndpoints": _service,
    "TargetPortMismatch": _service,
    "TargetPortNameMissing": _service,
    "ServiceProtocolMismatch": _service,
    "ExternalNameUnknown": _service,
    "LoadBalancerPending": _service,
    "IngressBackendMissing": _ingress,
    "NetworkPolicyBlocked": _connection,
    "MutualTlsRequired": _connection,
    "NetworkPolicyBlocksDns": _policy,
    "NetworkPolicyDeniesAll": _policy,
    "NetworkPolicySelectsNothing": _own,
    "DisruptionsNotAllowed": _own,
    "DisruptionBudgetSelectsNothing": _own,
    "ScaledToZero": _scaled,
    "JobSuspended": _own,
    "CronJobSuspended": _own,
    "RolloutPaused": _own,
    "QuotaAtLimit": _quota,
    "NodeCordoned": _cordoned,
    "WebhookFailsClosed": _webhook,
    "WebhookUnanswered": _webhook,
    "OutOfSync": _own,
}
"""States that a comparison of settings finds, and the rule that says whom each concerns."""
