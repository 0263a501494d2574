"""What the resources of an incident are called: by all that its state knows, at any moment of its log."""

from __future__ import annotations

from incident_facts import limit, shift, state_of, state_with

from engine.incident import IncidentState
from engine.naming import NamesOfState, display_names
from primitives.facts import Fact

DEPLOYMENT, SERVICE = "shop/deployment/api", "shop/service/api"


def known(*facts: Fact) -> IncidentState:
    return state_with(facts)


def test_names_are_as_short_as_the_facts_allow() -> None:
    assert display_names(known(shift(DEPLOYMENT)))(DEPLOYMENT) == "api"
    both = display_names(known(shift(DEPLOYMENT), limit(SERVICE, "cpu", 0.9)))
    assert (both(DEPLOYMENT), both(SERVICE)) == ("api (deployment)", "api (service)")


def test_an_object_counts_beside_the_workload_that_owns_it() -> None:
    fact = state_of(DEPLOYMENT, "CrashLoopBackOff").model_copy(update={"object": "shop/pod/api"})

    assert display_names(known(fact))(DEPLOYMENT) == "api (deployment)"
    assert fact.sentence(display_names(known(fact))).startswith("api (pod)")


def test_names_grow_with_the_log_and_shrink_when_a_replay_goes_back() -> None:
    first, second = known(shift(DEPLOYMENT)), known(shift(DEPLOYMENT), shift(SERVICE))
    names = NamesOfState()

    assert [names.of(state)(DEPLOYMENT) for state in (first, second, first, second)] == [
        "api", "api (deployment)", "api", "api (deployment)",
    ]  # fmt: skip
