"""A plan that waits for approval, as labelled parts: the terminal and the cockpit show these and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from primitives.dataclass import dataclass
from primitives.quantities import counted, duration
from primitives.text import safe_line

if TYPE_CHECKING:
    from datetime import datetime

    from engine.act.plan import ActionPlan

__all__ = ["LABEL_WIDTH", "Part", "plan_parts", "short_digest", "undo_words"]

LABEL_WIDTH: Final = 10
_MOST_DIFF: Final = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A labelled part of a plan. `lines` are the diff of the change; those with + and - are coloured."""

    label: str
    text: str
    lines: tuple[str, ...] = ()


def plan_parts(plan: ActionPlan, expires_at: datetime | None, digest: str) -> Iterator[Part]:
    """Everything that is approved, made only from the plan that the digest covers."""
    yield Part("Because", safe_line(plan.reason))
    yield Part("Change", f"server-side dry run at {plan.dry_run_at:%H:%M:%S} UTC", _diff(plan))
    yield Part("Reach", _reach(plan))
    proof = plan.verification.words if plan.verification is not None else plan.unverified
    by = "verified by " if plan.verification is not None else ""
    yield Part("Takes", f"~{duration(plan.duration_s)} · {by}{safe_line(proof)}")
    yield Part("Undo", safe_line(undo_words(plan)))
    yield Part("Acts as", safe_line(plan.identity))
    yield Part("Command", safe_line(plan.command, limit=1_000))
    yield Part("Rule", f"{safe_line(plan.rule)}: {plan.verdict.replace('_', ' ')}")
    expires = f" · expires at {expires_at:%H:%M:%S} UTC" if expires_at is not None else ""
    yield Part("Digest", f"{short_digest(digest)}{expires}")


def short_digest(digest: str) -> str:
    """The start of a plan's digest, to compare by eye."""
    return f"{digest[:4]} {digest[4:8]}"


def undo_words(plan: ActionPlan) -> str:
    """How it is undone, and whether that happens by itself."""
    if plan.undo is None:
        return f"can't be undone: {plan.irreversible}"
    when = "automatic if verification fails" if plan.undo.automatic else "asked for if verification fails"
    return f"{plan.undo.title.removeprefix('Undo: ')} ({when})"


def _reach(plan: ActionPlan) -> str:
    radius = plan.preview.blast_radius
    parts = counted(radius.parts, safe_line(radius.part, limit=40))
    if radius.parts <= 1:
        at_a_time = parts
    elif radius.parts == radius.at_a_time:
        at_a_time = f"all {parts} at once"
    else:
        at_a_time = f"{radius.at_a_time} of {parts} at a time"
    names = [safe_line(name, limit=60) for name in radius.dependents]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    depend = f" · {', '.join(names[:3])}{more} depend{'s' if len(names) == 1 else ''} on it" if names else ""
    return at_a_time + depend


def _diff(plan: ActionPlan) -> tuple[str, ...]:
    lines = [safe_line(line, limit=300) for line in plan.preview.diff.splitlines()]
    if len(lines) <= _MOST_DIFF:
        return tuple(lines)
    changed = [line for line in lines if line.startswith(("+", "-"))]
    shown = changed[:_MOST_DIFF]
    return (*shown, f"… {len(changed) - len(shown)} more changed lines")
