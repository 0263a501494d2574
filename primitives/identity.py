"""What a thing is called: one scoped identifier, its text form, and what each part of it is.

No other module takes an identifier apart or puts one together. The text form is what bundles, facts and JSON hold:

    checkout/deployment/checkout-api                      a Kubernetes object: namespace, kind, name
    node/worker-7                                         an object of a cluster-wide kind
    checkout-main                                         a plain name, as telemetry has it
    orchard/the-cart                                      a plain name with the namespace that qualifies it
    Billing_AWS::ECS::Fargate                             a plain name with its CloudFormation type
    arn:aws:rds:eu-west-1:123456789012:db:checkout-main   an ARN, which holds its own scope
    kubernetes://prod-eu/checkout/deployment/checkout-api the same object where several clusters are asked
    aws://123456789012/eu-west-1/checkout-main            a plain name where several accounts or regions are asked

The scope is in front only where it was given. Parsing never fails: what fits no form is a plain name, whatever
it holds, and formatting gives back the very text that was parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Final, Literal

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern

__all__ = [
    "CLUSTER_WIDE",
    "KEPT_RUNNING",
    "Platform",
    "ResourceId",
    "arn_id",
    "arn_names",
    "base_name",
    "in_scope",
    "is_kubernetes",
    "is_zone",
    "kind_of",
    "kubernetes_id",
    "namespace_of",
    "parent_of",
    "parse_id",
    "qualified",
    "same_name",
    "scope_of",
    "scope_text",
    "spoken_name",
    "typed_id",
    "with_scope",
    "without_scope",
    "workload_of",
]

Platform = Literal["", "kubernetes", "aws"]
"""Who runs it; empty where the identifier doesn't say."""

CLUSTER_WIDE: Final = frozenset({
    "Node", "Namespace", "PersistentVolume", "StorageClass", "IngressClass", "ComponentStatus", "PriorityClass",
    "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ClusterRole", "ClusterRoleBinding",
    "CustomResourceDefinition", "CSIDriver", "CSINode", "RuntimeClass", "VolumeAttachment", "APIService",
    "CertificateSigningRequest", "GatewayClass",
})  # fmt: skip
"""Kinds of Kubernetes objects that have no namespace."""

_CLUSTER_WIDE: Final = frozenset(kind.lower() for kind in CLUSTER_WIDE)

KEPT_RUNNING: Final = frozenset({"deployment", "statefulset", "daemonset"})
"""Kinds of workloads whose pods are kept running, as identifiers have them."""

# Names of Kubernetes objects are DNS subdomains; those of RBAC and of componentstatuses may hold more, never a slash.
_NAMESPACE: Final = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_OBJECT: Final = lazy_pattern(rf"({_NAMESPACE})/([a-z][a-z0-9]{{0,62}})/([^/]+)")
_WIDE_OBJECT: Final = lazy_pattern(r"([a-z]+)/([^/]+)")
_QUALIFIED: Final = lazy_pattern(rf"({_NAMESPACE})/({_NAMESPACE})")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
_ARN: Final = lazy_pattern(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):([0-9]*):(.+)", re.DOTALL)
_KUBERNETES_SCOPE: Final = lazy_pattern(r"kubernetes://([^/]+)/(.+)", re.DOTALL)
_AWS_SCOPE: Final = lazy_pattern(r"aws://([^/]*)/([^/]*)/(.+)", re.DOTALL)
_CLOUDFORMATION: Final = "AWS::"
_TYPED: Final = lazy_pattern(rf"(.+)_({_CLOUDFORMATION}[A-Za-z0-9]+(?:::[A-Za-z0-9]+)*)", re.DOTALL)
_TYPE_BEHIND: Final = lazy_pattern(r"_?(?<![A-Z])[A-Z]{1,30}::|::")
_ARN_TYPE: Final = lazy_pattern(r"[a-z][a-zA-Z-]*[:/]")
# Their ARNs begin with the thing's own name, without a type before it.
_UNTYPED: Final = frozenset({"s3", "sns", "sqs"})
# NAME/ID, of target groups and of Kafka's clusters.
_NAMED_FIRST: Final = frozenset({"elasticloadbalancing", "kafka"})
# AWS: eu-west-1b, euw1-az2, us-east-1-bos-1a; Google Cloud: europe-west1-d; Azure: westeurope-2.
_ZONE: Final = lazy_pattern(
    r"[a-z]{2}(?:-[a-z]{2,5})?-[a-z]{4,10}-\d(?:-[a-z]{3}-\d)?[a-z]|[a-z]{3,5}\d-az\d|[a-z]{2,12}-[a-z]{4,10}\d{1,2}-[a-f]|"
    r"(?:west|east|north|south|central)[a-z]{2,16}\d?-[123]"
)
_CACHED: Final = 65_536


@dataclass(frozen=True, slots=True)
class ResourceId:
    """A resource's identifier, scoped as far as it is known; `str` gives its text form.

    `kind` is in lower case as Kubernetes writes it in paths; of an ARN it is the service (`rds`), `name` the ARN's last
    part (`db:checkout-main`) and `partition` the one before the service (`aws`). A plain name has a kind only where a
    CloudFormation type stands behind it.
    """

    name: str
    kind: str = ""
    namespace: str = ""
    platform: Platform = ""
    cluster: str = ""
    account: str = ""
    region: str = ""
    partition: str = ""

    def __str__(self) -> str:
        if self.partition:
            return f"arn:{self.partition}:{self.kind}:{self.region}:{self.account}:{self.name}"
        typed = self.kind.startswith(_CLOUDFORMATION)
        path = (
            f"{self.name}_{self.kind}"
            if typed
            else "/".join(part for part in (self.namespace, self.kind, self.name) if part)
        )
        if self.cluster:
            return f"kubernetes://{_escaped(self.cluster)}/{path}"
        if self.account or self.region:
            return f"aws://{_escaped(self.account)}/{_escaped(self.region)}/{path}"
        return path

    @property
    def short(self) -> str:
        """Its own name, without kind and scope: `checkout-api`, and `checkout-main` of the ARN above."""
        return _arn_name(self.kind, self.name) if self.partition else self.name

    @property
    def kind_words(self) -> str:
        """Its kind as a person reads it: `deployment`, `rds db`, `ECS Fargate`; empty where it isn't said."""
        if not self.partition:
            return self.kind.removeprefix(_CLOUDFORMATION).replace("::", " ")
        typed = _arn_type(self.kind, self.name)
        return f"{self.kind} {typed[:-1]}" if typed else self.kind


@lru_cache(maxsize=_CACHED)
def parse_id(text: str) -> ResourceId:
    """The identifier that `text` is; a plain name where it fits no other form. `str` of it is `text` again."""
    if match := _ARN.fullmatch(text):
        partition, service, region, account, name = match.groups()
        return ResourceId(name, service, "", "aws", account=account, region=region, partition=partition)
    if "://" in text:
        scoped = _parse_scoped(text)
        # Another spelling of a scope (an escape that wasn't needed) stays the plain name that it was.
        return scoped if scoped is not None and str(scoped) == text else _parse_plain(text)
    return _parse_path(text)


def _parse_scoped(text: str) -> ResourceId | None:
    if match := _KUBERNETES_SCOPE.fullmatch(text):
        return replace(_parse_path(match[2]), platform="kubernetes", cluster=_unescaped(match[1]))
    if match := _AWS_SCOPE.fullmatch(text):
        account, region = _unescaped(match[1]), _unescaped(match[2])
        if account or region:
            known = _parse_path(match[3])
            return replace(known, platform=known.platform or "aws", account=account, region=region)
    return None


def _parse_path(text: str) -> ResourceId:
    if match := _OBJECT.fullmatch(text):
        return ResourceId(match[3], match[2], match[1], "kubernetes")
    if (match := _WIDE_OBJECT.fullmatch(text)) and match[1] in _CLUSTER_WIDE:
        return ResourceId(match[2], match[1], "", "kubernetes")
    if match := _QUALIFIED.fullmatch(text):
        return ResourceId(match[2], "", match[1])
    return _parse_plain(text)


def _parse_plain(text: str) -> ResourceId:
    match = _TYPED.fullmatch(text)
    return ResourceId(match[1], match[2], "", "aws") if match else ResourceId(text)


def kubernetes_id(kind: str, namespace: str, name: str, *, cluster: str = "") -> str:
    """The text form of a Kubernetes object; one of a kind with namespaces that names none is in `default`."""
    path = (
        f"{kind.lower()}/{name}"
        if kind in CLUSTER_WIDE or kind in _CLUSTER_WIDE
        else f"{namespace or 'default'}/{kind.lower()}/{name}"
    )
    return f"kubernetes://{_escaped(cluster)}/{path}" if cluster else path


_TEMPLATE_HASH: Final = frozenset("bcdfghjklmnpqrstvwxz2456789")


def deployment_of_replica_set(name: str) -> str | None:
    """The Deployment that calls a ReplicaSet `name`; None where no Deployment would.

    It joins its own name and the hash of the pods' template, which is written in few characters (Kubernetes
    documentation, "Pod-template-hash label"; k8s.io/apimachinery, `rand.SafeEncodeString`).
    """
    deployment, _, hashed = name.rpartition("-")
    return deployment if deployment and hashed and not set(hashed) - _TEMPLATE_HASH else None


_POD_SUFFIXES: Final = (
    ("deployment", lazy_pattern(r"-[bcdf-hj-np-tv-xz2456789]{4,10}-[a-z0-9]{5}")),
    ("statefulset", lazy_pattern(r"-\d{1,5}")),
    ("daemonset", lazy_pattern(r"-[a-z0-9]{5}")),
)


def workload_of(pod: str, known: Iterable[str]) -> str | None:
    """Which of the `known` workloads names its pods as `pod` is named; None where none does, or `pod` is no pod.

    A workload names a pod after itself and adds a hash, a number or both (Kubernetes documentation, "Object names and
    IDs"; StatefulSets: ordinal index).
    """
    if kind_of(pod) != "pod":
        return None
    name, namespace = base_name(pod), namespace_of(pod)
    alike = [
        workload
        for workload in known
        for kind, suffix in _POD_SUFFIXES
        if kind_of(workload) == kind and namespace_of(workload) == namespace
        and name.startswith(base_name(workload)) and suffix.fullmatch(name, len(base_name(workload)))
    ]  # fmt: skip
    return max(alike, key=len, default=None)


def arn_id(
    service: str, *names: str, kind: str = "", joint: str = "/", account: str, region: str, partition: str = "aws"
) -> str:
    """The ARN of a resource of AWS: `kind` and `names` as the service writes them, with `joint` after the kind."""
    own = f"{kind}{joint if kind else ''}{'/'.join(names)}"
    return str(ResourceId(own, service, "", "aws", account=account, region=region, partition=partition))


def arn_names(text: str) -> tuple[str, ...]:
    """The names in an ARN after its type: `("shop", "orders")` of an ECS service; empty where it is no ARN."""
    known = parse_id(text)
    own = known.name.removeprefix(_arn_type(known.kind, known.name))
    return tuple(own.split("/")) if known.partition else ()


def typed_id(name: str, cloudformation: str) -> str:
    """A plain name with its CloudFormation type: what has no ARN with its name in it."""
    return str(ResourceId(name, cloudformation, "", "aws"))


def qualified(namespace: str, name: str) -> str:
    """A plain name with the namespace that distinguishes it from another of that name."""
    return str(ResourceId(name, namespace=namespace))


def with_scope(text: str, *, cluster: str = "", account: str = "", region: str = "") -> str:
    """`text` with a scope in front; as it is where it has one already or none is given."""
    return in_scope(text, scope_text(cluster=cluster, account=account, region=region))


def scope_text(*, cluster: str = "", account: str = "", region: str = "") -> str:
    """What is in front of an identifier of that scope: `kubernetes://CLUSTER/`, `aws://ACCOUNT/REGION/` or ""."""
    if cluster:
        return f"kubernetes://{_escaped(cluster)}/"
    return f"aws://{_escaped(account)}/{_escaped(region)}/" if account or region else ""


def scope_of(text: str) -> str:
    """The scope in front of an identifier, as `scope_text` writes it. An ARN has its scope inside: none in front."""
    known = parse_id(text)
    return "" if known.partition else scope_text(cluster=known.cluster, account=known.account, region=known.region)


def in_scope(text: str, scope: str) -> str:
    """`text` with `scope` in front; as it is where it has a scope already."""
    return text if not scope or parse_id(text).partition or scope_of(text) else f"{scope}{text}"


def without_scope(text: str) -> str:
    """`text` without the scope in front of it: what a source of that scope calls it."""
    return text[len(scope_of(text)) :]


@lru_cache(maxsize=_CACHED)
def base_name(text: str) -> str:
    """What people and telemetry would call it: an object's own name, the last part of an ARN or of a path."""
    known = parse_id(text)
    return known.short if known.partition or known.platform == "kubernetes" else text.rpartition("/")[2]


@lru_cache(maxsize=_CACHED)
def spoken_name(text: str) -> str:
    """What a person would type: the base name without a type behind it (`Billing` of `Billing_AWS::ECS::Fargate`).

    Where nothing is left in front of the type, the base name.
    """
    name = base_name(text)
    return _TYPE_BEHIND.split(name)[0] or name


def parent_of(text: str) -> str:
    """The resource that a plain path names before its last part (`shop/api` of `shop/api/0`); empty where none is."""
    parent, _, last = text.rpartition("/")
    return parent if last else ""


def same_name(name: str, other: str) -> bool:
    """Whether both are called the same, whatever is in front of it and whatever the case.

    What is in two different scopes (clusters, accounts) is never the same.
    """
    scope, other_scope = scope_of(name), scope_of(other)
    if scope and other_scope and scope != other_scope:
        return False
    return base_name(name).casefold() == base_name(other).casefold()


def kind_of(text: str) -> str:
    """The kind that the identifier names, in lower case; empty for a plain name."""
    return parse_id(text).kind


def namespace_of(text: str) -> str:
    """The namespace of a Kubernetes object; empty for anything else."""
    known = parse_id(text)
    return known.namespace if known.platform == "kubernetes" else ""


def is_kubernetes(text: str) -> bool:
    """Whether it names an object of Kubernetes: with its kind, and its namespace where the kind has one."""
    known = parse_id(text)
    return known.platform == "kubernetes" and bool(known.kind)


def _arn_type(service: str, resource: str) -> str:
    """The type at the beginning of an ARN's last part, with what ends it: `db:`, `loadbalancer/`."""
    typed = None if service in _UNTYPED else _ARN_TYPE.match(resource)
    return typed[0] if typed else ""


def _arn_name(service: str, resource: str) -> str:
    own = resource.removeprefix(_arn_type(service, resource))
    parts = own.split("/")
    if service == "elasticloadbalancing" and len(parts) == 3:
        # app/NAME/ID; the identifier at the end helps nobody.
        return parts[1]
    if service in _NAMED_FIRST and len(parts) == 2:
        return parts[0]
    return parts[-1] or resource


def _escaped(scope: str) -> str:
    # Clusters may be named by an ARN or a path; a slash ends the scope.
    return scope.replace("%", "%25").replace("/", "%2F")


def _unescaped(scope: str) -> str:
    return scope.replace("%2F", "/").replace("%25", "%")


def is_zone(text: str) -> bool:
    """Whether it is called as providers call availability zones."""
    return _ZONE.fullmatch(parse_id(text).short) is not None
