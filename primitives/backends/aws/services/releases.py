"""Who rolls out what: CloudFormation, CodeDeploy, CodePipeline, and parameters of Systems Manager.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from primitives.backends.aws.fields import items, moment, selected, text
from primitives.backends.aws.look import Look
from primitives.identity import base_name

__all__ = ["read_deployments", "read_parameters", "read_pipelines", "read_stacks"]

_MOST: Final = 20
_MOST_EVENTS: Final = 200
_BATCH: Final = 25
_READABLE: Final = frozenset({"String", "StringList"})


async def read_stacks(look: Look) -> None:
    """Stacks that were changed lately, and what of them."""
    stacks = await look.list("cloudformation", "DescribeStacks", "Stacks", most=300)
    timed = [(changed, stack) for stack in stacks if (changed := _changed(stack)) is not None and changed >= look.since]
    timed.sort(key=lambda pair: pair[0], reverse=True)
    await asyncio.gather(*(_stack(look, stack, changed) for changed, stack in timed[:_MOST]))


def _changed(stack: Mapping[str, Any]) -> datetime | None:
    return moment(stack, "LastUpdatedTime") or moment(stack, "CreationTime")


async def _stack(look: Look, stack: Mapping[str, Any], changed: datetime) -> None:
    name = text(stack, "StackName")
    events = await look.list("cloudformation", "DescribeStackEvents", "StackEvents", most=_MOST_EVENTS, StackName=name)
    status = text(stack, "StackStatus")
    look.add_change(
        changed, "infrastructure", f"CloudFormation stack {name}: {status}", resource=None, origin="cloudformation",
        id=text(stack, "StackId"), after={"reason": text(stack, "StackStatusReason")},
    )  # fmt: skip
    for event in events:
        physical, time = text(event, "PhysicalResourceId"), moment(event, "Timestamp")
        state, resource = text(event, "ResourceStatus"), look.known(physical)
        if not resource or physical == text(stack, "StackId") or time is None:
            continue
        summary = f"CloudFormation stack {name}: {text(event, 'LogicalResourceId')} {state}"
        if state.endswith("_COMPLETE"):
            look.add_change(time, "infrastructure", summary, resource=resource, origin="cloudformation",
                            id=text(event, "EventId"))  # fmt: skip
        elif state.endswith("_FAILED"):
            look.add_event(time, resource, f"{summary}: {text(event, 'ResourceStatusReason')}", "aws.cloudformation")


async def read_deployments(look: Look) -> None:
    """CodeDeploy's deployments of late."""
    identifiers = await look.list(
        "codedeploy", "ListDeployments", "deployments", most=100,
        createTimeRange={"start": look.since, "end": look.end},
    )  # fmt: skip
    batches = [identifiers[start : start + _BATCH] for start in range(0, len(identifiers), _BATCH)]
    answers = await asyncio.gather(
        *(look.ask("codedeploy", "BatchGetDeployments", deploymentIds=batch) for batch in batches)
    )
    for deployment in (info for answer in answers for info in items(answer, "deploymentsInfo")):
        application, status = text(deployment, "applicationName"), text(deployment, "status")
        failure = text(deployment, "errorInformation", "message")
        look.add_change(
            moment(deployment, "createTime"), "deployment", f"CodeDeploy {application}: {status} {failure}".strip(),
            resource=look.known(application), origin="codedeploy", id=text(deployment, "deploymentId"),
            actor=text(deployment, "creator"), after=selected(deployment, "revision"),
        )  # fmt: skip


async def read_pipelines(look: Look) -> None:
    """CodePipeline's runs of late."""
    pipelines = await look.list("codepipeline", "ListPipelines", "pipelines", most=_MOST)
    await asyncio.gather(*(_pipeline(look, text(pipeline, "name")) for pipeline in pipelines))


async def _pipeline(look: Look, name: str) -> None:
    runs = await look.list(
        "codepipeline", "ListPipelineExecutions", "pipelineExecutionSummaries", most=_MOST, pipelineName=name
    )
    for run in runs:
        revisions = [
            text(each, "revisionSummary") or text(each, "revisionId") for each in items(run, "sourceRevisions")
        ]
        look.add_change(
            moment(run, "startTime"), "deployment", f"CodePipeline {name}: {text(run, 'status')}",
            resource=look.known(name), origin="codepipeline", id=text(run, "pipelineExecutionId"),
            actor=text(run, "trigger", "triggerDetail"), after={"revisions": [each for each in revisions if each]},
        )  # fmt: skip


async def read_parameters(look: Look) -> None:
    """Parameters that were changed lately; values of plain ones alone. One of SecureString is never read."""
    parameters = await look.list("ssm", "DescribeParameters", "Parameters", most=500)
    changed = [each for each in parameters if (moment(each, "LastModifiedDate") or look.since) > look.since]
    await asyncio.gather(*(_parameter(look, parameter) for parameter in changed[: 3 * _MOST]))


async def _parameter(look: Look, parameter: Mapping[str, Any]) -> None:
    name = text(parameter, "Name")
    before: Any = None
    after: Any = None
    if text(parameter, "Type") in _READABLE:
        history = await look.list("ssm", "GetParameterHistory", "Parameters", most=200, Name=name)
        # Under its name, which says whether its value is anybody's business.
        values = [{base_name(name): text(version, "Value")} for version in history]
        before, after = (values[-2] if len(values) > 1 else None), (values[-1] if values else {})
        after |= {"parameter": name, "version": parameter.get("Version")}
    users = sorted({each.resource for each in look.mentions if each.value.endswith(name) and name})
    version = f"{name}:{parameter.get('Version')}"
    for resource in users or [""]:
        look.add_change(
            moment(parameter, "LastModifiedDate"), "configuration", f"SSM parameter {name} was changed",
            resource=resource, origin="ssm", id=version if len(users) < 2 else f"{version} {resource}",
            actor=text(parameter, "LastModifiedUser"), before=before, after=after,
        )  # fmt: skip
