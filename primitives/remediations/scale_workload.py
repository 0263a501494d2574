"""Give a workload more replicas: as many as it had, by hand or out of zero."""

from __future__ import annotations

from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.kubernetes import Workload, kubectl, workload_of
from primitives.actions.proposal import Manual, Proposed, shell
from primitives.actions.target import Target
from primitives.facts import ConfigurationDifference
from primitives.remediations.registry import Remediation, register


class ScaleWorkload(Workload):
    """`replicas` is how many there shall be."""

    replicas: int


def _propose(target: Target) -> Proposed | Manual | None:
    replicas = _earlier_replicas(target)
    title = f"Scale {target.name} up"
    workload = workload_of(target, title)
    # A DaemonSet has one pod a node.
    if replicas is None or workload is None or (isinstance(workload, Workload) and workload.kind == "daemonset"):
        return None
    if isinstance(workload, Manual):
        return workload
    return Proposed(ScaleWorkload(**workload.model_dump(), replicas=replicas), title)


def _earlier_replicas(target: Target) -> int | None:
    """How many there were before they were taken away; 1 where only that there are none is known."""
    zero = target.states("ScaledToZero")[-1:]
    if zero:
        return _positive(zero[0].details.get("earlier_replicas")) or 1
    changed = [fact for fact in target.present(ConfigurationDifference) if fact.path.rpartition(".")[2] == "replicas"]
    known = [replicas for fact in changed if (replicas := _positive(fact.before))]
    return known[-1] if known else None


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _command(args: ScaleWorkload) -> str:
    replicas = f"--replicas={args.replicas}"
    return shell(*kubectl("scale", args.path, replicas, args=args, namespace=args.namespace))


def _scale_back(args: ScaleWorkload, prior: PriorState) -> ScaleWorkload | None:
    return None if prior.replicas is None else args.model_copy(update={"replicas": prior.replicas})


REMEDIATION = register(
    Remediation(
        name="scale_workload",
        summary="Scale a workload back to the replicas that it had",
        effect="write",
        risk="low",
        estimated_duration_s=60,
        arguments=ScaleWorkload,
        propose=_propose,
        command=_command,
        inverse=Inverse("scale_workload", _scale_back),
    )
)
