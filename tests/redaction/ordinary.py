"""Ordinary lines of operations logs, made from grammars: nothing in them is a secret, much looks like one.

`python tests/redaction/ordinary.py` prints the share of lines that redaction touches, which ones, and lines a second
of processor time. The formats are those of the programs' own documentation; names and numbers are made up.
"""

from __future__ import annotations

import base64
import random
import re
import string
import time
from collections.abc import Iterator
from pathlib import Path

GRAMMARS = Path(__file__).with_name("ordinary.txt")
LINES_A_GRAMMAR = 250
LOGHUB = ("apache", "spark", "hdfs", "zookeeper", "linux", "openstack", "windows")
"""Kinds of lines as in public collections of logs; the others are full of words that secrets stand beside."""
_HEX = "0123456789abcdef"
_WORDS = [
    "order",
    "cart",
    "search",
    "profile",
    "checkout",
    "billing",
    "ledger",
    "media",
    "catalog",
    "gateway",
    "worker",
    "batch",
    "index",
    "shard",
    "router",
    "feed",
    "pricing",
    "inventory",
    "shipping",
    "review",
    "report",
    "export",
    "import",
    "session",
    "token",
    "key",
    "cache",
    "queue",
    "stream",
    "store",
    "audit",
    "login",
]
_USERS = ["alice", "bob", "carol", "dave", "root", "svc-deploy", "admin", "www-data", "system:node:ip-10-0-3-7"]
_HOSTS = ["web-1", "db-primary", "cache-02.internal", "ip-10-0-3-17", "node-a.example.com", "worker7"]
_CLASSES = ["BlockManagerInfo", "TokenAuthenticator", "SecretManager", "KeyProvider", "PasswordEncoder", "FSNamesystem"]
_FIELD = re.compile(r"<([a-z_]+)(\d*)>")


def lines(seed: int = 1) -> Iterator[tuple[str, str]]:
    """Pairs of a grammar's name and a line."""
    rng = random.Random(seed)
    name = ""
    for template in GRAMMARS.read_text("utf-8").splitlines():
        if template.startswith("## "):
            name = template[3:]
        elif template:
            for _ in range(LINES_A_GRAMMAR):
                yield name, _FIELD.sub(lambda match: _field(match[1], int(match[2] or 0), rng), template)


def _text(rng: random.Random, alphabet: str, size: int) -> str:
    return "".join(rng.choices(alphabet, k=size))


def _field(kind: str, size: int, rng: random.Random) -> str:
    match kind:
        case "hex":
            return _text(rng, _HEX, size)
        case "alnum":
            return _text(rng, string.ascii_letters + string.digits, size)
        case "lower":
            return _text(rng, string.ascii_lowercase + string.digits, size)
        case "pod":
            # The alphabet that Kubernetes gives names from: no vowels.
            return f"{rng.choice(_WORDS)}-{_text(rng, 'bcdfghjklmnpqrstvwxz2456789', 9)}-{_text(rng, 'bcdfghjklmnpqrstvwxz2456789', 5)}"
        case "base":
            return base64.b64encode(rng.randbytes(size)).decode()
        case "url_base":
            return base64.urlsafe_b64encode(rng.randbytes(size)).decode().rstrip("=")
        case "uuid":
            return "-".join(_text(rng, _HEX, length) for length in (8, 4, 4, 4, 12))
        case "num":
            return str(rng.randrange(10 ** max(size - 1, 0), 10 ** max(size, 1)))
        case "ip":
            return ".".join(str(rng.randrange(1, 255)) for _ in range(4))
        case _:
            return _named(kind, rng)


def _named(kind: str, rng: random.Random) -> str:
    match kind:
        case "iso":
            return f"2026-01-{rng.randrange(1, 29):02}T{_clock(rng)}.{rng.randrange(1000):03}Z"
        case "stamp":
            return f"2026-01-{rng.randrange(1, 29):02} {_clock(rng)},{rng.randrange(1000):03}"
        case "clock":
            return _clock(rng)
        case "word":
            return rng.choice(_WORDS)
        case "user":
            return rng.choice(_USERS)
        case "host":
            return rng.choice(_HOSTS)
        case "class":
            return rng.choice(_CLASSES)
        case "float":
            return f"{rng.random() * 100:.3f}"
        case "level":
            return rng.choice(["INFO", "WARN", "ERROR", "DEBUG"])
        case "verb":
            return rng.choice(["GET", "POST", "PUT", "DELETE"])
        case "status":
            return rng.choice(["200", "301", "401", "404", "500", "503"])
        case _:
            return f"<{kind}>"


def _clock(rng: random.Random) -> str:
    return f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"


def touched() -> tuple[list[tuple[str, str, str]], int]:
    """The lines that redaction changes, with what becomes of them, and how many there were."""
    from primitives.redact import Redactor

    made = list(lines())
    redact = Redactor().redact
    changed = [(name, line, after) for name, line in made if (after := redact(line)) != line]
    return changed, len(made)


def lines_per_second(names: tuple[str, ...] = LOGHUB) -> float:
    """Lines that are redacted in a second of processor time, of the kinds that make up public collections of logs."""
    from primitives.redact import Redactor

    made = [line for name, line in lines() if not names or name in names]
    redactor = Redactor()
    redact = redactor.redact
    for line in made[::LINES_A_GRAMMAR]:
        redact(line)
    begin = time.process_time()
    for line in made:
        redact(line)
    return len(made) / (time.process_time() - begin)


def main() -> None:
    changed, total = touched()
    shown: set[str] = set()
    for name, line, after in changed:
        at = after.index("[redacted:") if "[redacted:" in after else 0
        shape = f"{name} {re.sub(r'[^a-z]', '', line)[:12]}"
        if shape not in shown:
            shown.add(shape)
            print(f"{name}: {line[max(at - 40, 0) : at + 40]}\n    {after[max(at - 40, 0) : at + 40]}")
    print(f"{len(changed)} of {total} = {100 * len(changed) / total:.3f} %")
    print(f"{lines_per_second():,.0f} lines/s; {lines_per_second(()):,.0f} of all kinds")


if __name__ == "__main__":
    main()
