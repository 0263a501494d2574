"""Rules that tie a change to what went wrong: two unlike cases of each, and two that look like it and aren't."""

from __future__ import annotations

from typing import Any

import pytest
from incident_facts import change, found, graph, log, opened, shift

from engine.reason import rank_facts
from primitives.facts import Fact, LogPattern
from primitives.records import Symptom

LIBRARY = "what went wrong names the library that it changes"
WORK = "each request costs more than before"
CALENDAR = "certificates expire by themselves"
TOPOLOGY = graph({"api": "service", "kiln": "service"}, ("api", "kiln"))


def reasons(*facts: Fact, blamed: str = "c1") -> set[str]:
    """What is said for and against the change."""
    hypotheses = rank_facts(found(TOPOLOGY, shift("api"), *facts), opened()).hypotheses
    return {item.why for entry in hypotheses if entry.change == blamed for item in entry.evidence}


def failure(text: str, resource: str = "api", family: str = "exception") -> LogPattern:
    return log(resource, family).model_copy(update={"template": text})


def bump(name: str, before: str, after: str) -> Fact:
    return change("c1", "api", after={"diff": f"-{name} {before}\n+{name} {after}", "files": ["lock"]})


def cost(metric: str, current: float = 9.0, resource: str = "api") -> Fact:
    return shift(resource, metric, kind="other", baseline=3.0, current=current, unit="1")


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        (LIBRARY, (bump("zephyrcodec", "2.4.1", "3.0.0"), failure("zephyrcodec: cannot decode frame"))),
        (LIBRARY, (bump("anvil-forge", "1.0.2", "1.1.0"), failure("panic in anvil/forge.go"))),
        (WORK, (change("c1", "api"), cost("queries_per_request"))),
        (WORK, (change("c1", "api", kind="feature_flag"), cost("allocations per call"))),
        (CALENDAR, (change("c1", "api"), failure("x509: certificate has expired", family="certificate"))),
        (CALENDAR, (change("c1", "api"), failure("peer's certificate expired on 3 May", family="certificate"))),
    ],
)
def test_what_a_rule_is_about(rule: str, facts: tuple[Any, ...]) -> None:
    assert rule in reasons(*facts)


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        # The failure names another library than the one that was updated, or the library but not as a failure.
        (LIBRARY, (bump("zephyrcodec", "2.4.1", "3.0.0"), failure("quartzparser: cannot decode frame"))),
        (LIBRARY, (bump("zephyrcodec", "2.4.1", "3.0.0"), shift("api", "zephyrcodec_frames"))),
        # The requests of another resource cost more; more requests cost as much each.
        (WORK, (change("c1", "api"), cost("queries_per_request", resource="kiln"))),
        (WORK, (change("c1", "api"), cost("queries_per_second"))),
        # A certificate that isn't trusted was put there by somebody; one of another resource says nothing of this one.
        (CALENDAR, (change("c1", "api"), failure("x509: unknown authority", family="certificate"))),
        (CALENDAR, (change("c1", "api"), failure("certificate has expired", "kiln", family="certificate"))),
    ],
)
def test_what_only_looks_like_it(rule: str, facts: tuple[Any, ...]) -> None:
    assert rule not in reasons(*facts)


@pytest.mark.parametrize(
    ("minutes_before", "after", "uncertainty_s", "said"),
    [
        (0.3, None, 5.0, "less than many a rollout takes"),
        (0.3, None, 45.0, "18 s before the onset (known to ± 45 s)"),
        (0.3, {"serving_after_s": 12.0}, 5.0, "18 s before the onset (known to ± 5 s)"),
        (0.3, {"serving_after_s": 40.0}, 5.0, "less than many a rollout takes"),
        (-0.4, {"serving_after_s": 5.0}, 30.0, "at the onset (known to ± 30 s)"),
        (-0.4, None, 5.0, "it came after the onset"),
        (-3.0, None, 600.0, "it came after the onset"),
    ],
)
def test_an_onset_is_known_to_its_samples_and_a_rollout_to_what_it_took(
    minutes_before: float, after: dict[str, float] | None, uncertainty_s: float, said: str
) -> None:
    facts = (
        shift("kiln", onset_uncertainty_s=uncertainty_s),
        change("c2", "kiln", minutes_before=minutes_before, after=after),
    )
    ranked = rank_facts(found(*facts), opened(Symptom(resource="kiln", metric="latency_p95"))).hypotheses
    assert any(said in item.why for entry in ranked if entry.change == "c2" for item in entry.evidence)
