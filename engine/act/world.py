"""What a run of an action asks and changes: the incident's sources to read, and the writing side of one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from engine.investigate.scenario import Scenario
from primitives.actions.proposal import ActionArguments
from primitives.backends.registry import PlatformWriter
from primitives.errors import SourceError, SourceUnreachable
from primitives.sources import SourceDirectory, open_writer

__all__ = ["World"]


class World:
    """The sources of one live incident. Writers are opened when first needed."""

    def __init__(self, scenario: Scenario, directory: SourceDirectory, names: Sequence[str]) -> None:
        self.scenario = scenario
        self._directory = directory
        self._names = names
        self._writers: dict[str, PlatformWriter] = {}

    async def writer(self, platform: str, arguments: ActionArguments) -> Any:
        """The writing side of the one source of kind `platform` that the arguments are about. Raises `SourceError`."""
        known = [name for name in self._names if self._directory.definitions[name].kind == platform]
        if not known:
            raise SourceUnreachable(platform, f"no source of this kind is asked: add one with `kind: {platform}`")
        serving = [writer for name in known if (writer := await self._opened(name)).serves(arguments)]
        if len(serving) != 1:
            which = "none" if not serving else "more than one"
            raise SourceError(platform, f"{which} of the sources {', '.join(known)} is where this acts")
        return serving[0]

    async def close(self) -> None:
        """Let go of connections."""
        closing = [writer.close() for writer in self._writers.values()]
        await asyncio.gather(*closing, return_exceptions=True)

    async def _opened(self, name: str) -> PlatformWriter:
        if name not in self._writers:
            self._writers[name] = await open_writer(name, self._directory.definitions[name])
        return self._writers[name]
