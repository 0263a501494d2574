"""An alert as a service hands it over, whoever sent it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from primitives.quoting import safe_message
from primitives.redact import Redactor

__all__ = ["SEVERITIES", "AlertSeverity", "AlertStatus", "IncomingAlert", "PayloadProblem", "digest_of", "question_of"]

AlertStatus = Literal["firing", "acknowledged", "resolved"]
AlertSeverity = Literal["critical", "error", "warning", "info", "unknown"]

SEVERITIES: Final[tuple[AlertSeverity, ...]] = ("critical", "error", "warning", "unknown", "info")
"""Worst first; what says nothing of its severity stands before what says that it only informs."""


class PayloadProblem(ValueError):
    """A document is not what its provider sends; the text says what was expected.

    It may quote the document: it is on one line and without secrets, whoever keeps or prints it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(safe_message(message))


class IncomingAlert(BaseModel):
    """One alert of a delivery. Texts are safe to show (`primitives.text`) and of bounded length.

    `event_id` is the delivery's own id where the payload has one: the same id again is the same delivery again.
    `fingerprint` stays the same from the alert's first firing to its end and when it fires again. `group` is the
    provider's own group of alerts. `resource` is the narrowest thing that is named, `service` what people call it by.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    provider: str
    fingerprint: str
    status: AlertStatus
    title: str
    summary: str = ""
    event_id: str = ""
    severity: AlertSeverity = "unknown"
    service: str | None = None
    resource: str | None = None
    labels: Mapping[str, str] = {}
    started_at: AwareDatetime | None = None
    links: tuple[str, ...] = ()
    group: str = ""
    source_id: str = ""
    """What the provider calls it in its API: what an acknowledgement names."""

    @property
    def words(self) -> str:
        """What an investigation is asked: the title, and the summary where it says more."""
        return question_of(self.title, self.summary)

    def redacted(self, redactor: Redactor) -> IncomingAlert:
        """The alert without credentials. Ids and fingerprints are digests or the provider's own, and stay."""
        clean = redactor.redact
        return self.model_copy(
            update={
                "title": clean(self.title),
                "summary": clean(self.summary) if self.summary else "",
                "service": clean(self.service) if self.service else None,
                "resource": clean(self.resource) if self.resource else None,
                "labels": redactor.redact_value(dict(self.labels)) if self.labels else {},
                "links": tuple(clean(link) for link in self.links),
            }
        )


def question_of(title: str, summary: str) -> str:
    """What an investigation is asked: the title, and the summary where it says more."""
    return f"{title}: {summary}" if summary and summary not in title else title


def digest_of(parts: Iterable[str]) -> str:
    """A short stable name for `parts`, for alerts whose provider gives them none."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()[:32]
