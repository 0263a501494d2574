"""A notice: what a message about an incident says. Every receiver renders the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

__all__ = ["KINDS", "KIND_WORDS", "Notice", "NoticeCause", "NoticeKind", "Severity", "delivery_key"]

NoticeKind = Literal[
    "opened", "plan_waiting", "concluded", "failed", "cause_changed", "approval_waiting", "action", "recovered",
    "returned", "note", "closed", "escalated", "test",
]  # fmt: skip

KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)

KIND_WORDS: Final[Mapping[NoticeKind, str]] = {
    "opened": "Investigation opened",
    "plan_waiting": "Plan waits for a person",
    "concluded": "Investigation finished",
    "failed": "Investigation failed",
    "cause_changed": "Another cause leads",
    "approval_waiting": "Action waits for approval",
    "action": "Action",
    "recovered": "Symptom is gone",
    "returned": "Symptom is back",
    "note": "Note",
    "closed": "Incident closed",
    "escalated": "Nobody has answered",
    "test": "Test",
}
"""The heading of each kind."""

Severity = Literal["critical", "warning", "info", "unknown"]
"""How bad an alert says it is; `unknown` where it says nothing."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class NoticeCause(_Frozen):
    """The leading cause in words, its confidence as a probability, and the strongest facts that speak for it."""

    words: str
    confidence: float
    evidence: tuple[str, ...] = ()


class Notice(_Frozen):
    """What is said. Every text is on one line, safe and redacted, but not escaped for any format.

    `revision` is the sequence number of the event that it comes from, `at` that event's time. `said` is what happened,
    in a sentence. `condition` is whether what raised the alarm is still bad. `next_step` and `command` say what to do,
    `waits` who waits for whom. `open_command` opens the incident in a terminal, `link` in a browser (empty where no
    link is configured). `ids` are the incident's identifiers in the systems that raised it.
    """

    kind: NoticeKind
    execution_id: str
    incident_id: str
    revision: int
    at: AwareDatetime
    title: str
    severity: Severity = "unknown"
    services: tuple[str, ...] = ()
    said: str = ""
    condition: str = ""
    cause: NoticeCause | None = None
    others: tuple[str, ...] = ()
    next_step: str = ""
    command: str = ""
    waits: str = ""
    open_command: str = ""
    link: str = ""
    ids: Mapping[str, str] = Field(default_factory=dict)

    @property
    def heading(self) -> str:
        """What kind of news it is, in words."""
        return KIND_WORDS[self.kind]


def delivery_key(notice: Notice, *, rule: str, receiver: str) -> str:
    """The key by which a receiver knows a notice that it has already got: 32 hexadecimal digits.

    It is the digest of execution, rule, receiver, kind and revision, so the same event gives the same key again.
    """
    parts = (notice.execution_id, rule, receiver, notice.kind, str(notice.revision))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
