"""Numbers as a person reads them: with three significant digits and their unit. Units are UCUM."""

from __future__ import annotations

import math
from datetime import datetime

__all__ = ["duration", "moment", "quantity", "times"]

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
_BINARY = ("By", "KiBy", "MiBy", "GiBy", "TiBy", "PiBy")


def quantity(value: float, unit: str) -> str:
    """`value` in `unit`, in the unit a person would choose: 1.5 s, 230 ms, 4.2 GiB, 95 %, 12 requests."""
    if not math.isfinite(value):
        return "no value"
    if unit in _SECONDS:
        return _time(value * _SECONDS[unit])
    if unit in ("By", "By/s"):
        return _bytes(value) + unit[2:]
    if unit == "1":
        return _number(value)
    if unit.startswith("{") and "}" in unit:
        noun, _, rest = unit[1:].partition("}")
        return f"{_number(value)} {noun if value == 1 else _plural(noun)}{rest}"
    return f"{_number(value)} {unit}"


def duration(seconds: float) -> str:
    """A length of time in its largest fitting unit: 45 s, 5 min, 2.5 h, 3 days."""
    for limit, size, name in ((120.0, 1.0, "s"), (7200.0, 60.0, "min"), (48 * 3600.0 + 1, 3600.0, "h")):
        if abs(seconds) < limit:
            return f"{_number(round(seconds / size, 1))} {name}"
    return f"{_number(round(seconds / 86400.0, 1))} days"


def moment(time: datetime) -> str:
    """The clock time, UTC: 14:30, with seconds only where they aren't zero."""
    return f"{time:%H:%M:%S}" if time.second else f"{time:%H:%M}"


def times(before: float, after: float) -> str:
    """How much more, in words: ` (+650 %)`, ` (-80 %)`; empty where it would say nothing."""
    if before == 0 or not math.isfinite(before) or not math.isfinite(after):
        return ""
    percent = 100.0 * (after - before) / abs(before)
    if abs(percent) >= 2000:
        return f" ({_number(after / before)} times)" if after * before > 0 else ""
    return f" ({percent:+.0f} %)" if abs(percent) >= 1 else ""


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x")) else "s")


def _number(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ") if abs(value) < 1e9 else f"{value:.3g}"
    return f"{value:.3g}"


def _time(seconds: float) -> str:
    size = abs(seconds)
    if size == 0:
        return "0 s"
    if size < 1e-3:
        return f"{_number(seconds * 1e6)} µs"
    if size < 1.0:
        return f"{_number(seconds * 1e3)} ms"
    return f"{_number(seconds)} s" if size < 1000 else duration(seconds)


def _bytes(value: float) -> str:
    for name in _BINARY[:-1]:
        if abs(value) < 1024:
            return f"{_number(value)} {name}"
        value /= 1024
    return f"{_number(value)} {_BINARY[-1]}"
