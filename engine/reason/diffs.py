"""What a change does, read from its diff: edits that are known to hurt or known to be harmless.

Each rule says where it comes from. None reads more than the changed lines, so all weigh little beside when and where
something changed; tests/unit/test_reason_diff_rules.py has unlike examples and look-alikes of each.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.quantities import quantities_in, without_quantities
from primitives.records import Change

__all__ = ["Trait", "bumped", "changed_lines", "lowered", "moved_settings", "setting_traits", "traits"]

_SETTING: Final = lazy_pattern(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{0,100})[\"']?\s{0,20}(?::|=|:=)\s{0,20}[\"']?(?P<value>\d[\w.*\s]{0,100})"
)
# What is bounded or awaited: less of it refuses or gives up sooner.
_BOUND: Final = lazy_pattern(
    r"time_?out|deadline|budget|pool|max|limit|size|ttl|expir|cache|retr(?:y|ies)|attempt|concurren|buffer|heap|memory|"
    r"cpu|quota|workers?|threads?|replicas?|capacity|burst|permits?|connections?|conns?\b",
    re.IGNORECASE,
)
# A pause between two of something.
_PAUSE: Final = lazy_pattern(r"interval|delay|back_?off|sleep|period", re.IGNORECASE)
# The head of a loop and its first lines.
_LOOP_LINES: Final = 4
_LOOP: Final = lazy_pattern(r"\b(?:for|foreach|while|map|forEach)\b")
_REMOTE_CALL: Final = lazy_pattern(
    r"\.\s*(?:get|fetch|load|query|find|exec|select|call|list|read|send|all|first|count)\w*\s*\(", re.IGNORECASE
)
_GUARD: Final = lazy_pattern(
    r"\b(?:if|unless|guard|assert)\b(?:(?!\b(?:if|unless|guard|assert)\b).)*?(?:\bnil\b|\bnull\b|\bNone\b|"
    r"undefined|\bnot\b|!\w|is_?empty|\blen\(|"
    r"isPresent|exists)"
    r"|\?\.|\?\?|\.orElse|\bcatch\b|\bexcept\b|\brescue\b",
)
_BOUNDED_QUERY: Final = lazy_pattern(r"\bLIMIT\s+\d|\bTOP\s+\d|\.limit\(|\bFETCH FIRST|\bpage_?size\b", re.IGNORECASE)
_COMMENT: Final = lazy_pattern(r"^\s*(?://|#(?!include)|/?\*|\"\"\"|--\s)")
_LOGGING: Final = lazy_pattern(
    r"^\s*(?:\w+\.)*(?:LOG\w*|log(?:ger|ging)?|slog|console|println?|printf?|fmt)\b[\w.:]*\s*[.(!]", re.IGNORECASE
)
_COSMETIC: Final = lazy_pattern(
    r"#[0-9a-f]{3,8}\b|\b(?:padding|margin|border|background|font|color|colour)\b", re.IGNORECASE
)
# After a colon comes the tag of an image: the service's own release, not a library's.
_VERSION: Final = lazy_pattern(r"(?<![:\w])v?(\d+)\.(\d+)\.(\d+)\b")
_RESTART: Final = lazy_pattern(
    r"(?i)\brestarted\b|\brestart(?:s|ing)?\b(?:(?!\brestart).)*\b(?:same|unchanged|"
    r"no change)"
)
_IDENTIFIER: Final = lazy_pattern(r"[A-Za-z_]\w*|[^\w\s]")
_HARMLESS_FILES: Final = lazy_pattern(
    r"(?:^|/)(?:docs?|documentation|tests?|testdata|examples?|\.github|\.circleci)/|\.(?:md|rst|txt|adoc|css|scss|"
    r"svg|png)$"
    r"|(?:^|/)(?:CODEOWNERS|LICENSE|README)|[_.-](?:test|spec)\.|_fuzz|(?:^|/)\.[a-z-]+(?:\.ya?ml|rc|ignore)?$",
    re.IGNORECASE,
)
_HARMLESS_WORDS: Final = lazy_pattern(r"^(?:\S+\s+)?(?:docs?|tests?|style|chore|ci|lint|typo)(?:\(|:)", re.IGNORECASE)

_LONGEST_VALUE: Final = 24
"""Characters of a setting's value; what is longer is no number of a line."""
_OF_RELEASE: Final = ("version", "revision", "commit", "image", "diff")

# Natural log-odds, by judgement: what a reviewer who knows of the incident would point at, and how readily.
_LOWERED: Final = 0.3  # A limit went down at all, and
_TIGHTER: Final = 0.6  # for each halving of it.
_MAX_WEIGHT: Final = 1.6
_TO_NOTHING: Final = 4.0  # Halvings that a limit of zero counts as.
_SOONER: Final = 0.15  # For each halving of a pause.
_MOST_SOONER: Final = 0.5
_CALL_IN_LOOP: Final = 0.9
_CHECK_GONE: Final = 0.8
_BOUND_GONE: Final = 1.0
_PATCHES: Final = -0.5
_RESTARTED: Final = -1.0
_HARMLESS: Final = -2.5


@dataclass(frozen=True, slots=True)
class Trait:
    """An effect of a change and its weight in natural log-odds.

    Its `group`: a "risk", "harmless" (it can't hurt at all) or a mere "restart".
    """

    why: str
    weight: float
    group: str = "risk"


def changed_lines(change: Change) -> list[str]:
    """The lines that a diff removes (`-`) and adds (`+`), without their context."""
    after = change.after if isinstance(change.after, dict) else {}
    lines = str(after.get("diff") or "").splitlines()
    return [line for line in lines if line[:1] in ("+", "-") and not line.startswith(("+++", "---"))]


def traits(change: Change) -> tuple[Trait, ...]:
    """The known effects of a change, harmful or harmless; empty where none is known."""
    lines = changed_lines(change)
    removed, added = _halves(lines)
    if why := _harmless(change, lines, (*removed, *added)):
        return (Trait(why, _HARMLESS, "harmless"),)
    pairs = _pairs(change, removed, added)
    return (
        *_restart(change, lines),
        *_quantities(pairs),
        *_patch_releases(removed, added),
        *_call_in_loop(removed, added),
        *_check_gone(removed, added),
        *_unbounded_query(removed, added),
    )


def _restart(change: Change, lines: Sequence[str]) -> Iterator[Trait]:
    """A start of what ran before: it can bring out what was wrong already, and brings nothing new."""
    old, new = (value.get("version") if isinstance(value, Mapping) else None for value in (change.before, change.after))
    if not lines and ((old is not None and old == new) or _RESTART.search(change.summary)):
        yield Trait("it starts the same version anew", _RESTARTED, "restart")


def lowered(change: Change) -> tuple[str, ...]:
    """The limits that a change lowers, by their names or lines."""
    pairs = _pairs(change, *_halves(changed_lines(change)))
    return tuple(name for name, old, new in pairs if new < old and _BOUND.search(name) and not _PAUSE.search(name))


def moved_settings(change: Change) -> tuple[str, ...]:
    """The settings that get another number, as `pool_size 200 → 100`: the shortest words first."""
    removed, added = _halves(changed_lines(change))
    pairs = [(_stated(removed), _stated(added))]
    if isinstance(change.before, dict) and isinstance(change.after, dict):
        pairs.append((_numbers(change.before), _numbers(change.after)))
    moved = [
        f"{name} {old[name]} → {new[name]}"
        for old, new in pairs
        for name in old
        if new.get(name, old[name]) != old[name]
    ]
    return tuple(sorted(dict.fromkeys(moved), key=len))


def _stated(lines: Sequence[str]) -> dict[str, str]:
    """The values of the settings that occur once, as they are written."""
    values: dict[str, list[str]] = {}
    for line in lines:
        for match in _SETTING.finditer(line):
            values.setdefault(match["name"], []).append(match["value"].strip())
    return {name: each[0] for name, each in values.items() if len(each) == 1 and len(each[0]) <= _LONGEST_VALUE}


def _numbers(record: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: text for name, value in record.items()
        if len(text := str(value)) <= _LONGEST_VALUE and len(quantities_in(text)) == 1 and name not in _OF_RELEASE
    }  # fmt: skip


def _pairs(change: Change, removed: Sequence[str], added: Sequence[str]) -> list[tuple[str, float, float]]:
    return [*_line_pairs(removed, added), *_name_pairs(removed, added), *_value_pairs(change.before, change.after)]


def _halves(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is removed and what is added, without comments and blank lines."""
    meaningful = [(line[0], line[1:]) for line in lines if line[1:].strip() and not _COMMENT.match(line[1:])]
    return [text for sign, text in meaningful if sign == "-"], [text for sign, text in meaningful if sign == "+"]


def _harmless(change: Change, lines: Sequence[str], changed: Sequence[str]) -> str:
    """Why a change can't hurt; `changed` are its changed lines without comments and blank ones.

    What isn't built into what runs, and what only a person reads (conventionalcommits.org: docs, test, style, ci). A
    line that is logged more can hurt by its volume, so a new one isn't harmless; one that only changes its words is.
    """
    after = change.after if isinstance(change.after, dict) else {}
    files = [str(file) for file in after.get("files") or ()]
    if files and all(_HARMLESS_FILES.search(file) for file in files):
        return "it touches only documents, tests, styles or tooling"
    if lines and not changed:
        return "it changes only comments"
    if lines and all(_LOGGING.match(text) for text in changed) and _as_many(lines):
        return "it changes only what is logged"
    if lines and all(_COSMETIC.search(text) for text in changed):
        return "it changes only how things look"
    if _HARMLESS_WORDS.search(change.summary) and not lines:
        return "by its summary it changes nothing that runs"
    return ""


def _count(pattern: re.Pattern[str], lines: Sequence[str]) -> int:
    return sum(bool(pattern.search(line)) for line in lines)


def _as_many(lines: Sequence[str]) -> bool:
    """Whether no more lines are added than removed."""
    return sum(line[0] == "+" for line in lines) <= sum(line[0] == "-" for line in lines)


def _quantities(pairs: Sequence[tuple[str, float, float]]) -> Iterator[Trait]:
    """The limit that went down most, else the pause that went down most: from names, old and new numbers.

    M. Nygard, Release It!, chapters 4 and 5: pools, time-outs and queues that are too small for what normal load
    needs refuse it; Google SRE workbook, chapter 14. A shorter pause between retries or polls multiplies requests:
    M. Brooker, Timeouts, retries and backoff with jitter (Amazon Builders' Library). A higher limit is no sign of harm.
    """
    tightened = sooner = 0.0
    for name, old, new in pairs:
        halvings = math.log2(old / new) if old > 0 and new > 0 else (_TO_NOTHING if old > 0 else 0.0)
        if _PAUSE.search(name):
            sooner = max(sooner, halvings)
        elif _BOUND.search(name):
            tightened = max(tightened, halvings)
    if tightened > 0:
        yield Trait(f"it lowers a limit {2**tightened:.3g} times", min(_MAX_WEIGHT, _LOWERED + _TIGHTER * tightened))
    elif sooner > 0:
        yield Trait("it does something sooner or more often", min(_MOST_SOONER, _SOONER * (1 + sooner)))


def _check_gone(removed: Sequence[str], added: Sequence[str]) -> Iterator[Trait]:
    """A check for what is missing or fails was taken away: CWE-476 and CWE-754 (cwe.mitre.org)."""
    if _count(_GUARD, removed) > _count(_GUARD, added):
        yield Trait("it takes a check away", _CHECK_GONE)


def _unbounded_query(removed: Sequence[str], added: Sequence[str]) -> Iterator[Trait]:
    """A query lost its limit: M. Nygard, Release It!, "Unbounded Result Sets"."""
    if _count(_BOUNDED_QUERY, removed) > _count(_BOUNDED_QUERY, added):
        yield Trait("it takes the bound of a query away", _BOUND_GONE)


def _line_pairs(removed: Sequence[str], added: Sequence[str]) -> Iterator[tuple[str, float, float]]:
    """Lines that differ only in numbers: their text, the old number and the new one."""
    old = {_skeleton(line): line for line in removed}
    for line in added:
        before = old.get(_skeleton(line))
        if before is not None:
            for was, now in zip(quantities_in(before), quantities_in(line), strict=False):
                if was != now:
                    yield line, was, now


def _name_pairs(removed: Sequence[str], added: Sequence[str]) -> Iterator[tuple[str, float, float]]:
    """Settings that occur once on each side with different numbers: name, old number, new number."""
    old, new = _named_numbers(removed), _named_numbers(added)
    for name in sorted(old.keys() & new.keys()):
        if len(old[name]) == len(new[name]) == 1 and old[name] != new[name]:
            yield name, old[name][0], new[name][0]


def _named_numbers(lines: Sequence[str]) -> dict[str, list[float]]:
    numbers: dict[str, list[float]] = {}
    for line in lines:
        for match in _SETTING.finditer(line):
            numbers.setdefault(match["name"], []).extend(quantities_in(match["value"]))
    return numbers


def _value_pairs(before: Any, after: Any) -> Iterator[tuple[str, float, float]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before.keys() & after.keys():
            was, now = quantities_in(str(before[name])), quantities_in(str(after[name]))
            if len(was) == len(now) == 1 and was != now:
                yield str(name), was[0], now[0]


def _skeleton(line: str) -> str:
    # A local name may change with the number that it holds: what a line calls identifies it.
    return " ".join(_IDENTIFIER.findall(re.sub(r"^\s*+\w[\w, ]*+:?=\s", "", without_quantities(line))))


def setting_traits(path: str, before: Any, after: Any) -> tuple[Trait, ...]:
    """The effects of changing one setting; `path` is its full name, with the names of its parents."""
    return tuple(_quantities([(path, was, now) for _, was, now in _value_pairs({path: before}, {path: after})]))


def bumped(change: Change) -> tuple[str, ...]:
    """The lines with which a change updates libraries."""
    return tuple(line for line, _, _ in _bumps(*_halves(changed_lines(change))))


_Release = tuple[str, ...]


def _bumps(removed: Sequence[str], added: Sequence[str]) -> list[tuple[str, _Release, _Release]]:
    """Each added line that differs from a removed one in a version alone, with the old version and the new one."""
    old = {_VERSION.sub("#", line): match.groups() for line in removed if (match := _VERSION.search(line))}
    return [(line, old[key], match.groups()) for line in added
            if (match := _VERSION.search(line)) and (key := _VERSION.sub("#", line)) in old]  # fmt: skip


def _patch_releases(removed: Sequence[str], added: Sequence[str]) -> Iterator[Trait]:
    """Only patches of libraries: semver.org, rules 6 and 8: they are compatible. Of other releases nothing is known."""
    bumps = _bumps(removed, added)
    if bumps and len(bumps) == len(added) and all(was[:2] == now[:2] for _, was, now in bumps):
        yield Trait("it takes only patch releases of libraries", _PATCHES)


def _call_in_loop(removed: Sequence[str], added: Sequence[str]) -> Iterator[Trait]:
    """A remote call for each of many items: Azure Architecture Center, "Chatty I/O antipattern" (N+1 queries)."""
    known = Counter(text.strip() for text in removed)
    for number, line in enumerate(added):
        if not _LOOP.search(line):
            continue
        near = added[number : number + _LOOP_LINES]
        if any(_REMOTE_CALL.search(call) and call.strip() not in known for call in near):
            yield Trait("it adds a remote call to a loop", _CALL_IN_LOOP)
            return
