"""CloudWatch's namespaces, and what each metric is to a diagnostic.

This is a table: to understand another service, add a family. Names, dimensions, units and which statistic says
something are those of each service's page, listed under
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
"""

from __future__ import annotations

from typing import Final

from primitives.backends.aws.metrics.measures import (
    AwsFamily,
    AwsMeasure,
    average,
    counted,
    greatest,
    latencies,
    least,
    metric,
    rate,
    share,
)
from primitives.backends.aws.names import Identity, dimensioned, typed, whole

__all__ = ["FAMILIES", "NAMESPACES"]

_ELB: Final = "elasticloadbalancing"
_MEBIBYTE: Final = 1024.0**2


def _family(namespace: str, dimensions: str, identify: Identity, *measures: AwsMeasure) -> AwsFamily:
    return AwsFamily(namespace, frozenset(dimensions.split(",")), identify, measures)


_REQUESTS: Final = (
    rate("requests", "RequestCount"),
    share("error_ratio", "HTTPCode_Target_5XX_Count", "RequestCount"),
    *latencies("TargetResponseTime"),
)
_HOSTS: Final = (
    greatest("unhealthy_hosts", "UnHealthyHostCount", "{host}", "availability"),
    least("healthy_hosts", "HealthyHostCount", "{host}", "availability"),
)
_API: Final = latencies("Latency", 0.001)
_DATABASE: Final = (
    average("cpu_utilization", "CPUUtilization", "%"),
    average("database_connections", "DatabaseConnections", "{connection}"),
    least("freeable_memory", "FreeableMemory", "By"),
    least("free_storage_space", "FreeStorageSpace", "By"),
    least("burst_balance", "BurstBalance", "%"),
    average("disk_queue_depth", "DiskQueueDepth", "{operation}"),
    average("read_latency", "ReadLatency", "s", "latency"),
    average("write_latency", "WriteLatency", "s", "latency"),
    average("commit_latency", "CommitLatency", "s", "latency", factor=0.001),
    average("read_iops", "ReadIOPS", "{operation}/s", "traffic", "either"),
    average("write_iops", "WriteIOPS", "{operation}/s", "traffic", "either"),
    greatest("replica_lag", "ReplicaLag", "s", "latency"),
    greatest("aurora_replica_lag", "AuroraReplicaLag", "s", "latency", 0.001),
    average("db_load", "DBLoad", "{session}"),
    average("deadlocks", "Deadlocks", "{deadlock}/s", "other"),
    average("blocked_transactions", "BlockedTransactions", "{transaction}", "other"),
    average("login_failures", "LoginFailures", "{failure}/s", "errors"),
    greatest("swap_usage", "SwapUsage", "By", "other"),
)

FAMILIES: Final[tuple[AwsFamily, ...]] = (
    _family("ApplicationSignals", "Environment,Service", typed("Service", "AWS::ApplicationSignals::Service"),
            *latencies("Latency", 0.001), average("error_ratio", "Fault", "1", "errors")),
    _family("AWS/ApplicationELB", "LoadBalancer", dimensioned(_ELB, "LoadBalancer", kind="loadbalancer"),
            *_REQUESTS,
            share("balancer_error_ratio", "HTTPCode_ELB_5XX_Count", "RequestCount"),
            share("target_connection_errors", "TargetConnectionErrorCount", "RequestCount"),
            share("rejected_connections", "RejectedConnectionCount", "RequestCount")),
    _family("AWS/ApplicationELB", "LoadBalancer,TargetGroup", dimensioned(_ELB, "TargetGroup"),
            *_REQUESTS, *_HOSTS),
    _family("AWS/NetworkELB", "LoadBalancer", dimensioned(_ELB, "LoadBalancer", kind="loadbalancer"),
            average("active_flows", "ActiveFlowCount", "{flow}", "traffic", "either"),
            share("target_reset_ratio", "TCP_Target_Reset_Count", "NewFlowCount"),
            counted("port_allocation_errors", "PortAllocationErrorCount", "{error}", "errors")),
    _family("AWS/NetworkELB", "LoadBalancer,TargetGroup", dimensioned(_ELB, "TargetGroup"), *_HOSTS),
    _family("AWS/ApiGateway", "ApiName", typed("ApiName", "AWS::ApiGateway::RestApi"),
            rate("requests", "Count"), share("error_ratio", "5XXError", "Count"), *_API),
    _family("AWS/ApiGateway", "ApiId", typed("ApiId", "AWS::ApiGatewayV2::Api"),
            rate("requests", "Count"), share("error_ratio", "5xx", "Count"), *_API),
    _family("AWS/ECS", "ClusterName,ServiceName", dimensioned("ecs", "ClusterName", "ServiceName", kind="service"),
            greatest("cpu_utilization", "CPUUtilization", "%"),
            greatest("memory_utilization", "MemoryUtilization", "%")),
    _family("ECS/ContainerInsights", "ClusterName,ServiceName",
            dimensioned("ecs", "ClusterName", "ServiceName", kind="service"),
            AwsMeasure(metric("available_replicas", "availability", "%", "min", "lower"), "RunningTaskCount", "Sum",
                       100.0, per="DesiredTaskCount"),
            greatest("pending_tasks", "PendingTaskCount", "{task}"),
            counted("restarts", "RestartCount", "{restart}", "availability")),
    _family("AWS/Lambda", "FunctionName", dimensioned("lambda", "FunctionName", kind="function", joint=":"),
            rate("requests", "Invocations"), share("error_ratio", "Errors", "Invocations"),
            *latencies("Duration", 0.001), counted("throttles", "Throttles", "{request}"),
            greatest("concurrent_executions", "ConcurrentExecutions", "{request}"),
            greatest("iterator_age", "IteratorAge", "s", "latency", 0.001),
            counted("dead_letter_errors", "DeadLetterErrors", "{message}", "errors")),
    _family("AWS/RDS", "DBInstanceIdentifier", dimensioned("rds", "DBInstanceIdentifier", kind="db", joint=":"),
            *_DATABASE),
    _family("AWS/RDS", "DBClusterIdentifier", dimensioned("rds", "DBClusterIdentifier", kind="cluster", joint=":"),
            greatest("volume_bytes_used", "VolumeBytesUsed", "By", "other"),
            greatest("serverless_capacity_utilization", "ACUUtilization", "%")),
    _family("AWS/DynamoDB", "TableName", dimensioned("dynamodb", "TableName", kind="table"),
            rate("consumed_read_capacity", "ConsumedReadCapacityUnits", "{unit}/s", "saturation"),
            rate("consumed_write_capacity", "ConsumedWriteCapacityUnits", "{unit}/s", "saturation"),
            average("provisioned_read_capacity", "ProvisionedReadCapacityUnits", "{unit}/s", "other", "either"),
            average("provisioned_write_capacity", "ProvisionedWriteCapacityUnits", "{unit}/s", "other", "either"),
            counted("read_throttle_events", "ReadThrottleEvents", "{request}"),
            counted("write_throttle_events", "WriteThrottleEvents", "{request}")),
    _family("AWS/DynamoDB", "Operation,TableName", dimensioned("dynamodb", "TableName", kind="table"),
            average("latency_average", "SuccessfulRequestLatency", "s", "latency", factor=0.001),
            counted("throttled_requests", "ThrottledRequests", "{request}"),
            counted("system_errors", "SystemErrors", "{request}", "errors")),
    _family("AWS/SQS", "QueueName", dimensioned("sqs", "QueueName"),
            greatest("messages_visible", "ApproximateNumberOfMessagesVisible", "{message}"),
            greatest("age_of_oldest_message", "ApproximateAgeOfOldestMessage", "s"),
            greatest("messages_being_handled", "ApproximateNumberOfMessagesNotVisible", "{message}"),
            rate("messages_sent", "NumberOfMessagesSent", "{message}/s"),
            rate("messages_deleted", "NumberOfMessagesDeleted", "{message}/s")),
    _family("AWS/SNS", "TopicName", dimensioned("sns", "TopicName"),
            rate("messages_published", "NumberOfMessagesPublished", "{message}/s"),
            share("failed_notifications", "NumberOfNotificationsFailed", "NumberOfMessagesPublished")),
    _family("AWS/ElastiCache", "CacheClusterId",
            dimensioned("elasticache", "CacheClusterId", kind="cluster", joint=":"),
            greatest("cpu_utilization", "CPUUtilization", "%"),
            greatest("engine_cpu_utilization", "EngineCPUUtilization", "%"),
            greatest("memory_utilization", "DatabaseMemoryUsagePercentage", "%"),
            counted("evictions", "Evictions", "{item}"),
            average("connections", "CurrConnections", "{connection}"),
            greatest("replication_lag", "ReplicationLag", "s", "latency"),
            average("cache_hit_rate", "CacheHitRate", "%", "saturation", "lower"),
            least("freeable_memory", "FreeableMemory", "By"),
            greatest("swap_usage", "SwapUsage", "By", "other")),
    _family("AWS/EC2", "InstanceId", dimensioned("ec2", "InstanceId", kind="instance"),
            greatest("cpu_utilization", "CPUUtilization", "%"),
            greatest("status_check_failed", "StatusCheckFailed", "1", "availability"),
            least("cpu_credit_balance", "CPUCreditBalance", "{credit}"),
            least("ebs_io_balance", "EBSIOBalance%", "%"),
            rate("network_in", "NetworkIn", "By/s"), rate("network_out", "NetworkOut", "By/s")),
    _family("AWS/EC2", "AutoScalingGroupName", typed("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup"),
            greatest("cpu_utilization", "CPUUtilization", "%")),
    _family("AWS/AutoScaling", "AutoScalingGroupName",
            typed("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup"),
            average("desired_replicas", "GroupDesiredCapacity", "{instance}", "saturation", "either"),
            average("instances_in_service", "GroupInServiceInstances", "{instance}", "availability", "lower"),
            average("max_replicas", "GroupMaxSize", "{instance}", "other", "either")),
    _family("AWS/EBS", "VolumeId", dimensioned("ec2", "VolumeId", kind="volume"),
            least("burst_balance", "BurstBalance", "%"),
            average("volume_queue_length", "VolumeQueueLength", "{operation}"),
            rate("volume_read_ops", "VolumeReadOps", "{operation}/s"),
            rate("volume_write_ops", "VolumeWriteOps", "{operation}/s")),
    _family("AWS/NATGateway", "NatGatewayId", dimensioned("ec2", "NatGatewayId", kind="natgateway"),
            counted("port_allocation_errors", "ErrorPortAllocation", "{error}", "errors"),
            counted("packets_dropped", "PacketsDropCount", "{packet}"),
            greatest("active_connections", "ActiveConnectionCount", "{connection}")),
    _family("AWS/States", "StateMachineArn", whole("StateMachineArn"),
            rate("requests", "ExecutionsStarted"), share("error_ratio", "ExecutionsFailed", "ExecutionsStarted"),
            share("timed_out_ratio", "ExecutionsTimedOut", "ExecutionsStarted"),
            counted("throttled_events", "ExecutionThrottled", "{event}"),
            *latencies("ExecutionTime", 0.001)),
    _family("AWS/Kinesis", "StreamName", dimensioned("kinesis", "StreamName", kind="stream"),
            greatest("iterator_age", "GetRecords.IteratorAgeMilliseconds", "s", "latency", 0.001),
            counted("write_throughput_exceeded", "WriteProvisionedThroughputExceeded", "{record}"),
            counted("read_throughput_exceeded", "ReadProvisionedThroughputExceeded", "{record}"),
            rate("incoming_records", "IncomingRecords", "{record}/s")),
    _family("AWS/Kafka", "Cluster Name,Broker ID", typed("Cluster Name", "AWS::MSK::Cluster"),
            greatest("cpu_user", "CpuUser", "%"),
            greatest("disk_used", "KafkaDataLogsDiskUsed", "%"),
            greatest("under_replicated_partitions", "UnderReplicatedPartitions", "{partition}", "other")),
    _family("AWS/Kafka", "Cluster Name,Consumer Group,Topic", typed("Consumer Group", "AWS::MSK::ConsumerGroup"),
            greatest("consumer_lag", "SumOffsetLag", "{message}")),
    _family("AWS/ES", "ClientId,DomainName", dimensioned("es", "DomainName", kind="domain"),
            greatest("cpu_utilization", "CPUUtilization", "%"),
            greatest("jvm_memory_pressure", "JVMMemoryPressure", "%"),
            least("free_storage_space", "FreeStorageSpace", "By", factor=_MEBIBYTE),
            greatest("cluster_status_red", "ClusterStatus.red", "1", "availability"),
            greatest("search_threadpool_queue", "ThreadpoolSearchQueue", "{task}"),
            average("latency_average", "SearchLatency", "s", "latency", factor=0.001)),
)  # fmt: skip

NAMESPACES: Final = tuple(dict.fromkeys(family.namespace for family in FAMILIES))
