"""The files in deploy/: systemd reads the unit, a real API server takes the manifests, the image has what it copies."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases.real_api_server import NAMESPACE, ApiServer, api_server, eventually

from cockpit.cli import main

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = DEPLOY / "kubernetes" / "cloudops.yaml"


@pytest.mark.parts("systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "cloudops.service").read_text()
    assert text.count("/opt/cloudops/bin/cloudops ") == 2
    # It isn't installed here; everything else is as it is.
    (tmp_path / "cloudops.service").write_text(text.replace("/opt/cloudops/bin/cloudops ", f"{sys.executable} "))
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "cloudops.service")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "cloudops.service" in line]) == (0, [])


def test_the_units_commands_are_ours() -> None:
    text = (DEPLOY / "cloudops.service").read_text()
    commands = re.findall(r"^Exec\w+=/opt/cloudops/bin/cloudops (.*)$", text, re.MULTILINE)
    assert commands == ["serve --check", "serve"]
    # Stopping in order may take as long as it takes to answer what is under way.
    assert "TimeoutStopSec=60" in text


def test_the_image_copies_what_is_there_and_leaves_out_what_is_not_needed() -> None:
    lines = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    words = [shlex.split(line) for line in lines if line and not line.startswith("#")]
    assert [line for line in words if line[0] == "ENTRYPOINT"] == [["ENTRYPOINT", "[cloudops]"]]
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv"} <= set(ignored)
    needed = [
        "requirements.lock",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "cockpit",
        "engine",
        "primitives",
        "themes",
    ]
    assert [name for name in needed if name in ignored or not (ROOT / name).exists()] == []
    locked = (ROOT / "requirements.lock").read_text()
    assert all(f"\n{name}==" in locked for name in ("hatchling", "editables")), "no build isolation: they are installed"
    user = next(line for line in words if line[0] == "USER")[1]
    (stateful,) = [each for each in _manifests() if each["kind"] == "StatefulSet"]
    context = stateful["spec"]["template"]["spec"]["securityContext"]
    assert user == f"{context['runAsUser']}:{context['runAsGroup']}"


def test_the_configuration_in_the_manifests_can_be_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config,) = [each for each in _manifests() if each["kind"] == "ConfigMap"]
    (secret,) = [each for each in _manifests() if each["kind"] == "Secret"]
    (tmp_path / "alerts-token").write_text(secret["stringData"]["alerts-token"])
    text = config["data"]["config.yaml"].replace("/run/secrets/cloudops", str(tmp_path))
    (tmp_path / "config.yaml").write_text(text)
    words = ["serve", "--check", "--config", str(tmp_path / "config.yaml"), "--store", str(tmp_path / "s.db")]
    assert main(words) == 0, capsys.readouterr().err


def _manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(MANIFESTS.read_text()))


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with (
        tempfile.TemporaryDirectory(prefix="co-", ignore_cleanup_errors=True) as folder,
        api_server(Path(folder)) as up,
    ):
        yield up


@pytest.mark.cluster
def test_a_real_api_server_takes_the_manifests(server: ApiServer) -> None:
    # The API server of the tests is 1.20, which doesn't know ReadWriteOncePod (1.22) yet.
    known = MANIFESTS.read_text().replace("ReadWriteOncePod", "ReadWriteOnce")
    documents = {"apiVersion": "v1", "kind": "List", "items": list(yaml.safe_load_all(known))}
    for how in ("--dry-run=server", "--validate=true"):
        said = server.kubectl("apply", "-n", NAMESPACE, how, "-f", "-", given=documents)
        assert len(said.splitlines()) == len(documents["items"])
    # The real controller makes of it what was meant: one pod with its volume, and no second one.
    pod = eventually(lambda: _pod(server))
    assert pod["spec"]["serviceAccountName"] == "cloudops"
    (claim,) = server.get("pvc", "-n", NAMESPACE)["items"]
    assert claim["metadata"]["name"] == "store-cloudops-0"
    assert {each["name"] for each in pod["spec"]["volumes"]} >= {"store", "config", "secrets", "tmp"}


def _pod(server: ApiServer) -> Any:
    pods = json.loads(server.kubectl("get", "pods", "-n", NAMESPACE, "-o", "json"))["items"]
    return pods[0] if [pod["metadata"]["name"] for pod in pods] == ["cloudops-0"] else None
