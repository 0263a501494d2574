"""Large bundles: read piece by piece, and kept in less memory than their files."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_bundles import LOG, Make, lines, problem

from primitives.bundle import packed, parse, samples
from primitives.bundle.json_items import items_of
from primitives.bundle.packed import PackedRecords, collected
from primitives.errors import BundleError
from primitives.records import LogRecord

ROOT = Path(__file__).parents[2]
BEGIN = datetime(2026, 3, 10, tzinfo=UTC)
ITEMS = st.lists(
    st.recursive(st.none() | st.integers() | st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of))
)


def record(second: int, body: str = "x") -> LogRecord:
    return LogRecord(BEGIN + timedelta(seconds=second), "api", "INFO", body, {"n": second})


@pytest.mark.parametrize(
    "seconds", [[*range(9_000)], [*range(9_000, 0, -1)], [5] * 9_000, [n * 7 % 900 for n in range(9_000)]]
)
def test_packed_records_are_those_that_were_given_in_the_order_of_time(
    seconds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "KEPT_BYTES", 0)
    monkeypatch.setattr(packed, "_STRETCH", 1_000)
    given_records = [record(second, str(number)) for number, second in enumerate(seconds)]
    read = iter(range(0, 10**12, 10_000))
    kept = collected(given_records, lambda: next(read), lambda log: log.time)
    assert isinstance(kept, PackedRecords)
    expected = sorted(given_records, key=lambda log: log.time)
    assert list(kept) == expected
    assert (len(kept), kept[0], kept[-1], kept[4_321]) == (9_000, expected[0], expected[-1], expected[4_321])
    assert kept[8_990:] == expected[8_990:]
    with pytest.raises(IndexError):
        kept[9_000]


def test_few_bytes_are_kept_as_they_are() -> None:
    assert collected([record(2), record(1)], lambda: packed.KEPT_BYTES, lambda log: log.time) == (record(1), record(2))


@given(ITEMS, st.integers(1, 9), st.sampled_from(["list", "object", "pretty", "between"]))
def test_items_are_those_of_the_whole_document(items: list[object], size: int, shape: str) -> None:
    document = {"list": items, "object": {"items": items}, "pretty": {"kind": "List", "items": items},
                "between": {"a": [{"items": 1}], "items": items, "z": 1.5}}[shape]  # fmt: skip
    data = json.dumps(document, indent=2 if shape == "pretty" else None).encode()
    assert list(items_of((data[at : at + size] for at in range(0, len(data), size)), "x")) == items


@pytest.mark.parametrize(("text", "message"), [
    ('{"items": 3}', "field 'items' is a number; expected a list"), ('{"a": 1}', "field 'items' is null"),
    ('{"items": [1,\n2', "x:2: isn't JSON"), ('[1] 2', "more after the end"), ("", "x:1: isn't JSON"),
    ('{"items": [NaN]}', "NaN is no JSON value"), ("[" * 200_000, "nested too deeply"), ('[1,]', "x:1: isn't JSON"),
    ('{"items": [], "items": []}', "twice"), ("7", "is a number"), ('["a\ud83d"]', "not UTF-8"),
])  # fmt: skip
def test_what_is_no_list_is_said(text: str, message: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    with pytest.raises(BundleError, match=message):
        list(items_of((data[at : at + 3] for at in range(0, len(data), 3)) if len(data) < 99 else [data], "x"))


def test_lines_and_tables_that_are_too_large(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MAX_LINE_BYTES", 1 << 20)
    assert "logs.jsonl:2: is longer than 1 MiB" in problem(make({"logs.jsonl": lines(LOG) + "x" * (3 << 20)}))
    monkeypatch.setattr(samples, "MAX_CELLS_TOGETHER", 4)
    table = "time,a\n2026-03-10T14:10:00Z,1\n2026-03-10T14:11:00Z,2\n"
    metric = "{kind: latency, unit: s, statistic: p95, worse: higher}\n"
    metrics = f"a: {metric}b: {metric}"
    tables = {"metrics.yaml": metrics, "metrics/a.csv": table, "metrics/b.csv": table}
    assert "makes the tables over 4 cells" in problem(make(tables))


def test_a_part_that_is_read_as_a_whole_is_small(make: Make) -> None:
    assert "topology.yaml: is over 5 MiB unpacked" in problem(make({"topology.yaml": "#" * (6 << 20)}))


GROWTH = """
import resource, sys
from pathlib import Path
from primitives.bundle import packed, read_bundle
packed.KEPT_BYTES = 1 << 20
small, large = (read_bundle(Path(path)) for path in sys.argv[1:])
small.validate()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
large.validate()
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) / 1024, len(large.logs), len(large.kubernetes[0].items))
"""


def test_a_large_bundle_takes_less_memory_than_its_files(make: Make) -> None:
    def made(times: int) -> Path:
        pod = {"metadata": {"name": "a", "labels": {f"l{n}": "v" * 9 for n in range(60)}}, "spec": {"a": [{}] * 60}}
        records = ({**LOG, "body": f"took {n} ms", "attributes": {"a": n, "b": "c"}} for n in range(40 * times))
        return make({
            "logs.jsonl": lines(*records),
            "kubernetes/2026-03-10T14-30-00Z/pods.json": json.dumps({"items": [pod] * 5 * times}),
        })  # fmt: skip

    small, large = made(400), made(1_000)
    size = sum(path.stat().st_size for path in large.rglob("*") if path.is_file()) / (1 << 20)
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, small, large], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    grown, logs, items = map(float, done.stdout.split())
    assert (logs, items) == (40_000, 5_000)
    assert size > 10
    assert grown < size  # as objects the pods alone take four times their file
