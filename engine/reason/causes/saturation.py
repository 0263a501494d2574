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
        metrics=r"cpu(?! requests| limit)(?! (?:seconds )?io ?wait)|processor|run queue|load ?(?:average|avg)|"
            r"load \d{1,2}|"
        r"throttled periods|cfs throttled",
        remediations=("scale_workload",),
        observations=Observation(r"\bcpu\b", 0.8, order=5),
        # What waits for a CPU is late with its work and with reading and writing its sockets.
        signals={"calls and work late": 1.5, "sessions run": 1.8, "sessions hardly run": -2.2},
        # Google SRE book, chapter 22: what has no CPU left answers its health checks late.
        can_cause=("liveness_probe_misconfigured", "readiness_probe_misconfigured"),
        concerns="host",
    ),
    Cause(
        "memory_exhausted",
        _CLASS,
        "{resource} ran out of memory",
        _USE,
        states={"SystemOOM": 3.0, "MemoryPressure": 1.0},
        families={"out_of_memory": 2.6, "garbage_collection": 1.4},
        metrics=r"memory|mem|heap|rss|freeable memory|swap|working set|gc|garbage|old gen\w*|paging|(?:major |"
            r"page )faults|"
        r"pgmajfaults?|evicted keys|(?:cache |keys )?evictions",
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
        # etcd: operations guide, space quota.
        metrics=r"free storage(?: space)?|storage used|disk (?:used|usage|utili[sz]ation|free|full|space|in use)|"
        r"(?:file ?systems?|fs)\b(?! (?:reads?|writes?|io|sector)\b).*|inodes?|volume used|db total size",
        observations=Observation(r"storage|disk.?full", 1.0, order=7),
        # Amazon RDS: a full volume goes read-only; Kubernetes: node-pressure eviction.
        can_cause=("database_read_only", "node_pressure"),
        waited_for=True,
    ),
    Cause(
        "io_saturated",
        _CLASS,
        "{resource}'s disk I/O is saturated",
        f"{_USE}; Amazon RDS: DiskQueueDepth, ReadIOPS, WriteIOPS",
        # Linux: iostat(1), pressure stall information; cAdvisor; etcd: fsync durations; Cassandra: pending compactions.
        metrics=r"(?:read |write )?iops|disk queue(?: depth)?|volume queue.*|io ?wait|burst balance|"
        r"(?:ebs ?)?io (?:balance|util\w*|await|time|stalled|pressure|service|read|write|waiting).*|disk ?io.*|blkio.*|"
        r"(?:disk|volume|fs|file ?system|block|device) (?:reads?|writes?|written|io|iops|pending|busy|await|ops|"
        r"operations|service|wait).*|(?:read|write) (?:latency|throughput)|fsync.*|backend commit.*|"
        r"pending compactions",
        families={"slow_disk": 2.2},
        signals={"sessions wait for disk": 1.8},
        observations=Observation(r"\bio:|io.?wait|datafile", 0.8, order=4),
        # Amazon RDS: a replica that can't write as fast as its primary lags; reads that miss the cache wait.
        can_cause=("replication_lag", "slow_query"),
        concerns="host",
        waited_for=True,
    ),
    Cause(
        "connections_exhausted",
        _CLASS,
        "{resource} ran out of connections",
        "PostgreSQL: max_connections; HikariCP: about pool sizing; Little's law",
        families={"too_many_connections": 2.6},
        # Linux: ip-sysctl (listen queue), nf_conntrack; Envoy: circuit breakers (pending overflow).
        metrics=r"connections?(?! (?:errors?|fail\w*|refused|resets?|lost)\b)|conns?|(?<!thread )(?<!worker )pool|"
        r"connection wait.*|sessions|acquire|checkout wait|sockets?|(?:connected|blocked) clients|threads connected|"
        r"conntrack.*|stat activity.*|listen (?:overflows?|drops?)|(?:pending|cx) overflow|"
        # AWS NAT gateway: no source port is left for one destination.
        r"error port allocation",
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
        # MySQL's Threads_running are sessions that have something to do, of which each has a thread.
        # Node.js: performance hooks; .NET: ThreadPool counters; Java: ThreadPoolExecutor.
        metrics=r"threads?(?! (?:connected|cached|created|running)\b)|thread ?pool.*|workers?(?: busy| active)?|"
        r"goroutines?|file ?descriptors?|filefd.*|open files|fds?|event ?loop.*|executor.*|pids|"
        # PHP-FPM, uWSGI: what waits for a process.
        r"(?:fpm|uwsgi)(?: \w{1,20})? (?:active|busy) (?:processes|workers)|listen queue",
        remediations=("restart_workload",),
        felt_by_callers=True,
    ),
    Cause(
        "concurrency_limited",
        _CLASS,
        "{resource} reached its limit of concurrent executions",
        "AWS Lambda: concurrency and throttles",
        families={"overloaded": 1.6, "concurrency": 2.8},
        signals={"pool taken": 4.6},
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
        families={"rate_limited": 2.5, "quota": 0.8},
        metrics=r"throttled (?:requests|events)|throttle events|rate limit(?:ed)?.*|429s?|too many requests|"
        r"throughput exceeded",
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
