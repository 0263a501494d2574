"""Files that say what names and fields mean: whatever is in them, one line says what is wrong, and soon."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.user_theme import read_theme
from primitives.alert_payloads import expressions
from primitives.alert_payloads.mapping import PayloadMapping, load_mapping
from primitives.alert_payloads.model import PayloadProblem
from primitives.backends.prometheus.mapping import read_mapping
from primitives.errors import UsageError

METRIC = "metrics: [{series: a, name: b, kind: latency, unit: s, limit: LIMIT}]"


@pytest.mark.parametrize("read", [read_mapping, load_mapping, read_theme])
def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(UsageError, match="is no regular file"):
            read(path)


@pytest.mark.parametrize("text", [
    "service_labels: [2026-02-30]", "x: 2026-13-45T99:99:99Z", f"metrics: {'9' * 5_000}", "[" * 100_000, "? [a]\n: b",
    "a: &a [x]\nb: *a\n<<: 1", "\0", "x: !!binary none", "- &a [*a]", f"[{'1,' * 400_000}1]",
    METRIC.replace("LIMIT", ".nan"),
    METRIC.replace("LIMIT", "-.inf"),
])  # fmt: skip
def test_any_mapping_of_metrics_is_read_or_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "metrics.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match="mapping file ") as refused:
        read_mapping(path)
    assert len(str(refused.value).splitlines()) == 1


def test_a_limit_of_a_mapped_metric_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "metrics.yaml"
    path.write_text(METRIC.replace("LIMIT", "250"))
    assert read_mapping(path).metrics[0].limit == 250


EIGHT = f"[{','.join('@' * 8)}]"


@pytest.mark.parametrize("title", [
    f"to_string({' | '.join([EIGHT] * 40)})", " | ".join(["[@,@][]"] * 90),
    f"join('', {' | '.join(['[t,t][]'] + ['[@,@][]'] * 60)})",
    f"length(to_string({' | '.join([EIGHT] * 9)}))", f"{EIGHT} == {' | '.join([EIGHT] * 20)}",
])  # fmt: skip
def test_an_expression_that_grows_without_end_is_refused(title: str) -> None:
    with pytest.raises(PayloadProblem, match="takes over 500,000 steps"):
        PayloadMapping(title=title).parse({"t": "x"})


def test_a_whole_payload_may_be_walked_through() -> None:
    many = {"alerts": [{"name": f"a{number}", "labels": {"n": number}} for number in range(9_000)]}
    assert len(json.dumps(many)) < 512 * 1024
    assert len(expressions.search("alerts[?labels.n > `4`].[name, labels]", many)) == 8_995


def test_an_expression_is_quoted_in_part(tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text(f"title: '{'a.' * 900}a'\n")
    with pytest.raises(PayloadProblem) as refused:
        load_mapping(path).parse({})
    assert len(str(refused.value)) < 300
