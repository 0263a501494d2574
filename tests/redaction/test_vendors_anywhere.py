"""A vendor's token is one wherever it stands: directly behind a letter, an escape, a colour, in a name or a URL."""

from __future__ import annotations

import pytest

from primitives.redact import Redactor

# Joined at run time, lest a scanner mistakes this file.
TOKENS = [
    "ghp_" + "dHb2U9LhOS0irYkPvdRHUNL9yf4StfxDPNV2",
    "glpat-" + "Ab3dEf6hIj9lMn2pQr5t",
    "AKIA" + "QX3ZP7LMN2RWTVUQ",
    "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "xoxb-" + "928347561029-5839201746382-ahcyXic6YOZq0M7qO60lI5Qf",
    "npm_" + "aB3dE5gH7jK9mN1pQ3rS5tU7wX9zA1cD3fG5",
    "hvs." + "CAESIJ9xPq7rTu2vWx4yZa6bCd8eFg0hIj1kLm3n",
    "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH",
    "AIza" + "SyA8bC3dE5fG7hI9jK1lM3nO5pQ7rS9tU1v",
    "dop_v1_" + "0123456789abcdef" * 4,
]
AROUND = [
    "a_{}", "a-{}", "a.{}", "a/{}", "a:{}", "a{}", "{}_b", "{}-b", "{}.log", "é{}", "({})", r"first\n{}", "x%20{}", "x%3D{}", "k%3d{}",
    "\x1b[31m{}\x1b[0m", "x\u200b{}", '"{}"', r"tab\t{}", r"\u001b[31m{}", "release-{}-canary", "img_{}.svc", "v1{}",
]  # fmt: skip
LOOK_ALIKES = [
    "cache-key-0123456789abcdef0123456789abcdef", "task-abcdefghijklmnopqrstuvwx", "background_" + "a" * 30,
    "desk-" + "0123456789abcdefghij", "MSG.something_rather_longer.something_rather_longer", "latest-" + "0" * 16,
]  # fmt: skip


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:5])
def test_a_token_goes_whatever_stands_before_it(token: str, around: str) -> None:
    redacted = Redactor().redact(around.format(token))
    assert token[8:] not in redacted
    assert Redactor().redact(redacted) == redacted


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_names_that_end_like_a_vendor_s_form_begins_stay(text: str) -> None:
    assert Redactor().redact(text) == text
