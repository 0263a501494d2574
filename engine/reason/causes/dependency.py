"""A dependency of the resource failed (DEPENDENCY_FAILURE)."""

from __future__ import annotations

from engine.reason.catalogue import Cause, Observation
from primitives.terms import IncidentClass

_CLASS = IncidentClass.DEPENDENCY_FAILURE
_TRACING = "B. Sigelman et al., Dapper (2010): own time and depth of spans"

CAUSES = (
    Cause(
        "dependency_unavailable",
        _CLASS,
        "{resource} can't be reached by what depends on it",
        "POSIX: ECONNREFUSED; M. Nygard, Release It!: integration points",
        families={
            "connection_refused": 2.4,
            "unreachable": 1.8,
            "unavailable": 1.2,
            "connection_reset": 1.0,
            "call_failed": 0.5,
            "failover": 0.5,
            "outage": 2.4,
        },
        states={
            "DependencyUnanswered": 4.6,
            "ServiceMissing": 3.0,
            "NoReadyEndpoints": 1.0,
            "NoEndpoints": 1.0,
            "ProbeNeedsAnother": 3.8,
            # Init containers block the start until a precondition is met (Kubernetes: Init Containers).
            "InitContainerNotFinished": 2.2,
            "WebhookUnanswered": 4.0,
        },
        # Envoy: cluster statistics; HAProxy: backend statistics.
        metrics=r"(?:health ?check|(?:un ?)?healthy hosts?|target health).*|connect(?:ion)? (?:fail\w*|errors?|"
        r"refused)\b.*",
        remediations=("restart_workload",),
        diagnostic="trace_dependencies",
        complaint_sentence="Something that {resource} depends on can't be reached",
        # A process listens, a name resolves and a route exists, or nobody can connect.
        signals={"tcp_connect failed": 3.4, "http_get failed": 3.4, "fell silent": 1.5},
        outcome_rank=1,
        shows_on_entity=True,
        seen_of=("external", "zone"),
    ),
    Cause(
        "dependency_slow",
        _CLASS,
        "{resource} is slow by itself and slows what depends on it",
        _TRACING,
        prior=-2.6,
        families={"timeout": 1.2},
        remediations=("restart_workload",),
        diagnostic="trace_dependencies",
        generic=True,
        signals={"slow": 0.4, "spans slow": 0.9},
        fallback_for=("slower",),
        asked_of_dependencies=True,
        slowness=True,
        outcome_rank=2,
        unproven_sentence="Downstream {resource} degraded",
        complaint_sentence="Something that {resource} depends on is too slow",
    ),
    Cause(
        "dependency_errors",
        _CLASS,
        "{resource} fails by itself and fails what depends on it",
        _TRACING,
        prior=-2.8,
        families={"unavailable": 0.8, "server_error": 0.8, "call_failed": 0.6, "overloaded": 0.5},
        remediations=("restart_workload",),
        diagnostic="trace_dependencies",
        generic=True,
        signals={"failing": 0.3, "spans failing": 0.5},
        outcome_rank=2,
    ),
    Cause(
        "database_read_only",
        _CLASS,
        "{resource} accepts no writes",
        "PostgreSQL: read-only transactions; MySQL: read_only",
        families={"read_only": 3.0},
        signals={"set read-only": 2.6},
        # MySQL: read_only, super_read_only; Amazon RDS and others export them as they are.
        metrics=r"(?:super |innodb |transaction )?read ?only\b.*",
        diagnostic="analyze_logs",
        caused_from_above=False,
        # A failover, a full disk or a failed device makes it so: it is rarely where the trouble began.
        outcome_rank=1,
    ),
    Cause(
        "database_failover",
        _CLASS,
        "{resource} failed over",
        "Amazon RDS: Multi-AZ failover events (RDS-EVENT-0049)",
        families={"failover": 2.4},
        metrics=r"failovers?|leader (?:changes?|elections?).*|has leader|active ?controller ?count",
        signals={"lost its role": 3.0},
        caused_from_above=False,
        diagnostic="check_recent_changes",
        observations=Observation(r"failover", 2.6, order=3),
        # Amazon RDS: during a failover the writer is unreachable, then old connections reach a read-only instance.
        can_cause=("database_read_only", "dependency_unavailable", "replication_lag"),
    ),
    Cause(
        "replication_lag",
        _CLASS,
        "{resource} lags behind its primary",
        "Amazon RDS: ReplicaLag; PostgreSQL: pg_stat_replication",
        families={"replication_lag": 2.6},
        # Apache Kafka: under-replicated partitions; Elasticsearch: unassigned shards.
        # PostgreSQL: write, flush and replay lag; MySQL: receiver and applier; MongoDB: the operations log.
        metrics=r"(?:replica|replication|standby|slave|follower)(?: slot)?(?: (?:write|flush|replay|apply|receive))? "
        r"(?:lag|delay).*|(?:replay|apply|oplog) (?:lag|delay).*|seconds behind.*|slot disk usage|"
        r"(?:replica ?manager )?under ?replicated ?partitions.*|(?:in ?sync )?isr shrinks?.*",
        answers_stale=True,
        diagnostic="analyze_utilization",
        observations=Observation(r"replica", 1.2, order=8),
    ),
    Cause(
        "slow_query",
        _CLASS,
        "A slow query holds up {resource}",
        "Amazon RDS: Performance Insights, top SQL; PostgreSQL: pg_stat_statements",
        families={"slow_query": 2.4},
        metrics=r"query (?:latency|duration|time).*|slow (?:queries|query|log).*",
        diagnostic="analyze_logs",
        observations=Observation(r"top.?sql|slow.?quer|statement", 1.4, order=1),
        signals={"statement since full": 2.0},
        waited_for=True,
        # M. Nygard, Release It!: unbounded result sets; each holds CPU, I/O, a connection and its locks for longer.
        can_cause=("cpu_saturated", "io_saturated", "connections_exhausted", "threads_exhausted", "lock_contention"),
    ),
    Cause(
        "lock_contention",
        _CLASS,
        "Sessions of {resource} wait for each other's locks",
        "PostgreSQL: explicit locking, pg_locks; MySQL: InnoDB deadlocks",
        families={"deadlock": 2.8},
        signals={"sessions wait for locks": 1.8},
        metrics=r"dead ?locks?|lock (?:waits?|time).*|locks (?:count|waiting)|blocked (?:sessions|transactions)",
        diagnostic="analyze_logs",
        felt_by_callers=True,
        observations=Observation(r"lock|deadlock", 1.8, order=2),
        # M. Nygard, Release It!: blocked threads; who waits for a lock holds its connection.
        can_cause=("slow_query", "connections_exhausted", "threads_exhausted"),
    ),
    Cause(
        "external_provider_failure",
        _CLASS,
        "An outside provider that {resource} calls fails",
        "M. Nygard, Release It!: integration points",
        diagnostic="trace_dependencies",
        signals={"outside blamed": 2.4},
        families={"outage": 1.0},
        caused_by_change=False,  # it comes from outside
        place="external",
        place_sentence="{resource}, which an outside provider runs, fails",
    ),
)
