"""What `doctor` finds out about sources that answer, and which sources could be configured."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cockpit.checks import Check
from primitives.backends.registry import PlatformWriter, backends
from primitives.errors import SourceError
from primitives.examination import Examinable, ExaminableWriter, Examination, Offer
from primitives.side_by_side import side_by_side
from primitives.sources import Source, SourceDefinition, offered_sources, open_writer
from primitives.text import safe_line

__all__ = ["examine_sources", "examine_writers", "offer_checks"]

_WITHIN_S: Final = 15.0
_GREAT_SKEW_S: Final = 5.0
"""A header's time has whole seconds and may be on its way for one; from so many on, times of two sources don't fit."""
_MOST_OFFERS: Final = 30


async def examine_sources(sources: Sequence[Source]) -> dict[str, tuple[Check, ...]]:
    """The checks of each source beyond whether it answers, by its name."""
    able = [(source.backend.name, source.backend) for source in sources if isinstance(source.backend, Examinable)]
    tasks = await side_by_side([backend.examine() for _, backend in able], _WITHIN_S)
    checks: dict[str, tuple[Check, ...]] = {}
    for (name, _), task in zip(able, tasks, strict=True):
        if task is None:
            checks[name] = (Check(name=f"access {name}", status="warning", detail=f"not known within {_WITHIN_S:g} s"),)
        elif (error := task.exception()) is None:
            checks[name] = tuple(_checks(name, task.result()))
        else:
            said = error.problem if isinstance(error, SourceError) else f"{type(error).__name__}: {error}"
            checks[name] = (Check(name=f"access {name}", status="warning", detail=safe_line(said)),)
    return checks


async def examine_writers(definitions: Mapping[str, SourceDefinition]) -> dict[str, Check]:
    """Whether what acts on each source can be had, and what it may not do, by the source's name.

    Sources on which nothing can be executed are left out.
    """
    kinds = backends()
    able = {name: each for name, each in definitions.items() if kinds[each.kind].writer is not None}
    tasks = await side_by_side([_try_writer(name, definition) for name, definition in able.items()], _WITHIN_S)
    checks = {}
    for name, task in zip(able, tasks, strict=True):
        if task is None:
            checks[name] = Check(name=f"act {name}", status="warning", detail=f"not known within {_WITHIN_S:g} s")
        elif (error := task.exception()) is not None:
            checks[name] = Check(name=f"act {name}", status="bad", detail=safe_line(f"{type(error).__name__}: {error}"))
        elif (check := task.result()) is not None:
            checks[name] = check
    return checks


async def _try_writer(name: str, definition: SourceDefinition) -> Check | None:
    """The line of one source; None where its writing side can't be tried."""
    writer = await open_writer(name, definition)
    try:
        if not isinstance(writer, ExaminableWriter):
            return None
        known = await writer.examine()
    except SourceError as error:
        return Check(name=f"act {name}", status="bad" if writer.separate else "off", detail=safe_line(error.problem))
    finally:
        await writer.close()
    return _act_check(name, writer, known)


def _act_check(name: str, writer: PlatformWriter, known: Examination) -> Check:
    who = safe_line(known.who or writer.identity, limit=200)
    said = f"{'' if writer.separate else 'no identity of its own: '}{who}"
    if not known.missing:
        return Check(name=f"act {name}", status="ok" if writer.separate else "off", detail=said)
    lacking = safe_line(f"{said}; may not {', '.join(known.missing)}: actions that take it are refused", limit=900)
    return Check(name=f"act {name}", status="warning" if writer.separate else "off", detail=lacking)


def offer_checks(offers: Iterable[Offer] | None = None) -> tuple[Check, ...]:
    """The sources that could be configured; none of them was asked anything."""
    known = tuple(offered_sources(os.environ) if offers is None else offers)
    shown = tuple(_offer(offer) for offer in known[:_MOST_OFFERS])
    if len(known) > _MOST_OFFERS:
        rest = Check(name="offer", status="off", detail=f"and {len(known) - _MOST_OFFERS} more")
        return (*shown, rest)
    return shown


def _checks(name: str, examination: Examination) -> Iterable[Check]:
    if examination.who or examination.missing:
        who = f"as {examination.who}" if examination.who else "as your credentials say"
        if examination.missing:
            lacking = "; ".join(examination.missing)
            yield Check(name=f"access {name}", status="warning", detail=f"{who}; may not read {lacking}")
        else:
            yield Check(name=f"access {name}", status="ok", detail=who)
    if examination.skew_s is not None:
        great = abs(examination.skew_s) >= _GREAT_SKEW_S
        side = "ahead of" if examination.skew_s > 0 else "behind"
        said = f"{abs(examination.skew_s):.0f} s {side} this machine's" if great else "as this machine's"
        advice = ": times won't fit those of others; set one of the clocks by NTP" if great else ""
        yield Check(name=f"clock {name}", status="warning" if great else "ok", detail=f"{said}{advice}")
    for note in examination.notes:
        yield Check(name=f"note {name}", status="off", detail=note)
    yield from (_offer(offer) for offer in examination.offers)


def _offer(offer: Offer) -> Check:
    settings = ", ".join(f"{key}: {value}" for key, value in {"kind": offer.kind, **offer.settings}.items())
    return Check(
        name=f"offer {offer.name}", status="off", detail=f"{offer.words}: {{{settings}}}; `cloudops setup` adds it"
    )
