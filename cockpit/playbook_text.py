"""Playbooks as text, and the files that are in force."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.act.playbook_files import PlaybookFile, read_playbook, read_playbooks
from engine.act.playbooks import Playbook, PlaybookStep
from primitives.text import safe_line

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["checked", "line", "whole"]


def checked(settings: Settings, files: Sequence[Path]) -> tuple[PlaybookFile, ...]:
    """The files that are named, or all that are in force; each with its playbook, or why it can't be used."""
    return tuple(map(read_playbook, files)) if files else read_playbooks(settings.playbook_folder)


def line(playbook: Playbook) -> str:
    """One line: its name, what it is for, and its steps."""
    steps = " → ".join(_does(step) for step in playbook.steps)
    return f"{safe_line(playbook.name)}: for {safe_line(_for(playbook), limit=300)}: {safe_line(steps, limit=600)}\n"


def whole(playbook: Playbook) -> str:
    """Everything that it says."""
    when = [f"at least {100 * playbook.when.confidence:.0f} % confidence"]
    if playbook.when.without:
        when.append(f"while none of {', '.join(playbook.when.without)} is believed")
    lines = [safe_line(playbook.name), f"  for   {_for(playbook)}", f"  when  {', '.join(when)}"]
    if playbook.ask:
        lines.append(f"  ask   {', '.join(playbook.ask)}")
    if playbook.note:
        lines.append(f"  note  {playbook.note}")
    for number, step in enumerate(playbook.steps, 1):
        lines.append(f"  {number}. {_does(step)}{f'   {step.because}' if step.because else ''}")
    return "".join(f"{safe_line(each, limit=2_200)}\n" for each in lines)


def _for(playbook: Playbook) -> str:
    match = playbook.match
    parts = [
        *match.cause, *(each.value for each in match.cause_class), *(f"on {name}" for name in match.resource),
        *(f"{key}={'|'.join(patterns)}" for key, patterns in match.labels.items()),
    ]  # fmt: skip
    return ", ".join(parts) or "any cause"


def _does(step: PlaybookStep) -> str:
    arguments = ", ".join(f"{name}={value}" for name, value in step.arguments.items())
    on = f" on {step.target}" if step.target else ""
    return f"{'look: ' if step.look else ''}{step.look or step.do}{on}{f' ({arguments})' if arguments else ''}"
