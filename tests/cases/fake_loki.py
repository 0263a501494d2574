"""A server that answers as Loki's HTTP API is documented, over lines in memory.

https://grafana.com/docs/loki/latest/reference/loki-http-api/. It understands the LogQL that the backend writes:
matchers, one line filter, label filters joined by `or`, and `sum by (...) (count_over_time(... [Ns]))`. It is no Loki.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cases.fake_server import FakeServer, Reply

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
NS = 1_000_000_000
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)("(?:[^"\\]|\\.)*")')


@dataclass
class FakeLine:
    """A line; `metadata` is its structured metadata."""

    time_ns: int
    text: str
    labels: dict[str, str]
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def all_labels(self) -> dict[str, str]:
        return {**self.labels, **self.metadata}


def line(seconds_ago: float, text: str, metadata: dict[str, str] | None = None, **labels: str) -> FakeLine:
    """A line of `seconds_ago` before `NOW`."""
    return FakeLine(int(NOW.timestamp() * NS) - int(seconds_ago * NS), text, labels, metadata or {})


class FakeLoki(FakeServer):
    """`asked` are the paths and parameters of all requests; `override` may answer in its place."""

    def __init__(self, lines: Iterable[FakeLine] = ()) -> None:
        self.lines = list(lines)
        self.patterns: list[dict[str, Any]] | None = None
        self.volume: float | None = None
        self.most_entries = 5_000
        self.tenant = ""
        self.authorization = ""
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.override: Callable[[str, dict[str, list[str]]], Reply | None] = lambda path, params: None
        super().__init__()

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        parts = urlsplit(handler.path)
        params = parse_qs(body.decode() if handler.command == "POST" else parts.query)
        self.asked.append((parts.path, params))
        if (own := self.override(parts.path, params)) is not None:
            return own
        if self.authorization and handler.headers.get("Authorization") != self.authorization:
            return Reply(401, b"Unauthorized")
        if self.tenant and handler.headers.get("X-Scope-OrgID") != self.tenant:
            return Reply(401, b"no org id\n")
        return self._answer(parts.path.removeprefix("/loki/api/v1"), params)

    def _answer(self, path: str, params: dict[str, list[str]]) -> Reply:
        match path:
            case "/labels":
                return _success(sorted({name for entry in self._between(params) for name in entry.labels}))
            case "/series":
                return _success(self._series(params))
            case "/query_range" | "/query":
                return self._query(params, instant=path == "/query")
            case "/patterns" if self.patterns is not None:
                return _success(self.patterns)
            case "/index/volume" if self.volume is not None:
                value = [NOW.timestamp(), str(self.volume)]
                return _success({"resultType": "vector", "result": [{"metric": {}, "value": value}]})
            case "/status/buildinfo":
                return Reply(body=json.dumps({"version": "3.4.2", "revision": "abc"}).encode())
        return Reply(404, b"404 page not found\n")

    def _between(self, params: dict[str, list[str]]) -> list[FakeLine]:
        start, end = int(params["start"][0]), int(params["end"][0])
        return [entry for entry in self.lines if start <= entry.time_ns < end]

    def _series(self, params: dict[str, list[str]]) -> list[dict[str, str]]:
        streams = {}
        for entry in self._between(params):
            if any(_matches(entry.labels, selector) for selector in params["match[]"]):
                streams[tuple(sorted(entry.labels.items()))] = entry.labels
        return list(streams.values())

    def _query(self, params: dict[str, list[str]], *, instant: bool) -> Reply:
        query = params["query"][0]
        counting = re.fullmatch(r"sum by \((.*?)\) \(count_over_time\((.*) \[(\d+)s\]\)\)", query, re.DOTALL)
        if counting:
            return self._count(counting[1].split(", "), counting[2], int(counting[3]), params, instant=instant)
        limit = int(params.get("limit", ["100"])[0])
        if limit > self.most_entries:
            said = "max entries limit per query exceeded, limit > max_entries_limit_per_query"
            return Reply(400, f"{said} ({limit} > {self.most_entries})".encode())
        passing = sorted((entry for entry in self._between(params) if _passes(entry, query)), key=lambda e: -e.time_ns)
        streams: dict[tuple[tuple[str, str], ...], list[FakeLine]] = defaultdict(list)
        for entry in passing[:limit]:
            streams[tuple(sorted(entry.all_labels.items()))].append(entry)
        result = [
            {"stream": dict(labels), "values": [[str(entry.time_ns), entry.text] for entry in entries]}
            for labels, entries in streams.items()
        ]
        return _success({"resultType": "streams", "result": result, "stats": {}})

    def _count(self, by: list[str], rest: str, seconds: int, params: dict[str, list[str]], *, instant: bool) -> Reply:
        passing = [entry for entry in self.lines if _passes(entry, rest)]
        if instant:
            times = [int(params["time"][0]) // NS]
        else:
            start, end = (int(params[key][0]) // NS for key in ("start", "end"))
            times = list(range(start, end + 1, int(params["step"][0])))
        rows: dict[tuple[tuple[str, str], ...], Counter[int]] = defaultdict(Counter)
        for entry in passing:
            key = tuple((name, value) for name in by if (value := entry.all_labels.get(name)))
            for time in times:
                if time * NS - seconds * NS < entry.time_ns <= time * NS:
                    rows[key][time] += 1
        key_of, kind = ("value", "vector") if instant else ("values", "matrix")
        result = [
            {"metric": dict(labels), key_of: _values(counts, instant=instant)}
            for labels, counts in rows.items()
            if counts
        ]
        return _success({"resultType": kind, "result": result})


def _values(counts: Counter[int], *, instant: bool) -> Any:
    pairs = [[time, str(value)] for time, value in sorted(counts.items())]
    return pairs[0] if instant else pairs


def _success(data: Any) -> Reply:
    return Reply(body=json.dumps({"status": "success", "data": data}).encode())


def _matches(labels: dict[str, str], selector: str) -> bool:
    matchers = _MATCHER.findall(selector)
    assert any(not _holds("", operator, json.loads(value)) for _, operator, value in matchers), "Loki refuses these"
    return all(_holds(labels.get(name, ""), operator, json.loads(value)) for name, operator, value in matchers)


def _holds(have: str, operator: str, want: str) -> bool:
    match operator:
        case "=":
            return have == want
        case "!=":
            return have != want
        case _:
            return bool(re.fullmatch(want, have)) == (operator == "=~")


def _passes(entry: FakeLine, query: str) -> bool:
    selector, rest = re.match(r'(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})(.*)', query, re.DOTALL).groups()  # type: ignore[union-attr]
    if not _matches(entry.labels, selector):
        return False
    for stage in re.findall(r'\|~ "(?:[^"\\]|\\.)*"|\| (?:[^"|]|"(?:[^"\\]|\\.)*")+', rest):
        if stage.startswith("|~"):
            if not re.search(json.loads(stage[3:]), entry.text):
                return False
        elif not any(_holds(entry.all_labels.get(name, ""), operator, json.loads(value))
                     for name, operator, value in _MATCHER.findall(stage)):  # fmt: skip
            return False
    return True
