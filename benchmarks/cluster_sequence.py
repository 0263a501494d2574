"""`make cluster-sequence`: faults one after another on a test cluster, each investigated live and cured, then the calm.

Unlike `make cluster-faults` it asks the running system, as an engineer would: first Prometheus alone, then Kubernetes
beside it. Each investigation is also exported and looked at again offline. It starts two minutes after the cluster's
start, and a minute lies between a cure and the next fault. The parts that it needs are those of `make cluster-faults`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.cluster_faults import FAULTS, identifier, running_cluster
from benchmarks.cluster_recording import ClusterAccess
from primitives.identity import without_scope

__all__ = ["main"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_BEFORE_S: Final = 120
_SHOWS_S: Final = 75
_CURED_S: Final = 60
_CURE_TAKES_S: Final = 240
# Modelled kubelets are late on a machine that is busy with something else, and a late kubelet is another fault.
_BUSY: Final = 6.0
_CALM: Final = {"id": "calm", "query": "is everything well in the shop?", "right": []}


@dataclass(frozen=True)
class Look:
    """What one investigation said: `first` is its best cause, `alike` whether its export says the same."""

    fault: str
    sources: str
    seconds: float
    first: str
    right: bool
    alike: str
    load: float

    def line(self) -> str:
        """A row of the table."""
        verdict = "yes" if self.right else "NO"
        busy = " busy" if self.load > _BUSY else ""
        return (
            f"{self.fault:<24}{self.sources:<12}{self.seconds:>6.1f} s  {verdict:<4} {self.alike:<10}"
            f"{self.load:>5.1f}{busy:<5}  {self.first}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the faults in turn and print the table: 0 all told first, 1 some not."""
    options = _parser().parse_args(arguments)
    listed = {fault["id"]: fault for fault in yaml.safe_load(FAULTS.read_text(encoding="utf-8"))["faults"]}
    chosen = options.faults or list(_SEQUENCE)
    if unknown := [name for name in chosen if name not in listed]:
        print(f"no such fault: {', '.join(unknown)}; benchmarks/cluster_faults.yaml lists them", file=sys.stderr)
        return 2
    options.into.mkdir(parents=True, exist_ok=True)
    looks: list[Look] = []
    print(f"{'fault':<24}{'sources':<12}{'took':>8}  {'told':<4} {'offline':<10}{'load':>5}       first", flush=True)
    with running_cluster(options.into / "cluster") as cluster:
        time.sleep(_BEFORE_S)
        for look in _sequence(cluster, [listed[name] for name in chosen], options.into):
            print(look.line(), flush=True)
            looks.append(look)
    told = sum(look.right for look in looks)
    print(f"{told} of {len(looks)} told; {sum(look.alike == 'same' for look in looks)} the same offline")
    return 0 if told == len(looks) else 1


_SEQUENCE: Final = (
    "slow-release", "release-fails-requests", "wrong-address", "database-gone", "three-times-the-users",
    "slow-dependency",
)  # fmt: skip
"""Faults 1, 3, 10, 17, 19 and 21 of the cluster's list: a slow and a failing release, a wrong address, a dead
database, many users, a slow dependency."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make cluster-sequence", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faults", nargs="*", help=f"ids of cluster_faults.yaml [default: {' '.join(_SEQUENCE)}]")
    parser.add_argument("--into", type=Path, required=True, help="a new folder for the store and the exports")
    return parser


def _sequence(cluster: ClusterAccess, faults: Sequence[Mapping[str, Any]], into: Path) -> Iterator[Look]:
    world = into / "cluster" / "world.yaml"
    for fault in faults:
        _change(cluster, fault, world, "do")
        time.sleep(fault.get("seconds", _SHOWS_S))
        yield from _looks(cluster, fault, into)
        _change(cluster, fault, world, "undo")
        _await_cure(cluster)
        time.sleep(_CURED_S)
    yield from _looks(cluster, _CALM, into)


def _await_cure(cluster: ClusterAccess) -> None:
    """Wait until every workload has its pods again: what crashed under a fault is started later and later."""
    until = time.monotonic() + _CURE_TAKES_S
    wanted = "{range .items[*]}{.spec.replicas}={.status.readyReplicas} {end}"
    while time.monotonic() < until:
        counts = cluster.kubectl(f"kubectl get deployments,statefulsets -o jsonpath='{wanted}'").split()
        if all(count.partition("=")[0] == count.partition("=")[2] for count in counts):
            return
        time.sleep(2)


def _change(cluster: ClusterAccess, fault: Mapping[str, Any], world: Path, which: str) -> None:
    if "world" in fault:
        world.write_text(f"{fault['world']}\n" if which == "do" else "")
    else:
        cluster.kubectl(fault[which])


def _looks(cluster: ClusterAccess, fault: Mapping[str, Any], into: Path) -> Iterator[Look]:
    prometheus = {"prom": {"kind": "prometheus", "url": cluster.prometheus}}
    kubernetes = {"shop": {"kind": "kubernetes", "kubeconfig": str(cluster.reader)}}
    for name, sources in (("prometheus", prometheus), ("both", prometheus | kubernetes)):
        config = into / f"{name}.yaml"
        config.write_text(yaml.safe_dump({"sources": sources}))
        yield _look(fault, name, config, into)


def _look(fault: Mapping[str, Any], name: str, config: Path, into: Path) -> Look:
    load, started = os.getloadavg()[0], time.monotonic()
    settings = ("--config", str(config), "--store", str(into / "store.db"))
    report = json.loads(_cloudops("investigate", fault["query"], "--json", *settings))
    seconds = time.monotonic() - started
    (into / f"{fault['id']}-{name}.json").write_text(json.dumps(report, indent=1))
    bundle = into / "bundles" / f"{fault['id']}-{name}"
    bundle.parent.mkdir(exist_ok=True)
    _cloudops("export", report["execution_id"], str(bundle), *settings)
    again = json.loads(_cloudops("investigate", "--incident", str(bundle), "--json", *settings))
    alike = "same" if _ranking(again) == _ranking(report) else "differs"
    causes = report["likely_root_causes"]
    first = f"{causes[0]['cause_id']} {causes[0]['resource']} {causes[0]['confidence']:.2f}" if causes else "(none)"
    right = [*fault["right"], *(fault.get("right_by_metrics", ()) if name == "prometheus" else ())]
    return Look(fault["id"], name, seconds, first, _told(right, causes), alike, load)


def _ranking(report: Mapping[str, Any]) -> list[tuple[str, str, float]]:
    """What is believed at all; what is left at 0 % depends on what was thought of on the way."""
    causes = report["likely_root_causes"]
    stated = [(cause["cause_id"], str(cause["resource"]), round(cause["confidence"], 2)) for cause in causes]
    return [cause for cause in stated if cause[2] > 0.0]


def _told(wanted: Sequence[Mapping[str, Any]], causes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the first cause is a right one; a calm system has none, or one that says so."""
    if not wanted:
        return not causes or causes[0]["cause_id"] in ("false_alarm", "recovered")
    right = {(identifier(entry["resource"]), entry["cause_id"]) for entry in wanted}
    return bool(causes) and (without_scope(causes[0]["resource"] or ""), causes[0]["cause_id"]) in right


def _cloudops(*arguments: str) -> str:
    command = (sys.executable, "-m", "cockpit", *arguments)
    ended = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=300, check=False)
    if not ended.stdout and ended.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {ended.stderr.strip()}")
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
