"""A made incident that nothing of its own explains: the investigation asks a further question."""

from __future__ import annotations

from pathlib import Path

__all__ = ["bundle_with_an_older_change"]


def bundle_with_an_older_change(folder: Path) -> Path:
    """`web` is slow, and nobody knows why; what was changed is recorded for a week, and three days ago was a change.

    No baseline is stated: a calm one after the change would acquit it.
    """
    (folder / "metrics").mkdir(parents=True)
    level = [(0.9 if minute >= 45 else 0.1) + 0.002 * (minute % 5) for minute in range(60)]
    rows = ["time,web", *(f"2026-11-23T03:{minute:02d}:00Z,{value:.4f}" for minute, value in enumerate(level))]
    (folder / "metrics" / "latency_p95.csv").write_text("\n".join(rows) + "\n")
    (folder / "metrics.yaml").write_text("latency_p95: {kind: latency, unit: s, statistic: p95, worse: higher}\n")
    (folder / "changes.jsonl").write_text(
        '{"time": "2026-11-20T03:43:00Z", "id": "d-1", "resource": "web", "kind": "deployment", '
        '"summary": "web asks for every order twice"}\n'
    )
    (folder / "incident.yaml").write_text(
        "format: cloudops-incident/1\nid: older-change\ntitle: web is slow\nquery: web latency\n"
        "detected_at: 2026-11-23T03:50:00Z\n"
        "window: {from: 2026-11-23T03:40:00Z, to: 2026-11-23T03:59:00Z}\n"
        "symptom: {resource: web, metric: latency_p95, direction: above}\nplatform: [other]\n"
        "coverage:\n  - {source: ci, kinds: [deployment], from: 2026-11-16T00:00:00Z, to: 2026-11-23T04:00:00Z, "
        "status: answered}\n"
    )
    return folder
