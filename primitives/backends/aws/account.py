"""All services of an account, read side by side."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.links import link
from primitives.backends.aws.look import Look
from primitives.backends.aws.services import (
    balancers,
    containers,
    database_load,
    databases,
    functions,
    groups,
    health,
    networks,
    queues,
    quotas,
    recorded_configuration,
    releases,
    stores,
)
from primitives.backends.aws.traces import graph
from primitives.side_by_side import side_by_side
from primitives.text import safe_line

__all__ = ["take_look"]

_LOOK_BACK: Final = timedelta(days=8)
"""Events and changes of a week are told: what was normal is a week ago too."""
_FIRST_S: Final = 10.0
_THEN_S: Final = 6.0

Reader = Callable[[Look], Coroutine[Any, Any, None]]

_FIRST: Final[tuple[tuple[str, Reader], ...]] = (
    ("load balancers", balancers.read),
    ("ECS", containers.read),
    ("Lambda", functions.read),
    ("RDS", databases.read),
    ("Auto Scaling", groups.read),
    ("SQS and SNS", queues.read),
    ("DynamoDB", stores.read_tables),
    ("ElastiCache", stores.read_caches),
)
# They tie what they say to resources that the others found.
_THEN: Final[tuple[tuple[str, Reader], ...]] = (
    ("security groups", networks.read_security_groups),
    ("EC2", networks.read_instances),
    ("CloudFormation", releases.read_stacks),
    ("CodeDeploy", releases.read_deployments),
    ("CodePipeline", releases.read_pipelines),
    ("SSM parameters", releases.read_parameters),
    ("Performance Insights", database_load.read),
    ("Service Quotas", quotas.read),
    ("X-Ray", graph.read),
    ("AWS Health", health.read),
    ("AWS Config", recorded_configuration.read),
)


async def take_look(client: AwsClient, end: datetime) -> Look:
    """What every service says as of `end`; what fails or is late leaves a note. Raises `SourceError` without access."""
    look = Look(client, await client.place(), end, end - _LOOK_BACK)
    await _read(look, _FIRST, _FIRST_S)
    await _read(look, _THEN, _THEN_S)
    balancers.tell_health(look)
    link(look)
    return look


async def _read(look: Look, readers: tuple[tuple[str, Reader], ...], within_s: float) -> None:
    tasks = await side_by_side((reader(look) for _, reader in readers), within_s=within_s)
    for (name, _), task in zip(readers, tasks, strict=True):
        error = task.exception() if task is not None else None
        if task is None:
            look.notes[f"{name}: not read in time"] = None
        elif error is not None:
            # An answer that nobody documented must not take the other services' away.
            look.notes[safe_line(f"{name}: its answer can't be read ({type(error).__name__})")] = None
