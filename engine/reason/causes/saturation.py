"""A resource reached its limit (RESOURCE_SATURATION)."""

from __future__ import annotations

from engine.reason.catalogue import Cause, Observation
from primitives.terms import IncidentClass

_CLASS = IncidentClass.RESOURCE_SATURATION
_USE = "B. Gregg, The USE Method"

CAUSES = (
    Cause(
        "cpu_saturated",
        _CLASS,
        "{resource} ran out of CPU",
        f"{_USE}; Kubernetes: CPU throttling at the cgroup quota",
        states={"CpuLimitTooLow": 3.8},
        metrics=r"cpu(?! requests| limit)|processor|run queue|load average|throttled periods|cfs throttled",
        remediations=("scale_workload",),
        observations=Observation(r"\bcpu\b", 0.8, order=5),
        # What waits for a CPU is late with its work and with reading and writing its sockets.
        signals={"calls and work late": 1.5},
        # Google SRE book, chapter 22: what has no CPU left answers its health checks late.
        can_cause=("liveness_probe_misconfigured", "readiness_probe_misconfigured"),
    ),
    Cause(
        "memory_exhausted",
        _CLASS,
        "{resource} ran out of memory",
        _USE,
        states={"SystemOOM": 3.0, "MemoryPressure": 1.0},
        families={"out_of_memory": 2.6},
        metrics=r"memory|mem|heap|rss|freeable memory|swap|working set|gc|garbage",
        remediations=("raise_memory_limit", "restart_workload"),
        # Kubernetes: node-pressure eviction; the kernel kills what exceeds its limit.
        can_cause=("out_of_memory_killed", "node_pressure"),
    ),
    Cause(
        "disk_full",
        _CLASS,
        "{resource} ran out of disk space",
        "Amazon RDS: FreeStorageSpace, storage-full; Kubernetes: node-pressure eviction",
        states={"DiskPressure": 1.5, "ImagePullNoSpace": 3.5, "StorageLimitExceeded": 4.2,
                "InsufficientEphemeralStorage": 2.0},
        families={"disk_full": 3.0},
        metrics=r"free storage(?: space)?|storage used|disk (?:used|usage|utili[sz]ation|free|full|space)|filesystem|"
        r"inodes?|volume used",
        observations=Observation(r"storage|disk.?full", 1.0, order=7),
        # Amazon RDS: a full volume goes read-only; Kubernetes: node-pressure eviction.
        can_cause=("database_read_only", "node_pressure"),
    ),
    Cause(
        "io_saturated",
        _CLASS,
        "{resource}'s disk I/O is saturated",
        f"{_USE}; Amazon RDS: DiskQueueDepth, ReadIOPS, WriteIOPS",
        metrics=r"(?:read |write )?iops|disk queue(?: depth)?|io wait|iowait|burst balance|io utili[sz]ation|"
        r"(?:disk|volume) (?:read|write|io).*|(?:read|write) (?:latency|throughput)",
        observations=Observation(r"\bio:|io.?wait|datafile", 0.8, order=4),
        # Amazon RDS: a replica that can't write as fast as its primary lags; reads that miss the cache wait.
        can_cause=("replication_lag", "slow_query"),
    ),
    Cause(
        "connections_exhausted",
        _CLASS,
        "{resource} ran out of connections",
        "PostgreSQL: max_connections; HikariCP: about pool sizing; Little's law",
        families={"too_many_connections": 2.6},
        metrics=r"connections?|conns?|pool|connection wait.*|sessions|acquire|checkout wait",
        remediations=("restart_workload", "reboot_database"),
        felt_by_callers=True,
        observations=Observation(r"connection", 0.8, order=6),
        settings={"pools_over_connections": 3.0},
    ),
    Cause(
        "threads_exhausted",
        _CLASS,
        "{resource} ran out of threads, workers or file descriptors",
        f"{_USE}; Tomcat: maxThreads",
        families={"too_many_files": 2.4, "too_many_threads": 2.4, "overloaded": 0.6},
        states={"PIDPressure": 2.0},
        metrics=r"threads?|workers?(?: busy| active)?|goroutines?|file descriptors?|open files|fds?|"
        r"event loop(?: lag)?",
        remediations=("restart_workload",),
        felt_by_callers=True,
    ),
    Cause(
        "concurrency_limited",
        _CLASS,
        "{resource} reached its limit of concurrent executions",
        "AWS Lambda: concurrency and throttles",
        families={"overloaded": 1.6},
        metrics=r"concurren(?:t|cy).*|in flight|inflight|throttles",
        felt_by_callers=True,
        settings={"no_concurrency": 4.2},
    ),
    Cause(
        "rate_limited",
        _CLASS,
        "{resource} is being rate limited",
        "RFC 6585 (429 Too Many Requests); Amazon DynamoDB: throttling",
        states={"ImagePullRateLimited": 3.5},
        families={"rate_limited": 2.0, "quota": 0.8},
        metrics=r"throttled (?:requests|events)|rate limit(?:ed)?.*|429s?|too many requests",
        felt_by_callers=True,
    ),
    Cause(
        "quota_exceeded",
        _CLASS,
        "{resource} is stopped by a quota",
        "Kubernetes: ResourceQuota, LimitRange",
        states={
            "QuotaExceeded": 4.5, "QuotaRequiresLimits": 4.0, "LimitRangeViolation": 4.0, "QuotaAtLimit": 1.0,
            "FailedCreate": 1.0, "TooManyPods": 3.0, "MaxVolumeCountExceeded": 3.5,
        },
        families={"quota": 2.6, "rate_limited": 0.5, "no_addresses": 1.0},
        metrics=r"quota.*",
        diagnostic="inspect_workloads",
        settings={"at_quota": 2.8},
    ),
)  # fmt: skip
