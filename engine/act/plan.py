"""What a person approves: everything that an action will do, and the digest that an approval is bound to."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import AwareDatetime, BaseModel, ConfigDict

from engine.act.policy import Verdict
from primitives.actions.execution import Call, Preview
from primitives.digests import json_digest
from primitives.quantities import duration, reading
from primitives.terms import Effect, MetricKind, Risk

__all__ = ["ActionPlan", "UndoPlan", "VerificationPlan", "call_digest"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


Arguments = Mapping[str, str | int | float | bool | None]


class UndoPlan(_Frozen):
    """The action that undoes this one; `automatic` says that it runs by itself where this one hasn't helped."""

    primitive: str
    arguments: Arguments
    title: str
    automatic: bool = False


class VerificationPlan(_Frozen):
    """What proves that it helped: `metric` of `resource` is on the good side of `limit` for `for_s` seconds.

    `above` says that the good side is at or above it, as for a throughput; else at or below. `baseline`, `limit` and
    `before` (the level that raised the alarm) are in `unit`. It is looked at for `within_s` seconds at most.
    """

    resource: str
    metric: str
    kind: MetricKind
    unit: str
    baseline: float
    before: float
    limit: float
    above: bool
    for_s: float
    within_s: float

    @property
    def words(self) -> str:
        """What proves it, for a person: "latency p95 at most 300 ms for 2 min"."""
        metric, side = self.metric.replace("_", " "), "at least" if self.above else "at most"
        return f"{metric} {side} {self.reading(self.limit)} for {duration(self.for_s)}"

    def reading(self, value: float) -> str:
        """A level of the metric as a person reads it."""
        return reading(value, self.unit, self.kind, self.metric)


class ActionPlan(_Frozen):
    """One run of an action, whole. The modal and the terminal show this and nothing else.

    `call_digest` covers the call as it will be sent; `preview.call` is that call with secrets left out. `reason` is the
    hypothesis in words. `automatic` undo and all of the policy's words are part of what is approved.
    """

    primitive: str
    platform: str
    arguments: Arguments
    title: str
    command: str
    effect: Effect
    risk: Risk
    duration_s: int
    resource: str
    name: str
    reason: str
    preview: Preview
    call_digest: str
    identity: str
    environment: str | None
    policy: str
    verdict: Verdict
    rule: str
    undo: UndoPlan | None = None
    irreversible: str = ""
    verification: VerificationPlan | None = None
    unverified: str = ""
    dry_run_at: AwareDatetime

    def digest(self) -> str:
        """SHA-256 (hex) of everything but when the dry run was made and the fence, which is renewed at dispatch."""
        document = self.model_dump(mode="json")
        del document["dry_run_at"], document["preview"]["call"]["fence"]
        return json_digest(document)

    @property
    def typed(self) -> bool:
        """Whether the resource's name has to be typed."""
        return self.verdict in ("type_to_confirm", "two_person")

    @property
    def people(self) -> int:
        """How many people have to approve it."""
        return 2 if self.verdict == "two_person" else 1


def call_digest(call: Call) -> str:
    """SHA-256 (hex) of the call as it will be sent, but for its fence."""
    return json_digest(call.model_dump(mode="json", exclude={"fence"}))
