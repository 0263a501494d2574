"""Facts share what pydantic keeps for each of them, and are otherwise as they were."""

from __future__ import annotations

from primitives.facts import ChangeFound


def change(**more: object) -> ChangeFound:
    given = {"kinds": ("deployment",), "source": "ci", "observed_at": "2026-03-10T14:00:00Z", **more}
    return ChangeFound.model_validate(given)


def test_facts_with_the_same_fields_share_their_names_and_others_do_not() -> None:
    first, second, other = change(), change(source="audit"), change(resource="api")
    assert first.model_fields_set is second.model_fields_set
    assert first.model_fields_set == {"kinds", "source", "observed_at"}
    assert other.model_fields_set == {"kinds", "source", "observed_at", "resource"}


def test_a_changed_copy_leaves_the_shared_names_alone() -> None:
    first = change()
    copied = first.model_copy(update={"resource": "api"})
    assert "resource" in copied.model_fields_set
    assert "resource" not in first.model_fields_set
    assert change() == first


def test_equal_windows_are_one() -> None:
    window = {"from": "2026-03-10T13:00:00Z", "to": "2026-03-10T14:00:00Z"}
    first, second = change(window=window), change(window=dict(window))
    assert first.window is second.window
    assert change(window={**window, "to": "2026-03-10T14:01:00Z"}).window != first.window
    assert first == second


def test_the_same_moments_in_another_time_zone_stay_as_they_were_written() -> None:
    utc = change(window={"from": "2026-03-10T13:00:00Z", "to": "2026-03-10T14:00:00Z"})
    rome = change(window={"from": "2026-03-10T14:00:00+01:00", "to": "2026-03-10T15:00:00+01:00"})
    assert utc.window == rome.window
    assert rome.model_dump(mode="json")["window"]["start"] == "2026-03-10T14:00:00+01:00"
    assert utc.model_dump(mode="json")["window"]["start"] == "2026-03-10T13:00:00Z"
