"""A bad release on a real cluster under load: found, rolled back after a yes, verified; and one that isn't cured.

Left out where no API server is built (`KUBE_TEST_CACHE`, tests/conftest.py).
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases.real_api_server import CACHE, TOOLS

ROOT = Path(__file__).parents[2]
CLUSTER = TOOLS / "cluster"
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
QUESTION = re.compile(rb"(\[y/n\]: |to leave it: |\[w/l\]: )$")
BAD = "registry.local/api:v2.3.1"
GOOD = "registry.local/api:v2.3.0"


class Shop:
    """The cluster and its Prometheus, and the command line on both."""

    def __init__(self, told: dict[str, Any], folder: Path) -> None:
        self.world, self._folder = Path(told["world"]), folder
        self._actor = told["actor_kubeconfig"]
        reader, actor = (yaml.safe_load(Path(told[f"{user}_kubeconfig"]).read_text()) for user in ("reader", "actor"))
        reader["users"] += actor["users"]
        cluster = reader["clusters"][0]["name"]
        reader["contexts"] = [
            {"name": f"shop-{user}", "context": {"cluster": cluster, "user": user}} for user in ("reader", "actor")
        ]
        reader["current-context"] = "shop-reader"
        (folder / "kubeconfig").write_text(yaml.safe_dump(reader))
        sources = {
            "cluster": {
                "kind": "kubernetes", "kubeconfig": str(folder / "kubeconfig"), "context": "shop-reader",
                "act_context": "shop-actor",
            },
            "metrics": {"kind": "prometheus", "url": told["prometheus_url"]},
        }  # fmt: skip
        (folder / "config.yaml").write_text(yaml.safe_dump({"store": str(folder / "incidents.db"), "sources": sources}))

    def policy(self, **more: Any) -> None:
        document = {"require_approval_for": ["write", "delete"], "verify_seconds": 15, "verify_within_seconds": 45}
        (self._folder / "policy.yaml").write_text(yaml.safe_dump({"policy": {**document, **more}}))

    def kubectl(self, *words: str) -> str:
        command = ["kubectl", "--kubeconfig", self._actor, "-n", "shop", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    def image(self) -> str:
        return self.kubectl(
            "get", "deployment", "api-service", "-o", "jsonpath={.spec.template.spec.containers[0].image}"
        )

    def cloudops(self, *words: str, answers: tuple[str, ...] = ()) -> tuple[int, str]:
        """A command in a pseudo-terminal, whose questions are answered; its exit code and what it printed."""
        environment = os.environ | {
            "CLOUDOPS_CONFIG": str(self._folder / "config.yaml"), "TERM": "dumb", "COLUMNS": "200",
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        process, terminal = pty.fork()
        if process == 0:
            os.execve(sys.executable, [sys.executable, "-m", "cockpit", *words], environment)
        printed, left = _converse(terminal, list(answers))
        _, status = os.waitpid(process, 0)
        assert not left, printed
        return os.waitstatus_to_exitcode(status), printed


def _converse(terminal: int, answers: list[str], within_s: float = 400.0) -> tuple[str, list[str]]:
    printed, answered, until = b"", 0, time.monotonic() + within_s
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 1.0)[0]:
            continue
        try:
            data = os.read(terminal, 65_536)
        except OSError:
            break
        if not data:
            break
        printed += data
        if answers and QUESTION.search(printed[answered:]):
            answered = len(printed)
            os.write(terminal, f"{answers.pop(0)}\n".encode())
    return printed.decode("utf-8", "replace"), answers


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    folder = str(tmp_path / "shop")
    command = [sys.executable, "-m", "cluster", "up", "scenarios/shop.yaml", "--dir", folder, "--for", "900"]
    environment = os.environ | {"KUBE_TEST_CACHE": str(CACHE), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command, cwd=CLUSTER, env=environment, stdout=subprocess.PIPE, text=True) as cluster:
        try:
            assert cluster.stdout is not None
            told = json.loads(cluster.stdout.readline())
            assert told["available"]
            time.sleep(45)  # a normal time to compare with
            yield Shop(told, tmp_path)
        finally:
            cluster.send_signal(signal.SIGINT)
            cluster.wait(timeout=60)


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
