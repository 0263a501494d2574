"""`make cluster-faults`: each fault of the test cluster's list, one after another, recorded and investigated.

The cluster (../shared/tools/cluster) is real Kubernetes without containers. It has a standing misconfiguration that
hurts nobody, and it keeps what earlier faults left behind: events, revisions, restarts. Each fault is recorded as a
bundle in --into, with its truth, and investigated from there. It takes two to three minutes a fault, and needs etcd,
prometheus, openssl, kubectl and the binaries of ../shared/tools/kubernetes/build.sh (KUBE_TEST_CACHE).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.cluster_recording import NAMESPACE, ClusterAccess, record_metrics, record_objects, stamp

__all__ = ["FAULTS", "identifier", "main", "running_cluster"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_TOOL: Final = _ROOT.parent / "shared" / "tools" / "cluster"
FAULTS: Final = Path(__file__).with_suffix(".yaml")
# A fault shows after 30 to 60 seconds; a cure takes 40. The calm before the fault is its normal.
_SHOWS_S: Final = 75
_CALM_S: Final = 75


def main(arguments: Sequence[str] | None = None) -> int:
    """Record the faults, evaluate them, print the table: 0 all found first, 1 some not."""
    options = _parser().parse_args(arguments)
    listed = yaml.safe_load(FAULTS.read_text(encoding="utf-8"))
    faults = [fault for fault in listed["faults"] if not options.faults or fault["id"] in options.faults]
    options.into.mkdir(parents=True, exist_ok=True)
    with running_cluster(options.into / "cluster") as cluster:
        for command in listed["standing"]:
            cluster.kubectl(command)
        for fault in faults:
            _record(cluster, fault, options.into)
    command = [sys.executable, "-m", "cockpit", "evaluate", str(options.into), "--min-top1", "1"]
    return subprocess.run(command, cwd=_ROOT, check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make cluster-faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faults", nargs="*", help="ids of cluster_faults.yaml [default: all]")
    parser.add_argument("--into", type=Path, required=True, help="a new folder for the recorded incidents")
    return parser


@contextmanager
def running_cluster(folder: Path) -> Iterator[ClusterAccess]:
    """A test cluster in `folder`, which must not exist yet, from its start until the end of the block."""
    scenario = _TOOL / "scenarios" / "shop.yaml"
    command = [sys.executable, "-m", "cluster", "up", str(scenario), "--dir", str(folder.resolve()), "--for", "7200"]
    with subprocess.Popen(command, cwd=_TOOL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            where = json.loads(process.stdout.readline())
            workloads = yaml.safe_load(scenario.read_text())["workloads"]
            resources = {
                name: f"{NAMESPACE}/{str(workload.get('kind', 'Deployment')).lower()}/{name}"
                for name, workload in workloads.items()
            }
            actor = Path(where["actor_kubeconfig"])
            reader = Path(where["reader_kubeconfig"])
            cluster = ClusterAccess(Path(where["kubeconfig"]), actor, reader, where["prometheus_url"], resources)
            cluster.kubectl(f"kubectl config set-context --current --namespace={NAMESPACE}")
            yield cluster
        finally:
            process.terminate()


def _record(cluster: ClusterAccess, fault: Mapping[str, Any], into: Path) -> None:
    bundle = into / fault["id"]
    bundle.mkdir()
    time.sleep(_CALM_S)
    record_objects(cluster, bundle, logs=False)
    began = datetime.now(UTC)
    world = into / "cluster" / "world.yaml"
    if "world" in fault:
        world.write_text(fault["world"] + "\n")
    else:
        cluster.kubectl(fault["do"])
    time.sleep(fault.get("seconds", _SHOWS_S))
    record_objects(cluster, bundle, logs=True)
    until = datetime.now(UTC)
    record_metrics(cluster, bundle, began - timedelta(seconds=_CALM_S), until)
    _describe(cluster, fault, bundle, began, until)
    if "world" in fault:
        world.write_text("")
    else:
        cluster.kubectl(fault["undo"])
    print(f"recorded {fault['id']}", flush=True)


def _describe(cluster: ClusterAccess, fault: Mapping[str, Any], bundle: Path, began: datetime, until: datetime) -> None:
    calm = began - timedelta(seconds=_CALM_S)
    incident = {
        "format": "cloudops-incident/1", "id": f"cluster-{fault['id']}",
        "title": fault["query"], "query": fault["query"],
        "detected_at": stamp(until), "baseline": {"from": stamp(calm), "to": stamp(began)},
        "window": {"from": stamp(began), "to": stamp(until)}, "platform": ["kubernetes"],
    }  # fmt: skip
    if symptom := fault.get("symptom"):
        incident["symptom"] = {**symptom, "resource": identifier(symptom["resource"])}
    truth = [{**right, "resource": identifier(right["resource"])} for right in fault["right"]]
    _write(bundle / "incident.yaml", incident)
    _write(bundle / "truth.yaml", {"root_causes": truth, "source": "the fault that was caused"})
    programs = yaml.safe_load((_TOOL / "scenarios" / "shop.yaml").read_text())
    edges = [
        {"from": cluster.resources[name], "to": cluster.resources[called], "kind": "calls"}
        for name, workload in programs["workloads"].items()
        for called in programs["programs"][workload["image"].rpartition(":")[0]].get("calls", {})
    ]
    services = [{"id": identifier, "kind": "workload"} for identifier in cluster.resources.values()]
    _write(bundle / "topology.yaml", {"resources": services, "edges": edges})


def identifier(resource: str) -> str:
    """What a resource of the list of faults is called in an investigation."""
    return resource if resource.startswith("node/") else f"{NAMESPACE}/{resource}"


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(document), sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
