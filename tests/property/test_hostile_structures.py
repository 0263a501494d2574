"""Any mixture of what opens something, any numbers and any pieces: read within bounds, or refused with one line."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from primitives.bundle import read_bundle
from primitives.bundle.parse import parse_json, parse_yaml
from primitives.errors import BundleError
from primitives.redact.pieces import Pieces

_YAML = st.lists(
    st.sampled_from(
        ["[", "{a: ", "- ", "? ", "- - ", "&a [", "*a", "!t ", "'", '"', "|\n ", "\n", " ", "a: ", "]", "}", ", "]
    ),
    min_size=1,
    max_size=12,
)
_JSON = st.lists(
    st.sampled_from(["[", '{"a":', "1,", '"', "]", "}", ",", "null", "1e999", "9" * 40, "\\u0000"]), min_size=1
)
_MANIFEST = """\
format: cloudops-incident/1
id: ferry
title: Ferries are late
query: ferries
detected_at: 2026-03-10T14:32:00Z
window: {from: 2026-03-10T14:00:00Z, to: 2026-03-10T14:45:00Z}
"""
_NUMBERS = st.one_of(
    st.floats().map(repr),
    st.integers(-(2**80), 2**80).map(str),
    st.sampled_from(["", "1e400", "-0", "0x10", "1_000", "١", "1e-400", "inf", "NaN", "--1", "1" * 400, "1.5.2"]),
)
_TEXTS = st.text(alphabet="ab:-_ é\ud800\U000f0001", max_size=40)


def _problem(read: Callable[[], object]) -> str:
    """The line with which it is refused; empty where it is read."""
    try:
        read()
    except BundleError as error:
        return str(error)
    return ""


@settings(deadline=None, max_examples=150)
@given(pieces=_YAML, times=st.sampled_from([1, 3, 99, 101, 3_000]))
def test_any_mixture_of_what_opens_something_in_yaml_ends_well(pieces: list[str], times: int) -> None:
    text = ("".join(pieces) * times).encode()
    problem = _problem(lambda: parse_yaml(text, "a file"))
    assert "\n" not in problem
    assert len(problem) < 2_000


@settings(deadline=None, max_examples=150)
@given(pieces=_JSON, times=st.sampled_from([1, 3, 99, 101, 20_000]))
def test_any_mixture_of_what_opens_something_in_json_ends_well(pieces: list[str], times: int) -> None:
    text = ("".join(pieces) * times).encode()
    problem = _problem(lambda: parse_json(text, "a file"))
    assert "\n" not in problem
    assert len(problem) < 2_000


@settings(deadline=None, max_examples=100)
@given(cells=st.lists(_NUMBERS, min_size=1, max_size=8))
def test_whatever_stands_in_a_cell_no_sample_is_without_meaning(cells: list[str]) -> None:
    rows = "".join(f"2026-03-10T14:{10 + minute}:00Z,{cell}\n" for minute, cell in enumerate(cells))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "metrics").mkdir()
        (place / "incident.yaml").write_text(_MANIFEST)
        (place / "metrics.yaml").write_text("delay: {kind: latency, unit: s, statistic: p95, worse: higher}\n")
        (place / "metrics" / "delay.csv").write_text("time,ferry\n" + rows)
        series: list[Any] = []
        problem = _problem(lambda: series.extend(read_bundle(place).series_of("delay")))
    assert "\n" not in problem
    for value in series[0].values if series else ():
        assert math.isfinite(value)
        assert abs(value) <= 1e20


@settings(deadline=None)
@given(
    pieces=st.lists(_TEXTS.filter(bool).filter(lambda piece: "\ud800" not in piece), min_size=1, max_size=8),
    text=_TEXTS,
)
def test_pieces_are_found_as_one_after_the_other_would_be(pieces: list[str], text: str) -> None:
    many = Pieces(pieces)
    kept = list(dict.fromkeys(pieces))
    for whole in (text, text * 300, text + "a" * 4_090 + text):
        assert many.of(whole) == [piece for piece in kept if piece in whole]
        places = {place for piece in kept for place in range(len(whole)) if whole.startswith(piece, place)}
        assert many.starts(whole) == sorted(places)
        if whole.isascii():
            assert many.are_in(whole) == bool(places)
