"""Every call that is made, and the least policy that allows them. Only what reads is here.

Actions: https://docs.aws.amazon.com/service-authorization/latest/reference/. A test compares this table with the calls
in the code, so that the policy is neither short nor wide.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["CALLS", "action_of", "read_policy"]

CALLS: Final[dict[str, tuple[str, ...]]] = {
    "autoscaling": ("DescribeAutoScalingGroups", "DescribeScalingActivities"),
    "cloudformation": ("DescribeStackEvents", "DescribeStacks"),
    "cloudtrail": ("LookupEvents",),
    "cloudwatch": ("DescribeAlarmHistory", "DescribeAlarms", "GetMetricData", "ListMetrics"),
    "codedeploy": ("BatchGetDeployments", "ListDeployments"),
    "codepipeline": ("ListPipelineExecutions", "ListPipelines"),
    "dynamodb": ("DescribeTable", "ListTables"),
    "ec2": ("DescribeInstanceStatus", "DescribeSecurityGroups"),
    "ecs": ("DescribeServices", "DescribeTaskDefinition", "DescribeTasks", "ListClusters", "ListServices", "ListTasks"),
    "elasticache": ("DescribeCacheClusters", "DescribeEvents", "DescribeReplicationGroups"),
    "elbv2": (
        "DescribeLoadBalancerAttributes", "DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTargetHealth",
    ),
    "lambda": (
        "GetFunctionConcurrency", "ListAliases", "ListEventSourceMappings", "ListFunctions", "ListVersionsByFunction",
    ),
    "logs": ("DescribeLogGroups", "FilterLogEvents", "GetQueryResults", "StartQuery", "StopQuery"),
    "pi": ("DescribeDimensionKeys",),
    "rds": ("DescribeDBClusters", "DescribeDBInstances", "DescribeDBParameters", "DescribeEvents"),
    "service-quotas": ("ListServiceQuotas",),
    "sns": ("ListSubscriptions",),
    "sqs": ("GetQueueAttributes", "ListQueues"),
    "ssm": ("DescribeParameters", "GetParameterHistory"),
    "sts": ("GetCallerIdentity",),
}  # fmt: skip
"""The operations by boto3's name of the service."""

_PREFIXES: Final = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
_FREE: Final = frozenset({"sts:GetCallerIdentity"})
"""Allowed to everybody."""


def action_of(service: str, operation: str) -> str:
    """What IAM calls the operation: `elasticloadbalancing:DescribeTargetHealth`."""
    return f"{_PREFIXES.get(service, service)}:{operation}"


def read_policy() -> dict[str, Any]:
    """The IAM policy that allows every call that a source of kind `aws` makes, and nothing else."""
    actions = sorted({action_of(service, operation) for service in CALLS for operation in CALLS[service]} - _FREE)
    statement = {"Sid": "CloudOpsRead", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
