"""Look at a function's settings: changes nothing."""

from __future__ import annotations

from primitives.remediations.registry import Arguments, Remediation, Target, function_of, register, shell


class InspectFunction(Arguments):
    """A Lambda function by name."""

    function: str


def _fit(target: Target) -> InspectFunction | None:
    name = function_of(target)
    return InspectFunction(function=name) if name else None


def _command(args: InspectFunction) -> str:
    return shell("aws", "lambda", "get-function-configuration", "--function-name", args.function)


REMEDIATION = register(
    Remediation(
        "inspect_function",
        "Look at the settings of {resource}",
        "read",
        "low",
        5,
        InspectFunction,
        _fit,
        _command,
        requires_approval=False,
    )
)
