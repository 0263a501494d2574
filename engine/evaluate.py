"""Scores the reasoner on recorded incidents with a known answer (schema cloudops-evaluation/1).

The only reader of `truth.yaml` besides drills. The measures are those of INCIDENT_BUNDLE.md
section 2. Brier score: G. W. Brier, Verification of Forecasts (1950). ECE over ten bins of equal
width: M. P. Naeini et al., Obtaining Well Calibrated Probabilities Using Bayesian Binning (2015).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.engine import Engine
from engine.incident import IncidentState
from engine.port import Investigate
from engine.report import CausePart, Report, report
from primitives.bundle.truth import RootCause, Truth, read_truth
from primitives.clock import SystemClock
from primitives.errors import BundleError, UsageError
from primitives.text import safe_line

__all__ = ["Case", "Evaluation", "Scores", "bundles_below", "evaluate", "evaluate_bundles", "render_table", "score"]

BINS: Final = 10
NO_FAULT_CAUSES: Final = ("false_alarm", "recovered")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Case(_Part):
    """One incident's scores. Ranks start at 1 and are null where the answer isn't in the list (or isn't asked for)."""

    id: str
    rank: int | None
    resource_rank: int | None
    change_rank: int | None
    decoy_confidence: float | None
    top: str | None
    confidence: float | None
    duration_s: float
    dataset: str
    truth: str
    asks_resource: bool = Field(exclude=True)
    asks_change: bool = Field(exclude=True)


class Scores(_Part):
    """Averages over cases; null where no case asks for it."""

    n: int
    top1: float | None
    top3: float | None
    top5: float | None
    mrr: float | None
    resource_top1: float | None
    resource_top3: float | None
    macro_top1: float | None
    brier: float | None
    ece: float | None
    duration_p50_s: float | None
    duration_p95_s: float | None


class _Cases(_Part):
    schema_: Literal["cloudops-evaluation/1"] = Field(default="cloudops-evaluation/1", alias="schema")
    cases: tuple[Case, ...]


class Evaluation(Scores, _Cases):
    """All cases, their averages, and the same averages for each folder of bundles."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    by_dataset: Mapping[str, Scores]


def bundles_below(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The bundles (absolute paths) that `paths` are or hold, sorted. Raises `UsageError` where there is none."""
    found: dict[Path, None] = {}
    for path in map(Path.absolute, paths):
        here = [path] if _is_bundle(path) else sorted(_below(path))
        if not here:
            raise UsageError(f"{path}: holds no incident bundle; give a bundle or a directory of bundles")
        found.update(dict.fromkeys(here))
    return tuple(found)


def _is_bundle(path: Path) -> bool:
    inside = ("incident.yaml", "incident.yaml.gz")
    return (path.is_file() and path.suffix == ".incident") or any((path / name).is_file() for name in inside)


def _below(path: Path) -> set[Path]:
    directories = {one.parent for pattern in ("incident.yaml", "incident.yaml.gz") for one in path.rglob(pattern)}
    return directories | {one for one in path.rglob("*.incident") if one.is_file()}


async def evaluate_bundles(
    bundles: Sequence[Path],
    *,
    progress: Callable[[int, str], None] | None = None,
    broken: Callable[[Path, BundleError], None] | None = None,
) -> Evaluation:
    """Investigate each bundle that has a known answer in a store of its own, one after the other, and score it.

    `progress` is called before each with the number done and its name, `broken` with each bundle that can't be read;
    without it the first one ends the evaluation. Raises `UsageError` where no bundle has an answer, `BundleError`,
    `StoreError`.
    """
    cases: list[Case] = []
    clock = SystemClock()
    with TemporaryDirectory(prefix="cloudops-evaluate-") as folder:
        engine = await Engine.open(Path(folder) / "incidents.db")
        try:
            for done, path in enumerate(bundles):
                if progress:
                    progress(done, path.name)
                try:
                    truth = read_truth(path)
                    if truth is None:
                        continue
                    started = clock.monotonic()
                    state = await _investigated(engine, path)
                except BundleError as error:
                    if broken is None:
                        raise
                    broken(path, error)
                    continue
                elapsed = clock.monotonic() - started
                cases.append(score(state.incident_id, path.parent.name, report(state), truth, elapsed))
        finally:
            await engine.close()
    if not cases:
        raise UsageError("none of these bundles can be read and has a truth.yaml; there is nothing to score against")
    return evaluate(cases)


async def _investigated(engine: Engine, path: Path) -> IncidentState:
    execution_id = await engine.investigate(Investigate(bundle=str(path), confirm=False))
    async for _ in engine.follow(execution_id):
        pass
    return await engine.state(execution_id)


def score(name: str, dataset: str, report: Report, truth: Truth, duration_s: float) -> Case:
    """Compare one report with the known answer."""
    causes = report.likely_root_causes
    asks_resource = any("resource" in one.model_fields_set for one in truth.root_causes)
    asks_change = any("change" in one.model_fields_set for one in truth.root_causes)
    decoyed = [one.confidence for one in causes if one.change is not None and one.change in truth.decoys]
    top = causes[0] if causes else None
    return Case(
        id=name,
        rank=_rank(_distinct(causes), truth, ("resource", "cause_id", "change")),
        resource_rank=_rank(_distinct(causes), truth, ("resource",)) if asks_resource else None,
        change_rank=_rank(_distinct(causes), truth, ("change",)) if asks_change else None,
        decoy_confidence=max(decoyed, default=0.0) if truth.decoys else None,
        top=_told(top) if top else None,
        confidence=top.confidence if top else None,
        duration_s=round(duration_s, 3),
        dataset=dataset,
        truth=_truth_label(truth),
        asks_resource=asks_resource,
        asks_change=asks_change,
    )


def _distinct(causes: Iterable[CausePart]) -> list[CausePart]:
    found: dict[tuple[str | None, str, str | None], CausePart] = {}
    for one in causes:
        found.setdefault((one.resource, one.cause_id, one.change), one)
    return list(found.values())


def _rank(causes: Sequence[CausePart], truth: Truth, keys: tuple[str, ...]) -> int | None:
    """The place of the first right hypothesis; where all root causes are wanted, the place where the last is met."""
    ranks = [
        next((place for place, one in enumerate(causes, start=1) if _agrees(one, entry, keys)), None)
        for entry in truth.root_causes
        if set(keys) & entry.model_fields_set
    ]
    known = [place for place in ranks if place is not None]
    if truth.every and len(known) < len(ranks):
        return None
    return (max if truth.every else min)(known, default=None)


def _agrees(one: CausePart, entry: RootCause, keys: tuple[str, ...]) -> bool:
    """Whether a hypothesis agrees with every key that an entry of the truth has."""
    if entry.cause_id in NO_FAULT_CAUSES and "cause_id" in keys:
        return one.cause_class == "NO_FAULT"
    return all(getattr(one, key) == getattr(entry, key) for key in keys if key in entry.model_fields_set)


def _told(one: CausePart) -> str:
    return "|".join(part or "" for part in (one.cause_id, one.resource, one.change)).rstrip("|")


def _truth_label(truth: Truth) -> str:
    """The truth's cause id; where it names none, the class, and else that it names neither."""
    first = truth.root_causes[0] if truth.root_causes else None
    return (first.cause_id if first else None) or (truth.cause_class or "unnamed")


def evaluate(cases: Sequence[Case]) -> Evaluation:
    """The averages over `cases`."""
    folders = sorted({case.dataset for case in cases})
    return Evaluation(
        cases=tuple(cases),
        by_dataset={name: _scores([case for case in cases if case.dataset == name]) for name in folders},
        **_scores(cases).model_dump(),
    )


def _scores(cases: Sequence[Case]) -> Scores:
    asking = [case for case in cases if case.asks_resource]
    durations = sorted(case.duration_s for case in cases)
    return Scores(
        n=len(cases),
        top1=_within([case.rank for case in cases], 1),
        top3=_within([case.rank for case in cases], 3),
        top5=_within([case.rank for case in cases], 5),
        mrr=_mean([1 / case.rank if case.rank else 0.0 for case in cases]),
        resource_top1=_within([case.resource_rank for case in asking], 1),
        resource_top3=_within([case.resource_rank for case in asking], 3),
        macro_top1=_macro(cases),
        brier=_mean([(_stated(case) - _right(case)) ** 2 for case in cases]),
        ece=_ece(cases),
        duration_p50_s=_percentile(durations, 0.5),
        duration_p95_s=_percentile(durations, 0.95),
    )


def _within(ranks: Sequence[int | None], limit: int) -> float | None:
    return _mean([float(rank is not None and rank <= limit) for rank in ranks])


def _mean(values: Sequence[float]) -> float | None:
    return round(fmean(values), 4) if values else None


def _macro(cases: Sequence[Case]) -> float | None:
    labels = sorted({case.truth for case in cases})
    return _mean([fmean(_right(case) for case in cases if case.truth == label) for label in labels])


def _right(case: Case) -> float:
    return float(case.rank == 1)


def _stated(case: Case) -> float:
    return case.confidence or 0.0


def _ece(cases: Sequence[Case]) -> float | None:
    """The expected calibration error: each bin's distance between stated and met, weighted by its share of cases."""
    if not cases:
        return None
    bins: dict[int, list[Case]] = {}
    for case in cases:
        bins.setdefault(min(int(_stated(case) * BINS), BINS - 1), []).append(case)
    error = sum(
        len(members) * abs(fmean(map(_stated, members)) - fmean(map(_right, members))) for members in bins.values()
    )
    return round(error / len(cases), 4)


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all don't exceed (nearest rank)."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None


_COLUMNS: Final = (
    ("n", "n"), ("top1", "top1"), ("top3", "top3"), ("top5", "top5"), ("mrr", "mrr"), ("res. top1", "resource_top1"),
    ("res. top3", "resource_top3"), ("macro", "macro_top1"), ("brier", "brier"), ("ece", "ece"),
    ("p50", "duration_p50_s"), ("p95", "duration_p95_s"),
)  # fmt: skip


def render_table(result: Evaluation) -> str:
    """The evaluation for a terminal: a line a case, then a line a folder, then all."""
    widest = max((len(safe_line(case.id)) for case in result.cases), default=4)
    lines = [f"{'case':{widest}}  rank  res.  chg.  conf.    time  best hypothesis"]
    lines += [_case_line(case, widest) for case in result.cases]
    names = [*result.by_dataset, "all"]
    width = max(map(len, names))
    lines += ["", f"{'':{width}}  " + "  ".join(f"{title:>9}" for title, _ in _COLUMNS)]
    for name in names:
        scores: Scores | Evaluation = result if name == "all" else result.by_dataset[name]
        cells = "  ".join(f"{_figure(getattr(scores, key)):>9}" for _, key in _COLUMNS)
        lines.append(f"{safe_line(name):{width}}  {cells}")
    return "\n".join(lines) + "\n"


def _case_line(case: Case, width: int) -> str:
    ranks = "  ".join(f"{_figure(rank):>4}" for rank in (case.rank, case.resource_rank, case.change_rank))
    confidence = "-" if case.confidence is None else f"{case.confidence:.2f}"
    told = safe_line(case.top or "-", limit=100)
    return f"{safe_line(case.id):{width}}  {ranks}  {confidence:>5}  {case.duration_s:4.1f} s  {told}"


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
