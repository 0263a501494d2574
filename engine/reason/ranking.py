"""Ranks hypotheses: facts become claims, claims become candidates, candidates compete.

How a confidence is made: `engine.reason.competition` computes its log-odds (`Scored.final`); `_hypothesis` makes a
probability of them, at most the limit of `_cap`; `engine.reason.calibration` replaces the first one's by how often such
answers were right, and scales the others; `engine.reason.adjustments` explains the difference to prior and facts, and
`engine.reason.waterfall` draws it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from engine.events import IncidentOpened
from engine.hypotheses import Adjustment, Classification, Evidence, Hypothesis
from engine.incident import FoundFact, IncidentState
from engine.naming import display_names
from engine.reason.adjustments import Adjuster
from engine.reason.attribution import attributions
from engine.reason.calibration import Calibrated, Calibration, Features, calibrated, features_of
from engine.reason.candidates import Candidate, candidates_of, unsupported_candidate, verdict_candidate
from engine.reason.claims import Claim, HypothesisKey, PlaceEvidence
from engine.reason.competition import Competition, Scored, compete
from engine.reason.complaints import is_outward
from engine.reason.denied_by_change import denials_of_changes
from engine.reason.dying_pools import dying_pools
from engine.reason.entities import speak_for_causes
from engine.reason.fact_index import FactIndex
from engine.reason.fitted_calibration import CALIBRATION
from engine.reason.full_together import full_together
from engine.reason.handed_addresses import handed_addresses
from engine.reason.judgement import Judgements, excluded, judgements_of, statements
from engine.reason.localise import locations
from engine.reason.manners import manner_of
from engine.reason.mechanisms import mechanisms
from engine.reason.missing_facts import would_change
from engine.reason.no_fault_verdicts import (
    FALSE_ALARM,
    RECOVERED,
    UNKNOWN,
    as_of_now,
    doubted,
    of_wrong_measure,
    verdicts,
)
from engine.reason.odds import probability_at
from engine.reason.overloaded_probes import overloaded_probes
from engine.reason.owned_pods import claims_of_workloads, of_workloads
from engine.reason.passed import passed
from engine.reason.places import by_their_places, says_itself
from engine.reason.precise_causes import precise_claims
from engine.reason.rescaled import rescaled
from engine.reason.shared_causes import with_shared_causes
from engine.reason.stale_readers import stale_readers
from engine.reason.trouble import Trouble
from engine.reason.weights import WEIGHTS, Weights
from primitives.dataclass import dataclass
from primitives.display_names import DisplayNames
from primitives.facts import ChangeFound, LogPattern, change_key, change_noun
from primitives.quantities import short_id
from primitives.terms import ChangeKind, IncidentClass
from primitives.text import safe_line

__all__ = ["Ranking", "rank", "rank_facts"]

_MAX_HYPOTHESES: Final = 12
# The surest answers were right in 45 of 45 development incidents, and in 21 of 22 where only text spoke for them. Both
# limits are Laplace's rule of succession on these counts, and a little less.
_MAX_CONFIDENCE: Final = 0.97
_MAX_REPORTED: Final = 0.9
_NO_EVIDENCE: Final = "No direct evidence found"
_VERDICTS: Final = (FALSE_ALARM, RECOVERED, UNKNOWN)
_NONE_JUDGED: Final = Judgements()


@dataclass(frozen=True, slots=True)
class Ranking:
    """The hypotheses, best first, and the missing facts that would separate the first two."""

    hypotheses: tuple[Hypothesis, ...]
    would_change: tuple[str, ...] = ()


def rank(state: IncidentState) -> Ranking:
    """Rank the hypotheses for the facts so far; known hypotheses keep their ids. Needs an opened incident."""
    assert state.opened is not None
    known = {_key_of(hypothesis): hypothesis.id for hypothesis in state.hypotheses}
    facts, judgements = state.current_facts, judgements_of(state)
    return rank_facts(
        facts, state.opened, state.classification, known=known, judgements=judgements, names=display_names(state)
    )


def rank_facts(
    facts: Sequence[FoundFact],
    opened: IncidentOpened,
    classification: Classification | None = None,
    *,
    known: Mapping[HypothesisKey, str] | None = None,
    weights: Weights = WEIGHTS,
    judgements: Judgements = _NONE_JUDGED,
    names: DisplayNames | None = None,
    calibration: Calibration | None = CALIBRATION,
) -> Ranking:
    """Rank what `facts` suggest, after the engineers' `judgements` of them.

    `known` maps keys to ids given before: these are kept, even if little supports them now. `names` are the display
    names for sentences; without them they are made from the facts. Without a `calibration` the confidences are those of
    the competition.
    """
    case = FactIndex(opened, classification, judgements.kept(facts), names)
    competition, features = _competition(case, set(known or ()), weights, judgements)
    hypotheses = _hypotheses(case, competition, features, known or {}, weights, calibration)
    return Ranking(hypotheses, would_change(case, hypotheses))


def first_answer(
    facts: Sequence[FoundFact], opened: IncidentOpened, classification: Classification | None = None
) -> tuple[HypothesisKey, Features]:
    """What leads, and what its confidence depends on: for fitting the calibration."""
    case = FactIndex(opened, classification, facts)
    competition, features = _competition(case, set(), WEIGHTS, _NONE_JUDGED)
    return competition.scored[0].candidate.key, features


def _competition(
    case: FactIndex, known: set[HypothesisKey], weights: Weights, judgements: Judgements
) -> tuple[Competition, Features]:
    wrong = rescaled(case)
    case = case.without(wrong.facts) if wrong is not None else case
    trouble = Trouble(case)
    over = passed(case, trouble)
    doubts = (*judgements.certain(verdicts(case, trouble, over)), *of_wrong_measure(case, wrong))
    candidates = excluded(case, _candidates(case, trouble, doubts, known, weights, judgements))
    candidates = as_of_now(case, candidates, over)
    competition = compete(case, doubted(candidates, trouble), weights, trouble)
    return competition, features_of(case, competition, trouble)


def _claims(case: FactIndex, trouble: Trouble, places: Mapping[str, list[PlaceEvidence]]) -> tuple[Claim, ...]:
    claims = (
        *mechanisms(case, trouble),
        *attributions(case, places),
        *overloaded_probes(case),
        *full_together(case),
        *dying_pools(case),
        *stale_readers(case),
        *handed_addresses(case),
    )
    claims = tuple(claims_of_workloads(case, by_their_places(case, claims)))
    return (*claims, *precise_claims(case, claims), *denials_of_changes(case, claims))


def _candidates(
    case: FactIndex,
    trouble: Trouble,
    doubts: Sequence[Claim],
    known: set[HypothesisKey],
    weights: Weights,
    judgements: Judgements,
) -> list[Candidate]:
    places: dict[str, list[PlaceEvidence]] = defaultdict(list)
    for place in judgements.certain(of_workloads(case, locations(case))):
        places[place.resource].append(place)
    claims: dict[HypothesisKey, list[Claim]] = defaultdict(list)
    for claim in (*judgements.certain(_claims(case, trouble, places)), *statements(case)):
        claims[claim.key].append(claim)
    candidates = with_shared_causes(case, candidates_of(case, speak_for_causes(case, claims), places, weights))
    of_verdict: dict[HypothesisKey, list[Claim]] = defaultdict(list)
    for claim in doubts:
        of_verdict[claim.key].append(claim)
    candidates += [verdict_candidate(key, of_verdict[key], weights) for key in _VERDICTS]
    proposed = {candidate.key for candidate in candidates}
    return candidates + [unsupported_candidate(key) for key in sorted(known - proposed, key=str)]


def _hypotheses(
    case: FactIndex,
    competition: Competition,
    features: Features,
    known: Mapping[HypothesisKey, str],
    weights: Weights,
    calibration: Calibration | None,
) -> tuple[Hypothesis, ...]:
    listed = {*known, *_VERDICTS}
    kept = [scored for place, scored in enumerate(competition.scored)
            if place < _MAX_HYPOTHESES or scored.candidate.key in listed]  # fmt: skip
    names = _names(kept, known)
    trust = {found_fact.id: found_fact.fact.trust for found_fact in case.facts}
    stated = [min(probability_at(scored.final), _cap(scored.candidate, trust)) for scored in kept]
    final = (
        calibrated(stated, kept, features, calibration) if calibration is not None else Calibrated(tuple(stated), "")
    )
    adjuster = Adjuster(competition, names)
    hypotheses = []
    for place, scored in enumerate(kept):
        label = (final.label,) if place == 0 else ()
        prior, evidence, known_odds = _evidence(scored, weights)
        confidence = final.confidences[place]
        adjustments = adjuster.adjustments(scored, known_odds, stated[place], confidence, *label)
        hypotheses.append(_hypothesis(case, scored, names, prior, evidence, adjustments, confidence))
    return tuple(hypotheses)


def _names(kept: Sequence[Scored], known: Mapping[HypothesisKey, str]) -> dict[HypothesisKey, str]:
    """An id for each: the one that it had, else the next that is free."""
    number = max((int(name.removeprefix("H")) for name in known.values() if name[1:].isdigit()), default=0)
    names: dict[HypothesisKey, str] = {}
    for scored in kept:
        name = known.get(scored.candidate.key)
        if name is None:
            number += 1
            name = f"H{number}"
        names[scored.candidate.key] = name
    return names


def _evidence(scored: Scored, weights: Weights) -> tuple[float, tuple[Evidence, ...], float]:
    """The prior, the evidence, and their sum: natural log-odds against "none of these"."""
    candidate = scored.candidate
    evidence = tuple(Evidence(fact=item.fact, weight=round(weights.sharpness * item.weight, 3), why=item.why)
                     for item in candidate.evidence)  # fmt: skip
    prior = round(weights.sharpness * candidate.cause.prior - math.log(weights.none), 3)
    return prior, evidence, prior + sum(item.weight for item in evidence)


def _hypothesis(
    case: FactIndex,
    scored: Scored,
    names: Mapping[HypothesisKey, str],
    prior: float,
    evidence: tuple[Evidence, ...],
    adjustments: tuple[Adjustment, ...],
    confidence: float,
) -> Hypothesis:
    candidate = scored.candidate
    return Hypothesis(
        id=names[candidate.key],
        cause=_sentence(case, candidate),
        cause_id=candidate.key.cause_id,
        cause_class=candidate.cause.cause_class,
        resource=candidate.key.resource,
        change=candidate.key.change,
        prior=prior,
        evidence=evidence,
        adjustments=adjustments,
        confidence=round(confidence, 3),
        note="" if candidate.direct else _NO_EVIDENCE,
    )


def _cap(candidate: Candidate, trust: Mapping[str, str]) -> float:
    """The highest confidence that the evidence allows: less where only text supports it, which outsiders may write."""
    measured = any(item.weight > 0 and trust.get(item.fact) in ("measured", "asserted") for item in candidate.evidence)
    return _MAX_CONFIDENCE if measured or candidate.cause.cause_class is IncidentClass.UNKNOWN else _MAX_REPORTED


def _sentence(case: FactIndex, candidate: Candidate) -> str:
    cause, change = candidate.cause, candidate.key.change or "A change"
    resource = case.names(candidate.key.resource) if candidate.key.resource else "it"
    if candidate.key.change and cause.change_noun:
        change = f"{cause.change_noun} {short_id(candidate.key.change)}"
    if not candidate.direct and cause.unproven_sentence:
        return safe_line(cause.unproven_sentence.format(resource=resource))
    if cause.place_sentence and says_itself(case, candidate.key):
        return safe_line(cause.place_sentence.format(resource=resource))
    if cause.complaint_sentence and _is_own_complaint(case, candidate):
        return safe_line(cause.complaint_sentence.format(resource=resource))
    kind = case.once(_kinds_of_changes).get(candidate.key.change) if candidate.key.change else None
    if kind in cause.blamed_for and kind != cause.blamed_for[0] and "{change}" not in cause.sentence:
        # A job that was started, or a machine that was added, is no setting.
        return safe_line(f"{change_noun(kind)} {short_id(change)} made {resource} {case.effect}")
    sentence = cause.sentence.format(resource=resource, change=short_id(change), effect=case.effect)
    if candidate.key.change and "{change}" not in cause.sentence:
        sentence += f" ({short_id(candidate.key.change)})"
    if cause.tells_how and (how := manner_of(candidate, case.by_id)):
        sentence += f": {how}"
    return safe_line(sentence)


def _kinds_of_changes(case: FactIndex) -> dict[str, ChangeKind]:
    """The kind of each change, by what a hypothesis calls it; of several that are called alike, the first's."""
    changes = [fact.change for _, fact in case.present(ChangeFound) if fact.change is not None]
    return {change_key(change): change.kind for change in reversed(changes)}


def _is_own_complaint(case: FactIndex, candidate: Candidate) -> bool:
    """Whether what speaks for the cause is that its resource complains of something that it calls."""
    for_it = {item.fact for item in candidate.evidence if item.weight > 0 and item.group == "messages"}
    written = [fact for name, fact in case.present(LogPattern) if name in for_it]
    return bool(written) and all(fact.resource == candidate.key.resource and is_outward(fact) for fact in written)


def _key_of(hypothesis: Hypothesis) -> HypothesisKey:
    return HypothesisKey(hypothesis.cause_id, hypothesis.resource, hypothesis.change)
