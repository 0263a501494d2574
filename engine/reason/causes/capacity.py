"""More load than capacity: scaling, traffic, backlog (SCALING_FAILURE, TRAFFIC_SURGE, DATA_BACKLOG)."""

from __future__ import annotations

from engine.reason.catalogue import Cause, Observation
from primitives.terms import IncidentClass

_HPA = "Kubernetes: Horizontal Pod Autoscaling"

CAUSES = (
    Cause(
        "autoscaler_at_limit", IncidentClass.SCALING_FAILURE, "The autoscaler of {resource} is at its limit", _HPA,
        states={"AutoscalerAtLimit": 3.8}, metrics=r"(?:desired|current|max) replicas",
        diagnostic="inspect_workloads",
        settings={"at_most": 2.4},
    ),
    Cause(
        "autoscaler_not_scaling", IncidentClass.SCALING_FAILURE, "The autoscaler of {resource} doesn't scale", _HPA,
        states={"AutoscalerNotScaling": 4.0, "AutoscalerTargetMissing": 4.0, "AutoscalerWithoutRequests": 3.2},
        settings={"scaling_suspended": 3.4}, diagnostic="inspect_workloads",
        # What may not grow is full as soon as more comes.
        can_cause=("cpu_saturated", "memory_exhausted", "concurrency_limited", "threads_exhausted"),
    ),
    Cause(
        "traffic_surge", IncidentClass.TRAFFIC_SURGE, "{resource} gets more traffic than usual",
        "Google SRE book, chapter 21: handling overload", prior=-3.4,
        remediations=("scale_workload",), diagnostic="analyze_utilization",
        signals={"refuses its callers": 1.4, "traffic rose": 1.0, "traffic rose below": 1.2, "load ran full": 1.5},
        # Google SRE book, chapter 22: overload cascades to everything behind where it enters.
        can_cause=("cpu_saturated", "memory_exhausted", "io_saturated", "connections_exhausted", "threads_exhausted",
                   "concurrency_limited", "rate_limited", "queue_backlog", "consumer_stalled", "autoscaler_at_limit",
                   # The same: health checks that overload makes fail.
                   "liveness_probe_misconfigured", "readiness_probe_misconfigured"),
        reach="behind",
    ),
    Cause(
        "queue_backlog", IncidentClass.DATA_BACKLOG, "Messages pile up in {resource}",
        "Amazon SQS: ApproximateNumberOfMessagesVisible; Little's law", families={"queue_full": 2.0},
        metrics=r"(?<!disk )(?<!volume )(?<!pool )(?<!executor )(?<!run )(?:request ?)?queue ?(?:depth|length|size|"
            r"lag).*|backlog|"
        r"messages (?:visible|ready|pending|unack\w*)|age of oldest.*|pending (?:messages|tasks|jobs)|"
        r"(?:current|waiting) queue|queue (?:current|waiting|pending)",
        remediations=("scale_workload",), concerns="queue", diagnostic="analyze_utilization",
        signals={"more comes in": 2.6},
        # Who reads from it or writes to it is why it grows (Little's law).
        outcome_rank=1, shows_callers_faults=True,
    ),
    Cause(
        "consumer_stalled", IncidentClass.DATA_BACKLOG, "{resource} has stopped consuming",
        "Apache Kafka: consumer lag", families={"queue_full": 0.8, "consumer_stopped": 2.8},
        # Little's law: what takes more than ever and falls behind gets more than it can take.
        signals={"fails on the same message": 3.0, "takes nothing": 3.4, "takes more": -1.6},
        observations=Observation(r"consumer group\b.{0,260}no active members", 3.0, order=0),
        # Amazon Kinesis and AWS Lambda: IteratorAge; RabbitMQ: consumers of a queue.
        metrics=r"consumer ?(?:group ?)?(?:lag|offset).*|records lag.*|freshness.*|staleness.*|iterator age.*|"
        r"queue consumers",
        remediations=("restart_workload",), concerns="queue", diagnostic="analyze_utilization",
    ),
)  # fmt: skip
