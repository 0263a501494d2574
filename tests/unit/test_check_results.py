"""What the result of an active check says, in the forms that recorders write it."""

from __future__ import annotations

import pytest

from primitives.analysis.check_results import is_good


@pytest.mark.parametrize(
    "result",
    [
        "open",
        "OK",
        "active (running)",
        "200",
        "204 No Content",
        "HTTP/1.1 200 OK",
        "HTTP/2 301",
        "302 Found",
        "SERVING",
    ],
)
def test_an_answer_as_it_should_be_is_good(result: str) -> None:
    assert is_good(result)


@pytest.mark.parametrize(
    "result",
    ["failed", "partly open", "inactive (dead)", "404", "503 Service Unavailable", "HTTP/1.1 502 Bad Gateway", "2000",
     "timeout after 200 ms", "NXDOMAIN", "NOT_SERVING", "", "20"],
)  # fmt: skip
def test_anything_else_is_not(result: str) -> None:
    assert not is_good(result)
