"""What requests stopped or began to log: messages counted by span, not by time.

Messages that carry the id of their span are counted in the spans of one operation called by one operation, so that more
or other requests than usual change nothing. A message that nearly each such span wrote and none does any more, or a
failure that none wrote and now many do, shows where requests leave their usual path; what their callers do differently
in the same traces follows from it (compare the event graphs of Yu et al., Nezha, ESEC/FSE 2023).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Final

from primitives.analysis.error_families import family_of
from primitives.analysis.log_patterns import Pattern
from primitives.analysis.log_templates import cluster, mask
from primitives.analysis.naming import NameFinder
from primitives.analysis.severities import severity_of
from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.records import LogRecord, Span
from primitives.terms import FAILURES, Severity

__all__ = ["counted_in_all", "deviations"]

_Id = tuple[str, str]
_Operation = tuple[str, str, str]

# Fewer spans in normal times, or fewer since the change, are no habit.
_MIN_NORMAL: Final = 5
_MIN_NOW: Final = 2
# Of the deviations that are told, at most this share may be chance (Y. Benjamini and Y. Hochberg, Controlling the False
# Discovery Rate, 1995), whatever number of statements is compared.
_FALSE_SHARE: Final = 0.05
# Where the paths that lack a statement are usual ones, as another branch is that depends on what was asked, only their
# share is new. Then no such deviation at all may be chance, with this probability (Bonferroni's correction).
_FALSE_AT_ALL: Final = 0.05
# The same for one question about one statement.
_FALSE_ONCE: Final = 0.01
# What fewer spans than this share wrote depends on what was asked, and is no habit of the operation.
_HABIT: Final = 0.5
_SAME_STATEMENT: Final = 0.5
# How unlikely it must be that a failure paused by chance for it to count as over.
_OVER: Final = 0.01
_EXPLAINED: Final = 0.5
_PLACES: Final = ("logger", "log.logger", "caller")
_LINE: Final = lazy_pattern(r"[#:]\d+$")


@dataclass(frozen=True, slots=True)
class _Deviation:
    """A statement that changed: its pattern, the spans that show it, and how sure that is.

    `score` is the gain in log-likelihood over "nothing changed". `usual_path`: the spans took paths that are usual.
    """

    pattern: Pattern
    operation: _Operation
    spans: frozenset[_Id]
    score: float
    over: bool
    usual_path: bool = False


def deviations(
    now: Sequence[Span], before: Sequence[Span], records: Sequence[LogRecord], names: NameFinder
) -> list[Pattern]:
    """Where requests of the window leave the path of normal times, the surest first.

    Callers' deviations that a deeper one in the same traces explains are reported only if they are failures, and then
    point at the deeper resource.
    """
    spans = {(span.trace_id, span.span_id): span for span in (*before, *now)}
    operations = _operations(spans)
    members: dict[_Operation, list[list[_Id]]] = defaultdict(lambda: [[], []])
    for period, part in enumerate((before, now)):
        for span in sorted(part, key=lambda deviation: (deviation.start, deviation.trace_id, deviation.span_id)):
            identity = (span.trace_id, span.span_id)
            members[operations[identity]][period].append(identity)
    deviations: list[_Deviation] = []
    groups = _statements(records, operations)
    recovered = _recovered(groups, members)
    compared = 0
    for operation, statements in groups.items():
        normal, current = members[operation]
        if len(normal) >= _MIN_NORMAL and len(current) >= _MIN_NOW:
            compared += len(statements)
            deviations += _deviating(operation, statements, normal, current, spans, recovered)
    deviations = _significant(deviations, compared)
    # A failure that is over is the trouble only where none lasts.
    deviations = [deviation for deviation in deviations if not deviation.over] or deviations
    for deviation in deviations:
        blamed = names.pointed_at(deviation.pattern.example, deviation.pattern.resource)
        deviation.pattern.points_at = (
            blamed if deviation.pattern.count and blamed != deviation.pattern.resource else None
        )
    return _without_consequences(deviations, spans)


def _significant(deviations: Sequence[_Deviation], compared: int) -> list[_Deviation]:
    """Those that chance doesn't explain, `compared` statements having been tested."""
    rated = sorted(deviations, key=lambda deviation: -deviation.score)
    allowed = [_FALSE_SHARE * place / max(compared, 1) for place in range(1, len(rated) + 1)]
    known = max((place for place, deviation in enumerate(rated, 1) if _chance(deviation.score) <= allowed[place - 1]),
                default=0)  # fmt: skip
    surest = {id(deviation) for deviation in rated[:known]}
    return [
        deviation
        for deviation in deviations
        if id(deviation) in surest
        and (not deviation.usual_path or _chance(deviation.score) <= _FALSE_AT_ALL / max(compared, 1))
    ]


def _chance(score: float) -> float:
    """How often chance alone gains as much: twice a log-likelihood ratio is chi-squared with one degree of freedom.

    S. Wilks, The large-sample distribution of the likelihood ratio (1938).
    """
    return math.erfc(math.sqrt(max(score, 0.0)))


def _span_of(record: LogRecord) -> _Id:
    return str(record.attributes.get("trace_id", "")), str(record.attributes.get("span_id", ""))


def _operations(spans: dict[_Id, Span]) -> dict[_Id, _Operation]:
    """Each span's resource, its caller's operation, and its own."""
    operations = {}
    for identity, span in spans.items():
        parent = spans.get((span.trace_id, span.parent_span_id)) if span.parent_span_id is not None else None
        operations[identity] = (span.resource, parent.name if parent else "", span.name)
    return operations


@dataclass(slots=True)
class _Statement:
    """What one line of code logs: its severity, its templates, the spans that wrote it, and one of the messages."""

    severity: Severity
    template: str
    example: str
    spans: set[_Id]
    located: bool


def _statements(records: Sequence[LogRecord], operations: dict[_Id, _Operation]) -> dict[_Operation, list[_Statement]]:
    masked = {body: mask(body) for body in dict.fromkeys(record.body for record in records)}
    templates = cluster(masked.values())
    groups: dict[_Operation, dict[tuple[Severity, str], _Statement]] = defaultdict(dict)
    failing: dict[str, bool] = {}
    for record in records:
        identity = _span_of(record)
        if identity not in operations:
            continue
        template, place = templates[masked[record.body]], _place(record)
        if template not in failing:
            failing[template] = family_of(record.body) is not None
        # A framework reports all failures from one place of its code, so theirs are distinguished by their words.
        severity = severity_of(record)
        told_apart = place is None or severity in FAILURES or failing[template]
        key = (severity, template if told_apart else str(place))
        statement = groups[operations[identity]].get(key)
        if statement is None:
            statement = _Statement(severity, template, record.body, set(), located=key[1] == place)
            groups[operations[identity]][key] = statement
        statement.spans.add(identity)
    return {operation: list(_merged(list(group.values()))) for operation, group in sorted(groups.items())}


def _place(record: LogRecord) -> str | None:
    """The place in the code that wrote a record, where the logger gives it with its line.

    OpenTelemetry, semantic conventions for code attributes; logback and zap write `logger#line` and `file:line`.
    """
    attributes = record.attributes
    line = attributes.get("code.line.number", attributes.get("code.lineno"))
    if line is not None:
        return f"{attributes.get('code.file.path', attributes.get('code.filepath', ''))}:{line}"
    return next(
        (place for key in _PLACES if isinstance(place := attributes.get(key), str) and _LINE.search(place)), None
    )


def _merged(statements: Sequence[_Statement]) -> Iterator[_Statement]:
    """Templates of one operation that begin alike come from the same line of code: their values alone differ.

    A message begins with what its line of code always writes; the values come later (P. He et al., Drain: An Online
    Log Parsing Approach with Fixed Depth Tree, ICWS 2017, whose tree is built on this).
    """
    kept: list[_Statement] = []
    for statement in sorted(statements, key=lambda statement: (-len(statement.spans), statement.template)):
        for other in () if statement.located else kept:
            common = _common(statement.template, other.template)
            shorter = min(len(statement.template), len(other.template))
            if statement.severity == other.severity and common > _SAME_STATEMENT * shorter and not _fails(statement):
                other.spans |= statement.spans
                break
        else:
            kept.append(statement)
    yield from kept


def _common(first: str, second: str) -> int:
    """How many letters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _fails(statement: _Statement) -> bool:
    return statement.severity in FAILURES or family_of(statement.example) is not None


def _recovered(
    groups: dict[_Operation, list[_Statement]], members: dict[_Operation, list[list[_Id]]]
) -> set[tuple[str, str]]:
    """The requests (trace and resource) of normal times that failed in a way which is gone by now."""
    recovered: set[tuple[str, str]] = set()
    for operation, statements in groups.items():
        normal, current = members[operation]
        for statement in filter(_fails, statements):
            usual = sum(identity in statement.spans for identity in normal)
            score, since = _stopped(usual, len(normal), [identity in statement.spans for identity in current])
            if _chance(score) <= _FALSE_ONCE and since == 0:
                recovered |= {(trace, operation[0]) for trace, _ in statement.spans}
    return recovered


def _deviating(
    operation: _Operation, statements: Sequence[_Statement], normal: list[_Id], current: list[_Id],
    spans: dict[_Id, Span], recovered: set[tuple[str, str]],
) -> Iterator[_Deviation]:  # fmt: skip
    # Where a failure of normal times is gone, all that came with it goes too: that is no trouble.
    healthy = [identity for identity in normal if (identity[0], operation[0]) not in recovered]
    usual = {_path(identity, statements) for identity in healthy}
    for statement in statements:
        if _fails(statement):
            yield from _failing(operation, statement, normal, current, spans)
        elif statement.severity != "WARN" and len(healthy) >= _MIN_NORMAL:
            for deviation in _left_out(operation, statement, healthy, current, spans):
                known = sum(_path(identity, statements) in usual for identity in deviation.spans)
                yield replace(deviation, usual_path=known >= len(deviation.spans) / 2)


def _path(identity: _Id, statements: Sequence[_Statement]) -> frozenset[int]:
    """Which statements a span reached: the path that it took through the code."""
    return frozenset(place for place, statement in enumerate(statements) if identity in statement.spans)


def _failing(
    operation: _Operation, statement: _Statement, normal: list[_Id], current: list[_Id], spans: dict[_Id, Span]
) -> Iterator[_Deviation]:
    """A failure that came more often from some span on."""
    wrote = [identity in statement.spans for identity in current]
    usual = sum(identity in statement.spans for identity in normal)
    score, since = _began(usual, len(normal), wrote)
    if score > 0:
        pattern = _pattern(operation, statement, (usual, len(normal)), wrote, since)
        pattern.family = family_of(statement.example)
        showing = [span for span, did in zip(current[since:], wrote[since:], strict=True) if did]
        pattern.first, pattern.last = spans[showing[0]].start, spans[showing[-1]].start
        pattern.strength, pattern.ongoing = score, since == 0
        yield _Deviation(pattern, operation, frozenset(showing), score, _is_over(wrote[since:]))


def _left_out(
    operation: _Operation, statement: _Statement, normal: list[_Id], current: list[_Id], spans: dict[_Id, Span]
) -> Iterator[_Deviation]:
    """A statement that most spans reached and none from some span on."""
    wrote = [identity in statement.spans for identity in current]
    usual = sum(identity in statement.spans for identity in normal)
    score, since = _stopped(usual, len(normal), wrote)
    if score > 0 and usual >= _HABIT * len(normal):
        pattern = _pattern(operation, statement, (usual, len(normal)), wrote, since)
        wrote_last = [identity for identity in (*normal, *current[:since]) if identity in statement.spans]
        pattern.last = max((spans[identity].start for identity in wrote_last), default=None)
        pattern.strength, pattern.ongoing = score, since == 0
        yield _Deviation(pattern, operation, frozenset(current[since:]), score, over=False)


def _pattern(
    operation: _Operation, statement: _Statement, usual: tuple[int, int], wrote: list[bool], since: int
) -> Pattern:
    rate = (usual[0] + sum(wrote[:since])) / (usual[1] + since)
    pattern = Pattern(operation[0], statement.severity, statement.template, example=statement.example)
    pattern.count, pattern.expected = sum(wrote[since:]), rate * (len(wrote) - since)
    return pattern


def _stopped(usual: int, normal: int, wrote: Sequence[bool]) -> tuple[float, int]:
    """How sure it is that a statement was never reached again from some span on, and from which."""
    since = len(wrote) - next((place for place, did in enumerate(reversed(wrote)) if did), len(wrote))
    if len(wrote) - since < _MIN_NOW:
        return 0.0, since
    count, total, after = usual + sum(wrote), normal + since, len(wrote) - since
    return (_likely(count, total) - _likely(count, total + after) if count else 0.0), since


def _began(usual: int, normal: int, wrote: Sequence[bool]) -> tuple[float, int]:
    """How sure it is that a failure came more often from some span on, and from which."""
    best, total, seen = (0.0, 0), sum(wrote), 0
    for since in range(len(wrote) - _MIN_NOW + 1):
        count, size = usual + seen, normal + since
        after, rest = total - seen, len(wrote) - since
        if after >= _MIN_NOW and after * size > 2 * count * rest:
            score = _likely(count, size) + _likely(after, rest) - _likely(count + after, size + rest)
            best = max(best, (score, since), key=lambda entry: entry[0])
        seen += wrote[since]
    return best


def _is_over(wrote: Sequence[bool]) -> bool:
    """Whether a failure came no more in so many spans that chance alone would hardly pause so long."""
    last = max(place for place, did in enumerate(wrote) if did)
    return (1 - sum(wrote) / (last + 2)) ** (len(wrote) - 1 - last) < _OVER


def _likely(count: int, total: int) -> float:
    """The greatest log-likelihood of `count` in `total` under any one rate."""
    if not 0 < count < total:
        return 0.0
    return count * math.log(count / total) + (total - count) * math.log(1 - count / total)


def _without_consequences(deviations: Sequence[_Deviation], spans: dict[_Id, Span]) -> list[Pattern]:
    """Deviations less those that deeper ones explain; a failure that is explained points at the deepest cause."""
    deviating: dict[_Id, str] = {}
    for deviation in sorted(
        deviations, key=lambda deviation: (deviation.score, deviation.operation, deviation.pattern.template)
    ):
        deviating.update(dict.fromkeys(deviation.spans, deviation.pattern.resource))
    below: dict[_Id, str] = {}
    for identity in sorted(deviating):
        above = _caller(identity, spans)
        seen = {identity}
        while above is not None and above not in seen:
            seen.add(above)
            if spans[above].resource != deviating[identity]:
                below.setdefault(above, deviating[identity])
            above = _caller(above, spans) if above not in deviating else None
    patterns = []
    for deviation in sorted(
        deviations, key=lambda deviation: (-deviation.score, deviation.operation, deviation.pattern.template)
    ):
        blamed = Counter(below[identity] for identity in deviation.spans if identity in below)
        if blamed and sum(blamed.values()) >= _EXPLAINED * len(deviation.spans):
            if not deviation.pattern.count:
                continue
            deviation.pattern.points_at = min(blamed, key=lambda name: (-blamed[name], name))
        patterns.append(deviation.pattern)
    return patterns


def _caller(identity: _Id, spans: dict[_Id, Span]) -> _Id | None:
    parent = spans[identity].parent_span_id
    above = (identity[0], parent) if parent is not None else None
    return above if above in spans else None


def counted_in_all(deviating: Sequence[Pattern], by_time: Sequence[Pattern]) -> list[Pattern]:
    """The patterns that deviate, counted as often as they were written at all.

    They were found in the requests whose spans are known, and these are often a part of all.
    """
    written = {pattern.written_as: pattern for pattern in by_time}
    return [_as_often(pattern, written.get(pattern.written_as)) for pattern in deviating]


def _as_often(pattern: Pattern, whole: Pattern | None) -> Pattern:
    if whole is None or not 0 < pattern.count < whole.count:
        return pattern
    expected = pattern.expected * whole.count / pattern.count if pattern.expected is not None else None
    return replace(pattern, count=whole.count, expected=expected, first=whole.first, last=whole.last)
