"""The `notifications:` of the configuration: every mistake is one line that names the key; rules choose receivers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from made_notices import NOON, notice, settings_of

from cockpit.configuration import parse_configuration
from engine.notify.rules import assign, quiet_until
from engine.notify.settings import QuietHours, parse_notifications
from primitives.errors import UsageError

HOOK = {"kind": "webhook", "url": "https://hooks.example/x"}
MAIL = {"kind": "email", "host": "mail.example", "sender": "a@example.org", "to": ["b@example.org"]}
RULE = {"name": "all", "to": ["hook"]}


def rule(**changes: Any) -> dict[str, Any]:
    return {"receivers": {"hook": HOOK}, "rules": [RULE | changes]}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "notifications: expected `receivers` and `rules`"),
        ({"receiver": {}}, "notifications.receiver: Extra inputs are not permitted"),
        (
            {"receivers": {"x": {"kind": "fax"}}},
            "receivers.x: there is no such kind of receiver; kinds are",
        ),
        ({"receivers": {"x": {}}}, "notifications.receivers.x: expected a `kind`"),
        ({"receivers": {"x": {"kind": "slack"}}}, "notifications.receivers.x: give either `channel`"),
        (
            {"receivers": {"x": {"kind": "slack", "channel": "#ops"}}},
            "receivers.x.channel: String should",
        ),
        ({"receivers": {"x": MAIL | {"to": []}}}, "notifications.receivers.x.to: Tuple should have at least 1"),
        ({"receivers": {"x": MAIL | {"sender": "a@b\r\nBcc: c@d"}}}, "notifications.receivers.x.sender: String should"),
        ({"receivers": {"x": MAIL | {"security": "none", "user": "u"}}}, "a password isn't sent without TLS"),
        ({"receivers": {"x": HOOK | {"url": "ftp://x"}}}, "notifications.receivers.x.url: String should match"),
        ({"receivers": {"a b": HOOK}}, "notifications.receivers.a b.[key]: String should match"),
        (rule(to=["nobody"]), "rule 'all' names the receiver 'nobody'; there are: hook"),
        (rule(kinds=["opend"]), "notifications.rules.0.kinds.0: Input should be"),
        (
            rule(escalate={"after_minutes": 0, "to": ["hook"]}),
            "rules.0.escalate.after_minutes: Input should",
        ),
        (rule(escalate={"after_minutes": 5, "to": ["boss"]}), "names the receiver 'boss'"),
        (rule(quiet={"from": "25:00", "to": "07:00"}), "notifications.rules.0.quiet.from: expected a time of day"),
        (rule(quiet={"from": "07:00", "to": "07:00"}), "`from` and `to` are the same"),
        (
            rule(quiet={"from": "22:00", "to": "07:00", "timezone": "Mars/Base"}),
            "notifications.rules.0.quiet.timezone: there is no time zone 'Mars/Base'",
        ),
        ({"receivers": {"hook": HOOK}, "rules": [RULE, RULE]}, "two rules are called 'all'"),
        ({"link": "javascript:alert(1)"}, "notifications.link: String should match"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_key(document: Any, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_notifications(document)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_configuration_file_names_itself(tmp_path: Path) -> None:
    text = "notifications:\n  receivers:\n    chat:\n      kind: fax\n"
    with pytest.raises(UsageError, match=r"config.yaml: notifications.receivers.chat: .*; see docs/configuration.md"):
        parse_configuration(tmp_path / "config.yaml", text)


def test_what_the_page_shows_is_a_configuration() -> None:
    page = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")
    text = page.split("```yaml\n")[1].split("```")[0]
    notified = parse_configuration(Path("config.yaml"), text).notified
    assert notified is not None
    assert [rule.name for rule in notified.rules] == ["everything-bad", "payments"]


def chosen(told: Any, *rules: dict[str, Any], recorded: bool = False) -> list[tuple[str, str]]:
    settings = settings_of(*rules)
    return [(each.rule.name, each.receiver) for each in assign(told, settings, NOON, recorded=recorded)]


def test_the_first_rule_that_matches_is_applied_to_a_receiver() -> None:
    told = notice(severity="critical", services=("Shop/deployment/till-api",), kind="opened")
    assert chosen(told, {"to": ["a"]}, {"to": ["a", "b"]}) == [("r0", "a"), ("r1", "b")]
    assert chosen(told, {"to": ["a"], "severities": ["info"]}, {"to": ["a"]}) == [("r1", "a")]
    assert chosen(told, {"to": ["a"], "kinds": ["closed"]}) == []
    assert chosen(told, {"to": ["a"], "services": ["shop/*"]}) == [("r0", "a")]
    assert chosen(told, {"to": ["a"], "services": ["till"]}) == []
    assert chosen(told, {"to": ["a"]}, recorded=True) == []
    assert chosen(told, {"to": ["a"], "recorded": True}, recorded=True) == [("r0", "a")]
    assert chosen(notice(kind="note"), {"to": ["a"]}) == []


def quiet(**changes: Any) -> QuietHours:
    return QuietHours.model_validate({"from": "22:00", "to": "07:00", "timezone": "Europe/Berlin"} | changes)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        (quiet(), "2026-01-15T20:59Z", None),  # 21:59 in Berlin
        (quiet(), "2026-01-15T21:00Z", "2026-01-16T06:00Z"),
        (quiet(), "2026-01-16T05:59Z", "2026-01-16T06:00Z"),
        (quiet(), "2026-01-16T06:00Z", None),
        (quiet(), "2026-07-15T20:30Z", "2026-07-16T05:00Z"),  # summer time
        (quiet(), "2026-03-28T22:00Z", "2026-03-29T05:00Z"),  # clocks go forward in this night
        (quiet(), "2026-10-24T22:00Z", "2026-10-25T06:00Z"),  # and back in this one
        (quiet(days=["fri", "sat"]), "2026-01-15T23:00Z", None),  # a Thursday
        (quiet(days=["fri", "sat"]), "2026-01-18T05:00Z", "2026-01-18T06:00Z"),  # Saturday's night
        (
            quiet(**{"from": "09:00", "to": "10:00", "timezone": "Asia/Kolkata"}),
            "2026-01-15T04:00Z",
            "2026-01-15T04:30Z",
        ),
        (quiet(**{"from": 22 * 60, "to": 7 * 60, "timezone": "UTC"}), "2026-01-15T23:00Z", "2026-01-16T07:00Z"),
    ],
)
def test_quiet_hours_are_those_of_the_wall_clock_there(hours: QuietHours, now: str, until: str | None) -> None:
    expected = datetime.fromisoformat(until) if until else None
    assert quiet_until(hours, datetime.fromisoformat(now)) == expected
    assert expected is None or expected.tzinfo is not None


def test_a_severity_may_be_excepted() -> None:
    hours = {"from": "11:00", "to": "13:00"}
    for severity, held in (("critical", False), ("warning", True)):
        settings = settings_of({"to": ["a"], "quiet": hours})
        (each,) = assign(notice(severity=severity), settings, NOON, recorded=False)
        assert (each.after is not None) == held
        assert each.after is None or each.after == datetime(2026, 3, 10, 13, tzinfo=UTC)
