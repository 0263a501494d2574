"""The first answer to an incident, before and after a transformation."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from additions import (
    calm_metric_replicas,
    doubled_metrics,
    idle_sources,
    later_deploy,
    noise_error,
    noise_info,
    noise_warn,
)
from bundle_files import Files, Transformation, read_files, write_files
from cluster_additions import calm_pod_replicas, doubled_workload, resolved_events, standing_lint
from rewriting import all_info, later, log_clock_ahead, new_name, renamed, renaming

from engine.engine import Engine
from engine.follow_to_end import follow_investigation
from engine.hypotheses import Hypothesis
from engine.incident import IncidentState
from engine.port import Investigate

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
TRANSFORMATIONS: Mapping[str, Transformation] = {
    one.__name__: one
    for one in (
        resolved_events, standing_lint, idle_sources, later_deploy, calm_metric_replicas, calm_pod_replicas,
        noise_info, noise_warn, noise_error, doubled_metrics, doubled_workload, renamed, all_info, later,
        log_clock_ahead,
    )
}  # fmt: skip
# Two confidences that are as good as equal: which of them comes first says nothing.
_TIE = 0.005


class Answer(NamedTuple):
    """A hypothesis: what a person would act on."""

    cause_id: str
    resource: str | None
    change: str | None

    def __str__(self) -> str:
        return "|".join(part or "-" for part in self)


@dataclass(frozen=True)
class Answers:
    """What an investigation answered: the first, all that tie with it, and the first's confidence."""

    first: Answer
    tied: frozenset[Answer]
    confidence: float

    def __str__(self) -> str:
        return f"{self.first} {self.confidence:.2f}"


def incidents(folder: Path) -> list[Path]:
    """The incidents with a known answer at or below a folder."""
    archives = folder.rglob("*.incident")
    return sorted([*archives, *(path.parent for path in folder.rglob("truth.yaml"))])


async def investigated(engine: Engine, bundle: Path) -> IncidentState:
    """The state at the end of an investigation."""
    execution_id = await engine.investigate(Investigate(bundle=str(bundle), confirm=False))
    async for _ in follow_investigation(engine, execution_id):
        pass
    return await engine.state(execution_id)


def answers_of(hypotheses: tuple[Hypothesis, ...]) -> Answers:
    """The first answer and its ties."""
    best = max(hypotheses, key=lambda one: one.confidence)
    tied = [one for one in hypotheses if best.confidence - one.confidence <= _TIE]
    return Answers(_answer(hypotheses[0]), frozenset(map(_answer, tied)), best.confidence)


def _answer(one: Hypothesis) -> Answer:
    return Answer(one.cause_id, one.resource, one.change)


async def answered(engine: Engine, files: Files) -> Answers:
    """The answer to an incident that is in memory."""
    with tempfile.TemporaryDirectory(prefix="metamorphic-") as scratch:
        state = await investigated(engine, write_files(files, Path(scratch) / "incident"))
    return answers_of(state.hypotheses)


def expected(name: str, files: Files, known: Answers) -> frozenset[Answer]:
    """The first answers that are right after the transformation of that name."""
    if name != "renamed":
        return known.tied
    names = renaming(files)
    return frozenset(
        Answer(one.cause_id, new_name(one.resource, names), new_name(one.change, names)) for one in known.tied
    )


__all__ = ["ROOT", "SHARED", "TRANSFORMATIONS", "Answers", "answered", "expected", "incidents", "read_files"]
