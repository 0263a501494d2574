"""Reading a bundle: a part is parsed when it is first asked for, and then kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from primitives.bundle.files import MANIFEST, Files, open_files, shown_name
from primitives.bundle.json_lines import read_logs, read_records, read_spans
from primitives.bundle.kubernetes import DUMP_NAME, LOG_NAME, read_container_log, read_dump
from primitives.bundle.manifest import Manifest, read_manifest
from primitives.bundle.packed import PartFile, collected
from primitives.bundle.parse import decode, parse_json
from primitives.bundle.parts import BundleParts
from primitives.bundle.samples import MAX_SERIES, read_samples
from primitives.bundle.topology import read_metrics, read_topology
from primitives.bundle.validate import Warnings
from primitives.collector import collector_paused
from primitives.errors import BundleError
from primitives.metric_names import metric_by_name
from primitives.records import (
    Change,
    ConfigurationSnapshot,
    ContainerLog,
    KubernetesDump,
    LogRecord,
    Metric,
    Observation,
    Probe,
    Series,
    Span,
    Topology,
)
from primitives.redact import Redactor
from primitives.redact.work_limit import WorkLimit
from primitives.sanitise import Cleaner, TooDeepError

__all__ = ["Bundle", "read_bundle"]

T = TypeVar("T")

# Read by `primitives.bundle.truth` alone, for `cloudops evaluate`; a bundle never shows that it is there.
_TRUTH: Final = "truth.yaml"
_ANSWERS: Final = "answers/"
_EVENTS: Final = "events.jsonl"
_WHOLE_BYTES: Final = 5 << 20
"""The most of a part that is parsed as a whole: a tree of YAML takes eighty times the memory of its text."""
_PARTS: Final = {
    "alert.json": "alert",
    "metrics.yaml": "metrics",
    "topology.yaml": "topology",
    "changes.jsonl": "changes",
    "logs.jsonl": "logs",
    "spans.jsonl": "spans",
    "probes.jsonl": "probes",
    "observations.jsonl": "observations",
    "configuration.jsonl": "configuration",
    "events.jsonl": "events",
    "NOTICE.md": "notice",
}


def read_bundle(path: Path, *, redactor: Redactor | None = None) -> Bundle:
    """The bundle at `path`, a directory or a ZIP.

    Reads the list of files and the manifest; every other part is read when asked for, and raises `BundleError` then.
    `Bundle.validate` reads all of them at once. Blocking. Without a `redactor` the default one redacts.
    """
    files = open_files(path)
    for folder in files.folders:
        if _is_part(folder.removesuffix(".gz")):
            raise BundleError(shown_name(folder), "is a directory; put the file of that name there")
    if MANIFEST not in files:
        hint = "it is empty" if not files.names else "is it the folder above, or inside another one?"
        raise BundleError(MANIFEST, f"is missing from {path.name or path}; {hint}")
    for name in files.names:
        if not name.isascii() and not _is_utf8(name):
            raise BundleError(shown_name(name), "has a name that is not UTF-8; rename the file")
    redactor = redactor or Redactor()
    redactor.limit.begin(lambda: files.bytes_read)
    cleaner = Cleaner(redactor)
    warnings = Warnings()
    manifest = read_manifest(files.read(MANIFEST, _WHOLE_BYTES), cleaner, warnings)
    return Bundle(manifest, files, cleaner, warnings, redactor.limit)


class Bundle:
    """One recorded incident. A part that was not recorded is None; every text in it is safe and redacted.

    Threads may share it: whoever asks for a part that is being parsed waits for it.
    """

    def __init__(
        self, manifest: Manifest, files: Files, cleaner: Cleaner, warnings: Warnings, limit: WorkLimit
    ) -> None:
        self.manifest: Final = manifest
        self._files = files
        self._cleaner = cleaner
        self._warnings = warnings
        self._limit = limit
        self._parsed: dict[str, Any] = {}
        self._cells: dict[str, int] = {}
        self._columns: dict[str, int] = {}
        self._lock = threading.RLock()
        self._sample_files = {cleaner.name(_metric_of(name)): name for name in files.names if _is_samples(name)}
        self._dump_files = [name for name in files.names if DUMP_NAME.fullmatch(name)]
        self._log_files = [name for name in files.names if LOG_NAME.fullmatch(name)]
        known = {MANIFEST, _TRUTH, *_PARTS, *self._sample_files.values(), *self._dump_files, *self._log_files}
        self._unknown = [name for name in files.names if name not in known]
        for name in self._unknown:
            if name.startswith(_ANSWERS) and "events.jsonl" in files:
                continue  # the answers that the event log names; whoever imports the log reads them
            warnings.add(self._cleaner.name(name), "unknown file (kept, not read)")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the parts read so far, each thing once; complete after `validate`."""
        left_out = self._limit.left_out
        if not left_out:
            return tuple(self._warnings)
        problem = "that may hold secrets were not kept: there are more of them than are looked at carefully"
        return (*self._warnings, f"{left_out:,} texts {problem}")

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the recorded parts: alert, metrics, topology, changes, ..., kubernetes, kubernetes_logs."""
        present = {part for name, part in _PARTS.items() if name in self._files}
        for part, names in (("metrics", self._sample_files), ("kubernetes", self._dump_files)):
            if names:
                present.add(part)
        if self._log_files:
            present.add("kubernetes_logs")
        return tuple(sorted(present))

    @property
    def alert(self) -> Any:
        """The alert as the provider sent it, or None."""
        return self._part("alert.json", lambda data: self._cleaner.value(parse_json(data, "alert.json")))

    @property
    def metrics(self) -> dict[str, Metric]:
        """What each metric means, by name; one that has samples and isn't described is read by its name."""
        return self._once("metrics", self._read_metrics)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The metrics that have samples."""
        return tuple(self._sample_files)

    def series_of(self, metric: str) -> list[Series]:
        """The samples of one metric, a series for each resource that has a column; none where none was recorded.

        A series may be without samples: its column has no number.
        """
        name = self._sample_files.get(metric)
        return [] if name is None else list(self._once(name, lambda: self._read_series(metric, name)))

    @property
    def topology(self) -> Topology | None:
        """The resources and their dependencies."""
        return self._part("topology.yaml", lambda data: read_topology(data, self._cleaner, self._warnings))

    @property
    def changes(self) -> Sequence[Change] | None:
        """What was changed, oldest first."""
        return self._records("changes.jsonl", Change)

    @property
    def logs(self) -> Sequence[LogRecord] | None:
        """Log records, oldest first."""
        return self._lines("logs.jsonl", lambda part: read_logs(part, self._cleaner, self._warnings))

    @property
    def spans(self) -> Sequence[Span] | None:
        """Trace spans, by their start."""
        return self._lines("spans.jsonl", lambda part: read_spans(part, self._cleaner, self._warnings))

    @property
    def probes(self) -> Sequence[Probe] | None:
        """Results of active checks, oldest first."""
        return self._records("probes.jsonl", Probe)

    @property
    def observations(self) -> Sequence[Observation] | None:
        """What fits nowhere else, oldest first."""
        return self._records("observations.jsonl", Observation)

    @property
    def configuration(self) -> Sequence[ConfigurationSnapshot] | None:
        """Configuration snapshots, oldest first."""
        return self._records("configuration.jsonl", ConfigurationSnapshot)

    @property
    def kubernetes(self) -> tuple[KubernetesDump, ...]:
        """Dumps of Kubernetes objects, by time and kind; empty where none was recorded."""
        return self._once("kubernetes", self._read_dumps)

    @property
    def kubernetes_logs(self) -> Sequence[ContainerLog]:
        """Raw container logs, by file name; empty where none was recorded."""
        return self._once("kubernetes_logs", self._read_container_logs)

    @property
    def events(self) -> bytes | None:
        """CloudOps' own event log, byte for byte: its hashes must still hold."""
        return self._files.read(_EVENTS) if _EVENTS in self._files else None

    @property
    def notice(self) -> str | None:
        """Source, licence and attribution."""
        return self._part("NOTICE.md", lambda data: self._cleaner.file(decode(data, "NOTICE.md")))

    def validate(self) -> None:
        """Read and check every part now. Raises `BundleError`."""
        with collector_paused():
            self._load(events=False)
            if _EVENTS in self._files:
                self._files.check(_EVENTS)  # whoever imports the log parses it

    def load_all(self) -> BundleParts:
        """Everything that is in the bundle but the known answer. Raises `BundleError`."""
        return self._load(events=True)

    def _load(self, *, events: bool) -> BundleParts:
        return BundleParts(
            manifest=self.manifest,
            alert=self.alert,
            metrics=self.metrics,
            series=tuple(series for metric in self.metric_names for series in self.series_of(metric)),
            topology=self.topology,
            changes=self.changes,
            logs=self.logs,
            spans=self.spans,
            probes=self.probes,
            observations=self.observations,
            configuration=self.configuration,
            kubernetes=self.kubernetes,
            kubernetes_logs=self.kubernetes_logs,
            events=self.events if events else None,
            notice=self.notice,
            other=_UnreadFiles(self._files, tuple(self._unknown)),
        )

    def _once(self, key: str, read: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._parsed:
                self._parsed[key] = read()
            return cast("T", self._parsed[key])

    def _part(self, name: str, parse: Callable[[bytes], T]) -> T | None:
        if name not in self._files:
            return None

        def read() -> T:
            try:
                return parse(self._files.read(name, _WHOLE_BYTES))
            except TooDeepError as error:
                raise BundleError(name, str(error)) from error

        return self._once(name, read)

    def _lines(self, name: str, read: Callable[[PartFile], T]) -> T | None:
        return self._once(name, lambda: self._streamed(name, read)) if name in self._files else None

    def _streamed(self, name: str, read: Callable[[PartFile], T]) -> T:
        try:
            with closing(self._files.chunks(name)) as chunks:
                return read(PartFile(name, chunks, lambda: self._files.bytes_read))
        except BundleError:
            self._files.check(name)  # damage of the archive goes before what it made of the contents
            raise
        except TooDeepError as error:
            raise BundleError(name, str(error)) from error

    def _records(self, name: str, model: type[Any]) -> Sequence[Any] | None:
        return self._lines(name, lambda part: read_records(model, part, self._cleaner, self._warnings))

    def _read_metrics(self) -> dict[str, Metric]:
        known = self._part("metrics.yaml", lambda data: read_metrics(data, self._cleaner, self._warnings)) or {}
        for metric, name in self._sample_files.items():
            if metric not in known:
                self._warnings.add(self._cleaner.name(name), "metrics.yaml doesn't say what it means")
                known[metric] = metric_by_name(metric)
        return known

    def _read_series(self, metric: str, name: str) -> list[Series]:
        meaning, others = self.metrics[metric], sum(self._cells.values())
        series = self._streamed(
            name, lambda part: read_samples(part.chunks, name, meaning, self._cleaner, self._warnings, others)
        )
        self._cells[name] = sum(len(columns.times) for columns in series)
        self._columns[name] = len(series)
        if sum(self._columns.values()) > MAX_SERIES:
            problem = f"is past {MAX_SERIES:,} columns of all tables together; keep the resources of the incident"
            raise BundleError(name, problem)
        return series

    def _read_dumps(self) -> tuple[KubernetesDump, ...]:
        dumps: list[KubernetesDump] = []
        count = 0
        for name in self._dump_files:
            dumps.append(self._streamed(name, partial(read_dump, cleaner=self._cleaner, others=count)))
            count += len(dumps[-1].items)
        return tuple(sorted(dumps, key=lambda dump: (dump.time, dump.kind)))

    def _read_container_logs(self) -> Sequence[ContainerLog]:
        logs = (
            self._streamed(name, lambda part: read_container_log(part, self._cleaner, self._warnings))
            for name in self._log_files
        )
        return collected(logs, lambda: self._files.bytes_read)


class _UnreadFiles(Mapping[str, bytes]):
    """Files that the format doesn't know, by name: each is read when it is asked for, and not kept in memory."""

    def __init__(self, files: Files, names: tuple[str, ...]) -> None:
        self._files = files
        self._names = names

    def __getitem__(self, name: str) -> bytes:
        if name not in self._names:
            raise KeyError(name)
        return self._files.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _is_utf8(name: str) -> bool:
    """Whether the name of a file was UTF-8: Python keeps other bytes as halves of surrogate pairs."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_part(name: str) -> bool:
    """Whether a file of this name is read."""
    known = name in {MANIFEST, _TRUTH, *_PARTS} or _is_samples(name)
    return known or bool(DUMP_NAME.fullmatch(name) or LOG_NAME.fullmatch(name))


def _is_samples(name: str) -> bool:
    return name.startswith("metrics/") and name.endswith(".csv") and name.count("/") == 1 and name != "metrics/.csv"


def _metric_of(name: str) -> str:
    return name.removeprefix("metrics/").removesuffix(".csv")
