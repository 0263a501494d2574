"""Actions on AWS carried out on a fake: each check, the call, how far it is, and how it is undone."""

from __future__ import annotations

from typing import Any

from cases.fake_aws_world import WHERE, FakeAwsWorld

from primitives.actions.execution import Convergence, Preview
from primitives.actions.inverse import Inverse
from primitives.remediations.registry import Remediation, remediations

MARK = "exec-0b0b0b0b.R1"


def known(primitive: str, /, **arguments: Any) -> tuple[Remediation, Any, Any]:
    """The remediation, its arguments and its operations."""
    remediation = remediations()[primitive]
    assert remediation.operations is not None
    return remediation, remediation.arguments.model_validate({**WHERE, **arguments}), remediation.operations


async def failing(at: FakeAwsWorld, primitive: str, /, **arguments: Any) -> str:
    """What the preflight doesn't let pass."""
    _, args, operations = known(primitive, **arguments)
    preflight = await operations.preflight(at, args)
    return "; ".join(f"{check.name}: {check.detail}" for check in preflight.checks if not check.passed)


async def carry_out(at: FakeAwsWorld, primitive: str, /, **arguments: Any) -> Preview:
    """Check, preview and send; the preview."""
    remediation, args, operations = known(primitive, **arguments)
    preflight = await operations.preflight(at, args)
    assert preflight.passed, preflight
    preview: Preview = await operations.preview(at, args, MARK)
    # Looking twice gives the same plan: the approval is bound to it.
    assert preview == await operations.preview(at, args, MARK)
    answer = await operations.dispatch(at, preview)
    assert answer.outcome == "accepted"
    used = at.looked | {f"{call.api}:{call.operation}" for call in at.sent}
    assert used <= set(remediation.permissions), used - set(remediation.permissions)
    assert (await operations.find_out(at, args, preview, MARK)).outcome == "accepted"
    return preview


async def progress(at: FakeAwsWorld, primitive: str, preview: Preview, /, **arguments: Any) -> Convergence:
    """How far it is."""
    _, args, operations = known(primitive, **arguments)
    state: Convergence = await operations.converged(at, args, preview)
    return state


async def undo(at: FakeAwsWorld, primitive: str, preview: Preview, /, **arguments: Any) -> Preview:
    """Carry out the inverse."""
    remediation, args, _ = known(primitive, **arguments)
    assert isinstance(remediation.inverse, Inverse)
    back = remediation.inverse.arguments(args, preview.prior)
    assert back is not None
    at.looked.clear()
    at.sent.clear()
    return await carry_out(at, remediation.inverse.primitive, **back.model_dump(exclude_none=True))


async def lost(at: FakeAwsWorld, fault: str, primitive: str, /, **arguments: Any) -> tuple[str, str]:
    """What a call whose answer was lost is found to be, and in which words."""
    _, args, operations = known(primitive, **arguments)
    preview = await operations.preview(at, args, MARK)
    at.faults = [fault]
    assert (await operations.dispatch(at, preview)).outcome == "unknown"
    answer = await operations.find_out(at, args, preview, MARK)
    return answer.outcome, answer.detail
