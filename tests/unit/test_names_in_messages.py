"""A message names the workload that answers, in its writer's namespace or the one that it spells."""

from __future__ import annotations

import pytest

from primitives.analysis.naming import NameFinder
from primitives.records import Resource, Topology

KINDS = {
    "shop/deployment/web": "service", "shop/deployment/rates": "service", "shop/service/rates": "network",
    "bank/statefulset/rates": "database", "bank/service/rates": "network", "bank/deployment/teller": "service",
    "shop/service/lonely": "network", "shop/deployment/twin": "service", "shop/statefulset/twin": "service",
}  # fmt: skip
NAMES = NameFinder([Topology(resources=tuple(Resource(id=name, kind=kind) for name, kind in KINDS.items()), edges=())])


@pytest.mark.parametrize(
    ("text", "writer", "named"),
    [
        ("upstream rates: deadline exceeded", "shop/deployment/web", "shop/deployment/rates"),
        ("upstream rates: deadline exceeded", "bank/deployment/teller", "bank/statefulset/rates"),
        (
            "dial tcp: lookup rates.bank.svc.cluster.local: no such host",
            "shop/deployment/web",
            "bank/statefulset/rates",
        ),
        ("GET http://rates.shop/quote: 503", "bank/deployment/teller", "shop/deployment/rates"),
        ("GET http://rates.example.com/quote: 503", "shop/deployment/web", "shop/deployment/rates"),
        ("call to lonely failed", "shop/deployment/web", "shop/service/lonely"),
        # Two workloads of one name in one namespace, or of two namespaces to somebody outside of both.
        ("call to twin failed", "shop/deployment/web", None),
        ("call to rates failed", None, None),
    ],
)
def test_which_of_several_resources_of_one_name_is_meant(text: str, writer: str | None, named: str | None) -> None:
    assert NAMES.pointed_at(text, writer) == named


def test_a_name_of_another_cluster_is_not_meant() -> None:
    known = ("kubernetes://east/shop/deployment/rates", "kubernetes://west/shop/deployment/web")
    names = NameFinder([Topology(resources=tuple(Resource(id=name, kind="service") for name in known), edges=())])
    assert names.pointed_at("upstream rates: refused", known[1]) is None
