"""The policy: the strictest rule wins, what is unknown is strict, freezes follow the clocks of their place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli import main
from engine.act.policy import READS_ONLY, SHIPPED, Policy, Subject
from engine.act.policy_file import PolicyFile, parse_policy
from primitives.errors import UsageError

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "docs" / "policy.example.yaml"
ORDER = ("allow", "confirm", "type_to_confirm", "two_person", "deny")


def subject(effect: str = "write", **known: Any) -> Subject:
    return Subject(**{"primitive": "scale_workload", "effect": effect, "risk": "low", "person": "ana", **known})


def policy(text: str) -> Policy:
    return parse_policy(text.encode(), "policy.yaml")


def verdict(of: Policy, now: datetime = NOON, **known: Any) -> tuple[str, str]:
    ruling = of.ruling(subject(**known), now)
    return ruling.verdict, ruling.rule


@pytest.mark.parametrize(
    ("effect", "expected"), [("read", "allow"), ("write", "confirm"), ("delete", "type_to_confirm"), ("burn", "deny")]
)
def test_the_shipped_policy(effect: str, expected: str) -> None:
    assert verdict(SHIPPED, effect=effect)[0] == expected


def test_the_seed_form_says_the_same_as_the_shipped_policy() -> None:
    seed = policy("policy:\n  auto_approve: [read]\n  require_approval_for: [write, delete]\n")
    assert seed == SHIPPED
    assert seed.digest() == SHIPPED.digest()


def test_an_effect_in_no_list_is_denied_and_one_in_both_is_asked_for() -> None:
    assert verdict(policy("policy:\n  require_approval_for: [delete]\n"))[0] == "deny"
    both = policy("policy: {auto_approve: [read, write], require_approval_for: [write]}\n")
    assert verdict(both)[0] == "confirm"


RULES = """
policy:
  auto_approve: [read, write]
  require_approval_for: [delete]
  rules:
    - {name: prod, match: {environment: prod}, verdict: confirm}
    - {name: named, match: {resource: "shop/*", risk: high}, verdict: type_to_confirm}
    - {name: strangers, match: {person: ["!ana", "!ben"]}, verdict: deny}
    - {name: wide, match: {more_than_share: 0.5, more_than_parts: 4}, verdict: two_person}
    - {name: kept, match: {labels: {keep: "yes"}}, verdict: deny}
"""


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"environment": "test", "labels": {}, "parts": 3, "share": 1.0}, ("allow", "default/write")),
        ({"environment": "prod", "labels": {}, "parts": 3, "share": 1.0}, ("confirm", "prod")),
        ({"environment": None, "labels": {}, "parts": 3, "share": 1.0}, ("confirm", "prod")),
        (
            {"environment": "prod", "labels": {}, "parts": 3, "share": 0.1, "resource": "shop/a", "risk": "high"},
            ("type_to_confirm", "named"),
        ),
        ({"environment": "test", "labels": {}, "parts": 9, "share": 0.9}, ("two_person", "wide")),
        ({"environment": "test", "labels": {}}, ("two_person", "wide")),
        ({"environment": "test", "labels": {}, "parts": 9, "share": 0.5}, ("allow", "default/write")),
        ({"environment": "test", "labels": {"keep": "yes"}, "parts": 1, "share": 1.0}, ("deny", "kept")),
        ({"environment": "test", "labels": None, "parts": 1, "share": 1.0}, ("deny", "kept")),
        ({"environment": "test", "labels": {}, "parts": 1, "share": 1.0, "person": "eve"}, ("deny", "strangers")),
    ],
)
def test_the_strictest_rule_that_matches_wins_and_the_unknown_matches(
    known: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert verdict(policy(RULES), **known) == expected


@given(st.lists(st.sampled_from(ORDER), max_size=6))
def test_rules_only_make_it_stricter(verdicts: list[str]) -> None:
    rules = [{"name": f"r{number}", "verdict": each} for number, each in enumerate(verdicts)]
    ruling = Policy.model_validate({"rules": rules}).ruling(subject(), NOON)
    assert ORDER.index(ruling.verdict) == max([ORDER.index("confirm"), *map(ORDER.index, verdicts)])


FREEZE = """
policy:
  freezes:
    - name: nights
      time_zone: Europe/Berlin
      weekly: [{days: [fri], from: 22:00, to: "06:00"}]
      dates: [{from: 2026-12-19, to: 2027-01-03}]
      except: [2026-12-28]
"""


@pytest.mark.parametrize(
    ("when", "frozen"),
    [
        ("2026-03-13T20:59Z", False),  # Friday 21:59 in Berlin
        ("2026-03-13T21:00Z", True),
        ("2026-03-14T04:59Z", True),  # Saturday 05:59
        ("2026-03-14T05:00Z", False),
        ("2026-07-17T20:00Z", True),  # Friday 22:00 in summer time
        ("2026-07-17T19:59Z", False),
        ("2026-12-18T22:30Z", True),  # Friday night
        ("2026-12-18T23:30Z", True),  # the 19th in Berlin
        ("2026-12-27T23:30Z", False),  # the 28th in Berlin: the exception
        ("2026-12-28T23:30Z", True),
        ("2027-01-03T22:59Z", True),
        ("2027-01-03T23:00Z", False),
    ],
)
def test_a_freeze_follows_the_clocks_of_its_time_zone(when: str, frozen: bool) -> None:
    now = datetime.fromisoformat(when)
    assert (verdict(policy(FREEZE), now)[0] == "deny") is frozen
    assert verdict(policy(FREEZE), now, effect="read")[0] == "allow"


def test_a_freeze_that_ends_at_a_change_of_the_clocks_covers_each_minute_once() -> None:
    night = policy(FREEZE.replace("[fri]", "[sat]"))
    start = datetime(2026, 3, 28, 21, 0, tzinfo=UTC)  # 22:00 on the night in which an hour is missing
    frozen = [verdict(night, start + timedelta(minutes=minute))[0] == "deny" for minute in range(9 * 60)]
    assert frozen == [True] * (7 * 60) + [False] * (2 * 60)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("policy:\n  auto_aprove: [read]\n", ":2: policy.auto_aprove: there is no such key"),
        ("policy:\n  rules:\n    - name: a\n      verdict: perhaps\n", ":4: policy.rules.0.verdict: "),
        ("policy:\n  rules:\n    - verdict: deny\n", ":3: policy.rules.0.name: is required"),
        ("policy:\n  freezes:\n    - {name: a, time_zone: Mars/Base}\n", ":3: policy.freezes.0.time_zone: there is no"),
        ("policy:\n  freezes:\n    - name: a\n      weekly: [{from: 25:00}]\n", ":4: policy.freezes.0.weekly.0.from: "),
        ("policy:\n  freezes:\n    - name: a\n      dates: [{from: 2026-02-02, to: 2026-01-01}]\n", "`to` is before"),
        ("policy: [\n", ":2: isn't valid YAML"),
        ("policy: {}\npolicy: {}\n", ":2: isn't valid YAML"),
        ("- a\n", ":1: expected the key `policy`"),
        ("", ":1: expected the key `policy`"),
        ("policy:\n  approval_minutes: 600\n", ":2: policy.approval_minutes: "),
    ],
)
def test_a_wrong_file_is_one_line_with_its_line_and_allows_reads_alone(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    current = PolicyFile(path).current()
    assert says in current.problem
    assert "\n" not in current.problem
    assert current.policy == READS_ONLY
    assert [verdict(current.policy, effect=each)[0] for each in ("read", "write", "delete")] == [
        "allow",
        "deny",
        "deny",
    ]


def test_the_file_is_read_again_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    file = PolicyFile(path)
    assert file.current().policy == SHIPPED
    path.write_text("policy: {auto_approve: [read, write], require_approval_for: [delete]}\n")
    changed = file.current()
    assert verdict(changed.policy)[0] == "allow"
    path.write_text("# with a comment\npolicy: {auto_approve: [read, write], require_approval_for: [delete]}\n")
    assert file.current().digest == changed.digest
    path.write_text("policy: ")
    assert file.current().policy == READS_ONLY
    path.unlink()
    assert file.current().policy == SHIPPED


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    current = PolicyFile(tmp_path / "policy.yaml", required=True).current()
    assert current.policy == READS_ONLY
    assert "no such policy file" in current.problem


def test_the_example_can_be_used() -> None:
    example = parse_policy(EXAMPLE.read_bytes(), "example")
    assert example.environment({"context": "prod-eu"}) == "prod"
    assert example.environment({"context": "lab"}) is None
    assert verdict(example, environment="staging", labels={}, resource="shop/x")[0] == "confirm"
    with pytest.raises(UsageError, match="expected the key"):
        parse_policy(b"[]", "example")


def test_check_explains_the_verdict_and_the_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(RULES)
    words = ["policy", "check", "--file", str(path), "--environment", "prod", "--label", "a=b", "--person", "ana"]
    assert main([*words, "--parts", "2", "--at-a-time", "1", "--action", "scale_workload"]) == 0
    assert "scale_workload: confirm, by the rule prod" in capsys.readouterr().out
    assert main([*words, "--label", "keep=yes", "--action", "scale_workload"]) == 4
    assert "deny, by the rule kept" in capsys.readouterr().out
    assert main(["policy", "check", "--file", str(path), "--action", "launch_rocket"]) == 2
    assert "there is no action launch_rocket" in capsys.readouterr().err
    path.write_text("policy:\n  rules: 1\n")
    assert main(["policy", "check", "--file", str(path)]) == 2
    assert f"{path}:2: policy.rules" in capsys.readouterr().err
