"""What got better and worse since an earlier run; only incidents of both runs are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from engine.evaluate.cases import Case
from engine.evaluate.differences import Difference, Pair, differences
from engine.evaluate.earlier import Earlier, EarlierCase
from engine.evaluate.parts import Part

__all__ = ["Comparison", "Moved", "compare"]

_NOWHERE: Final = 1_000_000
_AnyCase = TypeVar("_AnyCase", bound=Case | EarlierCase)


class Moved(Part):
    """An incident whose first right hypothesis changed its rank; null: no right hypothesis is listed."""

    id: str
    dataset: str
    before: int | None
    after: int | None
    top_before: str | None
    top_after: str | None


class Comparison(Part):
    """This run against an earlier one, over the `n` incidents of both; times are means a case, in seconds."""

    n: int
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    better: tuple[Moved, ...]
    worse: tuple[Moved, ...]
    differences: Mapping[str, Difference]


def compare(earlier: Earlier, cases: Sequence[Case]) -> Comparison:
    """The cases of this run against those of an earlier one, by data set and id."""
    pairs, only_before, only_after = _paired(earlier.cases, cases)
    moved = [(_place(pair.before.rank) - _place(pair.after.rank), _moved(pair)) for pair in pairs]
    return Comparison(
        n=len(pairs),
        only_before=only_before,
        only_after=only_after,
        better=tuple(case for gain, case in moved if gain > 0),
        worse=tuple(case for gain, case in moved if gain < 0),
        differences=differences(pairs) if pairs else {},
    )


def _paired(
    before: Sequence[EarlierCase], after: Sequence[Case]
) -> tuple[list[Pair], tuple[str, ...], tuple[str, ...]]:
    """The pairs, and the ids that only the earlier run or only this one has."""
    by_dataset = all(case.dataset is not None for case in before)
    old, new = _keyed(before, by_dataset), _keyed(after, by_dataset)
    return (
        [Pair(old[key], case) for key, case in new.items() if key in old],
        tuple(case.id for key, case in old.items() if key not in new),
        tuple(case.id for key, case in new.items() if key not in old),
    )


def _keyed(cases: Sequence[_AnyCase], by_dataset: bool) -> dict[tuple[str | None, str, int], _AnyCase]:
    """Cases by data set (where the earlier run has it) and id; of several with the same the n-th meets the n-th."""
    seen: Counter[tuple[str | None, str]] = Counter()
    keyed = {}
    for case in cases:
        name = (case.dataset if by_dataset else None, case.id)
        seen[name] += 1
        keyed[(*name, seen[name])] = case
    return keyed


def _place(rank: int | None) -> int:
    return _NOWHERE if rank is None else rank


def _moved(pair: Pair) -> Moved:
    return Moved(id=pair.after.id, dataset=pair.after.dataset, before=pair.before.rank, after=pair.after.rank,
                 top_before=pair.before.top, top_after=pair.after.top)  # fmt: skip
