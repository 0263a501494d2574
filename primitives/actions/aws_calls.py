"""The calls of AWS that actions make: those that look, and those that change something.

A test compares them with the code and with what each action says that it needs.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LOOKS", "WRITES"]

LOOKS: Final = frozenset({
    "application-autoscaling:DescribeScalableTargets",
    "cloudformation:DescribeStackResources", "cloudformation:DescribeStacks",
    "ecs:DescribeServices", "ecs:DescribeTaskDefinition",
    "lambda:GetAlias", "lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration",
})  # fmt: skip
"""Calls that change nothing, by botocore's service and the operation."""

WRITES: Final = frozenset({
    "ecs:UpdateService",
    "lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency", "lambda:UpdateAlias",
})  # fmt: skip
"""Calls that change something."""
