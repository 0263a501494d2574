"""Structured bodies are read for message, error and level; a line without structure is its own message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from primitives.analysis.log_bodies import read_body
from primitives.analysis.log_templates import mask
from primitives.terms import Severity


@pytest.mark.parametrize(
    ("body", "attributes", "text", "level"),
    [
        ('{"level":"error","msg":"charge failed","err":"connection refused"}', {},
            "charge failed: connection refused", "ERROR"),
        ('{"level":50,"msg":"late","err":{"message":"took 3 s","stack":"at x"}}', {}, "late: took 3 s", "ERROR"),
        ('{"log":"{\\"severity\\":\\"WARN\\",\\"message\\":\\"queue is full\\"}\\n","stream":"stdout"}', {},
            "queue is full", "WARN"),
        ('ts=2026-01-01T00:00:00Z level=warn msg="slow reply" err="deadline exceeded" id=7', {},
            "slow reply: deadline exceeded", "WARN"),
        ("E1125 06:42:14.657683    2601 server.go:1] cannot sync", {}, "cannot sync", "ERROR"),
        ("request error", {"error": "dial tcp: no such host", "id": "7"}, "request error: dial tcp: no such host",
            None),
        ("order failed", {"exception.message": "no rows"}, "order failed: no rows", None),
        ("no rows in the set", {"error": "no rows"}, "no rows in the set", None),
        ("job ended", {"reason": "Completed"}, "job ended", None),
        ("a=1 b=2", {}, "a=1 b=2", None),
        ("{not json", {}, "{not json", None),
        ('{"id": 7}', {}, '{"id": 7}', None),
        ("[1, 2]", {}, "[1, 2]", None),
        ("", {}, "", None),
    ],
)  # fmt: skip
def test_the_message_is_what_the_structure_says(
    body: str, attributes: dict[str, Any], text: str, level: Severity | None
) -> None:
    assert read_body(body, attributes) == (text, level)


def test_a_deeply_nested_body_is_read_a_few_levels_deep() -> None:
    body = "boom"
    for _ in range(8):
        body = json.dumps({"message": body})
    assert read_body(body).text.startswith('{"message"')


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("added item LS4PSXUNUM to a cart", "added item OLJCESPC7Z to a cart"),
        ("evicted api-7b5c4d8f69-4mkzt", "evicted api-6c9f77d5b8-x2ql9"),
        ('{"msg":"order placed","id":"a1"}', '{"msg":"order placed","id":"b2"}'),
    ],
)
def test_messages_that_differ_in_an_identifier_are_one_pattern(first: str, second: str) -> None:
    assert mask(read_body(first).text) == mask(read_body(second).text)


@pytest.mark.parametrize("kept", ["UTF8", "v1beta1", "ECONNREFUSED", "HTTP2", "team-blue"])
def test_words_with_digits_that_name_something_are_kept(kept: str) -> None:
    assert mask(f"{kept} 7") == f"{kept} <n>"
