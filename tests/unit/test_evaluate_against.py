"""What changed since an earlier run is told as progress only where it is more than chance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.evaluate import Case, Named, compare, evaluate, read_earlier
from engine.evaluate.differences import sign_test
from engine.evaluate.earlier import Earlier
from primitives.errors import UsageError


def case(name: str, rank: int | None, *, confidence: float = 0.9, dataset: str = "d", truth: str = "x") -> Case:
    answer = Named(cause_id=truth, resource="r", change=None)
    return Case(id=name, rank=rank, resource_rank=rank, change_rank=None, decoy_confidence=None, top=f"{truth}|r",
                confidence=confidence, duration_s=1.0, dataset=dataset, truth=truth, truth_class="UNKNOWN",
                platform="aws", expected=answer, named=answer, asks_resource=True, asks_change=False, cpu_s=0.5,
                problem=None)  # fmt: skip


def run_of(*ranks: int | None) -> list[Case]:
    return [case(f"i{number}", rank) for number, rank in enumerate(ranks)]


def earlier(*cases: Case) -> Earlier:
    return Earlier.model_validate_json(evaluate(cases).model_dump_json())


def test_the_sign_test_is_that_of_the_tables() -> None:
    # Binomial tail with one half, twice: of 10 pairs 9 one way is 2 * (1 + 10) / 1024.
    assert sign_test(9, 1) == sign_test(1, 9) == pytest.approx(22 / 1024)
    assert sign_test(6, 0) == pytest.approx(2 / 64)
    assert sign_test(5, 0) == pytest.approx(2 / 32)
    assert sign_test(4, 4) == sign_test(0, 0) == 1.0


def test_what_got_better_and_worse_is_told_by_case() -> None:
    told = compare(earlier(*run_of(1, 2, None, 3)), run_of(1, 1, 5, None))
    assert [(one.id, one.before, one.after) for one in told.better] == [("i1", 2, 1), ("i2", None, 5)]
    assert [(one.id, one.before, one.after) for one in told.worse] == [("i3", 3, None)]


def test_a_few_cases_more_may_be_chance_and_many_are_not() -> None:
    few = compare(earlier(*run_of(*[1] * 10, *[2] * 5)), run_of(*[1] * 15)).differences["top1"]
    assert (few.better, few.worse, few.verdict) == (5, 0, "noise")
    assert few.p == pytest.approx(0.0625)
    many = compare(earlier(*run_of(*[1] * 10, *[2] * 6)), run_of(*[1] * 16)).differences["top1"]
    assert (many.better, many.worse, many.verdict) == (6, 0, "better")
    assert many.difference == pytest.approx(6 / 16)
    # Each pair gains with probability 6/16, so the mean of 16 lies within two standard errors of 0.121.
    assert many.low is not None
    assert many.high is not None
    assert many.low == pytest.approx(0.375 - 1.96 * 0.121, abs=0.04)
    assert many.high == pytest.approx(0.375 + 1.96 * 0.121, abs=0.04)
    worse = compare(earlier(*run_of(*[1] * 16)), run_of(*[1] * 10, *[2] * 6)).differences
    assert (worse["top1"].verdict, worse["resource_top1"].verdict, worse["mrr"].verdict) == ("worse",) * 3
    assert worse["top3"].verdict == "same"


def test_as_many_lost_as_won_is_no_progress() -> None:
    told = compare(earlier(*run_of(*[1] * 8, *[2] * 8)), run_of(*[2] * 8, *[1] * 8)).differences["top1"]
    assert (told.better, told.worse, told.p, told.verdict) == (8, 8, 1.0, "same")


def test_of_errors_less_is_better() -> None:
    before = [case(f"i{n}", 1, confidence=0.5) for n in range(12)]
    after = [case(f"i{n}", 1, confidence=0.9) for n in range(12)]
    told = compare(earlier(*before), after).differences
    assert (told["brier"].before, told["brier"].after) == (0.25, pytest.approx(0.01))
    assert (told["brier"].better, told["brier"].verdict) == (12, "better")
    assert (told["ece"].before, told["ece"].after, told["ece"].verdict) == (0.5, pytest.approx(0.1), "better")
    # All twelve pairs must be swapped, or none: 2 of 4,096 ways.
    assert told["ece"].p == pytest.approx(2 / 4096, abs=0.001)
    assert compare(earlier(*after), before).differences["ece"].verdict == "worse"


def test_the_macro_average_counts_each_kind_of_cause_once() -> None:
    before = [case("a", 1), case("b", 1), case("c", 1), case("d", 2, truth="y")]
    after = [case("a", 1), case("b", 1), case("c", 2), case("d", 1, truth="y")]
    told = compare(earlier(*before), after).differences["macro_top1"]
    assert (told.before, told.after) == (0.5, pytest.approx((2 / 3 + 1) / 2, abs=1e-4))
    assert told.verdict == "noise"


def test_time_is_compared_and_its_wall_clock_is_not_judged() -> None:
    told = compare(earlier(*run_of(1, 1)), run_of(1, 1)).differences
    assert (told["duration_s"].before, told["duration_s"].difference, told["duration_s"].verdict) == (1.0, 0.0, None)
    assert told["cpu_s"].verdict == "same"


def test_only_what_both_runs_have_is_compared() -> None:
    told = compare(earlier(case("a", 1), case("b", 1), case("b", 1, dataset="e")), [case("b", 2), case("c", 1)])
    assert (told.n, told.only_before, told.only_after) == (1, ("a", "b"), ("c",))
    assert told.differences["top1"].difference == -1.0
    nothing = compare(earlier(case("a", 1)), [case("b", 1)])
    assert (nothing.n, nothing.differences) == (0, {})


def test_an_earlier_run_of_the_bare_contract_can_be_compared_with() -> None:
    bare: dict[str, Any] = {"id": "a", "rank": 2, "resource_rank": None, "change_rank": None, "decoy_confidence": None,
                            "top": "x", "confidence": 0.5, "duration_s": 1.0}  # fmt: skip
    document = json.dumps({"schema": "cloudops-evaluation/1", "cases": [bare], "n": 1, "novel": True})
    told = compare(Earlier.model_validate_json(document), [case("a", 1)])
    assert [one.id for one in told.better] == ["a"]
    assert "cpu_s" not in told.differences


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no evaluation"),
        ("[1]", "is no evaluation"),
        ('{"schema": "cloudops-report/1", "cases": []}', "schema: Input should be 'cloudops-evaluation/1'"),
        ('{"schema": "cloudops-evaluation/1"}', "cases: Field required"),
        ('{"schema": "cloudops-evaluation/1", "cases": [{"id": "a"}]}', "cases.0.rank: Field required"),
    ],
)
def test_a_file_that_is_no_evaluation_is_refused_in_one_line(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "before.json"
    file.write_text(text)
    with pytest.raises(UsageError, match="give a file that") as told:
        read_earlier(file)
    assert problem in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_or_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        read_earlier(tmp_path / "nowhere.json")
    with pytest.raises(UsageError, match="is no file"):
        read_earlier(tmp_path)
