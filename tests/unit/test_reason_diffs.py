"""What a change does, read from its diff; the expected answers are what a reviewer would say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.reason.diffs import moved_settings, setting_traits, traits
from primitives.records import Change


def _change(diff: str = "", *, summary: str = "a change", files: list[str] | None = None, **more: Any) -> Change:
    after: dict[str, Any] = {"diff": diff or None, "files": files or ["service/client.py"]}
    at = datetime(2026, 10, 14, tzinfo=UTC)
    return Change(time=at, id="c1", resource="api", kind="deployment", summary=summary, after=after, **more)


def _weight(diff: str) -> float:
    return sum(one.weight for one in traits(_change(diff)))


@pytest.mark.parametrize(
    "diff",
    [
        "-  timeout: 5s\n+  timeout: 300ms",
        "-const maxConnections = 50\n+const maxConnections = 10",
        "-  cfg.RequestTimeout = 5 * time.Second\n+  cfg.RequestTimeout = 300 * time.Millisecond",
        "-  Duration.ofSeconds(5) // deadline\n+  Duration.ofMillis(250) // deadline",
        "-Policy{MaxAttempts: 8, BaseDelay: 5 * time.Millisecond}\n+Policy{MaxAttempts: 2}",
        "-        memory: 512Mi\n+        memory: 64Mi",
    ],
)
def test_a_tighter_limit_is_likely_to_hurt(diff: str) -> None:
    assert _weight(diff) >= 1.0
    assert any("lowers a limit" in one.why for one in traits(_change(diff)))


@pytest.mark.parametrize(
    ("diff", "moved"),
    [
        ("-  default_ttl: 15m\n+  default_ttl: 15s", ("default_ttl 15m → 15s",)),
        (
            "-    DefaultTTL: 15 * time.Minute,\n+    DefaultTTL: 15 * time.Second,\n-pool: 20\n+pool: 4",
            ("pool 20 → 4", "DefaultTTL 15 * time.Minute → 15 * time.Second"),
        ),
        ("-pool: 20\n+pool: 20\n-// ttl: 5m\n+// ttl: 5s", ()),
        ("-a: 1\n-a: 2\n+a: 3", ()),
        ("+retries: 3", ()),
    ],
)
def test_the_settings_that_a_diff_moves_are_told_shortest_first(diff: str, moved: tuple[str, ...]) -> None:
    assert moved_settings(_change(diff)) == moved


def test_values_before_and_after_are_told_but_for_what_only_names_the_release() -> None:
    before = {"pool_size": 200, "version": "v1", "revision": 4, "note": "as ever"}
    changed = _change(before=before)
    changed = Change(time=changed.time, id="c1", resource="api", kind="configuration", summary="x", before=before,
                     after={"pool_size": 100, "version": "v2", "revision": 5, "note": "as never"})  # fmt: skip
    assert moved_settings(changed) == ("pool_size 200 → 100",)


def test_a_looser_limit_hardly_hurts() -> None:
    assert 0 <= _weight("-  timeout: 3s\n+  timeout: 5s\n-  max_retries: 3\n+  max_retries: 4") <= 0.2


def test_the_tighter_the_likelier() -> None:
    assert _weight("-  pool_size: 40\n+  pool_size: 4") > _weight("-  pool_size: 40\n+  pool_size: 20")


def test_units_are_compared_and_not_numbers() -> None:
    assert _weight("-  ttl: 90s\n+  ttl: 10m") <= 0.2
    assert _weight("-  ttl: 15m\n+  ttl: 15s") >= 1.0


def test_a_remote_call_in_a_loop_is_told_and_a_moved_one_is_not() -> None:
    added = "+for line in cart.items:\n+    item = catalog.get_item(line.sku)\n+    lines.append(item)"
    assert any("loop" in one.why for one in traits(_change(added)))
    moved = "-    item = catalog.get_item(line.sku)\n" + added.replace(
        "+for line in cart.items:", "+for line in items:"
    )
    assert not any("loop" in one.why for one in traits(_change(moved)))


def test_a_check_that_is_gone_is_told() -> None:
    diff = "-  if reply.ticket is None:\n-      return ''\n   return reply.ticket.number"
    assert any("check" in one.why for one in traits(_change(diff)))


def test_a_query_without_its_bound_is_told() -> None:
    assert any(
        "bound of a query" in one.why for one in traits(_change("-  ORDER BY score\n-  LIMIT 50\n+  ORDER BY score"))
    )


@pytest.mark.parametrize(
    ("diff", "files"),
    [
        ("-// the old words\n+// the new words", ["a.go"]),
        ('-    LOG_DEBUG(log, "counted {}", term);\n+    LOG_INFO(log, "counted {}", term);', ["a.cpp"]),
        ('-  accent: "#3b82f6",\n+  accent: "#2563eb",', ["theme.ts"]),
        ("", ["docs/api.md", "README.md"]),
    ],
)
def test_what_does_not_run_is_harmless(diff: str, files: list[str]) -> None:
    assert [trait.group for trait in traits(_change(diff, files=files))] == ["harmless"]


def test_a_patch_of_a_library_is_less_likely_to_hurt() -> None:
    assert _weight("-  example.com/driver v5.5.4\n+  example.com/driver v5.5.5") < 0
    assert _weight("-  example.com/driver v5.5.4\n+  example.com/driver v5.6.0") == 0


def test_the_tag_of_the_services_own_image_is_no_library() -> None:
    assert not traits(_change("-  image: registry.example/api:v2.3.0\n+  image: registry.example/api:v2.3.1"))


def test_a_setting_counts_by_what_its_change_does() -> None:
    (tighter,) = setting_traits("pool.max_size", "40", "2")
    assert tighter.weight >= 1.0
    assert not setting_traits("description", "takes orders", "takes all orders")


def test_hostile_diffs_are_read_in_time() -> None:
    assert isinstance(traits(_change("+" + "a=1 " * 50_000 + "\n-" + "(" * 50_000)), tuple)
