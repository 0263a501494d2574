"""A long text is cleaned piece by piece, with the result of one go."""

from __future__ import annotations

import orjson
import pytest

import primitives.sanitise
from primitives.redact import Redactor
from primitives.sanitise import Cleaner

KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEAtX\n" * 9 + "-----END RSA PRIVATE KEY-----\n"
LINES = "".join(f"{number} GET /a?token=abcdef{number}xyz \x1b[31m took {number} ms\n" for number in range(400))


TEXTS = [LINES, LINES + KEY + LINES, KEY * 40, "x" * 9_000, "\n" * 9_000, LINES.rstrip("\n")]


@pytest.mark.parametrize("number", range(len(TEXTS)))
@pytest.mark.parametrize("piece", [333, 1_000])
def test_pieces_give_what_the_whole_gives(number: int, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXTS[number]
    whole = Cleaner(Redactor()).file(text)
    monkeypatch.setattr(primitives.sanitise, "_PIECE", piece)
    assert Cleaner(Redactor()).file(text) == whole
    assert "MIIEow" not in whole


def test_a_text_over_the_limit_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(primitives.sanitise, "_PIECE", 100)
    monkeypatch.setattr(primitives.sanitise, "_FILE_LIMIT", 500)
    cut = Cleaner(Redactor()).file("all is well\n" * 100)
    assert (len(cut), cut[-1]) == (500, "…")


def len_of(number: int) -> str:
    return f"{number.bit_length()} bits"


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 2**70, 10**400, 10**5_000], ids=len_of)
def test_numbers_that_nothing_stores_become_text(number: int) -> None:
    cleaned = Cleaner(Redactor()).value({"a": [number, 2**64 - 1, -(2**63), True]})
    assert orjson.loads(orjson.dumps(cleaned)) == {"a": [f"{number:#x}", 2**64 - 1, -(2**63), True]}
