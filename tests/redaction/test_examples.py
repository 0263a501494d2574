"""How many made-up secrets are caught: see examples.py. The floors are what was measured, less 5 points."""

from __future__ import annotations

import pytest
from examples import examples, families, recall
from ordinary import touched

from primitives.redact import Redactor

FLOORS = {
    "argv": 88,
    "aws_json": 90,
    "command_lines": 87,
    "connection_strings": 85,
    "credential_files": 88,
    "database_logs": 88,
    "diffs": 87,
    "environment": 90,
    "hcl_terraform": 84,
    "headers": 90,
    "json_logs": 90,
    "key_names": 90,
    "kubernetes_helm": 92,
    "kubernetes_secrets": 85,
    "language_dumps": 89,
    "pairs": 88,
    "pem": 87,
    "prose": 79,
    "tables": 83,
    "urls": 90,
    "vendors": 86,
    "xml": 93,
    "yaml": 80,
}


@pytest.mark.parametrize("family", families())
@pytest.mark.parametrize("held_back", [False, True])
def test_most_secrets_of_a_family_are_caught(family: str, held_back: bool) -> None:
    caught, total, _ = recall(family, held_back=held_back)
    assert 100 * caught / total >= FLOORS[family]


@pytest.mark.parametrize("family", families())
def test_redacting_twice_changes_nothing(family: str) -> None:
    for example in examples(family):
        redacted = Redactor().redact(example.text)
        assert Redactor().redact(redacted) == redacted


def test_hardly_an_ordinary_line_is_touched() -> None:
    changed, total = touched()
    assert total > 50_000
    assert len(changed) <= 0.001 * total, changed[:5]


@pytest.mark.parametrize("kind", ["kind: Secret\n", '{"kind": "Secret", '])
def test_a_secret_written_as_text_loses_every_value(kind: str) -> None:
    data = (
        "data:\n  color: Ymx1ZQ==\n  size: |\n    bGFyZ2U=\ntype: Opaque"
        if "\n" in kind
        else '"data": {"color": "Ymx1ZQ=="}}'
    )
    redacted = Redactor().redact(kind + data)
    assert "Ymx1" not in redacted
    assert "bGFy" not in redacted
    assert "color" in redacted
    assert Redactor().redact(redacted) == redacted


@pytest.mark.parametrize("kind", ["kind: ConfigMap\n", "kind: SecretStore\n"])
def test_other_objects_keep_their_data(kind: str) -> None:
    text = kind + "data:\n  color: blue\n"
    assert Redactor().redact(text) == text
