"""301 more shapes of secrets in 18 families, written before a look at the rules: what was caught at first sight is in
docs/redaction.md. The kinds that were missed were mended afterwards; the floors are what is caught since, less 5 points.
The third sight has 288 shapes, 125 of them sentences, the fourth 125 sentences more.

`§` is the secret: hexadecimal, random, or a word with a sign and some letters. `¤` is it in base64, `«` with a user before
it in base64, `‹` percent-encoded; `¶` is a line of a private key; `{A36}` 36 letters and digits of a vendor's token.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
from pathlib import Path
from urllib.parse import quote

import pytest

from primitives.redact import Redactor

FAMILIES: dict[str, list[str]] = json.loads(Path(__file__).with_name("second_sight.json").read_text("utf-8"))
LATER: dict[str, list[str]] = {
    f"{sight}: {family}": shapes
    for sight in ("third", "fourth", "sixth")
    for family, shapes in json.loads(Path(__file__).with_name(f"{sight}_sight.json").read_text("utf-8")).items()
}
# Half of these are words with a sign, which stand in few URLs; sentences without a word for a secret right before it.
FLOORS = {"urls": 79, "yaml": 84, "prose": 84}
_LETTERS = string.ascii_letters + string.digits
_ALPHABETS = {
    "A": _LETTERS,
    "N": "123456789",
    "U": string.ascii_uppercase + "234567",
    "H": "0123456789abcdef",
    "L": string.ascii_letters,
}
_MARKED = re.compile(r"[§¤«‹¶]|\{([AHLNU])(\d+)\}")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _secrets(rng: random.Random) -> list[str]:
    word = rng.choice(["Plum#", "fjord_", "9Maple", "cobalt.", "Sage-"]) + "".join(rng.choices(_LETTERS, k=9))
    return ["".join(rng.choices("0123456789abcdef", k=32)), "".join(rng.choices(_LETTERS, k=24)), word]


def _filled(shape: str, secret: str, rng: random.Random) -> tuple[str, list[str]]:
    """The text of a shape, and the secrets that are in it."""
    planted: list[str] = []

    def value(match: re.Match[str]) -> str:
        forms = {
            "§": secret,
            "¤": _base64(secret),
            "«": _base64(f"bob:{secret}"),
            "‹": quote(secret, safe=""),
            "¶": "".join(rng.choices(_LETTERS + "+/", k=63)) + "A",
        }
        text = forms.get(match[0]) or "".join(rng.choices(_ALPHABETS[match[1]], k=int(match[2])))
        planted.append(text.rstrip("="))
        return text

    return _MARKED.sub(value, shape), planted


def _is_caught(shape: str, secret: str) -> bool:
    text, planted = _filled(shape, secret, random.Random(shape))
    redacted = Redactor().redact(text)
    halves = [half for part in planted if len(part) > 7 for half in (part[: len(part) // 2], part[-(len(part) // 2) :])]
    return bool(halves) and not any(half in redacted for half in halves)


@pytest.mark.parametrize("family", LATER)
def test_most_shapes_of_later_sights_are_caught(family: str) -> None:
    sight, _, name = family.partition(": ")
    tried = [_is_caught(shape, secret) for shape in LATER[family] for secret in _secrets(random.Random(shape))]
    floor = {"third": 81, "fourth": 85, "sixth": 90}[sight] if name == "prose" else 85
    assert 100 * sum(tried) / len(tried) >= floor


@pytest.mark.parametrize("family", FAMILIES)
def test_most_shapes_of_a_family_are_caught(family: str) -> None:
    tried = [_is_caught(shape, secret) for shape in FAMILIES[family] for secret in _secrets(random.Random(shape))]
    assert 100 * sum(tried) / len(tried) >= FLOORS.get(family, 90)
