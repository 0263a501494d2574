"""Writing bundles: the same contents always give the same bytes, and a bundle appears whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import yaml

from primitives.bundle.files import MANIFEST, MAX_ENTRIES, MAX_FILE_BYTES
from primitives.bundle.kubernetes import DUMP_NAME, LOG_NAME, dump_name, log_name
from primitives.bundle.manifest import Manifest
from primitives.bundle.parse import format_time
from primitives.bundle.parts import BundleParts
from primitives.errors import BundleError, UsageError
from primitives.private_files import create_private
from primitives.records import LogRecord, Metric, Record, Series, Span
from primitives.text import safe_line

__all__ = ["SUFFIX", "write_bundle"]

SUFFIX: Final = ".incident"
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say
_FILE_MODE: Final = 0o100600 << 16
_PLAIN_NAME: Final = re.compile(r"[^/\\\0]+")


def write_bundle(parts: BundleParts, path: Path, *, overwrite: bool = False) -> None:
    """Write `parts` to `path`: one ZIP when its suffix is `.incident`, a directory otherwise. Blocking.

    The bundle appears whole or not at all. Raises `UsageError` when something is there already and `overwrite` is not
    given or it is no bundle, and `BundleError` when it can't be written or would be refused when read.
    """
    if os.path.lexists(path):
        _check_replaceable(path, overwrite=overwrite)
    files = _files_of(parts)
    for name, data in files.items():
        if len(data) > MAX_FILE_BYTES:
            raise BundleError(name, f"would be over {MAX_FILE_BYTES // (1024 * 1024):,} MiB; nothing was written")
    if len(files) > MAX_ENTRIES:
        raise BundleError(path.name, f"would hold {len(files):,} files, over {MAX_ENTRIES:,}; nothing was written")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == SUFFIX:
            _write_zip(files, path)
        else:
            _write_directory(files, path)
    except OSError as error:
        raise BundleError(safe_line(str(path)), f"can't be written: {error.strerror or error}") from error


def _check_replaceable(path: Path, *, overwrite: bool) -> None:
    shown = safe_line(str(path))
    if not overwrite:
        raise UsageError(f"{shown} exists already; choose another name, or replace it with --force")
    if path.suffix == SUFFIX:
        replaceable = path.is_file()
    else:
        # Never delete somebody's folder because its name was mistyped.
        replaceable = path.is_dir() and not path.is_symlink() and (not any(path.iterdir()) or _has_manifest(path))
    if not replaceable:
        raise UsageError(f"{shown} exists already and is no incident bundle; choose another name")


def _has_manifest(path: Path) -> bool:
    return (path / MANIFEST).is_file() or (path / f"{MANIFEST}.gz").is_file()


def _write_zip(files: Mapping[str, bytes], path: Path) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                for name in sorted(files):
                    info = zipfile.ZipInfo(name, _ZIP_TIME)
                    info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, _FILE_MODE, 3
                    archive.writestr(info, files[name])
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _write_directory(files: Mapping[str, bytes], path: Path) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        for name in sorted(files):
            target = temporary / name
            _make_folders(temporary, target.parent)
            with os.fdopen(create_private(target), "wb") as stream:
                stream.write(files[name])
        _put_in_place(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _make_folders(top: Path, folder: Path) -> None:
    """An incident is its owner's: `mkdir(parents=True)` would give the folders between the process's usual rights."""
    if folder != top and not folder.exists():
        _make_folders(top, folder.parent)
        folder.mkdir(mode=0o700)


def _put_in_place(temporary: Path, path: Path) -> None:
    if not path.exists():
        temporary.replace(path)
        return
    # Not every system can exchange two directories in one step: the old one is moved away first, and back on failure.
    retired = Path(f"{temporary}.old")
    path.replace(retired)
    try:
        temporary.replace(path)
    except BaseException:
        retired.replace(path)
        raise
    shutil.rmtree(retired)


def _files_of(parts: BundleParts) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name, data in parts.other.items():
        files[_checked(name)] = data
    files[MANIFEST] = _yaml(_plain(parts.manifest))
    if parts.alert is not None:
        files["alert.json"] = _json(parts.alert)
    if parts.metrics:
        files["metrics.yaml"] = _yaml({name: _meaning(metric) for name, metric in parts.metrics.items()})
    files |= _sample_files(parts.series)
    if parts.topology is not None:
        files["topology.yaml"] = _yaml(_plain(parts.topology))
    files |= _line_files(parts)
    for dump in parts.kubernetes:
        files[_own_name(dump_name(dump), DUMP_NAME)] = _json({"apiVersion": "v1", "kind": "List", "items": dump.items})
    for log in parts.kubernetes_logs:
        files[_own_name(log_name(log), LOG_NAME)] = log.text.encode()
    if parts.events is not None:
        files["events.jsonl"] = parts.events
    if parts.notice is not None:
        files["NOTICE.md"] = parts.notice.encode()
    return files


def _line_files(parts: BundleParts) -> dict[str, bytes]:
    written: dict[str, Iterable[Record | LogRecord | Span] | None] = {
        "changes.jsonl": parts.changes,
        "logs.jsonl": parts.logs,
        "spans.jsonl": parts.spans,
        "probes.jsonl": parts.probes,
        "observations.jsonl": parts.observations,
        "configuration.jsonl": parts.configuration,
    }
    return {name: _lines(map(_plain, records)) for name, records in written.items() if records is not None}


def _checked(name: str) -> str:
    """`name`, if it stays inside the bundle and stands for no part of the format."""
    if any(part in {"", ".", ".."} for part in name.split("/")) or "\\" in name or "\0" in name:
        raise BundleError(safe_line(name), "would be written outside the bundle")
    return name


def _own_name(name: str, pattern: re.Pattern[str]) -> str:
    if pattern.fullmatch(name) is None or any(part in {".", ".."} for part in name.split("/")):
        raise BundleError(safe_line(name), "can't be a file of a bundle: the name has characters that it may not have")
    return name


def _plain(record: Record | LogRecord | Span) -> dict[str, Any]:
    """The record's keys as the format names them, without those that are null, empty by default, or unset."""
    if isinstance(record, LogRecord | Span):
        raw = {key: value for key, value in asdict(record).items() if value is not None}
        if not raw["attributes"]:
            del raw["attributes"]
    else:
        raw = record.model_dump(by_alias=True, exclude_defaults=True)
        if isinstance(record, Manifest):
            raw = {"format": record.format, **raw}
    times: dict[str, Any] = _with_times(raw)
    return times


def _with_times(obj: Any) -> Any:
    if isinstance(obj, datetime):
        return format_time(obj)
    if isinstance(obj, Mapping):
        return {key: _with_times(value) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        return [_with_times(value) for value in obj]
    return obj


def _meaning(metric: Metric) -> dict[str, Any]:
    return metric.model_dump(exclude={"name"}, exclude_none=True)


def _sample_files(series: Iterable[Series]) -> dict[str, bytes]:
    by_metric: dict[str, list[Series]] = {}
    for column in series:
        by_metric.setdefault(column.metric.name, []).append(column)
    files: dict[str, bytes] = {}
    for metric, columns in by_metric.items():
        if _PLAIN_NAME.fullmatch(metric) is None:
            raise BundleError(safe_line(metric), "can't be the name of a file; rename the metric")
        files[f"metrics/{metric}.csv"] = _csv(columns)
    return files


def _csv(columns: list[Series]) -> bytes:
    times = np.unique(np.concatenate([column.times for column in columns]))
    cells = [dict(zip(column.times.tolist(), column.values.tolist(), strict=True)) for column in columns]
    lines = [",".join(["time", *(_csv_cell(column.resource) for column in columns)])]
    for time in times.tolist():
        row = [repr(column[time]) if time in column else "" for column in cells]
        lines.append(",".join([format_time(datetime.fromtimestamp(time, UTC)), *row]))
    return ("\n".join(lines) + "\n").encode()


def _csv_cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search('[",\r\n]', text) else text


def _lines(records: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


class _Dumper(yaml.CSafeDumper):
    """Writes times plainly (`2026-11-23T03:10:00Z`), as a person would."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeDumper.yaml_implicit_resolvers.items()
    }

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _yaml(value: Any) -> bytes:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000).encode()
