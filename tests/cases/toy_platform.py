"""A platform of one device with a dial, kept in a file: it looks, previews, takes calls once, and loses answers."""

from __future__ import annotations

import asyncio
import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from primitives.actions.execution import BlastRadius, Call, Check, Convergence, Dispatch, Preflight, Preview
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.proposal import ActionArguments
from primitives.backends.registry import BackendKind, SourceSettings
from primitives.clock import Clock
from primitives.errors import SourceUnreachable
from primitives.records import Metric, Series
from primitives.remediations.registry import Remediation
from primitives.telemetry import Answer, Backend, BackendStatus, Query

METRIC = Metric(name="latency_p95", kind="latency", unit="s", statistic="p95", worse="higher")
DEVICE = "lab/device/pump"


class Toy:
    """The device's file. `faults` say what the next calls meet: drop-before, drop-after, conflict, slow."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls, path: Path, **values: Any) -> Toy:
        toy = cls(path)
        path.with_suffix(".calls").touch()
        document = {"version": 1, "dial": 5, "mark": "", "healthy": True, "faults": [], "latency": [1.5, 0.2]}
        path.write_text(json.dumps({**document, **values}))
        return toy

    def read(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.path.read_text())
        return document

    def change(self, **values: Any) -> None:
        with self.locked() as document:
            document.update(values)

    @contextmanager
    def locked(self) -> Iterator[dict[str, Any]]:
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            document = self.read()
            yield document
            new = self.path.with_suffix(".new")
            new.write_text(json.dumps(document))
            new.replace(self.path)

    def calls(self) -> list[str]:
        """The marks of the calls that came, in their order, also of those that were refused."""
        return self.path.with_suffix(".calls").read_text().split()


class ToyWriter:
    """The writing side of a toy."""

    def __init__(self, name: str, toy: Toy) -> None:
        self.name = name
        self.toy = toy
        self.identity = "the lab's robot"
        self.separate = False
        self.place = {"context": "lab"}
        self.secrets: tuple[str, ...] = ("hunter2-secret",)

    def serves(self, arguments: ActionArguments) -> bool:
        return isinstance(arguments, TurnDial)

    async def close(self) -> None:
        pass

    async def send(self, call: Call) -> Dispatch:
        await asyncio.sleep(0)
        with self.toy.locked() as document:
            fault = document["faults"].pop(0) if document["faults"] else ""
            if fault == "drop-before":
                return Dispatch(outcome="unknown", detail="the connection broke")
            with self.toy.path.with_suffix(".calls").open("a") as calls:
                calls.write(f"{call.parameters['mark']}\n")
            if fault == "conflict" or str(document["version"]) != call.fence:
                return Dispatch(outcome="refused", detail="the device has changed (409)")
            document["version"] += 1
            document["dial"], document["mark"] = call.parameters["dial"], call.parameters["mark"]
        if fault == "drop-after":
            return Dispatch(outcome="unknown", detail="the connection broke")
        return Dispatch(outcome="accepted", request_id="r-1")


class TurnDial(ActionArguments):
    """The device and where its dial shall stand."""

    device: str
    dial: int


class TurnDialOperations:
    """How a dial is turned."""

    platform = "toy"

    async def preflight(self, world: ToyWriter, arguments: TurnDial) -> Preflight:
        document = world.toy.read()
        if "unreachable" in document["faults"]:
            raise SourceUnreachable(world.name, "can't be reached")
        at_goal = document["dial"] == arguments.dial
        return Preflight(
            checks=(
                Check(name="healthy", passed=document["healthy"], detail="it is broken"),
                Check(name="not done already", passed=not at_goal, detail="it stands there already"),
            )
        )

    async def preview(self, world: ToyWriter, arguments: TurnDial, mark: str) -> Preview:
        document = world.toy.read()
        parameters = {"dial": arguments.dial, "mark": mark, "password": "hunter2-secret"}
        call = Call(
            api="toy/v1", operation="turn", target=DEVICE, parameters=parameters, fence=str(document["version"])
        )
        return Preview(
            call=call,
            diff=f"- dial: {document['dial']}\n+ dial: {arguments.dial}\n  password: hunter2-secret",
            prior=PriorState(revision=document["dial"]),
            blast_radius=BlastRadius(at_a_time=1, parts=3, part="nozzle"),
            version=f"pump/{document['version']}",
            labels={"team": "lab"},
        )

    async def dispatch(self, world: ToyWriter, preview: Preview) -> Dispatch:
        return await world.send(preview.call)

    async def find_out(self, world: ToyWriter, arguments: TurnDial, preview: Preview, mark: str) -> Dispatch:
        del arguments
        document = world.toy.read()
        if document["mark"] == mark:
            return Dispatch(outcome="accepted", detail="it carries our mark")
        return Dispatch(outcome="refused", detail="it carries no mark of ours")

    async def converged(self, world: ToyWriter, arguments: TurnDial, preview: Preview) -> Convergence:
        del preview
        document = world.toy.read()
        if document.get("stuck"):
            return Convergence(state="failed", done=0, total=1, detail="the dial is stuck")
        turned = document["dial"] == arguments.dial
        return Convergence(state="converged" if turned else "converging", done=int(turned), total=1, detail="turned")


TURN_DIAL = Remediation(
    name="turn_dial",
    summary="Turn a dial",
    effect="write",
    risk="low",
    estimated_duration_s=1,
    arguments=TurnDial,
    propose=lambda _: None,
    command=lambda args: f"dialctl turn {args.device} {args.dial}",
    inverse=Inverse(
        "turn_dial",
        lambda args, prior: None if prior.revision is None else args.model_copy(update={"dial": prior.revision}),
    ),
    operations=TurnDialOperations(),
)


class ToySettings(SourceSettings):
    """Where the device's file is."""

    path: str


class ToySource:
    """Reads the device's latency: `latency` are its levels before and after the dial was turned; null is none."""

    questions = frozenset({"series"})

    def __init__(self, name: str, toy: Toy, clock: Clock) -> None:
        self.name, self._toy, self._clock = name, toy, clock

    async def ask(self, query: Query) -> Answer[Any]:
        document = self._toy.read()
        level = document["latency"][1 if document["dial"] != 5 else 0]
        end = query.window.end.timestamp()
        # The last minute tells all: a look asks for many more.
        times = np.arange(max(query.window.start.timestamp(), end - 60), end, 0.05)
        if level is None:
            times = times[:0]
        return Answer(query, self.name, "answered", (Series("pump", METRIC, times, np.full(len(times), level)),))

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", "", ("series",))

    async def close(self) -> None:
        pass


def _open(name: str, settings: ToySettings, clock: Clock) -> Backend:
    return ToySource(name, Toy(Path(settings.path)), clock)  # type: ignore[return-value]


async def _writer(name: str, settings: Any) -> ToyWriter:
    return ToyWriter(name, Toy(Path(settings.path)))


TOY = BackendKind("toy", "Toy", frozenset({"series"}), ToySettings, _open, lambda _: None, "nothing", _writer)
