"""The closed catalogue of proposable actions: typed arguments, risk, effect, and the exact command for a person.

A remediation knows no incident. It says whether it fits a target that is really known (`Target`), fills its arguments
from it and nothing else, and renders the command that does the same by hand: every part quoted for the shell. Third
parties add theirs through the entry point group `cloudops.remediations`, which names a module that registers it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from primitives.extensions import load_folder
from primitives.terms import Effect, Risk

__all__ = [
    "Arguments",
    "Remediation",
    "Target",
    "database_of",
    "function_of",
    "register",
    "remediations",
    "shell",
    "workload_of",
]

WORKLOAD_KINDS: Final = ("deployment", "statefulset", "daemonset")
_DNS_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_RDS_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")
_FUNCTION_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,140}")


class Arguments(BaseModel):
    """What every action is told; each remediation adds its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Target:
    """What an action would act on: the resource's identifier, its kind where known, the incident's platforms.

    `change` is the change that is blamed, as a person reads it; `later_deployments` of the same resource followed it
    (none: nobody knows which one carried it) and `revision` is the rollout's revision before it, where that is known.
    `container`, `memory_limit` (a Kubernetes quantity), `replicas` and `storage_bytes` (what is allocated) are what a
    fact identified; an action that needs one of them isn't proposed without it.
    """

    resource: str
    kind: str | None
    platforms: tuple[str, ...]
    change: str | None = None
    container: str | None = None
    memory_limit: str | None = None
    replicas: int | None = None
    storage_bytes: float | None = None
    later_deployments: int | None = 0
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Remediation:
    """A registered action. `fit` gives its arguments for a target, or None where it can't be done or isn't known to.

    `title` is filled with `resource`, `change` and `details`, which `details` tells of a target; `answers` are the
    causes that it answers besides those whose entry names it. `estimated_duration_s` is a guess in seconds until it
    shows.
    """

    name: str
    title: str
    effect: Effect
    risk: Risk
    estimated_duration_s: int
    arguments: type[Arguments]
    fit: Callable[[Target], Arguments | None]
    command: Callable[[Any], str]
    requires_approval: bool = True
    answers: tuple[str, ...] = ()
    details: Callable[[Target], str] | None = None

    def told(self, target: Target) -> str:
        """What it does to `target`, as a person reads it."""
        details = self.details(target) if self.details else ""
        return self.title.format(resource=target.resource, change=target.change, details=details)


_registered: dict[str, Remediation] = {}


def register(remediation: Remediation) -> Remediation:
    """Add an action to the catalogue."""
    _registered[remediation.name] = remediation
    return remediation


@cache
def remediations() -> dict[str, Remediation]:
    """Every action by name: those of this folder and those of entry points."""
    load_folder("primitives.remediations", "cloudops.remediations")
    return dict(sorted(_registered.items()))


def shell(*words: str | None) -> str:
    """The words as one command line, each quoted where the shell would read it otherwise; None is left out."""
    return shlex.join(word for word in words if word is not None)


def workload_of(target: Target) -> tuple[str | None, str, str] | None:
    """Namespace, kind and name of a Kubernetes workload, or None when the target isn't known to be one.

    Either the identifier says so (`namespace/kind/name`), or the incident is on Kubernetes and the topology calls the
    resource a service or workload: then it is its Deployment in the current namespace, as a person would try first.
    """
    parts = target.resource.split("/")
    if len(parts) == 3:
        namespace, kind, name = parts
        valid = kind in WORKLOAD_KINDS and _DNS_LABEL.fullmatch(namespace) and _DNS_LABEL.fullmatch(name)
        return (namespace, kind, name) if valid else None
    plain = len(parts) == 1 and _DNS_LABEL.fullmatch(target.resource)
    if plain and "kubernetes" in target.platforms and target.kind in ("service", "workload"):
        return None, "deployment", target.resource
    return None


def database_of(target: Target) -> str | None:
    """The identifier of an RDS instance, or None when the target isn't known to be one."""
    known = target.kind == "database" and "aws" in target.platforms
    return target.resource if known and _RDS_NAME.fullmatch(target.resource) else None


def function_of(target: Target) -> str | None:
    """The name of a Lambda function, or None when the target isn't known to be one."""
    known = target.kind == "function" and "aws" in target.platforms
    return target.resource if known and _FUNCTION_NAME.fullmatch(target.resource) else None
