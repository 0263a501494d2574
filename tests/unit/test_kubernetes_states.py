"""The vocabulary of states is complete: each is found by some case, and nothing else is."""

from __future__ import annotations

from cases.kubernetes import CASES as MADE
from cases.kubernetes import parts
from kubernetes_cases import CASES
from kubernetes_objects import findings

from primitives.kubernetes.analysis import analyse
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.states import STATES, WEIGHTS


def test_every_state_has_a_case() -> None:
    """Small ones of their own, or a made incident that shows the state."""
    small = {case.state for case in CASES}
    assert small <= set(STATES)
    assert set(STATES) - {"Healthy"} - small <= _states_of_made_incidents()


def _states_of_made_incidents() -> set[str]:
    found = set()
    for case in MADE:
        made = parts(case, red_herrings=False)
        cluster = Cluster(made.kubernetes, made.manifest.window, (), made.kubernetes_logs)
        found |= {one.state for one in analyse(cluster)}
    return found


def test_nothing_but_listed_states_is_found() -> None:
    assert {found.state for case in CASES for found in findings(case)} <= set(STATES)


def test_findings_come_in_the_order_of_their_weight() -> None:
    for case in CASES:
        weights = [WEIGHTS.index(STATES[found.state].weight) for found in findings(case)]
        assert weights == sorted(weights)
