"""A shop on a real API server under load, with Prometheus, and the command line on both; no kubelet."""

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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from cases.real_api_server import CACHE, TOOLS

__all__ = ["BAD", "GOOD", "Shop", "running_shop"]

ROOT = Path(__file__).parents[2]
CLUSTER = TOOLS / "cluster"
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

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find the shop."""
        return {"CLOUDOPS_CONFIG": str(self._folder / "config.yaml"), "PYTHONPATH": str(ROOT)}

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
        environment = os.environ | self.environment | {"TERM": "dumb", "COLUMNS": "200"}
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


@contextmanager
def running_shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that has been well for a while."""
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
