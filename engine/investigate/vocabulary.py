"""The trade's words for symptoms: which incident class a word or phrase points to, and how clearly.

One table; a new word is one line. Weights: 1.5 names the class outright, 1.0 is a usual word for it, 0.5 often goes
with it, 0.25 is a hint that other classes share. Words of four letters and fewer must match exactly; longer ones may be
misspelt (`engine.investigate.classify`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primitives.terms import IncidentClass as C

__all__ = ["COMPANIONS", "DOWNWARD", "UPWARD", "VOCABULARY"]

VOCABULARY: Final[Mapping[C, Mapping[str, float]]] = {
    C.PERFORMANCE_DEGRADATION: {
        "latency": 1.5, "slow": 1.5, "slowness": 1.5, "slower": 1.5, "sluggish": 1.5, "response time": 1.5,
        "response times": 1.5, "performance": 1.5, "lag": 0.5, "lagging": 1.0, "laggy": 1.5, "takes long": 1.5,
        "takes forever": 1.5, "taking forever": 1.5, "delay": 1.0, "delayed": 1.0, "delays": 1.0, "degraded": 1.0,
        "degradation": 1.0, "p50": 1.0, "p90": 1.0, "p95": 1.0, "p99": 1.0, "timeout": 0.75, "timeouts": 0.75,
        "timing out": 0.75, "time out": 0.75, "hangs": 1.0, "hanging": 1.0, "stuck requests": 1.0, "duration": 1.0,
        "response": 0.5, "spike": 0.25, "wait": 0.5, "slo": 0.5, "apdex": 1.5,
    },
    C.AVAILABILITY_LOSS: {
        "down": 1.5, "outage": 1.5, "unavailable": 1.5, "unavailability": 1.5, "availability": 1.5, "unreachable": 1.25,
        "offline": 1.5, "not responding": 1.5, "no response": 1.5, "not reachable": 1.5, "dead": 1.0, "503": 1.0,
        "502": 0.75, "504": 0.5, "can t reach": 1.25, "cannot reach": 1.25, "not working": 1.0, "broken": 0.75,
        "white page": 1.0, "health check": 0.75, "unhealthy": 0.75, "failing": 0.25,
    },
    C.ERROR_RATE_INCREASE: {
        "error": 1.25, "errors": 1.25, "error rate": 1.5, "5xx": 1.5, "500": 1.25, "500s": 1.5, "exception": 1.25,
        "exceptions": 1.25, "failing": 1.0, "failures": 1.0, "failure": 0.75, "failed": 0.75, "fail": 0.75,
        "failure rate": 1.5, "4xx": 1.0, "internal server error": 1.5, "wrong results": 1.0, "error ratio": 1.5,
        "error budget": 1.0, "checkout fails": 1.0, "503": 0.5, "502": 0.75, "faults": 0.75,
    },
    C.RESOURCE_SATURATION: {
        "saturation": 1.5, "saturated": 1.5, "exhausted": 1.5, "exhaustion": 1.5, "cpu": 1.25, "memory": 1.0,
        "disk": 1.25, "storage": 1.0, "storage space": 1.5, "disk full": 1.75, "full": 0.75, "iops": 1.25, "pool": 1.0,
        "connections": 1.0, "connection count": 1.25, "connection pool": 1.5, "too many connections": 1.75,
        "out of memory": 1.25, "oom": 1.0, "utilization": 1.0, "utilisation": 1.0, "throttled": 1.0, "throttling": 1.0,
        "rate limit": 1.25, "rate limited": 1.25, "quota": 1.25, "overloaded": 1.0, "overload": 1.0, "load": 0.5,
        "threads": 1.0, "file descriptors": 1.25, "heap": 1.0, "leak": 1.0, "no space left": 1.75, "limit": 0.5,
        "running out": 1.0,
    },
    C.DEPLOYMENT_REGRESSION: {
        "deploy": 1.25, "deployment": 1.0, "deployed": 1.25, "deployments": 0.75, "release": 1.25, "released": 1.25,
        "rollout": 1.5, "rolled out": 1.5, "upgrade": 1.0, "upgraded": 1.0, "regression": 1.5, "new version": 1.5,
        "rollout stalled": 1.75, "rollout stuck": 1.75, "canary": 1.25, "feature flag": 1.5, "after update": 1.0,
        "hotfix": 1.0, "rollback": 1.0,
    },
    C.CONFIGURATION_DRIFT: {
        "configuration": 1.25, "config": 1.25, "misconfigured": 1.5, "misconfiguration": 1.5, "drift": 1.5,
        "configmap": 1.5, "environment variable": 1.5, "setting": 0.75, "settings": 0.75, "parameter": 0.75,
        "wrong port": 1.5, "missing secret": 1.5, "terraform": 1.0,
    },
    C.DEPENDENCY_FAILURE: {
        "dependency": 1.5, "dependencies": 1.25, "downstream": 1.25, "upstream": 0.75, "upstreams": 0.75,
        "third party": 1.5, "provider": 1.0, "database": 0.75, "db": 0.5, "replica": 0.75, "replication": 1.25,
        "replication lag": 1.75, "replica lag": 1.75, "failover": 1.25, "read only": 1.0, "slow query": 1.25,
        "slow queries": 1.25, "deadlock": 1.25, "query": 0.5, "queries": 0.5, "cache": 0.5, "redis": 0.5,
        "connection refused": 1.25,
    },
    C.SCALING_FAILURE: {
        "autoscaling": 1.5, "autoscaler": 1.5, "hpa": 1.5, "not scaling": 1.75, "scaling": 1.25, "scale": 0.75,
        "scale up": 1.25, "capacity": 0.75, "max replicas": 1.5,
    },
    C.TRAFFIC_SURGE: {
        "traffic": 1.25, "surge": 1.25, "traffic spike": 1.75, "spike in traffic": 1.75, "ddos": 1.5, "flood": 1.0,
        "requests spike": 1.5, "flash sale": 1.5, "bots": 1.0, "load spike": 1.25, "rps": 1.0, "qps": 1.0,
        "spike": 0.25, "throughput": 0.5,
    },
    C.NETWORK_FAILURE: {
        "network": 1.5, "dns": 1.5, "packet loss": 1.75, "packets": 1.0, "connectivity": 1.5, "ingress": 1.0,
        "load balancer": 0.75, "routing": 1.0, "name resolution": 1.5, "no route": 1.5, "network policy": 1.5,
        "connection reset": 1.0, "firewall": 1.25, "security group": 1.25, "no endpoints": 1.25, "unreachable": 0.5,
    },
    C.ACCESS_FAILURE: {
        "access denied": 1.75, "permission": 1.25, "permissions": 1.25, "permission denied": 1.75, "iam": 1.5,
        "credentials": 1.5, "unauthorized": 1.5, "forbidden": 1.5, "401": 1.25, "403": 1.25, "certificate": 1.5,
        "cert": 1.25, "tls": 1.25, "ssl": 1.25, "token": 1.0, "expired": 1.0, "login": 0.75, "authentication": 1.25,
        "auth": 1.0, "log in": 0.75, "password": 1.0,
    },
    C.INFRASTRUCTURE_FAILURE: {
        "node": 1.0, "nodes": 1.0, "notready": 1.5, "not ready": 1.0, "instance": 0.75, "host": 0.75, "hardware": 1.25,
        "zone": 1.0, "availability zone": 1.5, "region": 0.5, "kubelet": 1.5, "cluster": 0.25, "az outage": 1.75,
        "machine": 0.75, "ec2": 0.75, "scheduler": 1.0, "containerd": 1.25, "kube proxy": 1.25,
    },
    C.WORKLOAD_FAILURE: {
        "crash": 1.5, "crashes": 1.5, "crashing": 1.5, "crashloop": 1.75, "crashloopbackoff": 1.75, "crash loop": 1.75,
        "restart": 1.25, "restarts": 1.25, "restarted": 1.25, "restarting": 1.25, "pod": 1.0, "pods": 1.0,
        "pending": 1.25, "container": 0.75, "image": 1.0, "imagepullbackoff": 1.75, "image pull": 1.5, "probe": 1.25,
        "oomkilled": 1.75, "evicted": 1.5, "job failure": 1.5, "jobfailure": 1.5, "job failed": 1.5, "job": 0.5,
        "namespace": 0.5, "unschedulable": 1.75, "not starting": 1.5, "won t start": 1.5, "volume": 0.75, "mount": 0.75,
        "pvc": 1.25, "cronjob": 1.0,
    },
    C.DATA_BACKLOG: {
        "queue": 1.25, "queues": 1.25, "backlog": 1.75, "consumer": 1.0, "consumers": 1.0, "consumer lag": 1.75,
        "messages": 0.75, "piling up": 1.25, "kafka": 0.75, "sqs": 0.75, "dead letter": 1.25, "stale data": 1.0,
        "pipeline": 0.5, "freshness": 1.0, "not processed": 1.0, "unprocessed": 1.25, "lag": 0.5,
    },
    C.NO_FAULT: {"false alarm": 1.5, "recovered": 1.25, "resolved": 1.0, "flapping": 0.75, "all good": 1.0},
}  # fmt: skip
"""Class → phrase (lower case, words apart by one space) → weight."""

COMPANIONS: Final[Mapping[C, tuple[C, ...]]] = {
    C.PERFORMANCE_DEGRADATION: (C.RESOURCE_SATURATION, C.DEPLOYMENT_REGRESSION),
    C.AVAILABILITY_LOSS: (C.DEPLOYMENT_REGRESSION, C.DEPENDENCY_FAILURE),
    C.ERROR_RATE_INCREASE: (C.DEPLOYMENT_REGRESSION, C.DEPENDENCY_FAILURE),
    C.RESOURCE_SATURATION: (C.TRAFFIC_SURGE, C.PERFORMANCE_DEGRADATION),
    C.DEPLOYMENT_REGRESSION: (C.ERROR_RATE_INCREASE, C.CONFIGURATION_DRIFT),
    C.CONFIGURATION_DRIFT: (C.DEPLOYMENT_REGRESSION,),
    C.DEPENDENCY_FAILURE: (C.PERFORMANCE_DEGRADATION, C.RESOURCE_SATURATION),
    C.SCALING_FAILURE: (C.RESOURCE_SATURATION, C.TRAFFIC_SURGE),
    C.TRAFFIC_SURGE: (C.RESOURCE_SATURATION, C.PERFORMANCE_DEGRADATION),
    C.NETWORK_FAILURE: (C.DEPENDENCY_FAILURE, C.CONFIGURATION_DRIFT),
    C.ACCESS_FAILURE: (C.CONFIGURATION_DRIFT,),
    C.INFRASTRUCTURE_FAILURE: (C.WORKLOAD_FAILURE, C.AVAILABILITY_LOSS),
    C.WORKLOAD_FAILURE: (C.CONFIGURATION_DRIFT, C.RESOURCE_SATURATION),
    C.DATA_BACKLOG: (C.RESOURCE_SATURATION, C.DEPENDENCY_FAILURE),
}
"""What a symptom's class most often comes from (Google's SRE book, chapter 6 and 13; DORA): looked into as well."""

UPWARD: Final = frozenset(
    ("above", "high", "higher", "elevated", "increase", "increased", "rising", "rose", "spike", "spikes", "up",
     "exceeds", "exceeded", "over", "surge", "growing", "jump", "jumped")
)  # fmt: skip
DOWNWARD: Final = frozenset(
    ("below", "low", "lower", "drop", "dropped", "drops", "decrease", "decreased", "falling", "fell", "under", "loss",
     "decline")
)  # fmt: skip
