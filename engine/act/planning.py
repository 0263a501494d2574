"""Makes the plan of a run: the platform's preview, who acts, what the policy says, how it is undone and verified."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from engine.act.plan import ActionPlan, UndoPlan, call_digest
from engine.act.policy import Policy
from engine.act.policy_file import CurrentPolicy
from engine.act.verification import plan_verification
from engine.act.world import World
from engine.deciders.approvals import ruling_for
from engine.incident import IncidentState
from engine.naming import display_names
from engine.state.runs import ActionRun
from primitives.actions.execution import Preview
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.proposal import ActionArguments
from primitives.facts import Dependencies
from primitives.identity import parse_id
from primitives.remediations.registry import Remediation, remediations
from primitives.text import safe_line

__all__ = ["make_plan"]

_MOST_DEPENDENTS = 20


async def make_plan(
    state: IncidentState, run: ActionRun, world: World, current: CurrentPolicy, now: datetime
) -> tuple[ActionPlan, Preview]:
    """The plan, and the preview whose call will be sent as it stands. Raises `SourceError`."""
    remediation = remediations()[run.action.primitive]
    assert remediation.operations is not None
    arguments = remediation.arguments.model_validate(run.action.arguments)
    writer = await world.writer(remediation.operations.platform, arguments)
    preview: Preview = await remediation.operations.preview(writer, arguments, mark_of(state, run))
    shown = _shown(state, run, preview, writer.secrets)
    policy = current.policy
    undo, irreversible = _undo(remediation, arguments, preview.prior, policy)
    verification = None if run.undoes else plan_verification(
        state, run.action, policy.verify_seconds, policy.verify_within_seconds
    )  # fmt: skip
    plan = ActionPlan(
        primitive=remediation.name,
        platform=remediation.operations.platform,
        arguments=run.action.arguments,
        title=safe_line(run.action.action),
        command=run.action.command,
        effect=remediation.effect,
        risk=remediation.risk,
        duration_s=remediation.estimated_duration_s,
        resource=preview.call.target,
        name=parse_id(preview.call.target).short,
        reason=_reason(state, run),
        preview=shown,
        call_digest=call_digest(preview.call),
        identity=safe_line(writer.identity, limit=300),
        environment=_environment(state, policy, writer.place),
        policy=current.digest,
        verdict="deny",
        rule="",
        undo=undo,
        irreversible=irreversible,
        verification=verification,
        unverified="" if verification is not None else _unverified(run),
        dry_run_at=now,
    )
    ruling = ruling_for(policy, plan, run.requested_by.name, now)
    return plan.model_copy(update={"verdict": ruling.verdict, "rule": ruling.rule}), preview


def mark_of(state: IncidentState, run: ActionRun) -> str:
    """The mark of a run on its target: by it a later reading tells that the run's call arrived."""
    return f"{state.execution_id}.{run.id}"


def _shown(state: IncidentState, run: ActionRun, preview: Preview, secrets: Iterable[str]) -> Preview:
    """The preview to store and show: without secrets and control characters, with who depends on the target."""
    from primitives.redact import Redactor

    redactor = Redactor(secrets)
    call = preview.call.model_copy(update={"parameters": redactor.redact_value(preview.call.parameters)})
    radius = preview.blast_radius.model_copy(update={"dependents": dependents_of(state, run.action.resource)})
    diff = "\n".join(safe_line(line, limit=500) for line in redactor.redact(preview.diff).splitlines())
    return preview.model_copy(update={"call": call, "diff": diff, "blast_radius": radius})


def dependents_of(state: IncidentState, target: str | None) -> tuple[str, ...]:
    """Who depends on the target now, by the topology that was found."""
    names = display_names(state)
    facts = (known.fact for known in state.current_facts)
    edges = [edge for fact in facts if isinstance(fact, Dependencies) for edge in fact.edges]
    sources = dict.fromkeys(edge[0] for edge in edges if edge[1] == target and edge[0] != target)
    return tuple(names(source) for source in list(sources)[:_MOST_DEPENDENTS])


def _undo(
    remediation: Remediation, arguments: ActionArguments, prior: PriorState, policy: Policy
) -> tuple[UndoPlan | None, str]:
    inverse = remediation.inverse
    if not isinstance(inverse, Inverse):
        return None, inverse.why
    undoing: Any = inverse.arguments(arguments, prior)
    if undoing is None or inverse.primitive not in remediations():
        return None, "the state before could not be read"
    automatic = policy.roll_back == "automatic"
    title = safe_line(f"Undo: {remediations()[inverse.primitive].command(undoing)}", limit=300)
    known = undoing.model_dump(mode="json")
    return UndoPlan(primitive=inverse.primitive, arguments=known, title=title, automatic=automatic), ""


def _reason(state: IncidentState, run: ActionRun) -> str:
    if run.undoes:
        return f"it undoes {run.undoes}"
    hypothesis = state.hypothesis(run.action.hypothesis)
    return run.action.hypothesis if hypothesis is None else safe_line(hypothesis.words, limit=300)


def _environment(state: IncidentState, policy: Policy, place: dict[str, str]) -> str | None:
    assert state.opened is not None
    return policy.environment(place) or state.opened.labels.get("environment")


def _unverified(run: ActionRun) -> str:
    if run.undoes:
        return "done when the platform has carried it out"
    return "no metric of this incident is known to have moved: look at it yourself"
