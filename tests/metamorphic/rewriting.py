"""The same incident told otherwise: with other names, at another time, with no severities, with clocks that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache

from bundle_files import (
    DUMP,
    Files,
    document,
    lines,
    metrics,
    objects,
    snapshots,
    table,
    time_of,
    with_lines,
)

# Whole weeks: a schedule names hours and days of the week.
_LATER = timedelta(weeks=29)
_SKEW = timedelta(seconds=2)
_TIME = re.compile(rb"(?<![\d-])(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)")
_FOLDER = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d")


def later(files: Files) -> Files:
    """Everything at another date and hour."""

    def move(match: re.Match[bytes]) -> bytes:
        moved = time_of(f"{match[1].decode()}T{match[3].decode()}") + _LATER
        return moved.strftime("%Y-%m-%d").encode() + match[2] + moved.strftime("%H:%M:%S").encode()

    return {
        _FOLDER.sub(lambda match: _moved_folder(match[0]), name): data if name == "NOTICE.md" else _TIME.sub(move, data)
        for name, data in files.items()
    }


def _moved_folder(text: str) -> str:
    moved = time_of(text[:11] + text[11:].replace("-", ":")) + _LATER
    return moved.strftime("%Y-%m-%dT%H-%M-%S")


def log_clock_ahead(files: Files) -> Files | None:
    """The collector of logs has a clock that is two seconds ahead of all others."""
    recorded = lines(files, "logs.jsonl")
    if not recorded:
        return None
    moved = [
        {**one, "time": (time_of(str(one["time"])) + _SKEW).isoformat().replace("+00:00", "Z")} for one in recorded
    ]
    return with_lines(files, "logs.jsonl", moved)


def all_info(files: Files) -> Files | None:
    """Every log line is called INFO, as collectors do that read no level out of a line."""
    recorded = lines(files, "logs.jsonl")
    container = [name for name in files if name.startswith("kubernetes/logs/")]
    if not recorded and not container:
        return None
    result = with_lines(files, "logs.jsonl", [{**one, "severity": "INFO"} for one in recorded]) if recorded else files
    return {**result, **{name: _LEVEL.sub(_as_info, files[name]) for name in container}}


_LEVEL = re.compile(
    rb"(?m)(^[^\n]{0,60}?[\s\[|])(WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE|PANIC)(?=[\]\s:|])"
    rb"|((?:\"?(?:level|lvl|severity)\"?\s*[:=]\s*\"?))(warn|warning|error|fatal|critical|panic)(?![a-z])",
    re.IGNORECASE,
)


def _as_info(match: re.Match[bytes]) -> bytes:
    return match[1] + b"INFO" if match[1] is not None else match[3] + b"info"


# The platform's own names, and words that stand for a kind of thing: whoever renames a system leaves them.
_PLATFORM_WORDS = """
default kube-system kube-public kube-node-lease kubernetes coredns kube-dns kube-proxy kube-apiserver etcd
kube-scheduler kube-controller-manager node pod service deployment statefulset daemonset job cronjob namespace
database cache queue topic storage gateway network external other workload function cluster master web app main
aws local standard gp2 gp3 system admin view edit root user users test prod name type status error time
"""
_KEPT = frozenset(_PLATFORM_WORDS.split())
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*")


def renamed(files: Files) -> Files:
    """Every resource of the incident has another name, wherever it is mentioned."""
    names = renaming(files)
    return {_inside(name, names): _in_bytes(data, names) for name, data in files.items()}


def renaming(files: Files) -> Mapping[str, str]:
    """The new name of each name, in lower case; longest first."""
    keys = _structural(files)
    own = sorted({name.casefold() for name in _names(files) if len(name) >= 3} - _KEPT - keys)
    roots = [name for name in own if not any(name.startswith(f"{other}-") for other in own)]
    made = {name: f"quorv{chr(97 + number // 26 % 26)}{chr(97 + number % 26)}" for number, name in enumerate(roots)}
    return dict(sorted(made.items(), key=lambda entry: -len(entry[0])))


def new_name(name: str | None, names: Mapping[str, str]) -> str | None:
    """What a resource is called now."""
    return None if name is None else _inside(name, names)


def _names(files: Files) -> Iterator[str]:
    measured = {column for name in metrics(files) for column in table(files, name)[0][1:]}
    listed = {str(entry["id"]) for entry in document(files, "topology.yaml").get("resources") or ()}
    logged = {str(record.get("resource") or "") for record in lines(files, "logs.jsonl")}
    for resource in measured | listed | logged:
        own, _, platform = resource.partition("_AWS::")
        # `AWS::StepFunctions::StateMachine` has no name of its own.
        for part in () if "::" in own else {own.rpartition("/")[2], own.partition("/")[0]}:
            # `Stage_AWS::ApiGateway::Stage` is called after the platform's own word.
            if (match := _NAME.match(part)) and match[0] not in platform:
                yield match[0]
    for snapshot in snapshots(files):
        for file in [name for name in files if (match := DUMP.fullmatch(name)) and match[1] == snapshot]:
            kind = file.rpartition("/")[2].removesuffix(".json")
            if kind in (
                "deployments",
                "statefulsets",
                "daemonsets",
                "services",
                "jobs",
                "cronjobs",
                "pods",
                "namespaces",
            ):
                yield from (str(item["metadata"]["name"]) for item in objects(files, kind, snapshot))


def _structural(files: Files) -> set[str]:
    """The keys that the incident's documents have: a name that is one of them can't be told from it."""
    keys: set[str] = {name.rpartition("/")[2].removesuffix(".csv").casefold() for name in metrics(files)}
    for name, data in files.items():
        if name.endswith((".json", ".jsonl")):
            keys.update(match.decode().casefold() for match in re.findall(rb'"([A-Za-z][\w.-]*)":', data))
    return keys


@cache
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, names))})(?![A-Za-z0-9])", re.IGNORECASE)


def _inside(text: str, names: Mapping[str, str]) -> str:
    if not names:
        return text

    def change(match: re.Match[str]) -> str:
        new = names[match[0].casefold()]
        return new if match[0] == match[0].lower() else new.capitalize()

    return _pattern(tuple(names)).sub(change, text)


def _in_bytes(data: bytes, names: Mapping[str, str]) -> bytes:
    return _inside(data.decode("utf-8", errors="surrogateescape"), names).encode("utf-8", errors="surrogateescape")
