"""Which resource a name means: aliases, each with the rule that ties it, and the resolver that answers by them.

Two sources call one thing by two names: telemetry says `service="orders-api"`, the cluster
`orders/deployment/orders-api`. An alias ties the one to the other by a rule that somebody wrote down, never by how
a name looks. The strongest rule that says anything decides; where it names two resources, the name is ambiguous and
stays what it is.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final, Literal, get_args

from primitives.dataclass import dataclass
from primitives.identity import is_kubernetes
from primitives.patterns import lazy_pattern

__all__ = ["RULE_WORDS", "Alias", "Resolution", "Resolver", "Rule", "Tie", "host_of", "is_address", "is_inside"]

Rule = Literal["identifier", "given", "arn", "address", "dns", "owner", "service", "name", "label", "selector"]
"""What ties a name to a resource, strongest first.

`identifier`: it is the resource's own. `given`: a person says so in the configuration. `arn`: the ARN of what
telemetry calls by its plain name. `address`: an IP, for as long as the resource had it. `dns`: a name that DNS
answers with the resource. `owner`: an object that the resource owns (ownerReferences). `service`: the service name
that the resource was given for its telemetry. `name`: its own name, which telemetry uses where none was given.
`label`: a label that names the application. `selector`: a Service's name means the one workload that it selects, else
the Service.
"""

RULE_WORDS: Final[dict[Rule, str]] = {
    "identifier": "it is its own name",
    "given": "the configuration says so (`names`)",
    "arn": "the only ARN that ends in this name",
    "address": "an address that it had",
    "dns": "a name that DNS answers with it",
    "owner": "it owns this object",
    "service": "the service name that it was given for telemetry",
    "name": "its own name without kind and namespace",
    "label": "a label of it names the application",
    "selector": "the only workload that this Service selects",
}
"""Why a name means a resource, in words."""

_STRENGTH: Final = {rule: number for number, rule in enumerate(get_args(Rule))}
_INSIDE: Final = (".local", ".internal", ".svc", ".localdomain")
_HOST: Final = lazy_pattern(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/\s]*@)?(\[[0-9a-fA-F:.]+\]|[^:/?#\s\[\]]+)(?::\d{1,5})?(?:[/?#].*)?"
)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of `resource` and the rule that ties it, valid from `start` to `end` where it holds for a time only.

    `object` is the very thing that is called so, where it isn't the resource itself but belongs to it: a pod.
    """

    name: str
    resource: str
    rule: Rule
    object: str = ""
    start: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime | None) -> bool:
        """Whether the name meant the resource at that time; without a time, whether it ever did."""
        if at is None:
            return True
        return (self.start is None or self.start <= at) and (self.end is None or at <= self.end)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a name means: `resource` by `rule`; None where it is unknown, or ambiguous between `candidates`.

    A name that some source uses as an identifier is that where it is ambiguous; then it has `candidates` too.

    `object` is the very thing, where that belongs to the resource: the pod of a workload.
    """

    name: str
    resource: str | None = None
    rule: Rule | None = None
    object: str = ""
    candidates: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["resolved", "ambiguous", "unknown"]:
        """Whether the name is known to mean one resource, several, or none."""
        if self.resource is not None:
            return "resolved"
        return "ambiguous" if self.candidates else "unknown"


@dataclass(frozen=True, slots=True)
class Tie:
    """That `name` in the answers of `source` means `resource` by `rule`, as do `more` names of it by the same rule.

    An ambiguous name was left alone: it has no resource and no rule, but `candidates`.
    """

    source: str
    name: str
    resource: str | None
    rule: Rule | None
    candidates: tuple[str, ...] = ()
    more: int = 0


class Resolver:
    """Answers which resource a name means.

    `known` are the identifiers that each source uses, by the source's name. Two that one source uses are two things:
    they are never joined, whatever an alias says.
    """

    def __init__(self, known: Mapping[str, Collection[str]], aliases: Iterable[Alias]) -> None:
        self._known = {source: frozenset(names) for source, names in known.items()}
        self._everywhere = frozenset().union(*self._known.values())
        self._aliases: dict[str, list[Alias]] = {}
        self._names: dict[str, list[Alias]] = {}
        for alias in aliases:
            if alias.name != alias.resource:
                self._aliases.setdefault(_key(alias.name), []).append(alias)
                self._names.setdefault(alias.resource, []).append(alias)
        self._refused = {source: self._joining(names) for source, names in self._known.items()}

    def resolve(self, name: str, *, source: str = "", at: datetime | None = None) -> Resolution:
        """What `name` means where `source` says it, at that time."""
        resolution = self._by_alias(name, at)
        if resolution.resource is not None and name not in self._refused.get(source, ()):
            return resolution
        if name in self._everywhere or is_kubernetes(name):
            return Resolution(name, name, "identifier", candidates=resolution.candidates)
        return resolution if resolution.resource is None else Resolution(name)

    def aliases_of(self, resource: str) -> tuple[Alias, ...]:
        """The other names of a resource, strongest rule first."""
        return tuple(sorted(self._names.get(resource, ()), key=lambda alias: (_STRENGTH[alias.rule], alias.name)))

    def _by_alias(self, name: str, at: datetime | None, seen: frozenset[str] = frozenset()) -> Resolution:
        # An object's identifier is final: nothing is more exact.
        matching = [] if is_kubernetes(name) or name in seen else self._strongest(name, at)
        if not matching:
            return Resolution(name)
        resources = sorted({alias.resource for alias in matching})
        if len(resources) > 1:
            return Resolution(name, candidates=tuple(resources))
        further = self._by_alias(resources[0], at, seen | {name})
        if further.resource == name:
            return Resolution(name)
        if further.resource is not None:
            return Resolution(name, further.resource, matching[0].rule, further.object)
        objects = {alias.object for alias in matching}
        return Resolution(name, resources[0], matching[0].rule, objects.pop() if len(objects) == 1 else "")

    def _strongest(self, name: str, at: datetime | None) -> list[Alias]:
        matching = self._valid(name, at) or self._valid(host_of(name), at)
        best = min((_STRENGTH[alias.rule] for alias in matching), default=0)
        return [alias for alias in matching if _STRENGTH[alias.rule] == best]

    def _valid(self, name: str, at: datetime | None) -> list[Alias]:
        return [alias for alias in self._aliases.get(_key(name), ()) if alias.holds(at)]

    def _joining(self, names: Collection[str]) -> frozenset[str]:
        """Those of one source's identifiers that would become one with another of them."""
        meant: dict[str, list[str]] = {}
        for name in names:
            # An address is nobody's identifier: it may be used beside the name of what has it.
            if not is_address(host_of(name)):
                meant.setdefault(self._by_alias(name, None).resource or name, []).append(name)
        return frozenset(name for joined in meant.values() if len(joined) > 1 for name in joined)


def host_of(name: str) -> str:
    """The host of a URL or of `host:port`; the name itself where it is neither."""
    match = _HOST.fullmatch(name)
    return match[1].strip("[]") if match and ("://" in name or ":" in name) else name


def is_inside(host: str) -> bool:
    """Whether a name can only be resolved inside: of a cluster, or of a domain that no public server has."""
    return host.endswith(_INSIDE) or ".svc." in host


def is_address(name: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _key(name: str) -> str:
    # DNS names and addresses have no case, and no object of a platform differs from another in case alone.
    return name.casefold().rstrip(".")
