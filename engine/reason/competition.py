"""Hypotheses compete for being the root cause; what one of them brought about may be true beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.reason.case import Case
from engine.reason.chains import brings, explains_many, explains_outcomes, is_outcome, reached
from engine.reason.drafts import Draft
from engine.reason.odds import log_odds, probability_at
from engine.reason.weights import Weights

__all__ = ["Ranked", "compete"]

_CERTAIN: Final = 1e-6
# An outcome is explained by any particular cause better than a full resource is by a change beside it.
_OUTCOME: Final = 1.7


@dataclass(frozen=True, slots=True)
class Ranked:
    """A draft with its final log-odds: `own` from its prior and evidence, and what the others add to or take from it.

    `company` is that of its consequences, which speak for it; `rivalry` what the other possible root causes take, less
    what it keeps as a consequence of theirs. `bringer` is the draft that most likely brought it about.
    """

    draft: Draft
    own: float
    company: float
    rivalry: float
    bringer: Draft | None

    @property
    def final(self) -> float:
        """Natural log-odds."""
        return self.own + self.company + self.rivalry


def compete(case: Case, drafts: Sequence[Draft], weights: Weights) -> list[Ranked]:
    """Best first.

    Each draft stands for a world in which it is the root cause; odds are against "none of these" (`weights.none`). A
    change explains its consequences too, so the strongest of them speaks for it, as far as `weights.link` (how often a
    cause has that consequence) and `weights.company` (at most) allow. The worlds share the probability as their odds
    are. A draft is right where it is the root, in part (`1 - weights.brought`) where a root brought it about, and as
    far as `weights.second` allows where it is a second fault.
    """
    own = [weights.sharpness * draft.score - math.log(weights.none) for draft in drafts]
    follows = _consequences(case, drafts)
    company = [_company(draft, [drafts[other] for other in follows[place]], weights)
               for place, draft in enumerate(drafts)]  # fmt: skip
    worlds = [math.exp(min(mine + more, 30.0)) for mine, more in zip(own, company, strict=True)]
    total = 1.0 + sum(worlds)
    kept, bringers = [world / total for world in worlds], [-1] * len(drafts)
    for place, consequences in enumerate(follows):
        for other in consequences:
            if drafts[other].cause.generic:
                continue  # It says of its cause's trouble only that there is some.
            share = worlds[place] / total * (1.0 - weights.brought) * probability_at(own[other])
            kept[other] += share
            if bringers[other] < 0 or worlds[place] > worlds[bringers[other]]:
                bringers[other] = place
    for place, share in _second_faults(drafts, own, worlds, follows).items():
        kept[place] += weights.second * share * (1.0 - kept[place])
    found = []
    for place, draft in enumerate(drafts):
        rivalry = log_odds(min(kept[place], 1.0 - _CERTAIN)) - own[place] - company[place]
        bringer = drafts[bringers[place]] if bringers[place] >= 0 else None
        found.append(Ranked(draft, own[place], company[place], rivalry, bringer))
    return sorted(found, key=lambda one: (-one.final, str(one.draft.key)))


def _second_faults(
    drafts: Sequence[Draft], own: Sequence[float], worlds: Sequence[float], follows: Sequence[Sequence[int]]
) -> dict[int, float]:
    """What would be believed if it stood alone, elsewhere and by other facts than the leading cause."""
    leading = max(range(len(drafts)), key=lambda place: (worlds[place], str(drafts[place].key)))
    told = {one.fact for one in drafts[leading].evidence if one.weight > 0}
    found = {}
    for place, draft in enumerate(drafts):
        facts = {one.fact for one in draft.evidence if one.weight > 0}
        elsewhere = draft.key.resource not in (None, drafts[leading].key.resource)
        if (
            elsewhere
            and draft.key.change is None
            and own[place] > 0
            and not facts & told
            and place not in follows[leading]
        ):
            found[place] = probability_at(own[place])
    return found


def _company(draft: Draft, consequences: Sequence[Draft], weights: Weights) -> float:
    """What the strongest consequence says for its cause, beyond what speaks for the cause itself."""
    told = {(one.fact, one.why) for one in draft.evidence}
    most = weights.company
    if not explains_many(draft.key):
        if not explains_outcomes(draft.key):
            return 0.0
        # Two full resources explain each other equally well; outcomes alone speak for their cause.
        most *= _OUTCOME
        consequences = [one for one in consequences if is_outcome(draft.key, one.key)]
    best = 0.0
    for other in consequences:
        support = sum(one.weight for one in other.evidence if one.weight > 0 and (one.fact, one.why) not in told)
        best = max(best, min(weights.sharpness * support + math.log(weights.link), most))
    return best


def _consequences(case: Case, drafts: Sequence[Draft]) -> list[list[int]]:
    """For each draft the places of those that it may bring about."""
    at: dict[str, list[int]] = {}
    for place, draft in enumerate(drafts):
        if draft.key.resource is not None:
            at.setdefault(draft.key.resource, []).append(place)
    return [
        [other for name in reached(case, draft.key) for other in at.get(name, ())
         if brings(case, draft.key, drafts[other].key)]
        for draft in drafts
    ]  # fmt: skip
