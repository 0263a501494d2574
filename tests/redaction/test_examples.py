"""How many made-up secrets are caught: see examples.py. The floors are what was measured, less 5 points."""

from __future__ import annotations

import pytest
from examples import families, recall

from primitives.redact import Redactor

FLOORS = {
    "argv": 88,
    "aws_json": 90,
    "connection_strings": 85,
    "diffs": 87,
    "environment": 90,
    "hcl_terraform": 84,
    "headers": 90,
    "json_logs": 90,
    "kubernetes_helm": 92,
    "kubernetes_secrets": 85,
    "language_dumps": 89,
    "pairs": 88,
    "pem": 87,
    "tables": 83,
    "xml": 93,
    "yaml": 80,
}
# What is measured of the families that have examples and few rules yet.
_LEAST = 25


@pytest.mark.parametrize("family", families())
@pytest.mark.parametrize("held_back", [False, True])
def test_most_secrets_of_a_family_are_caught(family: str, held_back: bool) -> None:
    caught, total, _ = recall(family, held_back=held_back)
    assert 100 * caught / total >= FLOORS.get(family, _LEAST)


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
