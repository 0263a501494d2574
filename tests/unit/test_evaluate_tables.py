"""The tables of an evaluation fit a terminal of 80 columns and can be read."""

from __future__ import annotations

from rich.cells import cell_len
from test_evaluate import CASES, case
from test_evaluate_against import earlier

from cockpit.evaluation_tables import evaluation_table
from engine.evaluate import Named, compare, evaluate


def section(text: str, start: str) -> list[str]:
    """The lines of the part whose first line starts so."""
    return next(part.splitlines() for part in text.split("\n\n") if part.startswith(start))


def test_there_is_a_line_for_each_case_and_group() -> None:
    text = evaluation_table(evaluate(CASES))
    assert [line.split()[0] for line in section(text, "case ")] == ["case", "a", "b", "c", "d"]
    assert [line.split()[0] for line in section(text, "data set")[1:]] == ["d", "e"]
    assert [line.split()[0] for line in section(text, "cause class")[1:]] == ["UNKNOWN"]
    assert [line.split()[0] for line in section(text, "platform")[1:]] == ["aws"]
    # n, top1, top3, res1, res3, macro, brier, ece, p95: as test_evaluate computes them by hand.
    assert section(text, "all")[1].split()[1:7] == ["4", "0.250", "0.500", "0.333", "0.667", "0.250"]


def test_what_was_named_wrong_stands_beside_what_was_expected() -> None:
    named = Named(cause_id="slow_query", resource="db", change=None)
    wrong = case("a", None, 0.6).model_copy(update={"named": named, "asks_change": True})
    text = evaluation_table(evaluate((wrong, case("b", 1, 0.9))))
    assert section(text, "wrong")[1:] == [
        f"{'a':24}  expected x on r by no change",
        f"{'':24}     named slow_query on db",
    ]
    assert section(text, "cause expected")[1].split() == ["x", "1", "slow_query"]
    assert "wrong" not in evaluation_table(evaluate((case("b", 1, 0.9),)))


def test_the_reliability_diagram_marks_what_was_stated_on_a_bar_of_what_was_right() -> None:
    text = evaluation_table(evaluate((case("a", 1, 0.75), case("b", 2, 0.75))))
    lines = section(text, "confidence")
    assert lines[8] == "0.7 to 0.8     2   0.750  0.500  " + "█" * 20 + "·" * 10 + "┃" + "·" * 9
    assert lines[1] == "0.0 to 0.1     0       -      -"
    assert evaluation_table(evaluate((case("a", 1, 1.0),))).count("█" * 40 + "┃") == 1


def test_a_comparison_tells_cases_scores_and_what_may_be_chance() -> None:
    before = (case("a", 1, 0.9), case("b", 2, 0.9), case("gone", 1, 0.9))
    after = (case("a", None, 0.9), case("b", 1, 0.9))
    result = evaluate(after).model_copy(update={"against": compare(earlier(*before), after)})
    text = evaluation_table(result)
    assert "against the earlier run: 2 in both, 1 better, 1 worse\nonly in the earlier run: 1 (gone)" in text
    assert section(text, "better")[1].split()[:4] == ["b", "2", "→", "1"]
    assert section(text, "worse")[1].split()[:4] == ["a", "1", "→", "-"]
    assert section(text, "score")[1].split() == [
        "top1", "0.500", "0.500", "+0.000", "-1.000", "to", "+1.000", "1", "1", "1.000", "same",
    ]  # fmt: skip


def test_every_line_fits_80_columns_whatever_things_are_called() -> None:
    long = "名前\x1b[31m-" + "x" * 200
    named = Named(cause_id=long, resource=long, change=long)
    update = {"expected": named, "named": named.model_copy(update={"cause_id": "y"}), "truth": long, "top": long,
              "dataset": long, "truth_class": long, "platform": long}  # fmt: skip
    cases = tuple(case(long + str(n), 2, 0.4, seconds=1234.5).model_copy(update=update) for n in range(20))
    before = tuple(one.model_copy(update={"rank": 3}) for one in cases)
    result = evaluate(cases, without=("logs", "series", "container_logs", "configuration", "observations"))
    text = evaluation_table(result.model_copy(update={"against": compare(earlier(*before, case("b", 1, 0.9)), cases)}))
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "\x1b" not in text
