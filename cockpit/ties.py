"""Which names of several sources were tied to one resource, and which were left alone: `cloudops doctor --names`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from cockpit.checks import Check
from cockpit.settings import Settings
from primitives.clock import SystemClock
from primitives.cross_source_names import build_resolver
from primitives.errors import SourceError
from primitives.questions import Answer, ObjectsQuery, Query, TopologyQuery
from primitives.records import Window
from primitives.resolver import RULE_WORDS, Resolver
from primitives.side_by_side import side_by_side
from primitives.sources import open_source
from primitives.text import safe_line

__all__ = ["check_names"]

_RECENT: Final = timedelta(hours=1)
_WITHIN_S: Final = 25.0
_MOST: Final = 200


async def check_names(settings: Settings) -> tuple[Check, ...]:
    """A line for each name that a source uses: what it was tied to and why, or that it was left alone and why."""
    directory = settings.directory()
    sources = [
        open_source(name, directory.definitions[name], SystemClock()) for name in directory.choose(settings.chosen)
    ]
    now = SystemClock().now()
    window = Window(start=now - _RECENT, end=now)
    asked: list[tuple[Any, Query]] = [
        (source.backend, query)
        for source in sources
        for query in (TopologyQuery(window=window), ObjectsQuery(window=window))
        if query.question in source.backend.questions
    ]
    try:
        tasks = await side_by_side([backend.ask(query) for backend, query in asked], _WITHIN_S)
    finally:
        await asyncio.gather(*(source.backend.close() for source in sources), return_exceptions=True)
    answers: list[Answer[Any]] = []
    failed: list[Check] = []
    for (backend, query), task in zip(asked, tasks, strict=True):
        error = None if task is None else task.exception()
        if task is not None and error is None:
            answers.append(task.result())
        else:
            why = error.problem if isinstance(error, SourceError) else f"{error}" if error else "it took too long"
            failed.append(
                Check(name=f"names {backend.name}", status="warning", detail=safe_line(f"{query.question}: {why}"))
            )
    resolver = await asyncio.to_thread(build_resolver, answers, window, directory.names)
    return (*failed, *_lines(answers, resolver))


def _lines(answers: Sequence[Answer[Any]], resolver: Resolver) -> Iterable[Check]:
    named = sorted(
        {(resource.id, answer.source) for answer in answers if answer.query.question == "topology"
         for topology in answer.records for resource in topology.resources}
    )  # fmt: skip
    holders: dict[str, set[str]] = {}
    for name, source in named:
        holders.setdefault(resolver.resolve(name, source=source).resource or name, set()).add(source)
    for name, source in named[:_MOST]:
        resolution = resolver.resolve(name, source=source)
        shown = safe_line(name, limit=120)
        if resolution.resource is not None and resolution.resource != name and resolution.rule is not None:
            why = f"{safe_line(resolution.resource, limit=160)}: {RULE_WORDS[resolution.rule]}"
            yield Check(name=f"tied {shown} ({source})", status="ok", detail=why)
        elif resolution.candidates:
            fitting = ", ".join(safe_line(candidate, limit=120) for candidate in resolution.candidates)
            yield Check(
                name=f"left alone {shown} ({source})", status="warning",
                detail=f"it may mean {fitting}: say which under `names` in the configuration",
            )  # fmt: skip
        elif len(holders[name]) > 1:
            others = ", ".join(sorted(holders[name] - {source}))
            yield Check(name=f"tied {shown} ({source})", status="ok", detail=f"{others} means the same by it")
        else:
            yield Check(name=f"left alone {shown} ({source})", status="off", detail="no other source names it")
    if len(named) > _MOST:
        yield Check(name="names", status="off", detail=f"and {len(named) - _MOST} more")
