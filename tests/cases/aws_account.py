"""A small system in a simulated account: a balancer, a service, its database, a queue and a function that reads it."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

from cases.fake_aws import ACCOUNT, REGION, FakeAws, Reply, as_json

SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/shop/orders"
DATABASE = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders-db"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:send-mail"
GROUP_OF_INSTANCES = "workers_AWS::AutoScaling::AutoScalingGroup"


def build_shop(aws: FakeAws, images: tuple[str, ...] = ("orders:1", "orders:2")) -> dict[str, str]:
    """Make it; the balancer's and the target group's ARN, and the database's address."""
    balancer, group = _balancer(aws)
    host = _database(aws)
    queue = aws.client("sqs").create_queue(QueueName="mail", Attributes={"VisibilityTimeout": "20"})["QueueUrl"]
    variables = {"DATABASE_HOST": host, "MAIL_QUEUE": queue, "PAYMENTS_URL": "https://pay.example.com/v1"}
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="shop")
    for image in images:
        container = {
            "name": "app", "image": image, "memory": 256,
            "environment": [{"name": name, "value": value} for name, value in variables.items()],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/orders"}},
        }  # fmt: skip
        ecs.register_task_definition(family="orders", containerDefinitions=[container])
    ecs.create_service(
        cluster="shop", serviceName="orders", taskDefinition=f"orders:{len(images)}", desiredCount=2,
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
    )  # fmt: skip
    return {"balancer": balancer, "group": group, "host": host}


def errors_alarm(name: str, balancer: str, onset: datetime) -> dict[str, Any]:
    """An alarm about the errors behind a balancer, which went off two minutes after the onset."""
    return {
        "AlarmName": name, "StateValue": "ALARM", "StateReason": "Threshold Crossed",
        "StateTransitionedTimestamp": onset + timedelta(minutes=2), "Namespace": "AWS/ApplicationELB",
        "MetricName": "HTTPCode_Target_5XX_Count", "Statistic": "Sum",
        "Dimensions": [{"Name": "LoadBalancer", "Value": balancer}],
    }  # fmt: skip


def build_function(aws: FakeAws) -> None:
    """A function that reads the queue, may take a minute for a message, and isn't allowed to run."""
    iam = aws.client("iam")
    role = iam.create_role(RoleName="mailer", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): pass")
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName="send-mail", Role=role, Runtime="python3.12", Handler="main.handler", Timeout=60,
        Code={"ZipFile": packed.getvalue()}, Environment={"Variables": {"SMTP_HOST": "smtp.example.com"}},
    )  # fmt: skip
    functions.put_function_concurrency(FunctionName="send-mail", ReservedConcurrentExecutions=0)
    functions.create_event_source_mapping(FunctionName="send-mail", EventSourceArn=QUEUE, BatchSize=5)


def build_workers(aws: FakeAws) -> None:
    """A group of instances that is as large as it may be."""
    ec2 = aws.client("ec2")
    images = ec2.describe_images(Owners=["amazon"])["Images"]
    scaling = aws.client("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="workers", ImageId=images[0]["ImageId"], InstanceType="t3.small"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="workers", LaunchConfigurationName="workers", MinSize=1, MaxSize=2, DesiredCapacity=2,
        AvailabilityZones=[f"{REGION}a"],
    )  # fmt: skip


def write_log(aws: FakeAws, group: str, lines: dict[datetime, str], stream: str = "app/1") -> None:
    """Lines of a log group, by time."""
    logs = aws.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{"timestamp": int(time.timestamp() * 1000), "message": line} for time, line in sorted(lines.items())]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def trail_event(
    time: datetime, name: str, source: str, request: dict[str, Any], resources: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    """An event as LookupEvents tells it (API_Event and the record's contents in the CloudTrail user guide)."""
    record = {
        "eventVersion": "1.09", "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/kim"},
        "eventTime": f"{time:%Y-%m-%dT%H:%M:%SZ}", "eventSource": source, "eventName": name, "readOnly": False,
        "requestParameters": request, **more,
    }  # fmt: skip
    return {
        "EventId": f"{name}-{time:%H%M%S}", "EventName": name, "ReadOnly": "false", "EventTime": time.timestamp(),
        "EventSource": source, "Username": "kim",
        "Resources": [{"ResourceType": "AWS::Thing", "ResourceName": resource} for resource in resources],
        "CloudTrailEvent": json.dumps(record),
    }  # fmt: skip


def trail_answer(*events: dict[str, Any]) -> Reply:
    """A page of LookupEvents."""
    return as_json({"Events": list(events)})


def minutes_before(now: datetime, minutes: float) -> datetime:
    """So many minutes ago."""
    return now - timedelta(minutes=minutes)


def _balancer(aws: FakeAws) -> tuple[str, str]:
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    closed = ec2.create_security_group(GroupName="front", Description="front", VpcId=network)["GroupId"]
    made = elb.create_load_balancer(Name="front", Subnets=subnets, SecurityGroups=[closed])
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    made = elb.create_target_group(
        Name="orders", Protocol="HTTP", Port=8080, VpcId=network, TargetType="ip", HealthCheckPath="/healthz"
    )
    group = made["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.7", "Port": 8080}])
    return balancer, group


def _database(aws: FakeAws) -> str:
    rds = aws.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="orders-pg", DBParameterGroupFamily="postgres16", Description="orders"
    )
    rds.create_db_instance(
        DBInstanceIdentifier="orders-db", DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=20,
        MasterUsername="admin", MasterUserPassword="made-up-word-4711", DBParameterGroupName="orders-pg",
    )  # fmt: skip
    parameter = {"ParameterName": "max_connections", "ParameterValue": "20", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="orders-pg", Parameters=[parameter])
    return str(rds.describe_db_instances()["DBInstances"][0]["Endpoint"]["Address"])
