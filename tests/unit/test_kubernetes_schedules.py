"""Which schedules Kubernetes takes. Expected values: robfig/cron v3's documentation and tests."""

from __future__ import annotations

import pytest

from primitives.kubernetes.schedules import is_schedule

TAKEN = [
    "* * * * *", "*/15 0-23/2 1,15 * 1-5", "0 3 * * *", "5/15 * * * *", "1-5/2 * * * *", "*/70 * * * *",
    "05 * * * *", "  5 * * * *  ", "0 0 1 * 1", "*/7 * */7 * */7",
    "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly",
    "@every 5m", "@every 1h30m10s", "@every 1.5h",
    "0 0 ? * ?", "0/5 14,18 * * ?", "0 5 ?/2 * *",
    "0 0 * JAN mon", "0 0 * jan-mar MON-fri", "0 0 * jul *", "0 0 * * sun", "0 0 * * 0", "17 3 7,17,27 7 *",
    "TZ=UTC 0 5 * * ?", "CRON_TZ=Asia/Tokyo 30 04 * * *", "TZ=Europe/Berlin @daily",
    "0 0 30 Feb ?", "0 0 31 Apr ?",
]  # fmt: skip
REFUSED = [
    "", " ", "5 * * *", "5 * * * * *", "* * * * MON *", "TZ=UTC", "every five minutes",
    "60 * * * *", "0 25 * * *", "0 0 32 * *", "0 0 0 * *", "0 0 * 13 *", "0 0 * 0 *", "0 0 * * 7", "0 0 * * 1-7",
    "*/0 * * * *", "10-5 * * * *", "0 22-4 * * *", "0 0 * * mon-sun", "-1 * * * *", "5-,2 * * * *", "x * * * *",
    "0 0 * * FRIDAY", "0 0 * * mon-", "5/x * * * *", "H * * * *",
    "0 0 L * *", "0 0 LW * *", "0 0 15W * *", "0 0 * * 5L", "0 0 * * 5#2",
    "@reboot", "@fortnightly", "@", "@every", "@every 5", "@every soon", "@every 5m 3s", "@DAILY",
    "٥ * * * *", "1² * * * *", "9" * 5_000 + " * * * *",
]  # fmt: skip


@pytest.mark.parametrize("schedule", TAKEN)
def test_what_kubernetes_takes_is_a_schedule(schedule: str) -> None:
    assert is_schedule(schedule)


@pytest.mark.parametrize("schedule", REFUSED, ids=lambda schedule: ascii(schedule)[:30])
def test_what_kubernetes_refuses_is_none(schedule: str) -> None:
    assert not is_schedule(schedule)
