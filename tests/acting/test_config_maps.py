"""One key of a ConfigMap: set, taken away, put back; what is refused, and who reads it."""

from __future__ import annotations

from typing import Any

import pytest
from cases.fake_world import FakeWorld

from primitives.actions.execution import Preview
from primitives.actions.inverse import Inverse
from primitives.remediations.registry import remediations

CORE = "/api/v1/namespaces/clinic"
PATH = f"{CORE}/configmaps/desk"
TARGET = {"namespace": "clinic", "name": "desk", "key": "mode"}
ACTION = remediations()["update_config_map"]
MARKED = "exec-1.R1"


def config_map(data: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    held = {"mode": "calm", "opening.ini": "[hours]\nfrom = 8\n"} if data is None else data
    metadata = {"name": "desk", "namespace": "clinic", "uid": "u", "resourceVersion": "4"}
    return {"metadata": metadata, **({"data": held} if held else {}), **more}


def world(item: dict[str, Any] | None = None, *pods: dict[str, Any]) -> FakeWorld:
    listed = {f"{CORE}/pods/p{at}": {"spec": spec} for at, spec in enumerate(pods)}
    return FakeWorld({PATH: config_map() if item is None else item, **listed})


async def failing(at: FakeWorld, **arguments: Any) -> str:
    assert ACTION.operations is not None
    preflight = await ACTION.operations.preflight(at, ACTION.arguments.model_validate({**TARGET, **arguments}))
    return "; ".join(f"{check.name}: {check.detail}" for check in preflight.checks if not check.passed)


async def run(at: FakeWorld, **arguments: Any) -> tuple[Any, Preview]:
    """Carry it out; its arguments and its preview."""
    assert ACTION.operations is not None
    assert await failing(at, **arguments) == ""
    known = ACTION.arguments.model_validate({**TARGET, **arguments})
    preview = await ACTION.operations.preview(at, known, MARKED)
    assert (await ACTION.operations.dispatch(at, preview)).outcome == "accepted"
    assert (await ACTION.operations.converged(at, known, preview)).state == "converged"
    return known, preview


@pytest.mark.parametrize(
    ("before", "setting"),
    [
        (None, {"value": "busy"}),
        (None, {"value": None}),
        (None, {"key": "new", "value": "a\nb"}),
        ({}, {"value": "busy"}),
    ],
)
async def test_a_key_is_set_and_put_back(before: dict[str, str] | None, setting: dict[str, Any]) -> None:
    at = world(config_map(before))
    was = dict(at.objects[PATH].get("data", {}))
    known, preview = await run(at, **setting)
    assert at.objects[PATH]["data"].get(known.key) == setting["value"]
    assert known.key in preview.diff
    assert isinstance(ACTION.inverse, Inverse)
    undoing = ACTION.inverse.arguments(known, preview.prior)
    assert undoing is not None
    await run(at, **undoing.model_dump())
    assert at.objects[PATH]["data"] == was


@pytest.mark.parametrize(
    ("item", "setting", "says"),
    [
        (config_map(), {"value": "calm"}, "nothing would change"),
        (config_map(), {"key": "none"}, "nothing would change"),
        (config_map(immutable=True), {"value": "busy"}, "it is immutable"),
        (config_map(binaryData={"logo": "AAAA"}), {"key": "logo", "value": "x"}, "it holds binary data"),
        (config_map({"db.password": "horse-battery-9"}), {"key": "db.password", "value": "x"}, "looks like one"),
        (config_map(), {"key": "opening.ini", "value": "password = horse-battery-9"}, "looks like one"),
        ({**config_map(), "metadata": {**config_map()["metadata"], "annotations":
          {"argocd.argoproj.io/tracking-id": "front:/ConfigMap:clinic/desk"}}}, {"value": "busy"},
         "argocd app rollback front"),
    ],
)  # fmt: skip
async def test_what_can_not_be_done_is_refused(item: dict[str, Any], setting: dict[str, Any], says: str) -> None:
    assert says in await failing(world(item), **setting)


async def test_another_change_of_its_data_voids_the_preview() -> None:
    assert ACTION.operations is not None
    known = ACTION.arguments.model_validate({**TARGET, "value": "busy"})
    versions = []
    for other in ("8", "9"):
        preview = await ACTION.operations.preview(world(config_map({"mode": "calm", "from": other})), known, MARKED)
        versions.append(preview.version)
    assert len(set(versions)) == 2


async def test_it_reaches_the_pods_that_read_it_in_any_way() -> None:
    named = {"name": "desk"}
    reading: tuple[dict[str, Any], ...] = (
        {"volumes": [{"configMap": named}]},
        {"volumes": [{"projected": {"sources": [{"configMap": named}]}}]},
        {"containers": [{"envFrom": [{"configMapRef": named}]}]},
        {"initContainers": [{"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {**named, "key": "mode"}}}]}]},
    )
    other = {"volumes": [{"configMap": {"name": "door"}}], "containers": [{"env": [{"name": "A", "value": "desk"}]}]}
    _, preview = await run(world(None, *reading, other), value="busy")
    assert (preview.blast_radius.parts, preview.blast_radius.part) == (4, "pod")


@pytest.mark.parametrize("key", ["", "../x", "a b", "a/b"])
def test_a_key_that_no_config_map_can_have_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        ACTION.arguments.model_validate({**TARGET, "key": key})


def test_its_command_is_kubectls() -> None:
    known = ACTION.arguments.model_validate({**TARGET, "value": "it's"})
    assert ACTION.command(known) == (
        """kubectl patch configmap desk --patch '{"data":{"mode":"it'"'"'s"}}' --namespace clinic"""
    )
