"""List a workload's revisions, to find the one to roll back to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final

from primitives.actions.kubernetes import Workload, kubectl, workload_of
from primitives.actions.proposal import Manual, Proposed, TargetedDiagnostic, shell
from primitives.actions.rollouts import Rollouts, rollouts_of
from primitives.actions.target import Target
from primitives.analysis.asking import gaps, lookback_window
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import Observed
from primitives.identity import in_scope, kubernetes_id
from primitives.quantities import counted
from primitives.telemetry import Answers, ObjectsQuery, Telemetry
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.kubernetes.kinds import KubeObject

__all__ = ["choose_revision"]

_MOST_CHANGES: Final = 4


class ChooseRevision(Arguments):
    """`target` is the workload whose revisions to list."""

    target: Workload


def _propose(target: Target) -> Proposed | Manual | None:
    rollouts = rollouts_of(target)
    if rollouts is None or rollouts.can_be_undone:
        return None
    title = f"Find the revision of {target.name} before {rollouts.blamed}: {_why(rollouts)}"
    workload = workload_of(target, title, target.change)
    return Proposed(workload, title) if isinstance(workload, Workload) else workload


def _why(rollouts: Rollouts) -> str:
    if rollouts.later is None:
        return "no deployment is recorded that carried it, and a plain undo would revert only the newest"
    followed = counted(rollouts.later, "later deployment")
    return f"{followed} followed, and a plain undo would revert only the newest"


def _command(args: Workload) -> str:
    return shell(*kubectl("rollout", "history", args.path, args=args, namespace=args.namespace))


def _tells(args: Workload) -> str:
    del args
    return "would tell what to roll back to"


@diagnostic(
    "choose_revision",
    title="List a workload's revisions",
    answers=("DEPLOYMENT_REGRESSION",),
    questions=("objects",),
    arguments=ChooseRevision,
    cost_s=5.0,
    on_request=True,
    look=TargetedDiagnostic(Workload, _propose, _command, tells=_tells),
)
async def choose_revision(ask: Telemetry, args: ChooseRevision) -> AsyncIterator[DiagnosticOutput]:
    """Tell each revision that the cluster keeps, newest first: when it came and what it changed.

    Deployments alone keep them as objects with their templates (ReplicaSets).
    """
    from primitives.kubernetes.revisions import revisions_of
    from primitives.kubernetes.scopes import clusters_in_context, clusters_of

    objects = await ask.objects(ObjectsQuery(window=lookback_window(args)))
    target = args.target
    resource = kubernetes_id(target.kind, target.namespace, target.name)
    dumps = [dump for dump in objects.records if dump.time <= args.now]
    for known in clusters_in_context(clusters_of(dumps, args.window), target.context):
        revisions = await asyncio.to_thread(revisions_of, known.cluster, resource)
        for item, words in zip(revisions, _described(revisions), strict=True):
            yield _fact(in_scope(resource, known.scope), item, words, args, objects)
    for gap in gaps((objects,), args):
        yield gap


def _described(revisions: list[KubeObject]) -> Iterator[str]:
    """Each revision in words: when it came, and what it changed against the one before it."""
    from primitives.kubernetes.fields import instant, text
    from primitives.kubernetes.kinds import template_of
    from primitives.kubernetes.revisions import differences, revision

    for item, earlier in zip(revisions, [*revisions, None][1:], strict=True):
        created = instant(item.raw, "metadata", "creationTimestamp")
        since = f" of {created:%Y-%m-%d %H:%M}" if created else ""
        changed = differences(template_of(earlier), template_of(item)) if earlier else []
        changes = ", ".join(
            f"{change['path'].rpartition('.')[2]} {change['before']} → {change['after']}"
            for change in changed[:_MOST_CHANGES]
        )
        cause = text(item.raw, "metadata", "annotations", "kubernetes.io/change-cause")
        yield f"revision {revision(item)}{since}" + "".join(f"; {part}" for part in (changes, cause) if part)


def _fact(resource: str, item: KubeObject, words: str, args: Arguments, objects: Answers[Any]) -> Observed:
    from primitives.kubernetes.revisions import revision

    return Observed(
        resource=resource,
        window=args.window,
        observed_at=args.now,
        source=objects.source,
        answers=objects.digests,
        kind="revision",
        subject=safe_line(words, limit=300),
        details={"revision": revision(item)},
    )
