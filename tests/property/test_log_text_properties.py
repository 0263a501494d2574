"""Reading log text never raises and never takes long, whatever the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from primitives.analysis.error_families import FAMILIES, family_of
from primitives.analysis.http_status import status_in
from primitives.analysis.log_bodies import read_body
from primitives.analysis.log_templates import mask
from primitives.analysis.severities import severity_in

_WORDS = st.sampled_from(
    ["no", "free", "connection", "pool", "exhausted", "timeout", "of", "5", "ms", "exceeded", "error", "=", "0",
        ":", "{",
     '"', "msg", "level", "failed", "to", "token", "401", "status", "\n", " ", "limit", "disk", "lock", "GET", "/",
         "\\"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(max_size=400), st.lists(_WORDS, max_size=60).map(" ".join))


@given(_TEXTS)
def test_any_text_is_read(text: str) -> None:
    assert family_of(text) in (None, *FAMILIES)
    assert status_in(text) is None or 400 <= (status_in(text) or 0) < 600
    assert isinstance(read_body(text).text, str)
    severity_in(text)
    mask(text)


_VALUES = st.one_of(st.none(), st.integers(), st.text(max_size=20))


@given(st.one_of(_VALUES, st.dictionaries(st.text(max_size=9), _VALUES, max_size=3), st.lists(_VALUES, max_size=3)))
def test_any_attributes_are_read(value: object) -> None:
    read_body("failed", {"error": value, "exception": value})
