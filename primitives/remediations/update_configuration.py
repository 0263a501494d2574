"""Change one setting of a workload's container: its image, a variable, its resources, or a probe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, Self

import orjson
from pydantic import Field, model_validator

from primitives.actions.execution import Check
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.kubernetes import Workload, kubectl
from primitives.actions.kubernetes_objects import KubernetesWorld, no_secret, pointer
from primitives.actions.kubernetes_operations import ObjectPatch, Patch
from primitives.actions.kubernetes_workloads import no_rollout, not_paused, radius_of, rollout, workload_ref
from primitives.actions.proposal import shell
from primitives.actions.rbac import workload_permissions
from primitives.actions.target import Target
from primitives.kubernetes.fields import mapping, maps, text
from primitives.remediations.registry import Remediation, register

_CONTAINERS: Final = ("spec", "template", "spec", "containers")
_RESOURCES: Final = {
    "memory_limit": ("limits", "memory"), "memory_request": ("requests", "memory"),
    "cpu_limit": ("limits", "cpu"), "cpu_request": ("requests", "cpu"),
}  # fmt: skip
_PROBE: Final = {
    "probe_timeout_s": "timeoutSeconds", "probe_period_s": "periodSeconds",
    "probe_initial_delay_s": "initialDelaySeconds", "probe_failure_threshold": "failureThreshold",
}  # fmt: skip
_ON: Final = {"probe_path": "path", "probe_port": "port"}


class UpdateConfiguration(Workload):
    """One of: `image`; the variable `env` with its `value` (None takes it away); resources; settings of a `probe`.

    Resources are quantities of Kubernetes (`512Mi`, `500m`); an empty one takes the setting away.
    """

    container: str
    image: str | None = None
    env: str | None = None
    value: str | None = None
    memory_limit: str | None = None
    memory_request: str | None = None
    cpu_limit: str | None = None
    cpu_request: str | None = None
    probe: Literal["liveness", "readiness", "startup"] | None = None
    probe_path: str | None = None
    probe_port: int | None = Field(None, ge=1, le=65_535)
    probe_timeout_s: int | None = Field(None, ge=1, le=3_600)
    probe_period_s: int | None = Field(None, ge=1, le=3_600)
    probe_initial_delay_s: int | None = Field(None, ge=0, le=36_000)
    probe_failure_threshold: int | None = Field(None, ge=1, le=10_000)

    @model_validator(mode="after")
    def _one_setting(self) -> Self:
        of_probe = [name for name in (*_PROBE, *_ON) if getattr(self, name) is not None]
        given = [self.image is not None, self.env is not None, bool(self.resources), bool(of_probe)]
        if sum(given) != 1 or bool(of_probe) != (self.probe is not None):
            raise ValueError("expected one of: an image, a variable, resources, or settings of a probe")
        return self

    @property
    def resources(self) -> dict[str, str]:
        """The resources that are set, by the names of their arguments."""
        return {name: value for name in _RESOURCES if (value := getattr(self, name)) is not None}


def _propose(target: Target) -> None:
    """No evidence says which value is right: a person chooses it."""
    del target


def _command(args: UpdateConfiguration) -> str:
    where = {"args": args, "namespace": args.namespace}
    if args.image is not None:
        return shell(*kubectl("set", "image", args.path, f"{args.container}={args.image}", **where))  # type: ignore[arg-type]
    if args.env is not None:
        setting = f"{args.env}-" if args.value is None else f"{args.env}={args.value}"
        words = ("set", "env", args.path, f"--containers={args.container}", setting)
        return shell(*kubectl(*words, **where))  # type: ignore[arg-type]
    container = _strategic(args)
    patch = {"spec": {"template": {"spec": {"containers": [{"name": args.container, **container}]}}}}
    return shell(*kubectl("patch", args.path, "--patch", orjson.dumps(patch).decode(), **where))  # type: ignore[arg-type]


def _strategic(args: UpdateConfiguration) -> dict[str, Any]:
    """The container's part of a strategic merge patch, for a person."""
    if args.probe is None:
        resources: dict[str, dict[str, str | None]] = {}
        for name, value in args.resources.items():
            part, resource = _RESOURCES[name]
            resources.setdefault(part, {})[resource] = value or None
        return {"resources": resources}
    settings: dict[str, Any] = {
        field: value for name, field in _PROBE.items() if (value := getattr(args, name)) is not None
    }
    request = {field: value for name, field in _ON.items() if (value := getattr(args, name)) is not None}
    return {f"{args.probe}Probe": {**settings, **({"httpGet": request} if request else {})}}


def _place(args: UpdateConfiguration, current: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]] | None:
    containers = maps(current, *_CONTAINERS)
    return next(((at, each) for at, each in enumerate(containers) if text(each, "name") == args.container), None)


async def _patch(world: KubernetesWorld, args: UpdateConfiguration, current: Mapping[str, Any]) -> Patch:
    del world
    place = _place(args, current)
    if place is None:
        return ()
    at, container = place
    changes = list(_changes(args, container, (*_CONTAINERS, at)))
    same_container = {"op": "test", "path": pointer(*_CONTAINERS, at, "name"), "value": args.container}
    return (same_container, *changes) if changes else ()


def _changes(
    args: UpdateConfiguration, container: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[Mapping[str, Any]]:
    if args.image is not None:
        if container.get("image") != args.image:
            yield {"op": "replace", "path": pointer(*path, "image"), "value": args.image}
    elif args.env is not None:
        yield from _of_variable(args.env, args.value, container, path)
    elif args.probe is not None:
        yield from _of_probe(args, mapping(container, f"{args.probe}Probe"), (*path, f"{args.probe}Probe"))
    else:
        for name, value in args.resources.items():
            yield from _of_nested(container, path, ("resources", *_RESOURCES[name]), value or None)


def _of_variable(
    name: str, value: str | None, container: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[Mapping[str, Any]]:
    variables = maps(container, "env")
    at = next((index for index, each in enumerate(variables) if text(each, "name") == name), None)
    if at is None:
        if value is not None:
            variable = {"name": name, "value": value}
            end = ("env", "-") if variables else ("env",)
            yield {"op": "add", "path": pointer(*path, *end), "value": variable if variables else [variable]}
    elif value is None:
        yield {"op": "remove", "path": pointer(*path, "env", at)}
    elif variables[at].get("value") != value:
        yield {"op": "replace", "path": pointer(*path, "env", at), "value": {"name": name, "value": value}}


def _of_probe(
    args: UpdateConfiguration, probe: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[Mapping[str, Any]]:
    for name, key in _PROBE.items():
        value = getattr(args, name)
        if value is not None and probe.get(key) != value:
            yield {"op": "add", "path": pointer(*path, key), "value": value}
    asked = "httpGet" if mapping(probe, "httpGet") else "tcpSocket"
    for name, key in _ON.items():
        value = getattr(args, name)
        if value is not None and mapping(probe, asked).get(key) != value:
            yield {"op": "add", "path": pointer(*path, asked, key), "value": value}


def _of_nested(
    container: Mapping[str, Any], path: tuple[str | int, ...], keys: tuple[str, ...], value: str | None
) -> Iterator[Mapping[str, Any]]:
    """Set or take away a value some maps deep; maps that are missing on the way are made."""
    inner: Any = container
    for depth, key in enumerate(keys[:-1]):
        if not isinstance(inner, Mapping) or key not in inner:
            if value is not None:
                made: Any = value
                for missing in reversed(keys[depth + 1 :]):
                    made = {missing: made}
                yield {"op": "add", "path": pointer(*path, *keys[: depth + 1]), "value": made}
            return
        inner = inner[key]
    if value is None:
        if keys[-1] in inner:
            yield {"op": "remove", "path": pointer(*path, *keys)}
    elif inner.get(keys[-1]) != value:
        yield {"op": "add", "path": pointer(*path, *keys), "value": value}


async def _checks(world: KubernetesWorld, args: UpdateConfiguration, current: Mapping[str, Any]) -> Iterable[Check]:
    del world
    place = _place(args, current)
    names = ", ".join(text(each, "name") for each in maps(current, *_CONTAINERS))
    detail = "" if place else f"its containers are {names}"
    container = place[1] if place else {}
    variable = next((each for each in maps(container, "env") if text(each, "name") == args.env), {})
    plain = "valueFrom" not in variable
    probed = args.probe is None or bool(mapping(container, f"{args.probe}Probe"))
    elsewhere = "" if plain else "its value comes from elsewhere"
    return (
        Check(name="it has the container", passed=place is not None, detail=detail),
        Check(name="the variable is a plain one", passed=plain, detail=elsewhere),
        no_secret(args.env or "", text(variable, "value"), args.value),
        Check(name="it has the probe", passed=probed, detail="" if probed else f"it has no {args.probe} probe"),
        not_paused(current),
        no_rollout(args, current),
    )


async def _prior(world: KubernetesWorld, args: UpdateConfiguration, current: Mapping[str, Any]) -> PriorState:
    del world
    place = _place(args, current)
    container = place[1] if place else {}
    values: dict[str, str | int | bool | None] = {}
    if args.image is not None:
        values["image"] = text(container, "image")
    if args.env is not None:
        known = next((each for each in maps(container, "env") if text(each, "name") == args.env), None)
        values["value"] = None if known is None else str(known.get("value", ""))
    for name in args.resources:
        part, resource = _RESOURCES[name]
        values[name] = str(mapping(container, "resources", part).get(resource, ""))
    probe = mapping(container, f"{args.probe}Probe")
    asked = mapping(probe, "httpGet") or mapping(probe, "tcpSocket")
    for names, settings in ((_PROBE, probe), (_ON, asked)):
        values |= {name: settings.get(key) for name, key in names.items() if getattr(args, name) is not None}
    return PriorState(values=values)


def _back(args: UpdateConfiguration, prior: PriorState) -> UpdateConfiguration | None:
    unknown = [name for name, value in prior.values.items() if value is None and name != "value"]
    if unknown or not prior.values:
        return None
    return UpdateConfiguration.model_validate({**args.model_dump(), **prior.values})


REMEDIATION = register(
    Remediation(
        name="update_configuration",
        alias="UpdateConfiguration",
        summary="Change the image, a variable, the resources or a probe of a workload's container",
        effect="write",
        risk="medium",
        estimated_duration_s=120,
        arguments=UpdateConfiguration,
        propose=_propose,
        command=_command,
        inverse=Inverse("update_configuration", _back),
        operations=ObjectPatch(
            ref=workload_ref, patch=_patch, prior=_prior, progress=rollout, radius=radius_of, checks=_checks
        ),
        permissions=workload_permissions("get", "patch"),
    )
)
