"""The playbooks of a folder: every file of it is read and checked; a file that can't be used comes with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.act.checked_files import CheckedFile
from engine.act.playbooks import Playbook, PlaybookDocument, PlaybookStep
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import diagnostics
from primitives.errors import UsageError
from primitives.regular_files import read_regular
from primitives.remediations.registry import ALIASES, named, remediations
from primitives.text import safe_line

__all__ = ["PlaybookFile", "parse_playbook", "read_playbook", "read_playbooks"]

_SEE: Final = "see docs/playbooks.md"

_MOST_BYTES: Final = 200_000
_MOST_FILES: Final = 500


@dataclass(frozen=True, slots=True)
class PlaybookFile:
    """A file, and its playbook, or why it can't be used."""

    path: Path
    playbook: Playbook | None
    problem: str = ""


def read_playbooks(folder: Path) -> tuple[PlaybookFile, ...]:
    """The `.yaml` and `.yml` files of `folder`, by name; none where there is no folder. Never raises."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    except OSError:
        return ()
    files = [read_playbook(path) for path in paths[:_MOST_FILES]]
    names: dict[str, Path] = {}
    checked = []
    for file in files:
        if file.playbook is not None and (first := names.setdefault(file.playbook.name, file.path)) != file.path:
            problem = f"{safe_line(str(file.path))}: {safe_line(str(first))} has a playbook of this name already"
            file = PlaybookFile(file.path, None, problem)  # noqa: PLW2901
        checked.append(file)
    return tuple(checked)


def read_playbook(path: Path) -> PlaybookFile:
    """A file, checked. Never raises."""
    try:
        return PlaybookFile(path, parse_playbook(_bytes(path), str(path)))
    except UsageError as error:
        return PlaybookFile(path, None, safe_line(str(error), limit=500))


def _bytes(path: Path) -> bytes:
    try:
        return read_regular(path, _MOST_BYTES, what="playbook", see=_SEE)
    except FileNotFoundError:
        raise UsageError(f"{path}: is no regular file, so it can't be a playbook; {_SEE}") from None


def parse_playbook(data: bytes, where: str) -> Playbook:
    """The playbook that a file's bytes hold. Raises `UsageError` with the file, the line, and what was expected."""
    file = CheckedFile(data, where, key="playbook", see=_SEE)
    playbook = file.validated(PlaybookDocument).playbook
    for number, step in enumerate(playbook.steps):
        if problem := _unknown(step):
            raise file.wrong(("playbook", "steps", number, problem[0]), problem[1])
    return playbook


def _unknown(step: PlaybookStep) -> tuple[str, str] | None:
    """The key of a step that names what there isn't, and what is wrong with it."""
    if step.look is not None:
        looks = sorted(name for name, diagnostic in diagnostics().items() if diagnostic.look is not None)
        return None if step.look in looks else ("look", f"there is no such look; there are {', '.join(looks)}")
    meant = named(step.do or "")
    if not meant:
        return "do", f"there is no such action; there are {', '.join((*remediations(), *ALIASES))}"
    if any(step.may_be(remediation) for remediation in meant):
        return None
    known = list(dict.fromkeys(name for remediation in meant for name in remediation.arguments.model_fields))
    strange = next((name for name in step.arguments if name not in known), None)
    if strange is None:
        return "arguments", f"no single action of {step.do} has all of them"
    return "arguments", f"{step.do} has no {safe_line(strange, limit=60)}; it has {', '.join(known)}"
