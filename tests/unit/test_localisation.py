"""Own shares on call graphs small enough to add up by hand."""

from __future__ import annotations

from pathlib import Path

from recorded_incident import RecordedIncident, at, of

BEFORE, DURING = 120, 31


def _steady(before: float, during: float) -> list[float]:
    return [before] * BEFORE + [during] * DURING


def _latency_incident(folder: Path, **columns: tuple[float, float]) -> RecordedIncident:
    incident = RecordedIncident(folder, symptom={"resource": "shop", "metric": "latency", "direction": "above"})
    incident.metric("latency", {name: _steady(*values) for name, values in columns.items()})
    return incident


async def test_the_deepest_slow_dependency_explains_the_symptom(tmp_path: Path) -> None:
    incident = _latency_incident(tmp_path, shop=(100, 300), cart=(50, 250), store=(20, 220), mail=(30, 30))
    incident.topology(("shop", "cart"), ("cart", "store"), ("shop", "mail"))
    shares = of(await incident.facts("trace_dependencies"), "own_share")
    assert [(one.resource, one.own_excess, one.share) for one in shares] == [("store", 200.0, 1.0)]
    assert shares[0].symptom_resource == "shop"
    assert shares[0].unit == "ms"


async def test_what_a_dependency_does_not_explain_is_the_callers_own(tmp_path: Path) -> None:
    incident = _latency_incident(tmp_path, shop=(100, 300), cart=(50, 250), store=(20, 70))
    incident.topology(("shop", "cart"), ("cart", "store"))
    shares = of(await incident.facts("trace_dependencies"), "own_share")
    assert [(one.resource, one.share) for one in shares] == [("cart", 0.75), ("store", 0.25)]


async def test_a_slow_resource_that_few_requests_reach_explains_little(tmp_path: Path) -> None:
    incident = _latency_incident(tmp_path, shop=(100, 200), cart=(50, 150), report=(50, 1050))
    incident.topology(("shop", "cart"), ("shop", "report"))
    counts = {"shop": _steady(1000, 1000), "cart": _steady(1000, 1000), "report": _steady(10, 10)}
    incident.metric("requests", counts, kind="traffic", unit="{request}", statistic="sum", worse="either")
    shares = of(await incident.facts("trace_dependencies"), "own_share")
    # A second more in one of a hundred requests is 10 ms of the 100 ms.
    assert [(one.resource, round(one.share, 6)) for one in shares] == [("cart", 1.0), ("report", 0.1)]


async def test_what_the_symptom_did_not_feel_when_it_happened_explains_none_of_it(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path, symptom={"resource": "shop", "metric": "latency", "direction": "above"})
    early = [50.0] * BEFORE + [50.0] * 5 + [950.0] * 5 + [50.0] * 21
    late = [100.0] * BEFORE + [100.0] * 20 + [300.0] * 11
    incident.metric("latency", {"shop": late, "cart": early})
    incident.topology(("shop", "cart"))
    facts = await incident.facts("trace_dependencies")
    assert [(one.resource, one.share) for one in of(facts, "own_share")] == [("shop", 1.0)]
    assert [one.resource for one in of(facts, "own_share", "absent")] == ["cart"]


async def test_failures_are_added_up_like_seconds(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path, symptom={"resource": "shop", "metric": "availability", "direction": "below"})
    values = {"shop": _steady(100, 80), "cart": _steady(100, 80), "store": _steady(100, 80), "mail": _steady(100, 100)}
    incident.metric("availability", values, kind="availability", unit="%", worse="lower")
    incident.topology(("shop", "cart"), ("cart", "store"), ("shop", "mail"))
    shares = of(await incident.facts("trace_dependencies"), "own_share")
    assert [(one.resource, one.own_excess) for one in shares] == [("store", 20.0)]


async def test_a_resource_that_is_newly_called_and_fails_is_its_callers_doing(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path, symptom={"resource": "shop", "metric": "availability", "direction": "below"})
    values: dict[str, list[float | None]] = {
        "shop": [*_steady(100, 80)],
        "cart": [*_steady(100, 80)],
        "typo": [None] * BEFORE + [0.0] * DURING,
    }
    incident.metric("availability", values, kind="availability", unit="%", worse="lower")
    counts = {"shop": _steady(100, 100), "cart": _steady(100, 100), "typo": _steady(0, 20)}
    incident.metric("requests", counts, kind="traffic", unit="{request}", statistic="sum", worse="either")
    incident.topology(("shop", "cart"), ("cart", "typo"))
    shares = of(await incident.facts("trace_dependencies"), "own_share")
    assert [one.resource for one in shares] == ["cart"]


async def test_a_resource_without_normal_samples_is_measured_against_no_failures(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path, symptom={"resource": "shop", "metric": "availability", "direction": "below"})
    values: dict[str, list[float | None]] = {
        "shop": [*_steady(100, 80)],
        "store": [None] * BEFORE + [80.0] * DURING,
    }
    incident.metric("availability", values, kind="availability", unit="%", worse="lower")
    incident.topology(("shop", "store"))
    shares = of(await incident.facts("trace_dependencies"), "own_share")
    assert [one.resource for one in shares] == ["store"]


async def test_a_resource_that_explains_nothing_is_cleared(tmp_path: Path) -> None:
    incident = _latency_incident(tmp_path, shop=(100, 300), cart=(50, 50))
    incident.topology(("shop", "cart"))
    facts = await incident.facts("trace_dependencies")
    assert [one.resource for one in of(facts, "own_share", "absent")] == ["cart"]
    assert [one.resource for one in of(facts, "own_share")] == ["shop"]


async def test_a_cycle_of_calls_does_not_hang(tmp_path: Path) -> None:
    incident = _latency_incident(tmp_path, shop=(100, 300), cart=(50, 250))
    incident.topology(("shop", "cart"), ("cart", "shop"))
    assert of(await incident.facts("trace_dependencies"), "dependencies")


def _span(
    trace: int, resource: str, minutes: float, seconds: float, parent: str | None, offset: float = 0.0
) -> dict[str, object]:
    stamp = at(minutes)
    return {
        "trace_id": f"t{trace}",
        "span_id": f"{trace}-{resource}",
        "parent_span_id": parent and f"{trace}-{parent}",
        "resource": resource,
        "name": "work",
        "start": stamp.replace("Z", f".{int(offset * 1000):03d}Z"),
        "duration_s": seconds,
        "status": "ok",
    }


async def test_without_metrics_the_spans_own_times_tell_the_share(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    spans = []
    for trace in range(40):
        slow = trace >= 20
        minutes = 1 + trace - 20 if slow else -60 + trace
        spans.append(_span(trace, "shop", minutes, 0.9 if slow else 0.3, None))
        spans.append(_span(trace, "cart", minutes, 0.8 if slow else 0.2, "shop", 0.05))
        spans.append(_span(trace, "store", minutes, 0.1, "cart", 0.06))
    incident.lines("spans", *spans)
    facts = await incident.facts("trace_dependencies")
    shares = of(facts, "own_share")
    assert [(one.resource, round(one.own_excess, 6), round(one.share, 6)) for one in shares] == [("cart", 0.6, 1.0)]
    shifts = of(facts, "span_shift")
    assert [(one.resource, round(one.baseline, 6), round(one.current, 6)) for one in shifts] == [("cart", 0.1, 0.7)]
    graph = of(facts, "dependencies")[0]
    assert graph.inferred
    assert graph.edges == (("cart", "store", "calls"), ("shop", "cart", "calls"))


async def test_without_request_counts_a_dependency_explains_no_more_than_its_callers_lost(tmp_path: Path) -> None:
    incident = _latency_incident(tmp_path, shop=(100, 120), report=(50, 1050))
    incident.topology(("shop", "report"))
    shares = of(await incident.facts("trace_dependencies"), "own_share")
    assert [(one.resource, one.own_excess, one.share) for one in shares] == [("report", 20.0, 1.0)]
