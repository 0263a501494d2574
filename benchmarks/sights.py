"""What is kept of a first sight (`docs/first_sight.json`): aggregates, and nothing that names an incident."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.evaluate import Evaluation
from engine.evaluate.figures import Averages, CalibrationBin, Sure

__all__ = ["Group", "Sight", "Sights", "read_sights", "sight_of", "write_sights"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Group(_Part):
    """The scores of some incidents; null where none of them asks for it."""

    n: int
    top1: float | None
    top3: float | None
    resource_top1: float | None
    brier: float | None
    ece: float | None


class Sight(_Part):
    """The figures of one stage at first sight, and the commit of the code that was measured.

    `sure` are the answers at 0.9 or more, `no_fault_on_fault` says how many incidents with a fault were called none,
    `faulty` in how many the investigation itself failed in part (null: not measured then).
    """

    stage: str
    date: date
    commit: str
    figures: Group
    sure: Sure
    no_fault_on_fault: int
    faulty: int | None
    by_dataset: Mapping[str, Group]
    by_evidence: Mapping[str, Group]
    by_cause_class: Mapping[str, Group]
    calibration: tuple[CalibrationBin, ...]


class Sights(_Part):
    """All stages so far, in the order in which they were seen."""

    schema_: Literal["cloudops-first-sight/1"] = Field(default="cloudops-first-sight/1", alias="schema")
    stages: tuple[Sight, ...] = ()

    def of(self, stage: str) -> Sight | None:
        """The record of a stage, if there is one."""
        return next((sight for sight in self.stages if sight.stage == stage), None)


def sight_of(stage: str, day: date, commit: str, result: Evaluation, *, faulty: int | None) -> Sight:
    """The aggregates of an evaluation."""
    return Sight(
        stage=stage,
        date=day,
        commit=commit,
        figures=_group(result),
        sure=result.sure,
        no_fault_on_fault=result.no_fault_on_fault,
        faulty=faulty,
        by_dataset=_groups(result.by_dataset),
        by_evidence=_groups(result.by_evidence),
        by_cause_class=_groups(result.by_cause_class),
        calibration=result.calibration,
    )


def _group(scores: Averages) -> Group:
    return Group(**{name: getattr(scores, name) for name in Group.model_fields})


def _groups(groups: Mapping[str, Averages]) -> dict[str, Group]:
    return {name: _group(scores) for name, scores in groups.items()}


def read_sights(path: Path) -> Sights:
    """The record at `path`; an empty one where there is none."""
    return Sights.model_validate_json(path.read_bytes()) if path.is_file() else Sights()


def write_sights(sights: Sights, path: Path) -> None:
    """Write the record."""
    path.write_text(json.dumps(sights.model_dump(mode="json", by_alias=True), indent=1) + "\n", encoding="utf-8")
