"""The leading hypotheses → actions for them, in order. Each remediation chooses its own arguments.

An action that changes something is only proposed for a cause that is likely enough, and is urgent only for the best
one; for an unlikely cause a read-only look is proposed. No command that changes something is shown without saying where
it acts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, Literal

from engine.act.by_hand import by_hand
from engine.act.harm import why_not_offered
from engine.act.identity import canonical
from engine.act.playbooks import PlaybookStep, chosen_playbook, completed
from engine.hypotheses import Action, Hypothesis
from engine.incident import IncidentState
from engine.naming import display_names
from engine.reason.catalogue import causes
from engine.reason.judgement import judgements_of
from primitives.actions.proposal import Manual, Proposed, TargetedDiagnostic
from primitives.actions.target import Target
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Diagnostic, diagnostics
from primitives.display_names import NameOf
from primitives.facts import ChangeFound
from primitives.remediations.registry import Remediation, named, remediations
from primitives.terms import Effect, IncidentClass, Risk
from primitives.text import safe_line

__all__ = [
    "LEAST_CONFIDENCE",
    "WRITE_CONFIDENCE",
    "is_repairable",
    "is_verdict",
    "no_repair_fits",
    "proposals",
    "targeted",
    "whole_target",
    "why_no_repair",
    "withheld",
]

WRITE_CONFIDENCE: Final = 0.3
"""Below this a cause is more than twice as likely wrong as right: no action that changes something is proposed."""

LEAST_CONFIDENCE: Final = 0.1
"""Below this nothing at all is proposed for a cause."""

# What is said at 90 % and more is right in 95 of 100 cases (`make calibration`); of less nobody should act in haste.
_HIGH_CONFIDENCE: Final = 0.9
_ANSWERED: Final = 0.5
"""From here on a single look at a target is enough."""

_MAX_ACTIONS: Final = 5
# Verdicts: with one of them in the lead there is nothing to act on yet.
_VERDICTS: Final = frozenset({IncidentClass.UNKNOWN, IncidentClass.NO_FAULT})


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a remediation, or a diagnostic's look, offers for a target."""

    primitive: str
    effect: Effect
    risk: Risk
    duration_s: int
    requires_approval: bool
    command: Callable[[Any], str]
    proposal: Proposed | Manual
    playbook: str = ""
    on: str = ""

    @classmethod
    def of_remediation(cls, remediation: Remediation, proposal: Proposed | Manual) -> _Offer:
        return cls(
            remediation.name, remediation.effect, remediation.risk, remediation.estimated_duration_s,
            remediation.requires_approval, remediation.command, proposal,
        )  # fmt: skip

    @classmethod
    def of_look(cls, diagnostic: Diagnostic, look: TargetedDiagnostic, proposal: Proposed | Manual) -> _Offer:
        return cls(diagnostic.name, "read", "low", round(diagnostic.cost_s), False, look.command, proposal)


def proposals(state: IncidentState) -> tuple[Action, ...]:
    """At most five actions, in the order of their hypotheses; ids and priorities are set by the caller."""
    actions: dict[bytes, Action] = {}
    whole, names = whole_target(state), display_names(state)
    for hypothesis in state.hypotheses:
        if hypothesis.resource is None or hypothesis.confidence < LEAST_CONFIDENCE or len(actions) >= _MAX_ACTIONS:
            continue
        target = targeted(whole, hypothesis, names)
        # What may hurt comes after a look at what it would hurt.
        own = sorted(_offers(state, hypothesis, target), key=lambda offer: offer.risk == "high")
        offers = (*_of_playbook(state, hypothesis, target), *own)
        for action in (_action(state, hypothesis, target, offer) for offer in offers):
            actions.setdefault(canonical(action.primitive, action.arguments), action)
    return tuple(list(actions.values())[:_MAX_ACTIONS])


def withheld(state: IncidentState) -> str:
    """Why no action that changes something is proposed, or what to do in its place by hand; else empty."""
    if not state.hypotheses or any(action.effect != "read" for action in state.actions if action.recommended):
        return ""
    best = state.hypotheses[0]
    if best.cause_class == IncidentClass.NO_FAULT:
        return "nothing to repair: nothing seems to be wrong"
    if best.cause_class == IncidentClass.UNKNOWN:
        return "no repair is recommended yet: the cause is not known"
    if best.confidence < WRITE_CONFIDENCE:
        return f"no repair is recommended yet: the best cause has {100 * best.confidence:.0f} % confidence"
    return _harmful(state) or by_hand(state, best)


def no_repair_fits(state: IncidentState) -> str:
    """Why there is no repair for the leading cause where nothing else says it (`withheld`): none is known, or fits."""
    best = next(iter(state.hypotheses), None)
    if best is None or best.resource is None or any(each.effect != "read" for each in state.actions):
        return ""
    if not is_repairable(best):
        return "CloudOps knows no repair for this cause"
    return f"no repair for this cause fits what is known of {safe_line(display_names(state)(best.resource))}"


def why_no_repair(state: IncidentState) -> str:
    """Why no repair is recommended, or what to do in its place by hand; empty where one is."""
    return withheld(state) or no_repair_fits(state)


def is_repairable(hypothesis: Hypothesis) -> bool:
    """Whether any repair answers its cause, whether or not it fits here."""
    return bool(_answering(hypothesis))


def _harmful(state: IncidentState) -> str:
    """The repair that was left out because it would do harm, and why; empty where there is none."""
    whole, names = whole_target(state), display_names(state)
    for hypothesis in state.hypotheses:
        if hypothesis.resource is None or hypothesis.confidence < WRITE_CONFIDENCE:
            continue
        target = targeted(whole, hypothesis, names)
        for remediation in _answering(hypothesis):
            proposal = remediation.propose(target)
            if proposal is None:
                continue
            if why := why_not_offered(state, hypothesis, target, remediation.name):
                return f"{safe_line(proposal.title)} is not recommended: {why}"
    return ""


def is_verdict(hypothesis: Hypothesis) -> bool:
    """Whether it says that nothing is wrong, or that the cause is unknown: then there is nothing to act on."""
    return hypothesis.cause_class in _VERDICTS


def whole_target(state: IncidentState) -> Target:
    """The evidence that all targets of the incident share: what is so now, and nobody refuted.

    A change has happened, also where a window that has moved on holds it no more: a migration forbids a rollback.
    """
    assert state.opened is not None
    past = state.past_facts
    counting = [known for known in state.facts.values() if known.id not in past or isinstance(known.fact, ChangeFound)]
    kept = judgements_of(state).kept(counting)
    return Target(
        resource="",
        facts=tuple(known.fact for known in kept),
        platforms=state.opened.platform,
        region=state.opened.labels.get("region", ""),
    )


def targeted(whole: Target, hypothesis: Hypothesis, names: NameOf) -> Target:
    """What the hypothesis blames."""
    resource = hypothesis.resource or ""
    return replace(
        whole, resource=resource, called=names(resource), cause_id=hypothesis.cause_id, change=hypothesis.change
    )


def _offers(state: IncidentState, hypothesis: Hypothesis, target: Target) -> Iterator[_Offer]:
    """The first remediation that fits, and risky ones before it; where there is none, a look.

    A remediation without a command doesn't replace a look: the look may find what is missing.
    """
    in_words = looked = False
    for offer in (*_repairs(state, hypothesis, target), *_looks(target, hypothesis.cause_id)):
        if isinstance(offer.proposal, Proposed):
            yield offer
            if offer.risk != "high":
                return
        elif not in_words:
            yield offer
            in_words = True
    if causes()[hypothesis.cause_id].by_hand and _is_likely(state, hypothesis):
        return  # What to do is said, and no command waits for what a look would find.
    for offer in _looks(target):
        if looked and hypothesis.confidence >= _ANSWERED:
            return
        yield offer
        looked = True


def _of_playbook(state: IncidentState, hypothesis: Hypothesis, target: Target) -> Iterator[_Offer]:
    """What a playbook for the cause says to do first, in its order, without what would do harm."""
    assert state.opened is not None
    playbook = chosen_playbook(state.opened.playbooks, hypothesis, state.hypotheses, state.opened.labels)
    if playbook is None:
        return
    for step in playbook.steps:
        at = target if step.target is None else replace(target, resource=step.target, called="")
        for offer in _of_step(state, hypothesis, at, step):
            yield replace(offer, playbook=playbook.name, on=at.resource)


def _of_step(state: IncidentState, hypothesis: Hypothesis, target: Target, step: PlaybookStep) -> Iterator[_Offer]:
    if step.look is not None:
        yield from _look(diagnostics().get(step.look), target)
        return
    if not _is_likely(state, hypothesis):
        return
    # None of them is there where it is of an extension that isn't installed here.
    fitting = [
        (remediation, proposal) for remediation in named(step.do or "") if step.may_be(remediation)
        and (proposal := completed(step, remediation, remediation.propose(target), target.name)) is not None
    ]  # fmt: skip
    # Of an alias's actions one that says what lacks stands behind those that can run.
    for remediation, proposal in sorted(fitting, key=lambda pair: isinstance(pair[1], Manual))[:1]:
        if not why_not_offered(state, hypothesis, target, remediation.name):
            yield _Offer.of_remediation(remediation, proposal)


def _is_likely(state: IncidentState, hypothesis: Hypothesis) -> bool:
    """Whether a cause is likely enough to change something for it."""
    return hypothesis.confidence >= WRITE_CONFIDENCE and not is_verdict(state.hypotheses[0])


def _repairs(state: IncidentState, hypothesis: Hypothesis, target: Target) -> Iterator[_Offer]:
    """What answers the cause, in the cause's order; in place of what lacks something the look that finds it out."""
    likely = _is_likely(state, hypothesis)
    for remediation in _answering(hypothesis):
        proposal = remediation.propose(target)
        if proposal is None:
            yield from _look(diagnostics().get(remediation.otherwise or ""), target)
        elif remediation.effect == "read" or (
            likely and not why_not_offered(state, hypothesis, target, remediation.name)
        ):
            yield _Offer.of_remediation(remediation, proposal)


def _answering(hypothesis: Hypothesis) -> list[Remediation]:
    """The remediations for the cause: those that its entry names, then those that name the cause themselves."""
    answering = (entry.name for entry in remediations().values() if hypothesis.cause_id in entry.answers)
    names = (*causes()[hypothesis.cause_id].remediations, *answering)
    return list({entry.name: entry for name in names for entry in named(name)}.values())


def _looks(target: Target, cause_id: str | None = None) -> Iterator[_Offer]:
    """The looks that are for a cause; without one those for any cause. None whose answer is known already."""
    for diagnostic in diagnostics().values():
        look = diagnostic.look
        if look is None or look.is_answered(target):
            continue
        if look.general if cause_id is None else cause_id in look.answers:
            yield from _look(diagnostic, target)


def _look(diagnostic: Diagnostic | None, target: Target) -> Iterator[_Offer]:
    if diagnostic is not None and diagnostic.look is not None:
        proposal = diagnostic.look.propose(target)
        if proposal is not None:
            yield _Offer.of_look(diagnostic, diagnostic.look, proposal)


def _action(state: IncidentState, hypothesis: Hypothesis, target: Target, offer: _Offer) -> Action:
    command, note = _command(state, offer)
    return Action(
        id="",
        action=safe_line(offer.proposal.title),
        priority=0,
        primitive=offer.primitive,
        arguments=_arguments(offer.proposal, target),
        command=command,
        command_note=note,
        effect=offer.effect,
        risk=offer.risk,
        estimated_duration_s=offer.duration_s,
        requires_approval=offer.requires_approval,
        hypothesis=hypothesis.id,
        urgency=_urgency(state, offer, hypothesis),
        resource=offer.on or target.resource,
        playbook=offer.playbook,
    )


def _arguments(proposal: Proposed | Manual, target: Target) -> dict[str, str | int | float | bool | None]:
    """The arguments of an action; of one in words what it is about, which is all that is known of it."""
    if isinstance(proposal, Manual):
        return {"resource": target.resource, "change": proposal.change}
    return proposal.arguments.model_dump(mode="json")


def _command(state: IncidentState, offer: _Offer) -> tuple[str, str]:
    """The command, and what to choose before it acts in the right place; or none, and why there is none.

    A recording doesn't name the cluster or account that it came from, so its commands leave that to be chosen. For a
    live incident no command that writes leaves it to chance.
    """
    assert state.opened is not None
    if isinstance(offer.proposal, Manual):
        return "", f"no command: {safe_line(offer.proposal.unknown)} not known"
    arguments = offer.proposal.arguments
    if offer.effect != "read" and state.opened.origin == "live" and arguments.unstated_place:
        return "", f"no command: {arguments.unstated_place} not known"
    return offer.command(arguments), f"choose {arguments.to_choose} first" if arguments.to_choose else ""


def _urgency(state: IncidentState, offer: _Offer, hypothesis: Hypothesis) -> Literal["HIGH", "MEDIUM", "LOW"]:
    """As urgent as its cause is certain; HIGH only for the best one, with a known mechanism, at no high risk."""
    if offer.effect == "read" or hypothesis.confidence < WRITE_CONFIDENCE:
        return "LOW"
    sure = hypothesis.id == state.hypotheses[0].id and hypothesis.confidence >= _HIGH_CONFIDENCE
    known = not causes()[hypothesis.cause_id].generic and offer.risk != "high"
    return "HIGH" if sure and known else "MEDIUM"
