"""A bad release on a real cluster under load: found, rolled back after a yes, verified; and one that isn't cured.

Left out where no API server is built (`KUBE_TEST_CACHE`, tests/conftest.py). `tests/terminal` does the same in the
cockpit.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases.shop import BAD, GOOD, Shop, running_shop

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as running:
        yield running


def investigated(shop: Shop) -> str:
    """The execution of an investigation after the bad release."""
    shop.kubectl("set", "image", "deployment/api-service", f"api={BAD}")
    time.sleep(40)
    code, printed = shop.cloudops("investigate", "api-service latency spike in shop", "--plain", answers=("n",))
    assert code == 0, printed
    assert "Roll back deployment api-service revision 2" in printed
    return re.findall(r"Execution ID: (\S+)", printed)[-1]


def test_a_bad_release_is_rolled_back_after_a_yes_and_the_metric_that_raised_the_alarm_recovers(shop: Shop) -> None:
    shop.policy()
    execution = investigated(shop)
    code, printed = shop.cloudops("remediate", "--plan-id", execution, answers=("n",))
    assert (code, shop.image()) == (4, BAD), printed
    code, printed = shop.cloudops("remediate", "--plan-id", execution, answers=("y",))
    assert (code, shop.image()) == (0, GOOD), printed
    assert "✓ Verification: latency" in printed
    assert "Remediation Complete" in printed
    code, printed = shop.cloudops("audit", "export", execution)
    outcomes = [json.loads(line).get("outcome") for line in printed.splitlines()]
    assert [outcome for outcome in outcomes if outcome] == ["accepted", "verified"]
    code, printed = shop.cloudops("remediate", "--plan-id", execution)
    assert code == 2, printed


def test_a_rollback_that_does_not_help_is_undone_where_the_approval_said_so(shop: Shop) -> None:
    shop.policy(roll_back="automatic")
    execution = investigated(shop)
    shop.world.write_text("programs: {registry.local/api: {time: 1.5}}\n")
    code, printed = shop.cloudops("remediate", "--plan-id", execution, answers=("y",))
    assert code == 1, printed
    assert "✗ Verification: latency" in printed
    assert "✓ Rolled back" in printed
    assert shop.image() == BAD
