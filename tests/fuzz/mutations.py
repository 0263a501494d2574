"""Changes that turn a good file into a bad one: of bytes, of lines, of values and of size."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Callable
from typing import Any, Final

import yaml
from bases import HOSTILE, SECRET

__all__ = ["LARGEST", "mutate"]

LARGEST: Final = 10_000_000
"""Bytes: the promise is about inputs of up to 10 MB."""

_TOKENS: Final = (
    b"[", b"{", b"{a: ", b"- ", b"? ", b"&a ", b"*a", b"<<: ", b"!!python/object:os.system ", b'"', b"'", b"\\", b"\0",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n\n", b"\t", b",", b"\x1b[31m", b"\xe2\x80\xae", b"\xc2\x9b", b"NaN",
    b"1e999", b"-1", b"unless ", b"jdbc:oracle:", b"password=", b"eyJhbGciOi", b"-----BEGIN PRIVATE KEY-----", b"+",
    b"${", b"%s", b"%00", b"\xed\xa0\x80", b"9" * 400, b"2026-03-10T12:00:00Z", b"0x", b"1_000", b"=", b"://", b"@",
)  # fmt: skip
_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1e300, -1e308, 2**63, 2**70, 10**400, 5e-324, float("nan"), float("inf"), "", " ", "0",
    "NaN", "null", "x" * 3_000, "\0", HOSTILE, SECRET, "\ud800", "é" * 300, [], {}, [[]], [None], {"": ""}, [{}] * 50,
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2026-03-10T12:05:00Z", "2026-02-30",
    "12:61", {"a": {"b": {"c": [1, "2", None]}}}, "../../etc/passwd", "a" * 200 + "!", "%" * 99, "1e5Mi", "-5m", "∞",
    "Secret", "Pod", "List", "firing", "service", "latency", "1" * 5_000, "::1", "[::1]:80", "arn:aws:::::", "/" * 99,
)  # fmt: skip
Mutation = Callable[[random.Random, bytes], bytes]


def mutate(rng: random.Random, name: str, data: bytes) -> bytes:
    """`data` of the file `name` changed once or a few times; at most `LARGEST` bytes."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        choices = [_bytes] + [_values] * 3 + [_grown] * (rng.random() < 0.3)
        kinds = (_bytes, _cells) if name.endswith(".csv") else choices
        data = rng.choice(kinds)(rng, data)[:LARGEST]
    if rng.random() < 0.03:
        data = _amplified(rng, data)
    return data[:LARGEST]


def _bytes(rng: random.Random, data: bytes) -> bytes:
    at, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    token = rng.choice(_TOKENS)
    match rng.randrange(7):
        case 0:
            return data[:at] + token + data[at:]
        case 1:
            return data[:at] + token * rng.choice((2, 90, 120, 5_000)) + data[at:]
        case 2:
            return data[:at] + data[end:]
        case 3:
            times = min(rng.choice((1, 3, 50)), 1 + LARGEST // (end - at + 1))
            return data[:end] + data[at:end] * times + data[end:]
        case 4:
            return data[:at]
        case 5:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case _:
            return data[:at] + rng.randbytes(rng.choice((1, 4, 64))) + data[end:]


def _amplified(rng: random.Random, data: bytes) -> bytes:
    """A piece repeated up to megabytes: what is more than linear shows."""
    size = rng.choice((100_000, 1_000_000, LARGEST))
    at = rng.randrange(len(data) + 1)
    piece = rng.choice((*_TOKENS, b"a", b"a ", b"9", data[at : at + 40] or b"\n", data[at : at + 400] or b" "))
    return data[:at] + piece * ((size - len(data)) // len(piece)) + data[at:]


def _values(rng: random.Random, data: bytes) -> bytes:
    """A value, key or item of a document exchanged. Files of several documents (JSON lines) have each as an item."""
    return _in_document(data, lambda document: _exchange(rng, document)) or _bytes(rng, data)


def _grown(rng: random.Random, data: bytes) -> bytes:
    """A list many times as long, with items that differ: thousands of resources, objects, records, messages."""
    return _in_document(data, lambda document: _multiply(rng, document)) or _bytes(rng, data)


def _in_document(data: bytes, change: Callable[[Any], None]) -> bytes | None:
    try:
        text = data.decode()
        lines = [json.loads(line) for line in text.splitlines()]
        if len(lines) > 1:
            change(lines)
            return "".join(_dumped(line) + "\n" for line in lines).encode("utf-8", "surrogatepass")
        document = [json.loads(text)]
        change(document)
        return _dumped(document[0]).encode("utf-8", "surrogatepass")
    except (ValueError, IndexError, TypeError, RecursionError):
        return _in_yaml(data, change)


def _dumped(document: Any) -> str:
    """JSON, now and then with what it can't say: NaN, halves of pairs as escapes."""
    return json.dumps(document)


def _in_yaml(data: bytes, change: Callable[[Any], None]) -> bytes | None:
    if len(data) > 100_000:
        return None
    try:
        document = [yaml.load(data, yaml.CBaseLoader)]
        change(document)
        return yaml.dump(document[0], Dumper=yaml.CSafeDumper, sort_keys=False).encode("utf-8", "surrogatepass")
    except (yaml.YAMLError, ValueError, IndexError, TypeError, RecursionError):
        return None


def _places(document: Any, limit: int = 4_000) -> list[tuple[Any, Any]]:
    """Every container with each of its keys or indices."""
    places: list[tuple[Any, Any]] = []
    stack = [document]
    while stack and len(places) < limit:
        node = stack.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
        for key in keys:
            places.append((node, key))
            stack.append(node[key])
    return places


def _exchange(rng: random.Random, document: Any) -> None:
    places = _places(document)
    node, key = rng.choice(places)
    other, other_key = rng.choice(places)
    match rng.randrange(7):
        case 0 | 1 | 2:
            # Of the same type, so that it is not refused at the door.
            alike = [value for value in _VALUES if type(value) is type(node[key])]
            node[key] = rng.choice(alike if alike and rng.random() < 0.7 else _VALUES)
        case 3:
            del node[key]
        case 4 if isinstance(node, dict):
            node[rng.choice([value for value in _VALUES if isinstance(value, str)] + ["time"])] = node.pop(key)
        case 5:
            node[key] = json.loads(json.dumps(other[other_key]))
        case _:
            for _ in range(rng.choice((3, 95, 105, 300))):
                node[key] = [node[key]] if rng.random() < 0.5 else {"a": node[key]}


def _multiply(rng: random.Random, document: Any) -> None:
    node, key = rng.choice([place for place in _places(document) if isinstance(place[1], int | str)])
    sample = node[key]
    text = json.dumps(sample)
    count = min(rng.choice((100, 1_000, 10_000, 30_000)), LARGEST // (len(text) + 20))
    if isinstance(node, list):
        node.extend(_numbered(rng, sample, number) for number in range(count))
    else:
        node.update({f"{key}{number}": _numbered(rng, sample, number) for number in range(count)})


def _numbered(rng: random.Random, value: Any, number: int) -> Any:
    if isinstance(value, dict):
        return {key: _numbered(rng, item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbered(rng, item, number) for item in value]
    if isinstance(value, str) and value[:4] not in {"2026", "ERRO"} and rng.random() < 0.7:
        return f"{value}{number}"
    return value


def _cells(rng: random.Random, data: bytes) -> bytes:
    try:
        rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    except (csv.Error, ValueError):
        return _bytes(rng, data)
    if not rows or not rows[0]:
        return b"time,bouquet\n"
    row = rng.choice(rows)
    match rng.randrange(6):
        case 0 | 1 if row:
            row[rng.randrange(len(row))] = str(rng.choice(_VALUES))[:2_000]
        case 2:
            wide = rng.choice((10, 500, 5_000, 60_000))
            if wide * len(rows) < 1_500_000:
                rows = [
                    [*row, *(f"r{at}" if not number else "1" for at in range(wide))] for number, row in enumerate(rows)
                ]
        case 3:
            rows += rows[1:] * min(rng.choice((1, 20, 900)), 400_000 // len(rows))
        case 4:
            del row[rng.randrange(len(row) + 1) :]
        case _:
            rng.shuffle(rows)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def packed(rng: random.Random, data: bytes) -> bytes:
    """`data` compressed by gzip, now and then damaged."""
    made = gzip.compress(data, mtime=0)
    return _bytes(rng, made) if rng.random() < 0.5 else made
