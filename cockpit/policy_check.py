"""What the policy says of an action, or of every action that can be executed, in words."""

from __future__ import annotations

import fnmatch
import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cockpit.settings import Settings
from cockpit.tables import Column, printed_width, table_lines
from engine.act.policy import Ruling, Subject
from engine.act.policy_file import CurrentPolicy, PolicyFile
from primitives.clock import SystemClock
from primitives.dataclass import dataclass
from primitives.errors import UsageError
from primitives.remediations.registry import ALIASES, Remediation, named, remediations
from primitives.text import safe_line

__all__ = ["Question", "Result", "judge", "read", "render"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about: an action, or all of them, and what is known of it."""

    action: str | None = None
    resource: str | None = None
    environment: str | None = None
    labels: tuple[str, ...] = ()
    parts: int | None = None
    at_a_time: int | None = None
    person: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The rulings, by the action's name."""

    current: CurrentPolicy
    question: Question
    rulings: tuple[tuple[Remediation, Ruling], ...]
    now: datetime

    @property
    def strangers(self) -> list[str]:
        """The rules that name an action which isn't there, with what they call it."""
        names = (*remediations(), *ALIASES)
        policy = self.current.policy
        matches = [(rule.name, rule.match) for rule in policy.rules]
        matches += [(freeze.name, freeze.match) for freeze in policy.freezes]
        named_by = [(name, pattern.removeprefix("!")) for name, match in matches for pattern in match.primitive]
        return [f"{name}: {pattern}" for name, pattern in named_by
                if pattern not in names and not fnmatch.filter(names, pattern)]  # fmt: skip

    @property
    def denied(self) -> bool:
        """Whether the action that was asked about is denied."""
        return self.question.action is not None and any(ruling.verdict == "deny" for _, ruling in self.rulings)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "policy": self.current.source,
            "digest": self.current.digest,
            "at": self.now.isoformat(),
            "rules_without_action": self.strangers,
            "actions": [
                {"action": entry.name, "effect": entry.effect, "risk": entry.risk, "verdict": ruling.verdict,
                 "rule": ruling.rule, "because": list(ruling.because)}
                for entry, ruling in self.rulings
            ],
        }  # fmt: skip


def read(settings: Settings, file: Path | None) -> CurrentPolicy:
    """The policy of `file`, or the one in force. Raises `UsageError` where it can't be used."""
    policy = PolicyFile(file, required=True) if file else PolicyFile(settings.policy, required=settings.policy_required)
    current = policy.current()
    if current.problem:
        raise UsageError(current.problem)
    return current


def judge(current: CurrentPolicy, question: Question) -> Result:
    """What the policy says. Raises `UsageError` for an action that there isn't."""
    known = remediations()
    asked = tuple(known.values()) if question.action is None else named(question.action)
    if not asked:
        name = safe_line(question.action or "", limit=60)
        there = ", ".join((*known, *ALIASES))
        raise UsageError(f"there is no action {name}, so it is denied; there are {there}")
    now = question.at or SystemClock().now()
    rulings = tuple((entry, current.policy.ruling(_subject(entry, question), now)) for entry in asked)
    return Result(current, question, rulings, now)


def render(result: Result) -> str:
    """The verdicts as text."""
    lines = [f"Policy: {safe_line(result.current.source, limit=300)} ({result.current.digest[:8]})"]
    if result.question.action is not None:
        for entry, ruling in result.rulings:
            lines += [f"{entry.name}: {ruling.verdict}, by the rule {safe_line(ruling.rule)}"]
            lines += [f"  {safe_line(words)}" for words in ruling.because]
    else:
        rows = [
            (entry.name, entry.effect, entry.risk, ruling.verdict, safe_line(ruling.rule))
            for entry, ruling in result.rulings
        ]
        lines += table_lines([Column() for _ in range(5)], rows, printed_width(), gap=2)
    lines += [f"No action has the name that this rule gives: {safe_line(each)}" for each in result.strangers]
    lines.append(f"At {result.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return "\n".join(lines) + "\n"


def _subject(entry: Remediation, question: Question) -> Subject:
    share = question.at_a_time / question.parts if question.parts and question.at_a_time is not None else None
    return Subject(
        primitive=entry.name,
        effect=entry.effect,
        alias=entry.alias,
        platform=entry.operations.platform if entry.operations is not None else None,
        environment=question.environment,
        labels=_labels(question.labels),
        resource=question.resource,
        risk=entry.risk,
        parts=question.parts,
        share=share,
        person=question.person or getpass.getuser(),
    )


def _labels(given: tuple[str, ...]) -> dict[str, str] | None:
    pairs = [label.partition("=") for label in given]
    wrong = next((label for label, (_, sign, _) in zip(given, pairs, strict=True) if not sign), None)
    if wrong is not None:
        raise UsageError(f"--label {safe_line(wrong, limit=60)}: expected KEY=VALUE")
    return {key: value for key, _, value in pairs} or None
