"""The calls of AWS that actions make: those that look, and those that change something.

A test compares them with the code and with what each action says that it needs.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LOOKS", "WRITES"]

LOOKS: Final = frozenset({
    "appconfig:ListDeployments", "application-autoscaling:DescribeScalableTargets",
    "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeInstanceRefreshes", "autoscaling:DescribePolicies",
    "autoscaling:DescribeScheduledActions",
    "cloudformation:DescribeStackResources", "cloudformation:DescribeStacks",
    "cloudtrail:LookupEvents", "dynamodb:DescribeTable", "ec2:DescribeInstanceStatus",
    "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "events:DescribeRule",
    "lambda:GetAlias", "lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration",
    "rds:DescribeDBInstances", "rds:DescribeDBParameters", "rds:DescribeEvents",
    "rds:DescribePendingMaintenanceActions", "ssm:DescribeParameters", "ssm:GetParameterHistory",
})  # fmt: skip
"""Calls that change nothing, by botocore's service and the operation."""

WRITES: Final = frozenset({
    "appconfig:StartDeployment", "autoscaling:SetDesiredCapacity", "autoscaling:StartInstanceRefresh",
    "dynamodb:UpdateTable", "ec2:RebootInstances", "ecs:UpdateService", "events:DisableRule", "events:EnableRule",
    "lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency", "lambda:UpdateAlias",
    "rds:ModifyDBInstance", "rds:ModifyDBParameterGroup", "rds:RebootDBInstance", "ssm:PutParameter",
})  # fmt: skip
"""Calls that change something."""
