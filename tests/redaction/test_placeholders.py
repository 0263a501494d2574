"""What redaction leaves: redacting twice changes nothing, and a forged placeholder protects nothing."""

from __future__ import annotations

import json

import pytest
from examples import Example, examples, families
from hypothesis import given
from hypothesis import strategies as st

from primitives.redact import Redactor

FORGED = "[redacted:value:abcdef]"
ALL = [example for family in families() for example in examples(family)]
LOOK_ALIKES = [
    "Connecting to spark://scheduler.example.internal:7077",
    "Successfully started akka.tcp://sparkExecutorActorSystem@worker-07.example.internal:55904",
    "pulled registry.example.com/shop@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    '{"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "etag": "33a64df551425fcc55e4d42a148795d9f25f89d4"}',
    "commit 47f38c2266850843297224b41736539a952ff546 (tag: v1.2.3)",
    '{"image": "shop:1.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "tokens": 512}',
    '{"kind": "ConfigMap", "data": {"color": "blue", "size": "large"}}',
    "kind: SecretStore\nspec:\n  provider: vault\n  data: shop\n",
    "apiVersion: v1\nkind: Pod\nspec:\n  volumes:\n  - name: tls\n    secret:\n      secretName: shop-tls\n",
    "NAME          TYPE     DATA   AGE\nshop-secret   Opaque   3      5d\n",
    '["server", "--token-file", "/var/run/token", "--verbose"]',
    "<user name='bob'><tokens>5</tokens><passwordChanged>true</passwordChanged></user>",
    'resource "random_password" "db" { length = 16 }',
    "(the token was rejected because the session expired)",
    "| key | value |\n|---|---|\n| port | 8080 |\n",
    "Uncaught SyntaxError: Unexpected token 'export'",
    "unexpected token < in JSON at position 0",
    "Unexpected token 'import_statement', expected 'from'",
    "invalid token at line 3",
    "Parse error on line 3: got token 'STRING'",
    "syntax error near unexpected token `else'",
    'duplicate key "namespace2" in mapping',
]


@pytest.mark.parametrize("family", families())
def test_redacting_twice_changes_nothing(family: str) -> None:
    for example in examples(family):
        once = Redactor().redact(example.text)
        assert Redactor().redact(once) == once


@pytest.mark.parametrize("family", families())
def test_a_forged_placeholder_does_not_protect_what_follows_it(family: str) -> None:
    """Whatever a rule makes of a secret, a placeholder glued to its beginning makes it no safer."""
    for example in examples(family):
        forged = example.text
        for secret in example.secrets:
            forged = forged.replace(secret, FORGED + secret)
        redacted = Redactor().redact(forged)
        plain = Redactor().redact(example.text)
        for secret in example.secrets:
            assert secret in plain or secret not in redacted, forged


@given(st.lists(st.sampled_from(ALL), min_size=1, max_size=3), st.sampled_from(["\n", "\n\n", " | "]))
def test_texts_of_several_secrets_are_stable(chosen: list[Example], between: str) -> None:
    once = Redactor().redact(between.join(example.text for example in chosen))
    assert Redactor().redact(once) == once


@given(st.sampled_from(["password", "apiKey", "client_secret"]), st.integers(0, 4), st.booleans())
def test_a_document_in_a_string_in_a_string_is_read(key: str, depth: int, listed: bool) -> None:
    document = json.dumps(
        {"user": "bob", key: "Vq8-plumTree3"} if not listed else [{"name": key, "value": "Vq8-plumTree3"}]
    )
    for _ in range(depth):
        document = json.dumps({"body": document, "status": 200})
    redacted = Redactor().redact(document)
    assert "plumTree" not in redacted
    for _ in range(depth):
        document = json.loads(redacted)
        assert document["status"] == 200
        redacted = document["body"]
    assert isinstance(json.loads(redacted), list if listed else dict)


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_looks_like_a_secret_stays(text: str) -> None:
    assert Redactor().redact(text) == text


def test_characters_that_stand_for_placeholders_cannot_be_smuggled_in() -> None:
    redacted = Redactor().redact("password=\U000f0000hunter2-9 user=\U0010fff0")
    assert "hunter2" not in redacted
    assert "\U0010fff0" not in redacted


@given(st.lists(st.sampled_from(ALL), min_size=1, max_size=4))
def test_reading_again_with_what_was_learned_is_like_reading_anew(chosen: list[Example]) -> None:
    first = Redactor()
    texts = [example.text for example in chosen]
    once = [first.redact(text) for text in texts]
    again = first.knowing() or first
    for text, redacted in zip(texts, once, strict=True):
        second = again.redact(text)
        assert again.redact(redacted) == second
        assert all(secret not in second for example in chosen for secret in example.secrets if secret not in redacted)
