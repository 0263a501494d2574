"""Every analyzer of Kubernetes objects reads whatever an API server, a proxy or an exporter may have made of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kubernetes_cases import CASES
from kubernetes_objects import NOW, PLURALS, WINDOW

from primitives.kubernetes.aliases import object_aliases
from primitives.kubernetes.analysis import FAMILIES, healthy, merge
from primitives.kubernetes.cluster import Check, Cluster
from primitives.kubernetes.links import find_links, misleading_services
from primitives.kubernetes.owners import workloads_of_pods
from primitives.kubernetes.relevance import judge_relevance
from primitives.kubernetes.rollouts import find_rollouts
from primitives.records import ContainerLog, Edge, KubernetesDump, Resource, Topology

# What stands where the schema has something else: nothing, other kinds, names of any form, numbers of any size.
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(["", "/", "a", "a/b/c/d/e", "::", "-1", "*", "…", "a" * 5000, "{}", "%s", "\x00", "10Ti", "1e400"]),
    st.sampled_from([0, -1, 10**30, -(10**30), 1.5, 1e308, [], {}, [[]], [{}], [None], ["x"], {"x": None}, {"": {}}]),
    st.text(max_size=12),
)
Path = tuple[str | int, ...]


def paths(value: Any, here: Path = ()) -> list[Path]:
    """The path of everything in a document."""
    entries: Any = ()
    if isinstance(value, Mapping):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    return [here, *(path for key, inner in entries for path in paths(inner, (*here, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]], list[ContainerLog]]:
    """The objects of one or two made cases, with some of their fields replaced or left out."""
    cases = [draw(st.sampled_from(CASES)) for _ in range(draw(st.integers(1, 2)))]
    objects = copy.deepcopy([dict(item) for case in cases for item in case.objects])
    earlier = copy.deepcopy([dict(item) for case in cases for item in (*case.earlier, *case.objects[:1])])
    for _ in range(draw(st.integers(1, 6))):
        item = draw(st.sampled_from(objects or [{}]))
        known = [path for path in paths(item) if path]
        if known:
            mutate(item, draw(st.sampled_from(known)), draw(st.booleans()), copy.deepcopy(draw(STRANGE)))
    logs = [
        ContainerLog(namespace="shop", pod=key.partition("/")[0], container=key.rpartition("/")[2], text=text)
        for case in cases
        for key, text in case.logs.items()
    ]
    return objects, earlier, logs


def mutate(item: Any, path: Path, leave_out: bool, value: Any) -> None:
    """Replace what stands at `path`, or leave it out."""
    for key in path[:-1]:
        item = item[key]
    if leave_out:
        del item[path[-1]]
    else:
        item[path[-1]] = value


def cluster_of(
    objects: list[Mapping[str, Any]], earlier: list[Mapping[str, Any]], logs: list[ContainerLog], names: list[str]
) -> Cluster:
    """A cluster of mutated objects, with a topology and checks whose names have any form."""
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for item in objects:
        kind = item.get("kind")
        by_kind.setdefault(PLURALS.get(kind, "pods") if isinstance(kind, str) else "events", []).append(item)
    known = [KubernetesDump(time=NOW, kind=kind, items=tuple(items)) for kind, items in by_kind.items()]
    old = [KubernetesDump(time=WINDOW.start, kind="deployments", items=tuple(earlier))]
    topology = Topology(
        resources=tuple(Resource(id=name, kind="service") for name in names),
        edges=tuple(
            Edge.model_validate({"from": source, "to": target, "kind": kind})
            for source, target in pairwise(names)
            for kind in ("calls", "owns")
        ),
    )
    checks = [Check(name, "tcp_connect", f"{name}:80", healthy=False) for name in names]
    return Cluster([*old, *known], WINDOW, [topology], logs, checks)


NAMES = st.lists(
    st.sampled_from(["api", "shop/deployment/api", "/", "a/b", "shop/pod/api-1", "node/n1", "x/y/z/w", "::", "Ünï"]),
    max_size=4,
    unique=True,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(mutated(), NAMES)
def test_no_analyzer_raises_whatever_its_objects_look_like(
    made: tuple[list[Mapping[str, Any]], list[Mapping[str, Any]], list[ContainerLog]], names: list[str]
) -> None:
    cluster = cluster_of(*made, names)
    raw = []
    for _, find in FAMILIES:
        raw += list(find(cluster))
    findings = judge_relevance(cluster, merge(cluster, raw), names)
    healthy(cluster, findings)
    find_links(cluster)
    misleading_services(cluster)
    list(find_rollouts(cluster))


@settings(max_examples=60, deadline=None)
@given(mutated(), NAMES)
def test_names_and_owners_are_found_whatever_the_objects_look_like(
    made: tuple[list[Mapping[str, Any]], list[Mapping[str, Any]], list[ContainerLog]], names: list[str]
) -> None:
    cluster = cluster_of(*made, names)
    known = [KubernetesDump(time=NOW, kind="pods", items=tuple(made[0]))]
    list(object_aliases(cluster, known))
    workloads_of_pods(known, cluster.topologies, [("shop", name) for name in names])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_analyzer_needs_a_field_that_may_be_left_out(case: Any) -> None:
    for place, item in enumerate(case.objects):
        for path in [path for path in paths(item) if path and len(path) < 6]:
            objects = copy.deepcopy([dict(other) for other in case.objects])
            mutate(objects[place], path, leave_out=False, value=None)
            cluster = cluster_of(objects, [], [], [])
            judge_relevance(cluster, merge(cluster, [f for _, find in FAMILIES for f in find(cluster)]))
