"""The fit moves every weight that there is, and moves it towards what is right."""

from __future__ import annotations

from dataclasses import asdict, replace

from incident_facts import STORY, found, opened

from engine.evaluate.fitting import Example, Scorer, fit, left_out
from engine.reason.weights import WEIGHTS, Weights
from primitives.bundle.truth import RootCause, Truth


def example(name: str, cause_id: str) -> Example:
    truth = Truth(root_causes=(RootCause(resource="api", cause_id=cause_id),), source="made for this test")
    return Example(name, "made", name, found(*STORY), opened(), None, truth)


def test_each_weight_can_be_fitted_and_the_fit_is_no_worse_than_its_start() -> None:
    scorer = Scorer([example("right", "deployment_regression"), example("wrong", "disk_full")])
    start = replace(WEIGHTS, sharpness=1.0)
    fitted = fit(scorer, [0], start)
    assert scorer.loss([0], fitted) <= scorer.loss([0], start)
    assert asdict(fitted).keys() == asdict(Weights()).keys()
    assert 0 < fitted.parent <= 0.95


def test_each_group_is_scored_without_itself() -> None:
    scorer = Scorer([example("a", "deployment_regression"), example("b", "deployment_regression")])
    outcomes = left_out(scorer, lambda one: one.system, WEIGHTS)
    assert sorted(outcomes) == [0, 1]
    assert all(outcome.right for outcome in outcomes.values())
