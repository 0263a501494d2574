"""One look at an account: what every service says of its resources at one moment, put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Final

from primitives.backends.aws.client import AwsClient, Place
from primitives.backends.aws.failures import AwsMissing
from primitives.backends.aws.fields import plain
from primitives.dataclass import dataclass
from primitives.errors import SourceDenied, SourceError
from primitives.identity import base_name, parse_id
from primitives.records import Change, ConfigurationSnapshot, Edge, LogRecord, Observation, Probe, Resource, Topology
from primitives.terms import ChangeKind, EdgeKind, ResourceKind, Severity
from primitives.text import safe_line, safe_text

__all__ = ["Look", "Mention", "environment"]

_MOST_TEXT: Final = 4_000
_NAME: Final = 400
_MOST_MINUTES: Final = 14 * 24 * 60


@dataclass(frozen=True, slots=True)
class Mention:
    """A text in the settings of a resource that may name another one: an address, a queue's URL, an ARN."""

    resource: str
    name: str
    value: str


@dataclass(slots=True)
class Look:
    """What was read, and how to read more. Calls that fail leave a note, and what they were for is missing.

    `end` is the moment of the look, `since` how far back events and changes are read. `fronts` is what stands behind
    a target group, `reaches` the resources that use a shared thing: a parameter group, a security group, a role.
    `watched_databases` are those with Performance Insights, with what that calls them; `paid_metrics` counts metrics.
    """

    client: AwsClient
    place: Place
    end: datetime
    since: datetime
    resources: dict[str, Resource] = field(default_factory=dict)
    edges: dict[tuple[str, str, str], Edge] = field(default_factory=dict)
    snapshots: list[ConfigurationSnapshot] = field(default_factory=list)
    events: list[LogRecord] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    log_groups: dict[str, set[str]] = field(default_factory=dict)
    security_groups: dict[str, list[str]] = field(default_factory=dict)
    fronts: dict[str, str] = field(default_factory=dict)
    reaches: dict[str, set[str]] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    watched_databases: dict[str, str] = field(default_factory=dict)
    paid_metrics: int = 0
    by_name: dict[str, list[str]] = field(default_factory=dict)
    indexed: int = 0
    denied: int = 0
    answered: int = 0

    async def ask(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """The answer of one call; empty where there is none."""
        try:
            answer = await self.client.call(service, operation, **params)
        except SourceError as error:
            self._note(error)
            return {}
        self.answered += 1
        return answer

    async def list(self, service: str, operation: str, key: str, most: int = 500, **params: Any) -> list[Any]:
        """The items of all pages; empty where there are none."""
        try:
            listing = await self.client.pages(service, operation, key, most=most, **params)
        except SourceError as error:
            self._note(error)
            return []
        self.answered += 1
        if listing.cut:
            self.notes[f"{service}: only the first {len(listing.items)} of {operation} were read"] = None
        return listing.items

    def add_resource(self, resource: str, kind: ResourceKind, **attributes: Any) -> None:
        """Take in a resource; attributes that aren't stated are left out."""
        if not resource or len(resource) > _NAME:
            return
        known = self.resources.get(resource)
        stated = {**(known.attributes if known else {}), **{key: text for key, text in attributes.items() if text}}
        # An ARN says where it is; a plain name doesn't.
        where = {} if parse_id(resource).partition else {"account": self.place.account, "region": self.place.region}
        self.resources[resource] = Resource(id=resource, kind=kind, attributes={"platform": "aws", **where, **stated})

    def add_edge(self, source: str, target: str, kind: EdgeKind = "calls") -> None:
        """Take in that `source` depends on `target`."""
        if source and target and source != target and max(len(source), len(target)) <= _NAME:
            self.edges[source, target, kind] = Edge(source=source, target=target, kind=kind)

    def add_snapshot(self, resource: str, kind: str, document: Any, time: datetime | None = None) -> None:
        """Take in a configuration, as it has been since `time` (None: as it is now)."""
        if resource and document:
            taken = min(time or self.end, self.end)
            self.snapshots.append(
                ConfigurationSnapshot(time=taken, resource=resource, kind=kind, document=plain(document))
            )

    def add_event(
        self,
        time: datetime | None,
        resource: str,
        body: str,
        source: str,
        severity: Severity | None = None,
        **more: Any,
    ) -> None:
        """Take in what a platform announced; `source` is its name on EventBridge (`aws.rds`)."""
        if time is not None and resource and body and self.since <= time <= self.end:
            attributes = {"source": source, **plain(more)}
            self.events.append(LogRecord(time, resource, severity, safe_text(body, limit=_MOST_TEXT), attributes))

    def add_change(
        self, time: datetime | None, kind: ChangeKind, summary: str, *, resource: str | None, origin: str, **more: Any
    ) -> None:
        """Take in a change."""
        if time is not None and self.since <= time <= self.end:
            stated = {key: plain(value) for key, value in more.items() if value not in (None, "", {}, [])}
            self.changes.append(
                Change.model_validate({
                    "time": time, "kind": kind, "summary": safe_line(summary, limit=300), "resource": resource or None,
                    "origin": origin, **stated,
                })
            )  # fmt: skip

    def observe(self, time: datetime | None, resource: str, kind: str, data: Any) -> None:
        """Take in what fits nowhere else."""
        if time is not None and resource and self.since <= time <= self.end:
            self.observations.append(Observation(time=time, resource=resource, kind=kind, data=plain(data)))

    def mention(self, resource: str, values: Iterable[tuple[str, str]]) -> None:
        """Take in settings, each a name and a value, that may name other resources."""
        self.mentions += [Mention(resource, name, value) for name, value in values if 3 < len(value) < _MOST_TEXT]

    def reach(self, shared: str, resource: str) -> None:
        """Take in that `resource` uses `shared`, by its name or ARN."""
        if shared and resource:
            for name in {shared, base_name(shared)}:
                self.reaches.setdefault(name, set()).add(resource)

    def known(self, name: str, *kinds: ResourceKind, service: str = "") -> str:
        """The resource with that identifier or, if just one has it, that own name; empty where there is none.

        Of several that share the name, the one of `service` (as ARNs call it) is meant.
        """
        if name in self.resources:
            return name
        if len(self.resources) != self.indexed:
            self.indexed, self.by_name = len(self.resources), {}
            for identifier in self.resources:
                self.by_name.setdefault(parse_id(identifier).short, []).append(identifier)
        named = [each for each in self.by_name.get(name, ()) if not kinds or self.resources[each].kind in kinds]
        own = [each for each in named if parse_id(each).kind == service]
        chosen = own if len(own) == 1 else named
        return chosen[0] if len(chosen) == 1 else ""

    @property
    def minutes(self) -> int:
        """How far back events are read, as calls of DescribeEvents have it; they look back at most 14 days."""
        return min(int((self.end - self.since).total_seconds() / 60) + 1, _MOST_MINUTES)

    @property
    def topology(self) -> Topology:
        """The resources and edges; what an edge names and no service does is there too, of unknown kind."""
        named = {name for source, target, _ in self.edges for name in (source, target)}
        bare = {name: Resource(id=name, kind="other") for name in named - self.resources.keys()}
        known = {**bare, **self.resources}
        return Topology(
            resources=tuple(known[name] for name in sorted(known)),
            edges=tuple(self.edges[key] for key in sorted(self.edges)),
        )

    def _note(self, error: SourceError) -> None:
        if isinstance(error, AwsMissing):
            return  # deleted meanwhile
        self.denied += isinstance(error, SourceDenied)
        self.notes[error.problem] = None


def environment(pairs: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Variables that are written as a list of `name` and `value`."""
    return [(str(pair["name"]), str(pair["value"])) for pair in pairs if "name" in pair and "value" in pair]
