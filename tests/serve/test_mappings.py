"""Alerts of one's own shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from primitives.alert_payloads.mapping import load_mapping
from primitives.alert_payloads.model import PayloadProblem
from primitives.errors import UsageError

_MAPPING = """
alerts: "checks[?visible]"
title: name
summary: join(' ', [state, reason])
status: state
statuses: {LATE: firing, FINE: resolved}
severity: level
severities: {red: critical}
fingerprint: id
service: ship
labels: tags
started_at: since
link: page
"""
_DOCUMENT = {
    "checks": [
        {"visible": False, "name": "hidden"},
        {
            "visible": True, "id": "c-7", "name": "Ferry 7 is late", "state": "LATE", "reason": "fog", "level": "red",
            "ship": "ferry-7", "tags": {"line": "north", "deep": {}}, "since": 1773153860, "page": "https://ferry.example/7",
        },
    ]
}  # fmt: skip


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_mapping_says_where_each_field_stands(tmp_path: Path) -> None:
    (alert,) = load_mapping(written(tmp_path / "ferries.yaml", _MAPPING)).parse(_DOCUMENT)
    assert (alert.title, alert.summary, alert.status) == ("Ferry 7 is late", "LATE fog", "firing")
    assert (alert.severity, alert.fingerprint, alert.service) == ("critical", "c-7", "ferry-7")
    assert alert.labels == {"line": "north"}
    assert alert.started_at is not None
    assert alert.links == ("https://ferry.example/7",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: 'a['", "title: is no JMESPath expression"),
        ("title: a\ncolour: b", "colour: Extra inputs"),
        ("summary: a", "title: Field required"),
        ("title: a\nstatuses: {x: broken}", "statuses.x: Input should be"),
        ("title: [", "is not YAML"),
        ("- a", "the file: Input should be"),
        ("title: " + "a" * 70_000, "is larger than 64 kB, which no mapping is"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_its_key(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        load_mapping(written(tmp_path / "m.yaml", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: name\nalerts: checks.name", "gives no list"),
        ("title: nothing\nalerts: checks", "`title` .nothing. gives no text"),
        ("title: name\nalerts: checks\nstatus: level", "which `statuses` doesn't explain"),
        ("title: abs(checks)", "can't be searched here"),
    ],
)
def test_a_document_that_the_mapping_does_not_fit_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(PayloadProblem, match=expected):
        load_mapping(written(tmp_path / "m.yaml", text)).parse(_DOCUMENT)
