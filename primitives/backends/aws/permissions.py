"""Every call that is made, and the least policies that allow them: one to investigate, one to execute actions.

The calls of investigations are here, and only read; those of actions are in `primitives.actions.aws_calls`. Tests
compare both with the calls in the code, so that the policies are neither short nor wide. Actions:
https://docs.aws.amazon.com/service-authorization/latest/reference/.
"""

from __future__ import annotations

from typing import Any, Final

from primitives.actions.aws_calls import LOOKS, WRITES

__all__ = ["CALLS", "NEVER", "SESSION_TAGS", "act_policy", "act_trust", "action_of", "policy_of", "read_policy"]

CALLS: Final[dict[str, tuple[str, ...]]] = {
    "autoscaling": ("DescribeAutoScalingGroups", "DescribeScalingActivities"),
    "cloudformation": ("DescribeStackEvents", "DescribeStacks"),
    "cloudtrail": ("LookupEvents",),
    "cloudwatch": ("DescribeAlarmHistory", "DescribeAlarms", "GetMetricData", "ListMetrics"),
    "codedeploy": ("BatchGetDeployments", "ListDeployments"),
    "codepipeline": ("ListPipelineExecutions", "ListPipelines"),
    "config": ("GetResourceConfigHistory", "SelectResourceConfig"),
    "dynamodb": ("DescribeTable", "ListTables"),
    "ec2": ("DescribeInstanceStatus", "DescribeSecurityGroups"),
    "ecs": ("DescribeServices", "DescribeTaskDefinition", "DescribeTasks", "ListClusters", "ListServices", "ListTasks"),
    "elasticache": ("DescribeCacheClusters", "DescribeEvents", "DescribeReplicationGroups"),
    "elbv2": (
        "DescribeLoadBalancerAttributes", "DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTargetHealth",
    ),
    "health": ("DescribeAffectedEntities", "DescribeEventDetails", "DescribeEvents"),
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
    "xray": ("BatchGetTraces", "GetServiceGraph", "GetTraceSummaries"),
}  # fmt: skip
"""The operations by boto3's name of the service."""

_PREFIXES: Final = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
_FREE: Final = frozenset({"sts:GetCallerIdentity"})
"""Allowed to everybody."""
SESSION_TAGS: Final = ("CloudOpsIncident", "CloudOpsRun")
"""The tags of a session that acts: the incident's execution, and the run in it that was approved."""
_VERSION: Final = "2012-10-17"

NEVER: Final = (
    "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PartiQLSelect", "dynamodb:Query", "dynamodb:Scan",
    "ecs:ExecuteCommand", "iam:*", "lambda:GetFunction", "lambda:InvokeFunction", "organizations:*", "rds-data:*",
    "redshift-data:*", "s3:GetObject*", "secretsmanager:GetSecretValue", "sqs:ReceiveMessage", "ssm:GetParameter",
    "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:SendCommand", "ssm:StartSession",
)  # fmt: skip
"""Data, secrets, code and shells: nothing that CloudOps does needs them, whatever else the role is given."""


def action_of(service: str, operation: str) -> str:
    """What IAM calls the operation: `elasticloadbalancing:DescribeTargetHealth`."""
    return f"{_PREFIXES.get(service, service)}:{operation}"


def read_policy() -> dict[str, Any]:
    """The IAM policy that allows every call that a source of kind `aws` makes, and nothing else."""
    actions = sorted({action_of(service, operation) for service in CALLS for operation in CALLS[service]} - _FREE)
    return policy_of(
        {"Sid": "CloudOpsRead", "Effect": "Allow", "Action": actions, "Resource": "*"},
        {"Sid": "CloudOpsNever", "Effect": "Deny", "Action": list(NEVER), "Resource": "*"},
    )


def act_policy() -> dict[str, Any]:
    """The IAM policy of a role that executes actions: their looks, their calls, and a denial of everything else."""
    looks, writes = ([action_of(*call.split(":")) for call in sorted(calls)] for calls in (LOOKS, WRITES))
    return policy_of(
        {"Sid": "CloudOpsLook", "Effect": "Allow", "Action": looks, "Resource": "*"},
        {"Sid": "CloudOpsAct", "Effect": "Allow", "Action": writes, "Resource": "*"},
        {"Sid": "CloudOpsNothingElse", "Effect": "Deny", "NotAction": [*looks, *writes, *sorted(_FREE)],
         "Resource": "*"},
    )  # fmt: skip


def act_trust() -> dict[str, Any]:
    """Who may assume the role that acts, to be filled in: CloudOps' sessions alone, with its tags and no others."""
    caller = {"AWS": "arn:aws:iam::ACCOUNT:role/WHO-RUNS-CLOUDOPS"}
    named = {"StringLike": {"sts:RoleSessionName": "cloudops-*"}}
    tagged = {"ForAllValues:StringEquals": {"aws:TagKeys": list(SESSION_TAGS)}}
    return policy_of(
        {"Sid": "CloudOpsActs", "Effect": "Allow", "Principal": caller, "Action": "sts:AssumeRole",
         "Condition": named},
        {"Sid": "CloudOpsTags", "Effect": "Allow", "Principal": caller, "Action": "sts:TagSession",
         "Condition": tagged},
    )  # fmt: skip


def policy_of(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy of IAM with these statements."""
    return {"Version": _VERSION, "Statement": list(statements)}
