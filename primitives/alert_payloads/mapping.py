"""Alerts of one's own shape: a YAML file that says by JMESPath (https://jmespath.org) where each field stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from primitives.alert_payloads.expressions import search
from primitives.alert_payloads.fields import (
    MOST_ALERTS,
    labels_of,
    links_of,
    resource_of,
    service_of,
    severity_of,
    text_of,
)
from primitives.alert_payloads.model import AlertSeverity, AlertStatus, IncomingAlert, PayloadProblem, digest_of
from primitives.alert_times import time_of
from primitives.errors import UsageError
from primitives.regular_files import read_regular
from primitives.text import safe_line

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PayloadMapping", "load_mapping"]

_LONGEST: Final = 2_000
_FILE_LIMIT: Final = 64_000
_STATUS: Final[Mapping[str, AlertStatus]] = {
    "firing": "firing", "alert": "firing", "alerting": "firing", "open": "firing", "triggered": "firing",
    "problem": "firing", "down": "firing", "acknowledged": "acknowledged", "resolved": "resolved", "ok": "resolved",
    "closed": "resolved", "recovered": "resolved", "recovery": "resolved", "up": "resolved",
}  # fmt: skip


class PayloadMapping(BaseModel):
    """Where each field stands. All but `title` can be left out; an expression that gives nothing leaves its field out.

    `alerts` gives the list of alerts of a delivery (default: the document is one), and the others are searched in each.
    `statuses` and `severities` say what the document's own words mean.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    alerts: str | None = None
    title: str
    summary: str | None = None
    status: str | None = None
    fingerprint: str | None = None
    event_id: str | None = None
    severity: str | None = None
    service: str | None = None
    resource: str | None = None
    labels: str | None = None
    started_at: str | None = None
    link: str | None = None
    group: str | None = None
    statuses: Mapping[str, AlertStatus] = Field(default_factory=dict)
    severities: Mapping[str, AlertSeverity] = Field(default_factory=dict)

    @field_validator(
        "alerts", "title", "summary", "status", "fingerprint", "event_id", "severity", "service", "resource", "labels",
        "started_at", "link", "group",
    )  # fmt: skip
    @classmethod
    def _compiles(cls, expression: str | None) -> str | None:
        import jmespath
        from jmespath.exceptions import JMESPathError

        if expression is not None:
            if len(expression) > _LONGEST:
                raise ValueError(f"an expression has at most {_LONGEST} characters")
            try:
                jmespath.compile(expression)
            except (JMESPathError, RecursionError) as error:
                reason = safe_line(str(error).splitlines()[0], limit=200)
                raise ValueError(f"is no JMESPath expression ({reason})") from None
        return expression

    def parse(self, document: Any) -> tuple[IncomingAlert, ...]:
        """The alerts in `document`. Raises `PayloadProblem`."""
        alerts = _search(self.alerts, document) if self.alerts is not None else [document]
        if not isinstance(alerts, list):
            raise PayloadProblem(f"`alerts` ({self.alerts}) gives no list")
        if len(alerts) > MOST_ALERTS:
            raise PayloadProblem(f"it has {len(alerts):,} alerts; at most {MOST_ALERTS} are taken at once")
        return tuple(self._alert(alert) for alert in alerts)

    def _alert(self, document: Any) -> IncomingAlert:
        values = {
            name: _search(getattr(self, name), document)
            for name in type(self).model_fields
            if name not in ("alerts", "statuses", "severities") and getattr(self, name) is not None
        }
        title = text_of(values, "title")
        if not title:
            raise PayloadProblem(f"`title` ({safe_line(self.title, limit=200)}) gives no text")
        labels = labels_of(values["labels"]) if isinstance(values.get("labels"), Mapping) else {}
        service = text_of(values, "service") or service_of(labels)
        return IncomingAlert(
            provider="custom",
            fingerprint=text_of(values, "fingerprint", limit=300) or digest_of((title, service or "")),
            event_id=text_of(values, "event_id", limit=100),
            status=self._status(text_of(values, "status")),
            title=title,
            summary=text_of(values, "summary", limit=1_000),
            severity=self._severity(text_of(values, "severity")),
            service=service,
            resource=text_of(values, "resource") or resource_of(labels) or service,
            labels=labels,
            started_at=time_of(values.get("started_at")),
            links=links_of(values.get("link")),
            group=text_of(values, "group"),
        )

    def _status(self, word: str) -> AlertStatus:
        if self.status is None:
            return "firing"
        own = {key.casefold(): value for key, value in self.statuses.items()}
        status = own.get(word.casefold()) or _STATUS.get(word.casefold())
        if status is None:
            raise PayloadProblem(f"`status` gives {word or 'nothing'}, which `statuses` doesn't explain")
        return status

    def _severity(self, word: str) -> AlertSeverity:
        own = {key.casefold(): value for key, value in self.severities.items()}
        return own.get(word.casefold()) or severity_of(word)


def load_mapping(path: Path) -> PayloadMapping:
    """The mapping in a file. Raises `UsageError`, which names the key."""
    import yaml

    from primitives.bundle.parse import load_yaml

    try:
        data = read_regular(path, _FILE_LIMIT, what="mapping", see="see docs/serve.md")
        return PayloadMapping.model_validate(load_yaml(data.decode("utf-8")))
    except FileNotFoundError:
        raise UsageError(f"{path}: can't be read as a mapping (No such file or directory)") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise UsageError(f"{path}: is not YAML") from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise UsageError(f"{path}: {where}: {str(problem['msg']).removeprefix('Value error, ')}") from None


def _search(expression: str, document: Any) -> Any:
    from jmespath.exceptions import JMESPathError

    try:
        return search(expression, document)
    except (JMESPathError, RecursionError, TypeError, ValueError) as error:
        reason = safe_line(str(error).splitlines()[0] if str(error) else type(error).__name__, limit=200)
        raise PayloadProblem(f"{safe_line(expression, limit=200)} can't be searched here ({reason})") from None
