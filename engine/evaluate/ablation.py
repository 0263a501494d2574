"""Ablation: the same investigation while some questions get no answer from any source."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from engine.investigate.scenario import Scenario
from primitives.backends.recorded.backend import PART_WORDS
from primitives.dataclass import dataclass
from primitives.records import Coverage
from primitives.telemetry import Answer, Backend, BackendStatus, Query, Question

__all__ = ["withhold"]


def withhold(scenario: Scenario, questions: Collection[Question]) -> Scenario:
    """`scenario` as if no source were configured for `questions`: they are not even sent."""
    if not questions:
        return scenario
    hidden = frozenset(questions)
    opened = scenario.opened.model_copy(
        update={
            "coverage": tuple(_coverage(scenario.opened.coverage, hidden)),
            "alert": None if "alerts" in hidden else scenario.opened.alert,
        }
    )
    return replace(
        scenario,
        opened=opened,
        backends=tuple(_Withholding(backend, hidden) for backend in scenario.backends),
        checks=tuple(_without(check, hidden) for check in scenario.checks),
    )


@dataclass(frozen=True, slots=True)
class _Withholding:
    """A backend that doesn't answer some of the questions that it could."""

    backend: Backend
    hidden: frozenset[Question]

    @property
    def name(self) -> str:
        return self.backend.name

    @property
    def questions(self) -> frozenset[Question]:
        return self.backend.questions - self.hidden

    async def ask(self, query: Query) -> Answer[Any]:
        return await self.backend.ask(query)

    async def check(self) -> BackendStatus:
        return _without(await self.backend.check(), self.hidden)

    async def close(self) -> None:
        await self.backend.close()


def _without(status: BackendStatus, hidden: Collection[Question]) -> BackendStatus:
    return replace(status, questions=tuple(question for question in status.questions if question not in hidden))


def _coverage(entries: Iterable[Coverage], hidden: Collection[Question]) -> Iterable[Coverage]:
    """What the bundle says of its sources, without the kinds that only a hidden question asks for."""
    words = {word for question in hidden for word in PART_WORDS[question]}
    prefixes = tuple(f"{question}:" for question in hidden)
    for entry in entries:
        kept = tuple(kind for kind in entry.kinds if kind not in words and not kind.startswith(prefixes))
        if kept:
            yield entry.model_copy(update={"kinds": kept})
