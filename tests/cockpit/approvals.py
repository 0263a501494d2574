"""A run of an action of the story that waits for its approval: one whose name must be typed, and one of low risk."""

from __future__ import annotations

from datetime import timedelta

from story import ACTIONS, ENGINE, NOW, PERSON, StoryPort, after_confirmation, before_confirmation, events

from engine.act.plan import ActionPlan, UndoPlan, VerificationPlan, call_digest
from engine.events.actions import ActionChecked, ActionPreviewed, ActionRequested
from primitives.actions.execution import BlastRadius, Call, Check, Preview

__all__ = ["low_risk", "name_to_type"]

DIFF = """--- api-service
+++ api-service
-        image: registry/api:v2.3.1
+        image: registry/api:v2.3.0"""


def plan(*, risk: str = "medium", verdict: str = "type_to_confirm") -> ActionPlan:
    """The rollback of the story's deployment, as its dry run showed it."""
    action = ACTIONS[0]
    call = Call(
        api="apps/v1", operation="patch Deployment", target="prod/shop/api-service", fence="41",
        parameters={"image": "registry/api:v2.3.0"},
    )  # fmt: skip
    radius = BlastRadius(at_a_time=1, parts=3, part="pod", dependents=("checkout", "search"))
    preview = Preview.model_validate({
        "call": call, "diff": DIFF, "prior": {"revision": 7}, "blast_radius": radius, "version": "u-1/7",
    })  # fmt: skip
    return ActionPlan.model_validate({
        "primitive": action.primitive, "platform": "kubernetes", "arguments": action.arguments, "title": action.action,
        "command": "kubectl --context prod --namespace shop rollout undo deployment/api-service", "effect": "write",
        "risk": risk, "duration_s": 120, "resource": "prod / deployment / api-service", "name": "api-service",
        "reason": "H1 Deployment v2.3.1 made api-service slower (80 %)", "preview": preview,
        "call_digest": call_digest(call), "identity": "system:serviceaccount:ops:cloudops-act", "environment": "prod",
        "policy": "policy.yaml", "verdict": verdict, "rule": "production writes",
        "undo": UndoPlan(primitive="rollback_deployment", arguments={}, title="roll forward to revision 7",
                         automatic=True),
        "verification": VerificationPlan(
            resource="api-service", metric="latency_p95", kind="latency", unit="s", baseline=0.2, before=1.5, limit=0.3,
            above=False, for_s=120.0, within_s=900.0,
        ),
        "dry_run_at": NOW + timedelta(seconds=10),
    })  # fmt: skip


def waiting(wanted: ActionPlan) -> StoryPort:
    """The story, and a run that waits for the approval of this plan."""
    told = [*before_confirmation(), *after_confirmation()]
    told += [
        (5.0, PERSON, ActionRequested(run="R1", action=ACTIONS[0])),
        (0.1, ENGINE, ActionChecked(run="R1", checks=(Check(name="exists", passed=True),))),
        (0.1, ENGINE, ActionPreviewed(run="R1", plan=wanted, digest=wanted.digest(),
                                      expires_at=NOW + timedelta(seconds=271))),
    ]  # fmt: skip
    return StoryPort(events(told), wait=False)


def name_to_type() -> StoryPort:
    """Of medium risk: the name must be typed."""
    return waiting(plan())


def low_risk() -> StoryPort:
    """Of low risk, where `y` approves."""
    return waiting(plan(risk="low", verdict="confirm"))
