"""Every rule on diffs: two unlike changes that it is about, and two that look like them and aren't."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.reason.diffs import traits
from primitives.records import Change

LIMIT, SOONER, LOOP = "lowers a limit", "sooner or more often", "remote call to a loop"
CHECK, QUERY, PATCH, HARMLESS = "takes a check away", "bound of a query", "only patch releases", "it changes only"


def whys(diff: str, *, files: tuple[str, ...] = ("src/main.rs",)) -> str:
    after: dict[str, Any] = {"diff": diff, "files": list(files)}
    at = datetime(2026, 4, 2, tzinfo=UTC)
    change = Change(time=at, id="c7", resource="barn", kind="deployment", summary="a change", after=after)
    return "; ".join(trait.why for trait in traits(change))


@pytest.mark.parametrize(
    ("rule", "diff"),
    [
        (LIMIT, "-  queue_size: 800\n+  queue_size: 25"),
        (LIMIT, "-threads = 64 # per kiln\n+threads = 2 # per kiln"),
        (SOONER, "-  poll_interval: 30s\n+  poll_interval: 1s"),
        (SOONER, "-let retry_delay = 2000;\n+let retry_delay = 20;"),
        (LOOP, "+for (const herd of herds) {\n+  const vet = await registry.fetchVet(herd.id);\n+}"),
        (LOOP, "+    while rows:\n+        total += ledger.query(rows.pop())"),
        (CHECK, "-    if berth is None:\n-        raise NotFound\n     berth.assign(ship)"),
        (CHECK, "-  try { dock(); } catch (e) { retry(); }\n+  dock();"),
        (QUERY, "-SELECT tree FROM orchard LIMIT 200\n+SELECT tree FROM orchard"),
        (QUERY, "-  Tide.order(:height).limit(30)\n+  Tide.order(:height)"),
        (PATCH, "-sailcloth = 4.2.1\n+sailcloth = 4.2.9"),
        (PATCH, '-    "knots": "1.0.3",\n+    "knots": "1.0.4",'),
        (HARMLESS, '-log.info("moored {}", ship)\n+log.info("moored at {}", ship)'),
        (HARMLESS, "-# counts sheep\n+# counts sheep and goats"),
    ],
)
def test_what_a_rule_is_about(rule: str, diff: str) -> None:
    assert rule in whys(diff)


@pytest.mark.parametrize(
    ("rule", "diff"),
    [
        (LIMIT, "-  queue_size: 25\n+  queue_size: 800"),
        (LIMIT, "-  barn_door: 800\n+  barn_door: 25"),
        (SOONER, "-  poll_interval: 1s\n+  poll_interval: 30s"),
        (SOONER, "-  stable_number: 30\n+  stable_number: 1"),
        (LOOP, "+for (const herd of herds) {\n+  total += herd.size;\n+}"),
        (
            LOOP,
            "-  const vet = await registry.fetchVet(id);\n+for (;;) {\n+  const vet = await registry.fetchVet(id);\n+}",
        ),
        (CHECK, "-    if berth is None:\n+    if berth is None or not berth.free:\n         raise NotFound"),
        (CHECK, "-    if season == 'winter':\n-        close()"),
        (QUERY, "-SELECT tree FROM orchard LIMIT 200\n+SELECT tree FROM orchard LIMIT 500"),
        (QUERY, "-speed_limit 200\n+speed 200"),
        (PATCH, "-sailcloth = 4.2.1\n+sailcloth = 4.3.0"),
        (PATCH, "-  image: harbour:4.2.1\n+  image: harbour:4.2.2"),
        (HARMLESS, '+log.info("each wave {}", wave)'),
        (HARMLESS, "-# counts sheep\n+count(sheep)"),
    ],
)
def test_what_only_looks_like_it(rule: str, diff: str) -> None:
    assert rule not in whys(diff)


@pytest.mark.parametrize("files", [("docs/tides.md",), ("tests/test_barn.py", "README.rst")])
def test_what_is_not_built_is_harmless(files: tuple[str, ...]) -> None:
    assert "only documents, tests" in whys("-pool: 40\n+pool: 4", files=files)


@pytest.mark.parametrize("files", [("src/docs_server.py",), ("docs/tides.md", "src/tides.py")])
def test_a_name_that_has_a_document_in_it_is_built(files: tuple[str, ...]) -> None:
    assert "only documents" not in whys("-pool: 40\n+pool: 4", files=files)
