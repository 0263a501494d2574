"""The demonstration story, from its bundle to its causes: their order is required."""

from __future__ import annotations

from pathlib import Path

from engine.engine import Engine
from engine.follow_to_end import follow_investigation
from engine.port import Investigate
from engine.report import report, without_volatile

STORY = Path(__file__).parents[2] / "sample_incidents" / "api-latency-spike"


async def _document(store: Path) -> dict[str, object]:
    engine = await Engine.open(store)
    try:
        execution_id = await engine.investigate(
            Investigate(query="API latency spike in prod", bundle=str(STORY), confirm=False)
        )
        async for _ in follow_investigation(engine, execution_id):
            pass
        return report(await engine.state(execution_id)).model_dump(mode="json")
    finally:
        await engine.close()


async def test_the_deployment_comes_first_the_connections_second_and_a_downstream_after(tmp_path: Path) -> None:
    document = await _document(tmp_path / "one.db")
    causes = document["likely_root_causes"]
    assert isinstance(causes, list)
    assert (causes[0]["cause_id"], causes[0]["resource"], causes[0]["change"]) == (
        "deployment_regression",
        "api-service",
        "v2.3.1",
    )
    assert causes[1]["cause_id"] == "connections_exhausted"
    downstream = [one for one in causes[2:] if one["cause_id"] == "dependency_slow"]
    assert any(one["evidence"] == ["No direct evidence found"] for one in downstream)
    findings = " ".join(map(str, document["key_findings"])) if isinstance(document["key_findings"], list) else ""
    assert "95 % of the limit" in findings
    assert "No infrastructure changes" in findings
    assert without_volatile(document) == without_volatile(await _document(tmp_path / "two.db"))
