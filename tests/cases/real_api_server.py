"""A real kube-apiserver and controller manager on the loopback, from the tools beside the tree; no kubelet."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("KUBE_TEST_CACHE") or Path.home() / ".cache" / "cloudops-test" / "kubernetes")
TOOLS = ROOT.parent / "shared" / "tools"
NAMESPACE = "clinic"


def tool() -> Path | None:
    """The start script, where it and everything that it starts is here."""
    script = TOOLS / "kubernetes" / "start.sh"
    programs = all(map(shutil.which, ("etcd", "kubectl", "openssl", "curl")))
    return script if script.is_file() and programs and (CACHE / "bin" / "kube-apiserver").is_file() else None


class ApiServer:
    """A running server: kubectl in it, as one of its users."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def kubeconfig(self, user: str) -> Path:
        return self.folder / f"{user}.kubeconfig"

    def kubectl(self, *words: str, user: str = "admin", given: Any = None) -> str:
        command = ["kubectl", "--kubeconfig", str(self.kubeconfig(user)), *words]
        text = json.dumps(given) if given is not None else None
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=True).stdout

    def get(self, *words: str) -> Any:
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def apply(self, *objects: Any) -> None:
        self.kubectl("apply", "-f", "-", given={"apiVersion": "v1", "kind": "List", "items": list(objects)})


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Start it in `folder`, with the namespace and the users reader and actor."""
    script = tool()
    assert script is not None
    environment = {**os.environ, "KUBE_TEST_CACHE": str(CACHE)}
    subprocess.run(
        ["bash", str(script), str(folder), str(_free_ports())], env=environment, stdout=subprocess.DEVNULL,
        timeout=120, check=True,
    )  # fmt: skip
    server = ApiServer(folder)
    try:
        server.kubectl("create", "namespace", NAMESPACE)
        for user, role in (("reader", "cloudops-read"), ("actor", "cloudops-act")):
            server.kubectl("apply", "-f", str(ROOT / "docs" / "rbac" / f"{role}.yaml"))
            server.kubectl("create", "clusterrolebinding", user, f"--clusterrole={role}", f"--user={user}")
        yield server
    finally:
        for file in folder.glob("*.pid"):
            with suppress(ProcessLookupError, ValueError):
                os.kill(int(file.read_text()), signal.SIGTERM)


def _free_ports() -> int:
    """A port that is free with the two after it."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with suppress(OSError), socket.socket() as second, socket.socket() as third:
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
                return port


def workload(kind: str, name: str, image: str = "registry.example/app:1", **spec: Any) -> dict[str, Any]:
    """A workload with one container and a variable that nobody should see."""
    labels = {"app": name}
    variables = [{"name": "MODE", "value": "calm"}, {"name": "DB_PASSWORD", "value": "horse-battery-staple"}]
    container = {"name": "app", "image": image, "env": variables}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    of_set = {"serviceName": name} if kind == "StatefulSet" else {}
    return {
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **of_set, **spec},
    }  # fmt: skip


def eventually(condition: Any, within_s: float = 20.0) -> Any:
    """What `condition` gives once that is true."""
    until = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.1)
    return value
