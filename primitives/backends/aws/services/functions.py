"""AWS Lambda: functions, their versions and aliases, what feeds them, and how many may run.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html, configuration-versions.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from primitives.backends.aws.fields import mapping, moment, number, plain, selected, text, texts
from primitives.backends.aws.look import Look

__all__ = ["read"]

_MOST: Final = 300
_MOST_LOOKED_INTO: Final = 60
_KEYS: Final = (
    "Runtime", "Handler", "Timeout", "MemorySize", "Environment", "Layers", "Architectures", "EphemeralStorage",
    "TracingConfig", "DeadLetterConfig", "Role", "PackageType", "CodeSha256",
)  # fmt: skip


async def read(look: Look) -> None:
    """Functions, and the queues and streams that they read."""
    functions, mappings = await asyncio.gather(
        look.list("lambda", "ListFunctions", "Functions", most=_MOST),
        look.list("lambda", "ListEventSourceMappings", "EventSourceMappings", most=_MOST),
    )
    for function in functions:
        _function(look, function)
    for source in mappings:
        _mapping(look, source)
    newest = sorted(functions, key=lambda function: text(function, "LastModified"), reverse=True)
    await asyncio.gather(*(_inside(look, function) for function in newest[:_MOST_LOOKED_INTO]))


def _function(look: Look, function: Mapping[str, Any]) -> None:
    arn = text(function, "FunctionArn")
    look.add_resource(arn, "function")
    look.security_groups[arn] = texts(function, "VpcConfig", "SecurityGroupIds")
    variables = mapping(function, "Environment", "Variables")
    look.mention(arn, [(str(name), str(value)) for name, value in variables.items()])
    look.reach(text(function, "Role"), arn)
    group = text(function, "LoggingConfig", "LogGroup") or f"/aws/lambda/{text(function, 'FunctionName')}"
    look.log_groups.setdefault(group, set()).add(arn)
    look.add_snapshot(arn, "function", selected(function, *_KEYS), moment(function, "LastModified"))


def _mapping(look: Look, source: Mapping[str, Any]) -> None:
    function, fed_by = text(source, "FunctionArn"), text(source, "EventSourceArn")
    look.add_edge(function, fed_by, "reads")
    result = text(source, "LastProcessingResult")
    if result.startswith("PROBLEM") or text(source, "State") in ("Disabled", "Disabling"):
        said = result or f"event source mapping is {text(source, 'State').lower()}"
        look.observe(look.end, function, "event_source_mapping", {"message": said, "source": fed_by})
    settings = selected(source, "BatchSize", "MaximumBatchingWindowInSeconds", "State", "ScalingConfig")
    look.add_snapshot(
        function, f"event_source_mapping {text(source, 'UUID')}", settings, moment(source, "LastModified")
    )


async def _inside(look: Look, function: Mapping[str, Any]) -> None:
    name, arn = text(function, "FunctionName"), text(function, "FunctionArn")
    concurrency, aliases = await asyncio.gather(
        look.ask("lambda", "GetFunctionConcurrency", FunctionName=name),
        look.list("lambda", "ListAliases", "Aliases", most=50, FunctionName=name),
    )
    if number(concurrency, "ReservedConcurrentExecutions") is not None:
        look.add_snapshot(arn, "concurrency", selected(concurrency, "ReservedConcurrentExecutions"))
    pointed = {
        text(alias, "Name"): plain({"version": text(alias, "FunctionVersion"), "weights": alias.get("RoutingConfig")})
        for alias in aliases
    }
    look.add_snapshot(arn, "aliases", pointed)
    changed = moment(function, "LastModified")
    if changed is not None and changed >= look.since:
        versions = await look.list("lambda", "ListVersionsByFunction", "Versions", most=200, FunctionName=name)
        _changed(look, function, changed, [each for each in versions if text(each, "Version") != "$LATEST"])


def _changed(look: Look, function: Mapping[str, Any], time: datetime, versions: Sequence[Mapping[str, Any]]) -> None:
    """What it is now against the newest version that was published before."""
    arn = text(function, "FunctionArn")
    older = [each for each in versions if (made := moment(each, "LastModified")) is not None and made < time]
    before = max(older, key=lambda each: text(each, "LastModified"), default={})
    look.add_snapshot(arn, "function", selected(before, *_KEYS), moment(before, "LastModified"))
    same_code = bool(before) and text(before, "CodeSha256") == text(function, "CodeSha256")
    what = "its settings" if same_code else "its code" if before else "its code or settings"
    look.add_change(
        time, "configuration" if same_code else "deployment", f"Lambda: {what} were changed", resource=arn,
        origin="lambda", id=text(function, "RevisionId"), before=selected(before, "Version", "CodeSha256"),
        after=selected(function, "CodeSha256"),
    )  # fmt: skip
    for version in versions:
        made = moment(version, "LastModified")
        if made is not None and made >= look.since and made != time:
            number_of = text(version, "Version")
            look.add_change(made, "deployment", f"Lambda published version {number_of}", resource=arn, origin="lambda",
                            id=f"{text(function, 'FunctionName')}:{number_of}")  # fmt: skip
