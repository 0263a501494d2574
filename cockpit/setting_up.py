"""The questions of `cloudops setup`, on a plain terminal."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import click
import yaml

from cockpit.configuration import parse_configuration
from cockpit.output import note
from cockpit.signals import run
from primitives.backends.registry import backends
from primitives.clock import SystemClock
from primitives.errors import OutputError, UsageError
from primitives.examination import Examinable, Offer
from primitives.side_by_side import side_by_side
from primitives.sources import check_sources, define_source, offered_sources, open_source
from primitives.text import safe_line

__all__ = ["set_up"]

_MOST_OFFERS: Final = 20
_EXAMINE_S: Final = 12.0
_HEAD: Final = "# Written by `cloudops setup`; docs/configuration.md says what else can stand here.\n"


def set_up(path: Path) -> int:
    """Ask, check, show, confirm, write. Returns the exit code; raises `UsageError` without a terminal to ask on."""
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        raise UsageError(
            "setup asks questions, and there is no terminal to ask them on: write the file by hand, "
            "as docs/configuration.md says"
        )
    chosen = _choose(offered_sources(os.environ))
    by_url = [kind for kind in backends().values() if kind.asked_by_url]
    # What answers the most questions comes first.
    for kind in sorted(by_url, key=lambda kind: (-len(kind.questions), kind.name)):
        _add_url(chosen, kind.name, kind.title)
    if not chosen:
        note("no source was chosen; nothing was written")
        return 0
    text = _HEAD + yaml.safe_dump({"sources": chosen}, sort_keys=False, allow_unicode=True)
    parse_configuration(path, text)
    note(f"\n{text}")
    replaced = path.exists()
    words = f"{path} is there already. Replace it" if replaced else f"Write this to {path}"
    if not click.confirm(f"{words}?", default=not replaced, err=True):
        note("nothing was written")
        return 4
    _write(path, text)
    note(f'wrote {path}; `cloudops doctor` checks it, `cloudops investigate "what is wrong"` uses it')
    return 0


def _choose(offers: Iterable[Offer]) -> dict[str, dict[str, Any]]:
    """The offers that a person takes, and what those that are taken offer further."""
    chosen: dict[str, dict[str, Any]] = {}
    waiting = list(offers)[:_MOST_OFFERS]
    if not waiting:
        note("no kubeconfig and no AWS profile was found here")
    while waiting:
        offer = waiting.pop(0)
        if offer.name in chosen or not click.confirm(f"Use {offer.words}?", default=False, err=True):
            continue
        document = {"kind": offer.kind, **offer.settings}
        further = _checked(offer.name, document)
        if further is not None:
            chosen[offer.name] = document
            waiting = [*further, *waiting]
    return chosen


def _add_url(chosen: dict[str, dict[str, Any]], kind: str, title: str) -> None:
    if any(document["kind"] == kind for document in chosen.values()):
        return
    url = click.prompt(f"URL of {title}, empty for none", default="", show_default=False, err=True).strip()
    while url:
        document = {"kind": kind, "url": url}
        if _checked(kind, document) is not None:
            chosen[kind] = document
            return
        url = click.prompt(f"URL of {title}, empty for none", default="", show_default=False, err=True).strip()


def _checked(name: str, document: Mapping[str, Any]) -> tuple[Offer, ...] | None:
    """What the source offers further; None where it is not to be used. The person chose it: now it may be asked."""
    try:
        definition = define_source(name, document, os.environ)
        source = open_source(name, definition, SystemClock())
    except UsageError as error:
        note(f"  {error}")
        return None
    said, well, offers = run(_look(source.backend, source.secrets))
    note(f"  {said}")
    if well or click.confirm("  Use it all the same?", default=False, err=True):
        return offers
    return None


async def _look(backend: Any, secrets: tuple[str, ...]) -> tuple[str, bool, tuple[Offer, ...]]:
    try:
        (check,) = await check_sources([backend], secrets)
        well = check.status == "reachable"
        offers: tuple[Offer, ...] = ()
        if well and isinstance(backend, Examinable):
            (task,) = await side_by_side([backend.examine()], _EXAMINE_S)
            if task is not None and task.exception() is None:
                offers = task.result().offers
        return safe_line(f"{check.status}: {check.detail}"), well, offers
    finally:
        await asyncio.gather(backend.close(), return_exceptions=True)


def _write(path: Path, text: str) -> None:
    """The file whole or not at all, for its owner alone: a URL may hold a password."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        raise OutputError(
            f"{safe_line(str(path))} can't be written ({error.strerror or error}): check the folder"
        ) from error
