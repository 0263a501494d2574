"""How fast secrets are looked for: ordinary lines of logs, and one long line without a break.

The lines have the formats of web servers, Hadoop, Spark, ZooKeeper, Linux and Kubernetes; hardly one holds a secret, as
in logs. Processor time is measured, not wall time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.figures import Figure, Reference, Result, Target, median
from benchmarks.options import Options

__all__ = ["redaction"]

_WANTED: Final = Target(30_000, "at least")
# Eight times the text may take eight times as long; caches and noise get as much again.
_LINEAR: Final = Target(2.0, of="ratio")
_LONG: Final = 1 << 20
_PIECES: Final = ("a", "password: '", "token ", "://", "-p ", "key=value ", "x@y:", "eyJ", '{"a": "b"}, ')


def redaction(options: Options) -> Result:
    """Lines a second, and the time for 1 MiB on one line against eight times that for an eighth of it."""
    from primitives.redact import Redactor

    redact = Redactor().redact
    lines = list(_lines(options.times(60_000, 10_000)))
    for line in lines[:1_000]:
        redact(line)
    rates = [len(lines) / _seconds(redact, lines) for lines in (lines[::3], lines[1::3], lines[2::3])]
    result = Result([Figure("redaction", "lines of logs", median(rates), "lines/s", _WANTED)])
    for piece in _PIECES:
        whole, eighth = (piece * (size // len(piece)) for size in (_LONG, _LONG // 8))
        short = 8_000 * min(_seconds(redact, [eighth]) for _ in range(3))
        reference = Reference("8 lines of 128 KiB", short)
        name = f"a line of 1 MiB of {piece.strip()!r}"
        result.figures.append(Figure("redaction", name, 1_000 * _seconds(redact, [whole]), "ms", _LINEAR, reference))
    return result


def _seconds(redact: Callable[[str], str], lines: list[str]) -> float:
    begin = time.process_time()
    for line in lines:
        redact(line)
    return time.process_time() - begin


def _lines(count: int) -> Iterator[str]:
    rng = random.Random(1)
    for number in range(count):
        at = f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
        address = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"
        identifier = f"{rng.getrandbits(128):032x}"
        head, tail = (
            (
                f"{address} - - [12/Jan/2026:{at} +0000]",
                f'"GET /item/{number} HTTP/1.1" 200 12 "http://example.com/list"',
            ),
            (f"26/01/12 {at} INFO storage.BlockManagerInfo:", f"Added rdd_{number}_4 in memory on host-7:4711"),
            (
                f"260112 {at} 148 INFO dfs.DataNode$PacketResponder:",
                f"Responder 1 for blk_{identifier} ends",
            ),
            (f"2026-01-12 {at},123 - INFO  [NIOServerCxn:2181:Cnxn@1001]", f"- Closed socket for client /{address}"),
            (
                f"Jan 12 {at} host-3 sshd[{number}]:",
                f"Failed password for invalid user ops from {address} port 22",
            ),
            (f"Jan 12 {at} host-3 kernel: [{number}.31]", "usb 1-1: New USB device, idVendor=1d6b, idProduct=0002"),
            (f"I0112 {at}.123456 1 trace.go:236]", f'Trace[{number}]: "Update" audit-id:{identifier},verb:PUT (12ms):'),
            (f'{{"time":"2026-01-12T{at}Z","level":"info",', f'"msg":"done","trace_id":"{identifier}","ms":{number}}}'),
        )[number % 8]
        yield f"{head} {tail}"
