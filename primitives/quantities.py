"""Units and quantities: read from what platforms, code and people write, and written as a person reads them.

Units of metrics are UCUM. Kubernetes' own are those of `resource.Quantity` (Kubernetes API reference); clouds and code
write bytes and times in several ways more. No other module knows a unit. Libraries for this (pint, bitmath, the one in
Kubernetes' client) each read one of these spellings, and take longer to import than an investigation may.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = [
    "GIB",
    "MIB",
    "TIME_UNITS",
    "bound",
    "counted",
    "duration",
    "is_ratio",
    "moment",
    "multiplied",
    "parse_age",
    "parse_binary",
    "parse_kubernetes",
    "parse_limit",
    "parse_measured",
    "parse_period",
    "parse_setting_time",
    "probability",
    "quantities_in",
    "quantity",
    "reading",
    "short_id",
    "ticks",
    "times",
    "unbound",
    "without_quantities",
]

MIB: Final = 2.0**20
"""A mebibyte in bytes."""
GIB: Final = 2.0**30
"""A gibibyte in bytes, in which clouds state the sizes of disks."""

# Suffixes of resource.Quantity; `K` is no suffix of it, but is written all the same.
_SUFFIXES: Final = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
_KUBERNETES: Final = lazy_pattern(
    r"([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40}))(?:([eE][+-]?\d{1,3})|(m|n|u|k|[KMGTPE]i?)?)"
)
_LIMIT: Final = lazy_pattern(r"\s*+(\d{1,40}(?:\.\d{1,40})?)\s*+([kKMGTP]i?)?B?\s*+$")
_BINARY_SIZE: Final = lazy_pattern(
    r"\s{0,9}(\d{1,15}(?:\.\d{1,6})?)\s{0,3}([kmgtp]?)i?(?:b|bytes)?\s{0,9}$", re.IGNORECASE
)
_AGE: Final = lazy_pattern(r"(\d{1,9})(y|d|h|ms|m|s)")
_AGES: Final = {"y": 31_536_000, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0}
_SETTING_TIMES: Final = {"ms": 1e-3, "mi": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_WHOLE_BINARY: Final = lazy_pattern(r"([1-9][0-9]{0,9})(Ki|Mi|Gi)")
# Clouds state sizes of disks in GiB as a bare number; no disk has fewer bytes than this.
_LEAST_BYTES: Final = 10_000_000
_PERIODS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# Units as code writes them: `30 * time.Second`, `Duration.ofMillis(200)`, `timeout: 5s`, `512MB`.
_IN_CODE: Final = {
    "nanosecond": 1e-9, "ns": 1e-9, "microsecond": 1e-6, "us": 1e-6, "µs": 1e-6, "millisecond": 1e-3, "millis": 1e-3,
    "ms": 1e-3, "second": 1.0, "sec": 1.0, "s": 1.0, "minute": 60.0, "min": 60.0, "m": 60.0, "hour": 3600.0,
    "h": 3600.0, "day": 86400.0, "d": 86400.0, "k": 1e3, "kb": 1e3, "ki": 1024.0, "mb": 1e6, "mi": 1024.0**2,
    "gb": 1e9, "gi": 1024.0**3, "g": 1e9,
}  # fmt: skip
_UNIT_IN_CODE: Final = (
    r"(?:nano|micro|milli)?seconds?|millis|minutes?|hours?|days?|ns|us|µs|ms|sec|min|s|m|h|d|[kmg]i|[kmg]b|k|g"
)
_QUANTITY_IN_CODE: Final = lazy_pattern(
    r"(?:\.of|\b)(?P<before>(?:milli|nano)?(?:seconds?|minutes?|hours?|days?|millis))"
    r"\s*[=(]\s*(?P<held>\d[\d_]*(?:\.\d+)?)\)?"
    rf"|(?<![\w.])(?P<number>\d[\d_]*(?:\.\d+)?)"
    rf"(?:\s*\*\s*[\w.]*?\b(?P<times>{_UNIT_IN_CODE})\b|\s?(?P<suffix>{_UNIT_IN_CODE})\b)?",
    re.IGNORECASE,
)

TIME_UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
"""Seconds in each unit of time of UCUM that metrics are in."""
_AXIS_TIMES: Final = ((86_400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))
_BYTES: Final = {
    "By": 1.0, "kBy": 1e3, "MBy": 1e6, "GBy": 1e9, "TBy": 1e12,
    "KiBy": 2.0**10, "MiBy": 2.0**20, "GiBy": 2.0**30, "TiBy": 2.0**40,
}  # fmt: skip
_BINARY: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_RATIO_KINDS: Final = frozenset({"errors", "availability", "saturation"})
_RATIO_NAME: Final = lazy_pattern(r"(?i)(?:^|[^a-z])(?:ratio|share|fraction|utili[sz]ation|percentage)(?:[^a-z]|$)")
# A number and what it counts, or two groups of its digits.
_HELD: Final = lazy_pattern(r"(?<![\w.,:])([+\-−±]?\d[\d.,]*) (?=[^\W\d_]|[%×]|\d{3}(?!\d))")
_COMMIT: Final = lazy_pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
# From here on a factor is easier to grasp than a percentage.
_FACTOR_FROM: Final = 3.0
_MILLIONS_FROM: Final = 5e6
_STEPS: Final = (1.0, 2.0, 2.5, 5.0)


def parse_kubernetes(text: str) -> float | None:
    """A quantity of Kubernetes (`250m`, `1.5Gi`) in cores, bytes or pieces; None where it is none."""
    match = _KUBERNETES.fullmatch(text.strip())
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    return float(number + exponent) if exponent else float(number) * _SUFFIXES[suffix or ""]


def parse_limit(value: object, unit: str) -> float | None:
    """A limit as a configuration states it (`100`, `8Gi`, `20 GB`), in a metric's `unit`; None where it is none.

    A bare number that is too small for a disk's bytes is read as GiB.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = float(value)
    elif isinstance(value, str) and (match := _LIMIT.match(value)):
        number = float(match[1]) * _SUFFIXES[match[2] or ""]
    else:
        return None
    if unit == "By" and 0 < number < _LEAST_BYTES:
        number *= GIB
    return number if number > 0 else None


def parse_binary(text: str, plain: float = 1.0) -> float | None:
    """Bytes of a size in units of 1024, whatever they are called (`512Mi`, `2g`, `16 kB`); a bare number × `plain`."""
    match = _BINARY_SIZE.match(text)
    if match is None:
        return None
    return float(match[1]) * (1024.0 ** " kmgtp".index(match[2].lower()) if match[2] else plain)


def parse_age(text: str) -> int | None:
    """Seconds of an age as kubectl prints it (`5d3h`, `90s`); None where it is none."""
    parts = _AGE.findall(text)
    return sum(int(number) * _AGES[unit] for number, unit in parts) if parts else None


def parse_setting_time(number: float, unit: str) -> float | None:
    """Seconds of a number with a unit that a setting names (`ms`, `millis`, `sec`, `minutes`); None for other units."""
    if not unit or unit[0] not in "msh":
        return None
    return number * _SETTING_TIMES["ms" if unit.startswith(("ms", "milli")) else unit[0]]


def multiplied(text: str, factor: int) -> str | None:
    """`factor` times a whole number of Ki, Mi or Gi, in the same unit: `512Mi` → `1024Mi`. None for anything else."""
    match = _WHOLE_BINARY.fullmatch(text)
    return f"{factor * int(match[1])}{match[2]}" if match else None


def parse_period(count: float, unit: str) -> float:
    """Seconds of so many `seconds`, `min`, `h`, `days` or `weeks`; the unit's first letter decides."""
    return count * _PERIODS[unit[0].lower()]


def parse_measured(number: float, unit: str) -> tuple[float, str]:
    """A number with its unit as messages write it (`4.2 s`, `20GB`, `98 %`), in UCUM: s, By, % or 1."""
    name = unit.strip().lower()
    if name in ("", "%"):
        return number, name or "1"
    factor = _IN_CODE.get(name, _IN_CODE.get(name.removesuffix("s"), 0.0))
    if factor and name[0] in "nuµmshd" and not name.endswith(("b", "i")):
        return number * factor, "s"
    size = name.removesuffix("ytes").removesuffix("b")
    return number * _SUFFIXES.get(size.capitalize() if size else "", 1.0), "By"


def quantities_in(code: str) -> list[float]:
    """The numbers in a line of code or settings, in order: times in seconds, sizes in bytes, others as they are."""
    numbers = []
    for match in _QUANTITY_IN_CODE.finditer(code):
        unit = (match["before"] or match["times"] or match["suffix"] or "").lower()
        number = float((match["held"] or match["number"]).replace("_", ""))
        numbers.append(number * _IN_CODE.get(unit, _IN_CODE.get(unit.removesuffix("s"), 1.0)))
    return numbers


def without_quantities(code: str) -> str:
    """A line of code or settings with `#` for each number and its unit."""
    return _QUANTITY_IN_CODE.sub("#", code)


def is_ratio(unit: str, kind: str = "", name: str = "") -> bool:
    """Whether values in `unit` are parts of a whole, by the metric's kind or else its name: read as percentages."""
    return unit == "1" and (kind in _RATIO_KINDS or _RATIO_NAME.search(name) is not None)


def reading(value: float, unit: str, kind: str = "", name: str = "") -> str:
    """A metric's value as it is shown everywhere: a ratio in percent, else the `quantity`."""
    return quantity(100 * value, "%") if is_ratio(unit, kind, name) else quantity(value, unit)


def quantity(value: float, unit: str) -> str:
    """`value` in `unit`, in the unit a person would choose: 1.5 s, 230 ms, 4.2 GiB, 95 %, 12 requests."""
    if not math.isfinite(value):
        return "no value"
    if unit in TIME_UNITS:
        return _time(value * TIME_UNITS[unit])
    size, rate, rest = unit.partition("/")
    if size in _BYTES:
        return _bytes(value * _BYTES[size]) + rate + rest
    if unit == "1":
        return _number(value)
    if unit.startswith("{") and "}" in unit:
        noun, _, rest = unit[1:].partition("}")
        if noun == "count":
            return f"{_number(value)}{rest}"
        return f"{_number(value)} {noun if value == 1 else _plural(noun)}{rest}"
    return f"{_number(value)} {unit}"


def counted(count: int, noun: str) -> str:
    """1 dependency, 16 dependencies."""
    return f"{count} {noun if count == 1 else _plural(noun)}"


def probability(share: float) -> str:
    """80 %; what isn't certain is never shown as 0 % or 100 % but as under 1 % or over 99 %."""
    if share < 0.01:
        return "under 1 %"
    return "over 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


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
    """How much more: ` (+57 %)`, ` (-80 %)`, from three times on ` (7.5 times)`; empty where it says nothing."""
    if before == 0 or not math.isfinite(before) or not math.isfinite(after):
        return ""
    if after / before >= _FACTOR_FROM:
        return f" ({_number(after / before)} times)"
    percent = 100.0 * (after - before) / abs(before)
    if after != 0 and -100 < percent <= -99.5:
        return " (to under 1 %)"
    return f" ({percent:+.0f} %)" if abs(percent) >= 1 else ""


def ticks(low: float, high: float, most: int, unit: str, *, ratio: bool = False) -> list[tuple[float, str]]:
    """At most `most` round values between two in `unit`, with exact labels, lowest first.

    They are multiples of 1, 2, 2.5 or 5 times a power of ten of the unit that suits the largest of them.
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return []
    scale, name = _axis_unit(max(abs(low), abs(high)), unit, ratio=ratio)
    first, last = low / scale, high / scale
    power = 10.0 ** math.floor(math.log10((last - first) / most))
    for step in (factor * power * ten for ten in (1.0, 10.0, 100.0) for factor in _STEPS):
        begin, end = math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9)
        if end - begin + 1 <= most:
            digits = max(0, -math.floor(math.log10(step) + 1e-9) + (1 if _leading(step) == 25 else 0))
            return [(number * step * scale, _exact(number * step, digits) + name) for number in range(begin, end + 1)]
    return []


def short_id(text: str) -> str:
    """A commit by its first twelve digits, as git shows them; any other id whole."""
    return text[:12] if _COMMIT.fullmatch(text) else text


def bound(text: str) -> str:
    """`text` with its numbers held to their units by no-break spaces, to be wrapped; `unbound` takes them out again."""
    return _HELD.sub(rf"\1{_NO_BREAK}", text)


def unbound(text: str) -> str:
    """`text` with plain spaces alone, so that it copies and pastes as it was."""
    return text.replace(_NO_BREAK, " ")


def _leading(step: float) -> int:
    """The first two digits of a step: 10, 20, 25 or 50."""
    return round(step / 10.0 ** (math.floor(math.log10(step) + 1e-9) - 1))


def _exact(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace(",", " ") if value else "0"


def _axis_unit(largest: float, unit: str, *, ratio: bool) -> tuple[float, str]:
    """What one step of an axis counts, in `unit`, and how it is named after the number."""
    if ratio:
        return 0.01, " %"
    if unit in TIME_UNITS:
        seconds = largest * TIME_UNITS[unit]
        long, name = next(((long, name) for long, name in _AXIS_TIMES if seconds >= _enough(long)), (1e-6, "µs"))
        return long / TIME_UNITS[unit], f" {name}"
    base, rate, rest = unit.partition("/")
    if base in _BYTES:
        rank = min(int(math.log(max(largest * _BYTES[base], 1.0), 1024)), len(_BINARY) - 1)
        return 1024.0**rank / _BYTES[base], f" {_BINARY[rank]}{rate}{rest}"
    size, name = (1e6, " M") if largest >= _MILLIONS_FROM else (1.0, "")
    if unit in ("1", "{count}"):
        return size, name
    if unit.startswith("{") and "}" in unit:
        noun, _, rest = unit[1:].partition("}")
        return size, name + (rest if noun == "count" else f" {_plural(noun)}{rest}")
    return size, f"{name} {unit}"


def _enough(long: float) -> float:
    """From how many seconds on a unit of so many is used: 90 s are read easier than 1.5 min."""
    return 2 * long if long > 1 else long


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x")) else "s")


def _number(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 999.5:
        return f"{value:,.0f}".replace(",", " ") if abs(value) < 1e9 else f"{value:.3g}"
    return f"{value:.3g}" if abs(value) >= 1e-4 else f"{value:.1e}"


def _time(seconds: float) -> str:
    size = abs(seconds)
    if size == 0:
        return "0 s"
    if size < 0.9995e-3:
        return f"{_number(seconds * 1e6)} µs"
    if size < 0.9995:
        return f"{_number(seconds * 1e3)} ms"
    return f"{_number(seconds)} s" if size < 1000 else duration(seconds)


def _bytes(value: float) -> str:
    for name in _BINARY[:-1]:
        if abs(value) < 1024:
            return f"{_number(value)} {name}"
        value /= 1024
    return f"{_number(value)} {_BINARY[-1]}"
