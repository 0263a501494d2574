"""What the first screen gathers of the facts, as they come and as a replay goes back."""

from __future__ import annotations

from story import after_confirmation, before_confirmation, events, facts, shift

from cockpit.widgets.symptom_cache import SymptomCache, hurts
from engine.events import FactFound
from engine.incident import IncidentState, fold


def state_of(count: int) -> IncidentState:
    log = [*before_confirmation(), *after_confirmation()]
    found = [number for number, (_, _, body) in enumerate(log) if isinstance(body, FactFound)]
    return fold(events(log[: found[count - 1] + 1]))


def test_what_hurts_is_found_by_its_resource_also_after_a_replay_went_back() -> None:
    every = len(facts())
    cache = SymptomCache()
    for count in (every, 2, every):
        state = state_of(count)
        cache.gather(state)
        resources = {known.fact.resource for known in state.facts.values() if known.fact.resource}
        for resource in resources:
            wanted = [known for known in state.facts.values() if known.fact.resource == resource and hurts(known)]
            assert list(cache.hurting(resource)) == wanted
    assert cache.hurting("nobody") == ()


def test_a_metric_that_moved_the_harmless_way_does_not_hurt() -> None:
    slow = shift("latency_p95", "api", (0.2, 1.5), "s", "1" * 64)
    known = next(iter(state_of(1).facts.values()))
    assert hurts(known.__class__("F1", "S1", "", slow))
    assert not hurts(known.__class__("F1", "S1", "", slow.model_copy(update={"worse": False})))
    assert not hurts(known.__class__("F1", "S1", "", slow.model_copy(update={"polarity": "absent"})))
