"""Makes the recorded cases again: causes the faults of `faults.yaml` in the stand-in cluster and writes what it showed.

    python tests/cases/recorded/make.py STAND_IN CACHE [NAME ...]

STAND_IN is the folder of the stand-in cluster's program (with `scenarios/shop.yaml`), CACHE where its API server was
built (KUBE_TEST_CACHE). Each case has a cluster of its own, is asked through the Kubernetes API and the project's own
Prometheus backend, and takes about four minutes; several run side by side. Needs `kubectl`, `etcd` and `prometheus`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from primitives.backends.prometheus.backend import PrometheusBackend
from primitives.backends.prometheus.endpoint import parse_endpoint
from primitives.bundle import BundleParts, Manifest, write_bundle
from primitives.clock import Clock, SystemClock
from primitives.errors import CloudopsError
from primitives.records import ContainerLog, KubernetesDump, Series, Symptom, Topology, Window
from primitives.telemetry import SeriesQuery, TopologyQuery

HERE: Final = Path(__file__).parent
NAMESPACE: Final = "shop"
KINDS: Final = (
    "pods", "replicasets", "deployments", "statefulsets", "jobs", "services", "endpoints", "events", "nodes",
    "namespaces", "configmaps", "secrets", "serviceaccounts", "resourcequotas", "poddisruptionbudgets",
)  # fmt: skip
NOTICE: Final = """\
Made for tests of CloudOps; nobody was ever harmed by this incident.

A stand-in cluster under load was given the fault `{name}` (tests/cases/recorded/faults.yaml) and then asked: objects
and events by a real Kubernetes API server and its controllers, metrics by a real Prometheus. Scheduler, kubelets,
programs, their logs and figures are models. tests/cases/recorded/make.py records it again.
"""
SETTLED_S: Final = 20
NORMAL_S: Final = 100
FAULTY_S: Final = 95
STEP_S: Final = 15
LINES: Final = 400
KEPT_LINES: Final = 12
AT_ONCE: Final = 5
# What others of the metrics and events say already only costs space; and a scrape that fails tells of the machine that
# everything runs on.
_LEFT_OUT: Final = re.compile(
    r"_p50|_p99|latency_average|active_requests|database_connections|_cores|_bytes|^availability$"
)
_RANDOM: Final = frozenset({"uid", "resourceVersion", "selfLink", "containerID", "imageID", "managedFields"})
_QUIET_LINE: Final = re.compile(r"\bINFO\b")
_ROUTINE: Final = frozenset({"Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulCreate"})


class Shop:
    """One stand-in cluster, from start to end."""

    def __init__(self, folder: Path, about: Mapping[str, Any], process: asyncio.subprocess.Process) -> None:
        self.folder, self.about, self.process = folder, about, process

    @classmethod
    async def start(cls, stand_in: Path, cache: Path, folder: Path) -> Shop:
        """Bring one up; raises `RuntimeError` when it doesn't come."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cluster", "up", "scenarios/shop.yaml", "--dir", str(folder),
            cwd=stand_in, stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "KUBE_TEST_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        assert process.stdout is not None
        about = json.loads(await process.stdout.readline() or b"{}")
        if not about.get("available"):
            raise RuntimeError(f"the stand-in cluster in {folder} did not come up")
        return cls(folder, about, process)

    async def kubectl(self, line: str) -> str:
        """What `kubectl LINE` printed; raises `RuntimeError` when it failed."""
        process = await asyncio.create_subprocess_exec(
            "kubectl", "--kubeconfig", self.about["kubeconfig"], "-n", NAMESPACE, *_words(line),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"kubectl {line}: {err.decode().strip()}")
        return out.decode()

    async def end(self) -> None:
        """Stop everything that it started."""
        self.process.terminate()
        await self.process.wait()


def _words(line: str) -> list[str]:
    """A command's words; JSON after `-p ` is one word as it stands."""
    head, patch, body = line.partition(" -p ")
    return [*shlex.split(head), *(["-p", body] if patch else [])]


async def objects_of(shop: Shop) -> dict[str, tuple[dict[str, Any], ...]]:
    """Every object that matters by kind, without what only costs space, and no secret's value."""
    told = await asyncio.gather(*(shop.kubectl(f"get {kind} -A -o json") for kind in KINDS))
    return {
        kind: tuple(_without_random(one) for one in json.loads(text)["items"] if _matters(one))
        for kind, text in zip(KINDS, told, strict=True)
    }


def _without_random(value: Any) -> Any:
    """The same without identifiers that are drawn by lot: they don't compress, and nobody reads them."""
    if isinstance(value, dict):
        return {key: _without_random(one) for key, one in value.items() if key not in _RANDOM}
    return [_without_random(one) for one in value] if isinstance(value, list) else value


def _matters(item: dict[str, Any]) -> bool:
    metadata = item["metadata"]
    metadata.get("annotations", {}).pop("kubectl.kubernetes.io/last-applied-configuration", None)
    if item["kind"] == "Secret":
        item["data"] = dict.fromkeys(item.get("data", {}), "")
    if item["kind"] == "Event":
        return item["reason"] not in _ROUTINE and item["involvedObject"]["kind"] != "Namespace"
    return bool(metadata.get("namespace", NAMESPACE) == NAMESPACE)


async def logs_of(shop: Shop, pods: Sequence[Mapping[str, Any]]) -> tuple[ContainerLog, ...]:
    """The last telling lines of each container and a few more, and of the one before it."""
    found = []
    for pod in pods:
        name = pod["metadata"]["name"]
        for container in pod["spec"]["containers"]:
            for previous in (False, True):
                line = f"logs {name} -c {container['name']} --tail={LINES}" + (" --previous" if previous else "")
                try:
                    text = await shop.kubectl(line)
                except RuntimeError:
                    continue  # no such instance, or its node is gone: as it is for a person who asks
                if text.strip():
                    about = {"namespace": NAMESPACE, "pod": name, "container": container["name"]}
                    found.append(ContainerLog(**about, previous=previous, text=_telling(text)))
    return tuple(found)


def _telling(text: str) -> str:
    lines = text.splitlines()
    loud = [index for index, line in enumerate(lines) if not _QUIET_LINE.search(line)][-KEPT_LINES:]
    kept = sorted({*loud, *range(max(len(lines) - 3, 0), len(lines))})
    return "".join(f"{lines[index]}\n" for index in kept)


async def measured(shop: Shop, window: Window, clock: Clock) -> tuple[tuple[Series, ...], Topology | None]:
    """Metrics and dependencies, as the project's backend reads them from the Prometheus."""
    backend = PrometheusBackend(parse_endpoint(shop.about["prometheus_url"]), clock=clock, within_s=60)
    try:
        series = await backend.ask(SeriesQuery(window=window, step_s=STEP_S))
        topology = await backend.ask(TopologyQuery(window=window))
    finally:
        await backend.close()
    kept = tuple(
        Series(one.resource, one.metric, one.times, np.round(one.values, 5))
        for one in series.records
        if not _LEFT_OUT.search(one.metric.name)
    )
    return kept, next(iter(topology.records), None)


async def record(name: str, fault: Mapping[str, Any], stand_in: Path, cache: Path, folder: Path) -> None:
    """Cause one fault in a cluster of its own and write the bundle with its truth."""
    clock = SystemClock()
    shop = await Shop.start(stand_in, cache, folder / name)
    try:
        await clock.sleep(SETTLED_S)
        start = clock.now().replace(microsecond=0)
        await clock.sleep(NORMAL_S)
        for line in fault.get("kubectl", ()):
            await shop.kubectl(line)
        if fault.get("world"):
            (shop.folder / "world.yaml").write_text(yaml.safe_dump(fault["world"]))
        await clock.sleep(FAULTY_S)
        objects = await objects_of(shop)
        logs = await logs_of(shop, objects["pods"])
        # Nothing later than the incident's end is ever read: it ends when all is collected.
        now = clock.now().replace(microsecond=0) + timedelta(seconds=1)
        window = Window.model_validate({"from": start, "to": now})
        dumps = tuple(KubernetesDump(time=now, kind=kind, items=items) for kind, items in objects.items())
        series, topology = await measured(shop, window, clock)
    finally:
        await shop.end()
    manifest = Manifest(
        id=f"made-recorded-{name}",
        title=f"Something is wrong in {NAMESPACE}",
        query=f"what is wrong in namespace {NAMESPACE}",
        detected_at=now - timedelta(seconds=STEP_S),
        window=window,
        symptom=Symptom(resource=fault["symptom"]) if fault.get("symptom") else None,
        platform=("kubernetes",),
        labels={"made": "true"},
    )
    parts = BundleParts(
        manifest=manifest, metrics={one.metric.name: one.metric for one in series}, series=series, topology=topology,
        kubernetes=dumps, kubernetes_logs=logs, notice=NOTICE.format(name=name),
        other={"truth.yaml": yaml.safe_dump(_truth(name, fault), sort_keys=False).encode()},
    )  # fmt: skip
    write_bundle(parts, HERE / f"{name}.incident", overwrite=True)


def _truth(name: str, fault: Mapping[str, Any]) -> dict[str, Any]:
    truth: dict[str, Any] = {"root_causes": [one for one in fault["truth"] if "cause_id" in one]}
    if not truth["root_causes"]:
        truth = {"root_causes": [{"cause_id": "false_alarm"}, {"cause_id": "recovered"}], "cause_class": "NO_FAULT"}
    if fault.get("all"):
        truth["all"] = True
    return {**truth, "source": f"made: fault {name} of tests/cases/recorded/faults.yaml"}


async def main(arguments: Sequence[str]) -> None:
    stand_in, cache, *names = arguments
    faults = yaml.safe_load((HERE / "faults.yaml").read_text())
    folder = Path(tempfile.mkdtemp(prefix="recorded-"))
    free = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> None:
        async with free:
            try:
                await record(name, faults[name], Path(stand_in), Path(cache), folder)
            except (RuntimeError, OSError, ValueError, CloudopsError) as error:
                sys.stderr.write(f"{name}: {error}\n")
            else:
                sys.stderr.write(f"{name}\n")

    try:
        await asyncio.gather(*map(one, names or faults))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
