"""Made-up secrets in the shapes of many tools, by family: half of the shapes are open, half are held back.

A shape is a template of shapes/FAMILY.txt with a key name; a hash of the template says which half it is in. Who writes
rules looks at the open half's failures and at nothing but the totals of the other. `python tests/redaction/examples.py`
prints both; with a family's name, the open shapes of it that failed. Values are drawn at run time from a seed.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
import string
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

SHAPES = Path(__file__).with_name("shapes")
KEYS_A_TEMPLATE = 4
# Words that say that a secret follows, with what stands before and after them in real settings.
KEYS = [
    "password",
    "db_password",
    "admin_passwd",
    "smtp_pwd",
    "redis_pass",
    "user_pw",
    "root_pswd",
    "api_key",
    "apikey",
    "secret_key",
    "client_secret",
    "access_token",
    "auth_token",
    "refresh_token",
    "bot_token",
    "api_token",
    "webhook_secret",
    "jwt_secret",
    "signing_key",
    "encryption_key",
    "session_secret",
    "master_key",
    "private_key",
    "datadog_api_key",
    "stripe_key",
    "sendgrid_key",
    "twilio_token",
    "slack_token",
    "github_pat",
    "passphrase",
    "db_passwords",
    "api_keys",
    "vault_token",
    "deploy_token",
    "cookie_secret",
    "app_secret",
    "secret_access_key",
    "token_secret",
    "db_creds",
    "passwort",
    "contrasena",
    "account_key",
    "storage_key",
    "service_password",
    "keystore_password",
    "bind_pw",
]
_LETTERS = string.ascii_letters + string.digits
Draw = Callable[[str, int], str]


class Example(NamedTuple):
    """A text and the secrets in it."""

    family: str
    held_back: bool
    text: str
    secrets: tuple[str, ...]


def families() -> list[str]:
    return sorted(path.stem for path in SHAPES.glob("*.txt"))


def examples(family: str) -> Iterator[Example]:
    for template in (SHAPES / f"{family}.txt").read_text("utf-8").strip("\n").split("\n%\n"):
        digest = hashlib.sha256(template.encode()).digest()
        rng = random.Random(template)
        keys = rng.sample(KEYS, KEYS_A_TEMPLATE) if re.search("§[KkCD]", template) else ["password"] * 2
        for key in keys:
            text, secrets = _filled(template, key, rng)
            yield Example(family, digest[0] % 2 == 1, text, secrets)


def _filled(template: str, key: str, rng: random.Random) -> tuple[str, tuple[str, ...]]:
    secrets: list[str] = []

    def fill(match: re.Match[str]) -> str:
        kind = match[1]
        if kind in "KkCD":
            return _key(kind, key)
        value = _drawn(kind[1:-1], rng) if kind.startswith("<") else _value(kind, rng)
        secrets.append(value)
        return value

    text = re.sub("§([A-Za-z]|<[^>]*>)", fill, template)
    return text, tuple(secret for secret in secrets if len(secret) > 4)


def _key(kind: str, key: str) -> str:
    words = key.split("_")
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    return {"K": key.upper(), "k": key, "C": camel, "D": "-".join(words)}[kind]


def _value(kind: str, rng: random.Random) -> str:
    return _DRAWN.get(kind, _DRAWN["B"])(partial(_draw, rng))


def _draw(rng: random.Random, alphabet: str, size: int) -> str:
    return "".join(rng.choices(alphabet, k=size))


def _password(draw: Draw) -> str:
    return draw(string.ascii_letters, 6) + draw("!-_.", 1) + draw(string.digits, 3)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_DRAWN: dict[str, Callable[[Draw], str]] = {
    "P": _password,
    "T": lambda draw: draw(_LETTERS, 24) + draw(string.digits, 2),
    "H": lambda draw: draw("0123456789abcdef", 32),
    "U": lambda draw: "-".join(draw("0123456789abcdef", size) for size in (8, 4, 4, 4, 12)),
    "w": lambda draw: draw(string.ascii_lowercase, 11),
    "N": lambda draw: draw("123456789", 10),
    "O": lambda draw: draw("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    "L": lambda draw: draw(_LETTERS + "+/", 64),
    "t": lambda draw: draw(_LETTERS, 4),
    "G": lambda draw: _base64("-----BEGIN PRIVATE KEY-----\n" + draw(_LETTERS, 64)),
    "B": lambda draw: _base64(draw(_LETTERS, 30)),
    "S": lambda draw: _base64(_password(draw)),
    "J": lambda draw: _base64(f'{{"auths":{{"registry.example.com":{{"auth":"{_base64(_password(draw))}"}}}}}}'),
}


def _leaks(secret: str, redacted: str) -> bool:
    """Whether half of the secret is still there, from its beginning or to its end."""
    half = len(secret) // 2
    return secret[: max(half, 5)] in redacted or secret[-max(half, 5) :] in redacted


_ALPHABETS = {
    "A": _LETTERS,
    "U": string.ascii_uppercase + "234567",
    "u": string.ascii_uppercase + string.digits,
    "B": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "b": _LETTERS + "+/",
    "d": string.digits,
    "h": "0123456789abcdef",
    "l": string.ascii_lowercase + string.digits,
    "w": _LETTERS + "_-",
}


def _drawn(form: str, rng: random.Random) -> str:
    """A vendor's token: `{A36}` is 36 characters of the alphabet A. Its ends are letters or digits."""

    def part(match: re.Match[str]) -> str:
        size = int(match[2])
        drawn = rng.choices(_ALPHABETS[match[1]], k=size)
        return "".join(drawn[:-1]) + rng.choice([c for c in _ALPHABETS[match[1]] if c.isalnum()])

    return re.sub(r"\{([A-Za-z])(\d+)\}", part, form)


def recall(family: str, *, held_back: bool) -> tuple[int, int, list[Example]]:
    """How many shapes of that half are redacted whole, of how many, and the others."""
    from primitives.redact import Redactor

    chosen = [example for example in examples(family) if example.held_back is held_back]
    missed = []
    for example in chosen:
        redacted = Redactor().redact(example.text)
        if any(_leaks(secret, redacted) for secret in example.secrets):
            missed.append(example)
    return len(chosen) - len(missed), len(chosen), missed


def main() -> None:
    if len(sys.argv) > 1:
        for example in recall(sys.argv[1], held_back=False)[2]:
            print(example.text, end="\n\n")
        return
    for family in families():
        halves = [recall(family, held_back=held) for held in (False, True)]
        print(f"{family:20}", *(f"{caught:4}/{total:<4}{100 * caught / total:5.0f}" for caught, total, _ in halves))


if __name__ == "__main__":
    main()
