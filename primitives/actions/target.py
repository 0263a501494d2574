"""What an action would act on: a resource, why somebody would act, and the typed evidence about it.

A remediation decides by this alone. What no fact states is unknown: nothing is guessed from how a name looks, and there
is no "current" namespace, context, account or region.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final, TypeVar

from primitives.dataclass import dataclass
from primitives.facts import ChangeFound, Dependencies, Fact, FactBase, Location, WorkloadState
from primitives.identity import parse_id
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["AwsKind", "AwsResource", "KubernetesObject", "Target", "Unknown"]

_DNS_NAME: Final = lazy_pattern(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_NAMESPACE: Final = lazy_pattern(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_KIND: Final = lazy_pattern(r"[a-z]{1,63}")
_REGION: Final = lazy_pattern(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
_SUMMARY: Final = 80
"""Reasoning names a change without an id by the start of its summary."""

F = TypeVar("F", bound=FactBase)


@dataclass(frozen=True, slots=True)
class KubernetesObject:
    """An object of Kubernetes; `namespace` is empty for a cluster-wide kind, `context` where nobody states it."""

    kind: str
    name: str
    namespace: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class AwsResource:
    """A resource of AWS by its own name; `account` and `region` are empty where nobody states them."""

    name: str
    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class AwsKind:
    """A kind of resource of AWS.

    `service` runs it; `arn` is what ARNs call it (`rds db`), `cloudformation` its type there, `kind` what a topology
    calls it, and `name` the form of its names.
    """

    service: str
    arn: str
    cloudformation: str
    kind: str
    name: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Unknown:
    """It is such a thing, but its `what` ("namespace") is not known."""

    name: str
    what: str


@dataclass(frozen=True)
class Target:
    """A resource and the evidence about it.

    `resource` is its identifier and `called` what a person calls it. `cause_id` and `change` (an id) are the hypothesis
    that is to be answered; `facts` is all that is known. `platforms` are the incident's, `region` the AWS region that
    the incident states for all of it.
    """

    resource: str
    called: str = ""
    cause_id: str = ""
    change: str | None = None
    facts: tuple[Fact, ...] = ()
    platforms: tuple[str, ...] = ()
    region: str = ""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.called or self.resource

    def present(self, kind: type[F]) -> Iterator[F]:
        """The facts of a kind about the resource that say that something is so."""
        return (
            fact for fact in self.facts
            if isinstance(fact, kind) and fact.polarity == "present" and fact.resource == self.resource
        )  # fmt: skip

    def states(self, *names: str) -> list[WorkloadState]:
        """The states of these names that the resource is in, in the order in which they were found."""
        return [fact for fact in self.present(WorkloadState) if fact.state in names]

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every change that was found, whatever it changed."""
        return tuple(fact.change for fact in self.facts if isinstance(fact, ChangeFound) and fact.change is not None)

    @cached_property
    def blamed(self) -> Change | None:
        """The change that is blamed, where one is and its record is known."""
        if self.change is None:
            return None
        return next(
            (change for change in self.changes if self.change == (change.id or change.summary[:_SUMMARY])), None
        )

    @cached_property
    def kind(self) -> str:
        """What the topology says that it is: service, database, ...; empty where none does."""
        kinds = [fact.resources[self.resource] for fact in self._topologies if self.resource in fact.resources]
        return kinds[-1] if kinds else ""

    @cached_property
    def location(self) -> Location:
        """Where it runs, as far as its sources state it; unknown where they differ."""
        stated = {fact.locations[self.resource] for fact in self._topologies if self.resource in fact.locations}
        return stated.pop() if len(stated) == 1 else Location()

    @cached_property
    def kubernetes(self) -> KubernetesObject | Unknown | None:
        """The object of Kubernetes that it is; None where it isn't known to be one.

        Its identifier says it whole, or the topology calls it a service or a workload of Kubernetes and states its
        namespace and the kind of its workload.
        """
        known = parse_id(self.resource)
        if known.platform == "kubernetes" and known.kind:
            return _object(known.kind, known.name, known.namespace, self.location.context or known.cluster)
        if known.partition or known.kind or not self._is_workload or not _DNS_NAME.fullmatch(known.name):
            return None
        place = self.location
        namespaces = {place.namespace, known.namespace} - {""}
        if len(namespaces) != 1:
            return Unknown(known.name, "namespace")
        if not place.workload:
            return Unknown(known.name, "kind of workload")
        return _object(place.workload.lower(), known.name, namespaces.pop(), place.context or known.cluster)

    def aws(self, what: AwsKind) -> AwsResource | None:
        """The resource of a kind that AWS has, which it is; None where it isn't known to be one.

        Its ARN or its CloudFormation type says it; or the incident is on AWS, the topology calls it by that kind, and
        nothing states that another service or platform runs it.
        """
        known, place = parse_id(self.resource), self.location
        if known.partition:
            return _resource(known.short, what, known.account, known.region) if known.kind_words == what.arn else None
        if known.kind != what.cloudformation and (known.kind or not self._may_be(what)):
            return None
        region = known.region or place.region or self.region
        return _resource(known.name, what, known.account or place.account, region)

    def _may_be(self, what: AwsKind) -> bool:
        """Whether the topology says that it is of the kind, and nothing states that somebody else runs it."""
        platform, service = self.location.platform.lower(), self.location.service.lower()
        stated = service or (platform if platform != "aws" else "")
        return self.kind == what.kind and "aws" in self.platforms and stated in ("", what.service)

    @property
    def _is_workload(self) -> bool:
        stated = self.location.platform.lower()
        on_kubernetes = stated == "kubernetes" if stated else "kubernetes" in self.platforms
        return on_kubernetes and self.kind in ("service", "workload")

    @cached_property
    def _topologies(self) -> tuple[Dependencies, ...]:
        return tuple(fact for fact in self.facts if isinstance(fact, Dependencies))


def _object(kind: str, name: str, namespace: str, context: str) -> KubernetesObject | None:
    valid = _KIND.fullmatch(kind) and _DNS_NAME.fullmatch(name) and (not namespace or _NAMESPACE.fullmatch(namespace))
    return KubernetesObject(kind, name, namespace, context) if valid else None


def _resource(name: str, what: AwsKind, account: str, region: str) -> AwsResource | None:
    if not what.name.fullmatch(name):
        return None
    return AwsResource(name, account, region if _REGION.fullmatch(region) else "")
