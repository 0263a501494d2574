"""Bundles are read: whole or in part, compressed, with what is odd in them."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from small_bundles import CHANGE, LOG, MANIFEST, SPAN, Make, lines

from primitives.bundle import read_bundle, write_bundle
from primitives.bundle.truth import read_truth
from primitives.errors import BundleError
from primitives.redact import Redactor


def test_a_whole_bundle_is_read(make: Make) -> None:
    manifest = MANIFEST + (
        "baseline: {from: 2026-03-09T00:00:00Z, to: 2026-03-10T14:00:00Z}\n"
        "symptom: {resource: api, metric: latency, direction: above}\nplatform: [aws]\nlabels: {environment: prod}\n"
        "coverage:\n  - {source: cloudtrail, kinds: [iam], from: 2026-03-09T14:00:00Z, to: 2026-03-10T14:45:00Z,"
        " status: answered}\n"
    )
    pods = {"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "api-1"}}]}
    bundle = read_bundle(
        make(
            {
                "alert.json": '{"title": "High latency"}',
                "metrics.yaml": "latency: {kind: latency, unit: ms, statistic: p95, worse: higher, limit: 5}\n",
                "metrics/latency.csv": 'time,api,"a, b"\n2026-03-10T14:00:00Z,1.5,\n2026-03-10T14:01:00Z,2,7\n',
                "topology.yaml": "resources: [{id: api, kind: service}]\nedges: [{from: api, to: db, kind: calls}]\n",
                "changes.jsonl": lines(CHANGE),
                "logs.jsonl": lines(LOG),
                "spans.jsonl": lines(SPAN),
                "probes.jsonl": lines(
                    {"time": "2026-03-10T14:30:00Z", "resource": "db", "probe": "tcp_connect", "result": "open"}
                ),
                "observations.jsonl": lines(
                    {"time": "2026-03-10T14:30:00Z", "resource": "db", "kind": "top_sql", "data": {"a": 1}}
                ),
                "configuration.jsonl": lines(
                    {"time": "2026-03-10T14:30:00Z", "resource": "db", "kind": "x", "document": {"a": 1}}
                ),
                "kubernetes/2026-03-10T14-30-00Z/pods.json": json.dumps(pods),
                "kubernetes/logs/shop_api-1_main.previous.log": "started\nstopped\n",
                "events.jsonl": b'{"seq":1}\n',
                "NOTICE.md": "# From a test\n",
            },
            manifest,
        )
    )
    bundle.validate()
    assert bundle.warnings == ()
    assert bundle.manifest.window.end == datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
    assert bundle.manifest.symptom is not None
    assert bundle.manifest.coverage[0].kinds == ("iam",)
    assert bundle.alert == {"title": "High latency"}
    first, second = bundle.series_of("latency")
    assert (first.resource, first.values.tolist()) == ("api", [1.5, 2.0])
    assert first.times.tolist() == [1773151200.0, 1773151260.0]
    assert (second.resource, second.values.tolist()) == ("a, b", [7.0])
    assert first.metric.limit == 5
    assert bundle.topology is not None
    assert bundle.topology.edges[0].target == "db"
    assert bundle.logs is not None
    assert bundle.logs[0].time == datetime(2026, 3, 10, 14, 30, tzinfo=UTC)
    assert bundle.spans is not None
    assert bundle.spans[0].duration_s == 1.0
    assert bundle.kubernetes[0].kind == "pods"
    log = bundle.kubernetes_logs[0]
    assert (log.namespace, log.pod, log.container, log.previous) == ("shop", "api-1", "main", True)
    assert bundle.events == b'{"seq":1}\n'
    assert "spans" in bundle.parts


def test_what_is_not_there_was_not_recorded(make: Make) -> None:
    bundle = read_bundle(make())
    assert bundle.parts == ()
    for part in (
        bundle.alert,
        bundle.topology,
        bundle.changes,
        bundle.logs,
        bundle.spans,
        bundle.probes,
        bundle.notice,
    ):
        assert part is None
    assert bundle.metric_names == ()
    assert bundle.series_of("latency") == []
    assert bundle.kubernetes == ()


def test_any_file_may_be_gzip_compressed(make: Make) -> None:
    files = {"logs.jsonl.gz": gzip.compress(lines(LOG).encode()), "metrics/m.csv.gz": gzip.compress(b"time,api\n")}
    bundle = read_bundle(make({**files, "incident.yaml.gz": gzip.compress(MANIFEST.encode())}, None))
    assert bundle.logs is not None
    assert bundle.metric_names == ("m",)


def test_concatenated_gzip_members_are_read_whole(make: Make) -> None:
    data = gzip.compress(lines(LOG).encode()) + gzip.compress(lines(LOG).encode()) + b"\0" * 20
    assert len(read_bundle(make({"logs.jsonl.gz": data})).logs or ()) == 2


def test_a_zip_is_read_with_or_without_its_folder(tmp_path: Path) -> None:
    for prefix in ("", "shop-01/"):
        path = tmp_path / f"{len(prefix)}.incident"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{prefix}incident.yaml", MANIFEST)
            archive.writestr(f"{prefix}logs.jsonl", lines(LOG))
        assert len(read_bundle(path).logs or ()) == 1


def test_a_byte_order_mark_and_blank_lines_are_passed_over(make: Make) -> None:
    text = b"\xef\xbb\xbf" + (lines(LOG) + "\n\r\n" + lines(LOG)).replace("\n", "\r\n").encode()
    bundle = read_bundle(make({"logs.jsonl": text}, b"\xef\xbb\xbf" + MANIFEST.encode()))
    assert len(bundle.logs or ()) == 2


def test_parts_are_read_only_when_asked_for(make: Make) -> None:
    bundle = read_bundle(make({"spans.jsonl": "nonsense", "logs.jsonl": lines(LOG)}))
    assert bundle.logs is bundle.logs
    with pytest.raises(BundleError, match=r"spans\.jsonl:1"):
        _ = bundle.spans


def test_records_come_oldest_first(make: Make) -> None:
    later = {**LOG, "time": "2026-03-10T14:31:00Z", "body": "later"}
    assert [log.body for log in read_bundle(make({"logs.jsonl": lines(later, LOG)})).logs or ()] == ["boom", "later"]


def test_unknown_keys_and_files_are_warned_of_once(make: Make) -> None:
    odd = {**LOG, "colour": "red"}
    bundle = read_bundle(make({"logs.jsonl": lines(odd, odd), "extra.json": "{}"}, MANIFEST + "mood: bad\n"))
    bundle.validate()
    assert sorted(bundle.warnings) == [
        "extra.json: unknown file (kept, not read)",
        "incident.yaml: unknown key 'mood' (kept, not read)",
        "logs.jsonl: unknown key 'colour' (kept, not read)",
    ]


def test_what_comes_in_is_safe_and_redacted(make: Make) -> None:
    record = {**LOG, "body": "\x1b[31mpassword=hunter2 api-secret-value", "attributes": {"db.password": "x1\x00y2"}}
    bundle = read_bundle(make({"logs.jsonl": lines(record)}), redactor=Redactor(["api-secret-value"]))
    assert bundle.logs is not None
    text = json.dumps([bundle.logs[0].body, dict(bundle.logs[0].attributes)])
    for secret in ("hunter2", "api-secret-value", "x1", "\\u001b"):
        assert secret not in text
    assert text.count("[redacted:") == 3


def test_values_of_kubernetes_secrets_never_come_in(make: Make) -> None:
    listing = {"kind": "SecretList", "items": [{"metadata": {"name": "tls"}, "data": {"key": "c2VjcmV0"}}]}
    bundle = read_bundle(make({"kubernetes/2026-03-10T14-30-00Z/secrets.json": json.dumps(listing)}))
    assert "c2VjcmV0" not in str(bundle.kubernetes)
    assert "tls" in str(bundle.kubernetes)


def test_the_known_answer_is_out_of_reach_of_a_bundle(make: Make) -> None:
    path = make({"truth.yaml": "root_causes: [{resource: api, change: null}]\nsource: a test\nall: true\n"})
    bundle = read_bundle(path)
    assert "truth" not in "".join(bundle.parts)
    assert bundle.load_all().other == {}
    assert bundle.warnings == ()
    truth = read_truth(path)
    assert truth is not None
    assert truth.every
    assert truth.root_causes[0].model_fields_set == {"resource", "change"}
    assert truth.root_causes[0].change is None


def test_a_line_of_ten_megabytes_is_read_and_cut(make: Make) -> None:
    bundle = read_bundle(make({"logs.jsonl": lines({**LOG, "body": "x" * 10_000_000})}))
    assert bundle.logs is not None
    assert len(bundle.logs[0].body) == 1_000_000


def test_half_a_surrogate_pair_and_huge_numbers_are_survived(make: Make) -> None:
    text = (
        lines(LOG).replace("boom", "half \\ud83d pair").replace("}", ', "attributes": {"n": 123456789012345678901234}}')
    )
    logs = read_bundle(make({"logs.jsonl": text})).logs
    assert logs is not None
    assert logs[0].body == "half  pair"
    json.dumps(dict(logs[0].attributes)).encode()


def test_samples_are_sorted_and_the_later_of_two_counts(make: Make) -> None:
    rows = ["time,a,b", "2026-03-10T14:02:00Z,3,", "2026-03-10T14:00:00Z,1,nan", "2026-03-10T14:02:00Z,4,-inf"]
    bundle = read_bundle(make({"metrics/m.csv": "\r\n".join(rows) + "\r\n"}))
    first, second = bundle.series_of("m")
    assert first.values.tolist() == [1.0, 4.0]
    assert np.all(np.diff(first.times) > 0)
    assert len(second.times) == 0
    assert set(bundle.warnings) == {
        "metrics/m.csv: metrics.yaml doesn't say what it means",
        "metrics/m.csv: the times are not in order and were sorted",
        "metrics/m.csv: some times are there twice; the later row counts",
        "metrics/m.csv: 2 samples are NaN, infinite or beyond 1e+20 and were dropped",
    }


def test_resource_names_that_look_like_something_else_stay_text(make: Make) -> None:
    path = make({"topology.yaml": 'resources: [{id: 2026-03-10T14:00:00Z}, {id: "12"}, {id: a:b}]\n'})
    topology = read_bundle(path).topology
    assert topology is not None
    assert [resource.id for resource in topology.resources] == ["2026-03-10T14:00:00Z", "12", "a:b"]


def test_a_log_line_needs_no_severity_and_stays_without(make: Make, tmp_path: Path) -> None:
    plain = {key: value for key, value in LOG.items() if key != "severity"}
    bundle = read_bundle(make({"logs.jsonl": lines(plain, {**LOG, "severity": None}, LOG)}))
    assert [record.severity for record in bundle.logs or ()] == [None, None, LOG["severity"]]
    assert bundle.warnings == ()
    write_bundle(bundle.load_all(), tmp_path / "again")
    again = [json.loads(line) for line in (tmp_path / "again" / "logs.jsonl").read_text().splitlines()]
    assert ["severity" in record for record in again] == [False, False, True]
