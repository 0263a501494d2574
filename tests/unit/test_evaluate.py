"""Scores are those that a person computes by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.evaluate import Case, Named, bundles_below, evaluate, evaluate_bundles, score
from engine.report import CausePart
from engine.schemas import documents
from primitives.bundle.truth import Truth
from primitives.errors import UsageError

SAMPLES = Path(__file__).parents[2] / "sample_incidents"


def cause(
    cause_id: str, resource: str | None, change: str | None, confidence: float, klass: str = "UNKNOWN"
) -> CausePart:
    values: dict[str, Any] = {
        "cause_class": klass,
        "evidence": ("none",),
        "evidence_for": (),
        "evidence_against": (),
        "adjustments": (),
        "waterfall": (),
    }
    return CausePart(id="H", cause="c", cause_id=cause_id, resource=resource, change=change, confidence=confidence,
                     prior=0.0, **values)  # fmt: skip


def scored(truth: dict[str, Any], *causes: CausePart) -> Case:
    return score("i", "set", causes, Truth.model_validate({"source": "test", **truth}), 0.5)


A = cause("cpu_saturated", "a", None, 0.6)
B = cause("deployment_regression", "b", "v1", 0.3)
C = cause("false_alarm", None, None, 0.1, "NO_FAULT")


def test_a_hypothesis_is_right_when_it_agrees_with_every_key() -> None:
    assert scored({"root_causes": [{"resource": "b", "cause_id": "deployment_regression"}]}, A, B).rank == 2
    assert scored({"root_causes": [{"resource": "b", "cause_id": "cpu_saturated"}]}, A, B).rank is None
    assert scored({"root_causes": [{"resource": "z"}, {"resource": "a"}]}, A, B).rank == 1


def test_change_null_says_that_no_change_is_to_blame() -> None:
    one = scored({"root_causes": [{"resource": "b", "change": None}]}, B, cause("dependency_slow", "b", None, 0.1))
    assert (one.rank, one.resource_rank, one.change_rank) == (2, 1, 2)


def test_ranks_that_the_truth_does_not_ask_for_are_null() -> None:
    one = scored({"root_causes": [{"cause_id": "cpu_saturated"}]}, B, A)
    assert (one.rank, one.resource_rank, one.change_rank, one.decoy_confidence) == (2, None, None, None)


def test_any_no_fault_answer_meets_a_no_fault_truth() -> None:
    assert scored({"root_causes": [{"cause_id": "recovered"}]}, A, C).rank == 2


def test_with_all_every_cause_must_be_found() -> None:
    both = {"root_causes": [{"resource": "a"}, {"resource": "b"}], "all": True}
    assert scored(both, A, B).rank == 2
    assert scored(both, A).rank is None


def test_equal_triples_count_once_and_decoys_are_watched() -> None:
    one = scored({"root_causes": [{"resource": "b"}], "decoys": ["v1"]}, A, A, B)
    assert one.rank == 2
    assert one.decoy_confidence == 0.3


def case(
    name: str, rank: int | None, confidence: float, dataset: str = "d", truth: str = "x", seconds: float = 1.0
) -> Case:
    answer = Named(cause_id=truth, resource="r", change=None)
    return Case(id=name, rank=rank, resource_rank=rank, change_rank=None, decoy_confidence=None, top="t",
                confidence=confidence, duration_s=seconds, dataset=dataset, truth=truth, truth_class="UNKNOWN",
                platform="aws", expected=answer, named=answer, asks_resource=name != "d", asks_change=False,
                cpu_s=seconds / 10, problem=None)  # fmt: skip


CASES = (
    case("a", 1, 0.9, truth="x", seconds=1.0), case("b", 2, 0.8, truth="x", seconds=2.0),
    case("c", None, 0.35, "e", "y", 3.0), case("d", 4, 0.35, "e", "y", 10.0),
)  # fmt: skip


def test_the_averages_are_those_by_hand() -> None:
    result = evaluate(CASES)
    assert (result.n, result.top1, result.top3, result.top5) == (4, 0.25, 0.5, 0.75)
    assert result.mrr == pytest.approx((1 + 0.5 + 0 + 0.25) / 4)
    assert result.resource_top1 == pytest.approx(1 / 3, abs=1e-4)
    assert result.resource_top3 == pytest.approx(2 / 3, abs=1e-4)
    assert result.macro_top1 == pytest.approx((0.5 + 0.0) / 2)
    assert result.brier == pytest.approx((0.1**2 + 0.8**2 + 2 * 0.35**2) / 4, abs=1e-4)
    # bins 0.9-1.0: |0.9 - 1|; 0.8-0.9: |0.8 - 0|; 0.3-0.4, twice: |0.35 - 0|
    assert result.ece == pytest.approx((0.1 + 0.8 + 2 * 0.35) / 4, abs=1e-4)
    assert (result.duration_p50_s, result.duration_p95_s) == (2.0, 10.0)
    assert (result.cpu_p50_s, result.cpu_p95_s) == (0.2, 1.0)
    assert {name: part.n for name, part in result.by_dataset.items()} == {"d": 2, "e": 2}
    assert result.by_dataset["d"].top1 == 0.5


def test_what_no_case_asks_for_is_null() -> None:
    assert evaluate((case("d", 1, 0.5),)).resource_top1 is None


def test_calibration_tells_stated_and_right_for_each_tenth() -> None:
    bins = evaluate(CASES).calibration
    assert [(one.low, one.high) for one in bins] == [(n / 10, (n + 1) / 10) for n in range(10)]
    assert [(one.n, one.stated, one.right) for one in bins if one.n] == [(2, 0.35, 0.0), (1, 0.8, 0.0), (1, 0.9, 1.0)]
    assert (bins[0].stated, bins[0].right) == (None, None)
    assert evaluate((case("z", 1, 1.0),)).calibration[9].n == 1


def test_the_averages_are_split_by_class_of_cause_and_platform() -> None:
    one, two = case("a", 1, 0.9), case("b", 2, 0.8)
    other = two.model_copy(update={"truth_class": "NETWORK_FAILURE", "platform": "aws+kubernetes"})
    result = evaluate((one, other))
    assert {name: part.top1 for name, part in result.by_cause_class.items()} == {"UNKNOWN": 1.0, "NETWORK_FAILURE": 0.0}
    assert {name: part.top1 for name, part in result.by_platform.items()} == {"aws": 1.0, "aws+kubernetes": 0.0}


def test_the_class_of_an_answer_is_the_truths_or_else_its_causes() -> None:
    assert scored({"root_causes": [{"cause_id": "disk_full"}], "cause_class": "NO_FAULT"}, A).truth_class == "NO_FAULT"
    assert scored({"root_causes": [{"cause_id": "disk_full"}]}, A).truth_class == "RESOURCE_SATURATION"
    assert scored({"root_causes": [{"resource": "a"}]}, A).truth_class == "unnamed"


def test_confusion_counts_what_was_named_for_what() -> None:
    wanted = {"root_causes": [{"resource": "a", "cause_id": "disk_full"}]}
    false_alarm = scored({"root_causes": [{"cause_id": "recovered"}]}, C)
    told = evaluate([scored(wanted, A), scored(wanted, A), scored(wanted, B), scored(wanted), false_alarm]).confusion
    assert [(one.expected, one.named, one.n) for one in told.causes] == [
        ("disk_full", "cpu_saturated", 2), ("disk_full", None, 1), ("disk_full", "deployment_regression", 1),
        ("recovered", "recovered", 1),
    ]  # fmt: skip
    assert [(one.expected, one.named, one.n) for one in told.resources] == [
        ("a", "a", 2),
        ("a", None, 1),
        ("a", "b", 1),
    ]


def test_of_several_answers_the_one_nearest_to_what_was_named_was_expected() -> None:
    either = {"root_causes": [{"resource": "z", "change": "v9"}, {"resource": "b", "change": "v2"}, {"resource": "b"}]}
    assert str(scored(either, B).expected) == "|b"
    assert str(scored({"root_causes": either["root_causes"][:2]}, B).expected) == "|b|v2"
    assert str(scored({"root_causes": either["root_causes"][:2]}).expected) == "|z|v9"


def test_the_json_has_the_contracts_keys_and_agrees_with_its_schema() -> None:
    document = evaluate(CASES).model_dump(mode="json")
    jsonschema.Draft202012Validator(documents()["evaluation.schema.json"]).validate(document)
    assert document["schema"] == "cloudops-evaluation/1"
    assert set(document["cases"][0]) >= {
        "id", "rank", "resource_rank", "change_rank", "decoy_confidence", "top", "confidence", "duration_s",
    }  # fmt: skip
    contract = [
        "schema", "cases", "n", "top1", "top3", "top5", "mrr", "resource_top1", "resource_top3", "macro_top1", "brier",
        "ece", "duration_p50_s", "duration_p95_s", "by_dataset",
    ]  # fmt: skip
    assert list(document)[: len(contract)] == contract


def test_bundles_are_found_below_a_directory(tmp_path: Path) -> None:
    (tmp_path / "set" / "one").mkdir(parents=True)
    (tmp_path / "set" / "one" / "incident.yaml").write_text("")
    (tmp_path / "set" / "two.incident").write_bytes(b"")
    assert [path.name for path in bundles_below([tmp_path])] == ["one", "two.incident"]
    assert [path.name for path in bundles_below([tmp_path / "set" / "one"])] == ["one"]
    with pytest.raises(UsageError, match="holds no incident bundle"):
        bundles_below([tmp_path / "nothing"])


async def test_the_story_is_scored_right() -> None:
    result = await evaluate_bundles([SAMPLES / "api-latency-spike"])
    assert (result.cases[0].rank, result.cases[0].change_rank) == (1, 1)
    assert result.cases[0].decoy_confidence is not None
    assert result.cases[0].decoy_confidence < 0.5
