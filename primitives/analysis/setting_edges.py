"""Settings of the two ends of a dependency that don't go together. Each rule is one function of caller and called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from primitives.analysis.setting_rules import Conflict
from primitives.analysis.setting_values import Setting, Settings
from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern

__all__ = ["EDGE_RULES", "across_edges"]

_BALANCER: Final = r"balancer|\blb\b|\balb\b|\belb\b|gateway|ingress|proxy|edge|listener|target group"
_HEALTH: Final = r"health ?check\w*"
# AWS Lambda: set the queue's visibility time-out to at least six times the function's.
_TIMES: Final = 6.0
_INSTANCES: Final = (
    r"desired (?:count|capacity|replicas|tasks)|(?:^|spec |deploy |service )replicas|instances?|instance count|"
    r"num replicas"
)
_PORTS: Final = r"(?:container |listen(?:ing)? |server |app |http |host |db |end ?point )?ports?(?: container port)?"
_RULES: Final = lazy_pattern(r"\b(?:ingress|egress|permissions|rules?|health)\b")
_ALL: Final = ("-1", "all", "any", "*")


def across_edges(known: Mapping[str, Settings], edges: Iterable[tuple[str, str]]) -> list[Conflict]:
    """Every contradiction along (from, to), where from depends on to; pools are added up over all who hold one."""
    conflicts: list[Conflict] = []
    callers: dict[str, dict[str, None]] = {}
    for source, target in dict.fromkeys(edges):
        if source in known and target in known and source != target:
            callers.setdefault(target, {})[source] = None
            conflicts += (conflict for rule in EDGE_RULES for conflict in rule(known[source], known[target]))
    for target, sources in callers.items():
        conflicts += pools_over_connections(known[target], [known[source] for source in sources])
    return conflicts


def keep_alive_too_short(caller: Settings, called: Settings) -> Iterator[Conflict]:
    """The called one closes an idle connection that the balancer is about to use: now and then a 502.

    Only a balancer's own time-out counts, and no keep-alive of TCP, which is a probe and no time-out.
    """
    idle = caller.seconds(r"idle time ?out(?: time ?out)?|upstream keep ?alive time ?out")
    kept = called.seconds(r"(?<!tcp )(?:http )?keep ?alive(?: idle)?(?: time ?out)?")
    if idle and kept and re.search(_BALANCER, f"{caller.about} {idle[0].words}") and 0 < kept[1] <= idle[1]:
        why = f"it closes connections after {kept[1]:g} s that are used again for {idle[1]:g} s"
        basis = "AWS: Troubleshoot your Application Load Balancers (HTTP 502): keep-alive over the idle time-out"
        yield Conflict("keep_alive_too_short", called.resource, kept[0], why, basis, idle[0], caller.resource)


def gives_up_first(caller: Settings, called: Settings) -> Iterator[Conflict]:
    """The caller gives up while the called one still works for it: an error there, and work for nobody here."""
    name = r"(?:integration|upstream|proxy read|request|client|http|read|response|backend) time ?out"
    mine = caller.seconds(name)
    theirs = called.seconds(
        r"(?:request|execution|processing|handler|statement|function|max(?:imum)?) time ?out|^time ?out"
    )
    if mine and theirs and 0 < mine[1] < theirs[1]:
        why = f"it gives up after {mine[1]:g} s, while an answer may take {theirs[1]:g} s"
        basis = "Amazon API Gateway: integration time-out; Google SRE book, chapter 22: deadlines"
        yield Conflict("gives_up_first", caller.resource, mine[0], why, basis, theirs[0], called.resource)


def seen_again_too_soon(caller: Settings, called: Settings) -> Iterator[Conflict]:
    """A message is given out again while the first consumer still works on it."""
    hidden = called.seconds(r"visibility time ?out")
    works = caller.seconds(r"(?<!visibility )(?<!idle )(?<!connect )time ?out")
    if not hidden or not works or works[1] <= 0 or hidden[1] >= _TIMES * works[1]:
        return
    rule = "seen_again_too_soon" if hidden[1] < works[1] else "seen_again_soon"
    why = f"a message shows again after {hidden[1]:g} s, while one try may take {works[1]:g} s"
    basis = "AWS Lambda: configuring a queue (visibility time-out at least six times the function's)"
    yield Conflict(rule, called.resource, hidden[0], why, basis, works[0], caller.resource)


def checked_elsewhere(caller: Settings, called: Settings) -> Iterator[Conflict]:
    """A balancer asks for the health of a port or a path that the called one doesn't have."""
    basis = "Elastic Load Balancing: health checks for target groups"
    ports = [leaf for leaf in called.all(_PORTS) if leaf.number and not _RULES.search(leaf.words)]
    asked = caller.number(rf"{_HEALTH} port")
    if asked and ports and asked[1] not in {leaf.number for leaf in ports}:
        why = "it is checked at a port at which it doesn't listen"
        yield Conflict("checked_elsewhere", caller.resource, asked[0], why, basis, ports[0], called.resource)
    path = next(caller.all(rf"{_HEALTH} (?:path|url|target)"), None)
    served = list(called.all(r"health ?(?:check)?(?: end ?point| path| route| url)|readiness path"))
    if path and served and all(_path(path) != _path(leaf) for leaf in served):
        why = "it is checked at a path that it doesn't serve for that"
        yield Conflict("checked_elsewhere", caller.resource, path, why, basis, served[0], called.resource)


def egress_closed(caller: Settings, called: Settings) -> Iterator[Conflict]:
    """No rule lets the caller out to the port of what it needs, or nothing lets it in there."""
    served = [leaf for leaf in called.all(_PORTS) if leaf.number and not _RULES.search(leaf.words)]
    if len({leaf.number for leaf in served}) != 1:
        return
    port = served[0].number or 0.0
    basis = "Amazon VPC: security group rules (what no rule allows is denied)"
    for settings, names, way in ((caller, "egress", "out"), (called, "ingress", "in")):
        ranges = list(_ranges(settings, names))
        if ranges and not any(low <= port <= high for _, low, high in ranges):
            other = called if settings is caller else caller
            why = f"no rule lets {way} what goes to port {port:g}"
            own, against = ranges[0][0], served[0]
            yield Conflict("port_closed", settings.resource, own, why, basis, against, other.resource)


def pools_over_connections(called: Settings, callers: Iterable[Settings]) -> Iterator[Conflict]:
    """All pools together may hold more connections than the database gives. A limit that is a formula isn't known."""
    limit = called.number(r"max connections|max client conn(?:ections)?")
    if limit is None or limit[1] <= 0:
        return
    pools = [(caller, pool) for caller in callers if (pool := _pool(caller))]
    held = sum(pool.size * pool.instances for _, pool in pools)
    if pools and held > limit[1]:
        caller, pool = max(pools, key=lambda item: item[1].size * item[1].instances)
        why = f"the pools of its callers may hold {held:g} connections, it gives {limit[1]:g}"
        basis = "PostgreSQL: max_connections; HikariCP: about pool sizing"
        yield Conflict("pools_over_connections", called.resource, limit[0], why, basis, pool.setting, caller.resource)


EDGE_RULES: Final[tuple[Callable[[Settings, Settings], Iterator[Conflict]], ...]] = (
    keep_alive_too_short, gives_up_first, seen_again_too_soon, checked_elsewhere, egress_closed,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pool:
    setting: Setting
    size: float
    instances: float


def _pool(caller: Settings) -> _Pool | None:
    size = caller.number(
        r"(?:max(?:imum)? )?pool (?:max(?:imum)? )?size|pool max(?:imum)?(?: active| total| connections)?"
        r"|max pool(?: size)?|max open conn(?:ection)?s"
    )
    if size is None or size[1] <= 0:
        return None
    instances = caller.number(_INSTANCES)
    return _Pool(size[0], size[1], instances[1] if instances else 1.0)


def _path(leaf: Setting) -> str:
    """The path of an address, without its host, query and last slash."""
    return re.sub(r"^\w+://[^/]*|^\w+:\d+(?=/)|\?.*$", "", str(leaf.value)).rstrip("/") or "/"


def _ranges(settings: Settings, name: str) -> Iterator[tuple[Setting, float, float]]:
    """The port ranges that the rules of a security group allow."""
    groups: dict[str, dict[str, Setting]] = {}
    for leaf in settings.leaves:
        head, _, tail = leaf.path.rpartition(".")
        if re.search(rf"\b{name}\b", leaf.words) or (name == "egress" and "permissions egress" in leaf.words):
            groups.setdefault(head, {})[re.sub(r"[^a-z]", "", tail.lower())] = leaf
    for rule in groups.values():
        low = rule.get("fromport") or rule.get("port")
        high = rule.get("toport") or rule.get("port")
        protocol = rule.get("ipprotocol") or rule.get("protocol")
        if (protocol and _lower_text(protocol.value) in _ALL) or (low and _lower_text(low.value) in _ALL):
            anchor = protocol or low
            assert anchor is not None
            yield anchor, 0.0, 65_535.0
        elif low and high and low.number is not None and high.number is not None:
            yield low, low.number, high.number


def _lower_text(value: Any) -> str:
    return str(value).lower()
