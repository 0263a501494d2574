"""Sentences that state a secret, and ordinary lines that look alike: `fifth_sight.json`.

60 sentences and 40 URLs were written before a look at the rules, 40 sentences more before the rules in `statements`:
what was caught at first sight is in docs/redaction.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from primitives.redact import Redactor

EXAMPLES: dict[str, list[Any]] = json.loads(Path(__file__).with_name("fifth_sight.json").read_text("utf-8"))


@pytest.mark.parametrize(("family", "floor"), [("prose", 97), ("more prose", 97), ("urls", 95)])
def test_most_of_the_fifth_sight_are_caught(family: str, floor: int) -> None:
    caught = [not any(secret in Redactor().redact(text) for secret in secrets) for text, secrets in EXAMPLES[family]]
    assert 100 * sum(caught) >= floor * len(caught)


def test_lines_that_look_alike_stay() -> None:
    touched = [line for line in EXAMPLES["ordinary"] if Redactor().redact(line) != line]
    assert touched == []


@pytest.mark.parametrize("secret", ["Violet.Sky8", "Tundra_2291", "Marsh-Owl7", "plum9tree"])
@pytest.mark.parametrize(
    "sentence",
    [
        "the password of the kettle is {}.",
        "the kettle's password for guests was changed to {} today",
        "enter user carol and password {} there",
        "das Passwort vom Kessel ist jetzt {}.",
        "le mot de passe a été changé en {}.",
        "la contraseña del hervidor es {}",
    ],
)
def test_a_password_that_looks_like_a_name_goes_where_it_is_stated(sentence: str, secret: str) -> None:
    assert secret not in Redactor().redact(sentence.format(secret))


@pytest.mark.parametrize(
    "line",
    [
        "the password policy of the kettle is Strong.V2",
        "the password of carol is SHA-256 encoded",
        "the password of worker-12 is kept in vault-2",
        "user carol failed with password auth2",
        "user entered the wrong password 3 times",
        "the PIN has 6 digits, pin 12 is high",
        "verification code: 12",
        "type node-12 at the prompt of the password manager",
        "the secret is mounted by pod web-7d4b9c6f5-x2k9q",
    ],
)
def test_what_is_said_of_other_things_stays(line: str) -> None:
    assert Redactor().redact(line) == line


def test_all_secrets_of_a_list_go() -> None:
    text = "unseal it with the keys mK3n8sD02kd9==, pW8d7sk2Ls01== and zX1c9vB5nM3q=="
    redacted = Redactor().redact(text)
    assert redacted.count("[redacted:") == 3
    assert Redactor().redact(redacted) == redacted
