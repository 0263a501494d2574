"""Decoded objects and texts share one judgement: what is a secret in one is a secret in the other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from object_shapes import ORDINARY_OBJECTS, SHAPES, filled

from primitives.redact import Redactor

SECRETS = ["Vq8plumTreeK3w", "7Gz-orchard!Wm2", "k3J9sPqRt5Lm0XzYb2Nc4Vd6"]
KEYS = [
    "password", "user", "name", "value", "api_key", "apiKey", "data", "args", "items", "env", "token", "count", "url", "old",
    "new", "path", "columns", "rows", "field", "DB_PASSWORD", "clientSecret", "body", "kind", "credentials", "spec", "note",
]  # fmt: skip
TEXTS = [
    "§", "password=§", "token: §", "--password", "--token=§", "api_key", "DB_PASSWORD", "bob", "mysql -uroot -p§ shop",
    "postgres://app:§@db.example.com/shop", "Bearer §", "db:\n  password: §\n  port: 5432", '{"client_secret": "§"}',
    "/spec/password", "Secret", "replace", "it's the password '§' that failed", "a\tb \"c\" password \"§\"", "INFO ready in 3 ms",
]  # fmt: skip


def _wrapped(value: Any, way: str) -> Any:
    match way:
        case "list":
            return [1, value, "end"]
        case "object":
            return {"id": 7, "spec": value, "ready": True}
        case "string":
            return {"body": json.dumps(value), "status": 200}
        case _:
            return {"message": f"sent {json.dumps(value)} to queue"}


WAYS = st.lists(st.sampled_from(["list", "object", "string", "log"]), max_size=3)


@pytest.mark.parametrize("shape", SHAPES, ids=json.dumps)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_an_object_goes_from_object_and_text(shape: Any, secret: str) -> None:
    planted = filled(shape, secret)
    assert secret not in json.dumps(Redactor().redact_value(planted))
    assert secret not in Redactor().redact(json.dumps(planted))
    assert secret not in Redactor().redact(json.dumps(planted, indent=2))
    assert secret not in Redactor().redact(f"12:04:11 INFO answer {json.dumps(planted)}")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(SHAPES), st.sampled_from(SECRETS), WAYS)
def test_a_secret_in_an_object_goes_however_deep_it_is(shape: Any, secret: str, ways: list[str]) -> None:
    planted = filled(shape, secret)
    for way in ways:
        planted = _wrapped(planted, way)
    assert secret not in json.dumps(Redactor().redact_value(planted))
    assert secret not in Redactor().redact(json.dumps(planted))


def _numbered(value: Any, count: list[int]) -> Any:
    """The tree with a secret of its own in each place for one."""
    if isinstance(value, str):
        if "§" not in value:
            return value
        count[0] += 1
        return value.replace("§", f"Xq{count[0]:03}k7Lm2Pw9z")
    if isinstance(value, dict):
        return {key: _numbered(item, count) for key, item in value.items()}
    return [_numbered(item, count) for item in value] if isinstance(value, list) else value


TREES = st.recursive(
    st.sampled_from(TEXTS) | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(TREES)
@example(["db:\n  password: §\n  port: 5432", "§"])
@example([0, "db:\n  password: §\n  port: 5432", "§"])
def test_objects_and_texts_of_any_form_lose_the_same(tree: Any) -> None:
    count = [0]
    tree = _numbered(tree, count)
    as_object = json.dumps(Redactor().redact_value(tree))
    as_text = Redactor().redact(json.dumps(tree))
    secrets = [f"Xq{number + 1:03}k7Lm2Pw9z" for number in range(count[0])]
    assert [s for s in secrets if s in as_object] == [s for s in secrets if s in as_text]


def _form(value: Any) -> Any:
    if isinstance(value, dict):
        return [_form(item) for item in value.values()]
    return ["list", *map(_form, value)] if isinstance(value, list) else type(value).__name__


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(TREES.filter(lambda tree: isinstance(tree, dict | list)))
def test_redacting_an_object_twice_changes_nothing_and_keeps_its_form(tree: Any) -> None:
    tree = _numbered(tree, [0])
    once = Redactor().redact_value(tree)
    assert Redactor().redact_value(once) == once
    assert _form(json.loads(Redactor().redact(json.dumps(tree)))) == _form(once)


@pytest.mark.parametrize("value", ORDINARY_OBJECTS, ids=json.dumps)
def test_an_ordinary_object_stays_as_it_is(value: Any) -> None:
    assert Redactor().redact_value(value) == value
    assert Redactor().redact(json.dumps(value)) == json.dumps(value)


def test_numbers_under_a_secrets_name_go_and_others_keep_their_type() -> None:
    value = {"password": 83749201, "port": 5432, "ratio": 0.5, "on": True, "none": None, "tries": (1, 2)}
    redacted = Redactor().redact_value(value)
    assert "83749201" not in json.dumps(redacted)
    assert {**redacted, "password": 83749201} == value


def test_what_has_nothing_to_hide_is_not_copied() -> None:
    value = {"items": [{"name": "florist", "port": 8080}]}
    assert Redactor().redact_value(value) is value


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "Vq8plumTreeK3w", "password": "", "a": NaN, "b": NaN}',
        '{"password": "Vq8plumTreeK3w", "a": Infinity, "b": -Infinity}',
        '{"password": "", "password": "Vq8plumTreeK3w"}',
        'sent {"password": "Vq8plumTreeK3w", "password": "x", "n": NaN, "m": NaN} to queue',
    ],
)
def test_a_document_that_only_nearly_is_one_hides_nothing(text: str) -> None:
    assert "Vq8plumTreeK3w" not in Redactor().redact(text)
