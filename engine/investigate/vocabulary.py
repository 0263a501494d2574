"""The trade's words for symptoms: which incident class a word or phrase points to, and how clearly.

One table; a new word is one line. Weights: 1.5 names the class outright, 1.0 is a usual word for it, 0.5 often goes


th it, 0.25 is a hint that other classes share. Words of four letters and fewer must match exactly; longer ones may be
misspelt (`engine.investigate.classify`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primitives.terms import IncidentClass as C

__all__ = ["COMPANIONS", "DOWNWARD", "OBJECTS", "ORDINARY", "UPWARD", "VOCABULARY"]

VOCABULARY: Final[Mapping[C, Mapping[str, float]]] = {
    C.PERFORMANCE_DEGRADATION: {
        "latency": 1.5, "slow": 1.5, "slowness": 1.5, "slower": 1.5, "sluggish": 1.5, "response time": 1.5,
        "response times": 1.5, "performance": 1.5, "lag": 0.5, "lagging": 1.0, "laggy": 1.5, "takes long": 1.5,
        "takes forever": 1.5, "taking forever": 1.5, "delay": 1.0, "delayed": 1.0, "delays": 1.0, "degraded": 1.0,
        "degradation": 1.0, "p50": 1.0, "p90": 1.0, "p95": 1.0, "p99": 1.0, "timeout": 0.75, "timeouts": 0.75,
        "timing out": 0.75, "time out": 0.75, "hangs": 1.0, "hanging": 1.0, "stuck requests": 1.0, "duration": 1.0,
        "response": 0.5, "spike": 0.25, "wait": 0.5, "slo": 0.5, "apdex": 1.5,
        "times out": 0.75, "duration high": 1.25, "durations": 1.25, "commit rate low": 1.25,
        "start up latency": 1.75,
        "missing rule evaluations": 1.0, "statement timeout": 1.25, "long running": 1.0, "terminated requests": 1.0,
    },
    C.AVAILABILITY_LOSS: {
        "down": 1.5, "outage": 1.5, "unavailable": 1.5, "unavailability": 1.5, "availability": 1.5,
        "unreachable": 1.25,
        "offline": 1.5, "not responding": 1.5, "no response": 1.5, "not reachable": 1.5, "dead": 1.0, "503": 1.0,
        "502": 0.75, "504": 0.5, "can t reach": 1.25, "cannot reach": 1.25, "not working": 1.0, "broken": 0.75,
        "white page": 1.0, "health check": 0.75, "unhealthy": 0.75, "failing": 0.25,
        "downtime": 1.5, "outages": 1.5, "no leader": 1.75, "leader": 0.5, "leader changes": 1.5,
        "leader election": 1.25,
        "quorum": 1.5, "lost quorum": 1.75, "insufficient members": 1.75, "members down": 1.75,
        "missing master": 1.75,
        "missing primary": 1.75, "cluster flapping": 1.5, "not available": 1.25, "members": 0.5,
    },
    C.ERROR_RATE_INCREASE: {
        "error": 1.25, "errors": 1.25, "error rate": 1.5, "5xx": 1.5, "500": 1.25, "500s": 1.5, "exception": 1.25,
        "exceptions": 1.25, "failing": 1.0, "failures": 1.0, "failure": 0.75, "failed": 0.75, "fail": 0.75,
        "failure rate": 1.5, "4xx": 1.0, "internal server error": 1.5, "wrong results": 1.0, "error ratio": 1.5,
        "error budget": 1.0, "checkout fails": 1.0, "503": 0.5, "502": 0.75, "faults": 0.75,
        "error budget burn": 1.5, "budget burn": 1.25, "failing requests": 1.25, "errs": 1.0, "invalid": 0.75,
        "failed requests": 1.25, "rollback rate": 1.25,
    },
    C.RESOURCE_SATURATION: {
        "saturation": 1.5, "saturated": 1.5, "exhausted": 1.5, "exhaustion": 1.5, "cpu": 1.25, "memory": 1.0,
        "disk": 1.25, "storage": 1.0, "storage space": 1.5, "disk full": 1.75, "full": 0.75, "iops": 1.25,
        "pool": 1.0,
        "connections": 1.0, "connection count": 1.25, "connection pool": 1.5, "too many connections": 1.75,
        "out of memory": 1.25, "oom": 1.0, "utilization": 1.0, "utilisation": 1.0, "throttled": 1.0,
        "throttling": 1.0,
        "rate limit": 1.25, "rate limited": 1.25, "quota": 1.25, "overloaded": 1.0, "overload": 1.0, "load": 0.5,
        "threads": 1.0, "file descriptors": 1.25, "heap": 1.0, "leak": 1.0, "no space left": 1.75, "limit": 0.5,
        "running out": 1.0,
        "filling up": 1.5, "filling": 1.0, "out of space": 1.75, "out of disk": 1.75, "out of files": 1.75,
        "out of inodes": 1.75,
        "out of": 0.75, "low space": 1.5, "burst balance": 1.75, "cpu throttling": 1.5, "overcommit": 1.5,
        "overcommitted": 1.5,
        "almost full": 1.5, "fully used": 1.5, "inodes": 1.0, "filesystem": 0.75, "swap": 1.0, "conntrack": 1.25,
        "entries used": 1.25, "too many": 0.75, "not enough": 0.75, "growth": 0.75, "fragmentation": 1.25,
        "bloat": 1.25,
        "dead tuples": 1.5, "limit hit": 1.5, "high usage": 1.25, "maxmemory": 1.5, "running full": 1.0, "io": 0.75,
        "file descriptor": 1.25, "pressure": 0.75, "rejected connections": 1.5, "headroom": 1.0, "watermark": 1.25,
    },
    C.DEPLOYMENT_REGRESSION: {
        "deploy": 1.25, "deployment": 1.0, "deployed": 1.25, "deployments": 0.75, "release": 1.25, "released": 1.25,
        "rollout": 1.5, "rolled out": 1.5, "upgrade": 1.0, "upgraded": 1.0, "regression": 1.5, "new version": 1.5,
        "rollout stalled": 1.75, "rollout stuck": 1.75, "canary": 1.25, "feature flag": 1.5, "after update": 1.0,
        "hotfix": 1.0, "rollback": 1.0,
        "not rolled out": 1.75, "deployment failed": 1.5, "failed deployment": 1.5, "bad deployment": 1.5,
        "generation mismatch": 1.25,
    },
    C.CONFIGURATION_DRIFT: {
        "configuration": 1.25, "config": 1.25, "misconfigured": 1.5, "misconfiguration": 1.5, "drift": 1.5,
        "configmap": 1.5, "environment variable": 1.5, "setting": 0.75, "settings": 0.75, "parameter": 0.75,
        "wrong port": 1.5, "missing secret": 1.5, "terraform": 1.0,
        "bad config": 1.75, "configuration changed": 1.5, "version mismatch": 1.25, "clock skew": 1.0,
        "duplicate timestamps": 1.0, "order timestamps": 1.25, "misscheduled": 1.0, "mis scheduled": 1.0,
    },
    C.DEPENDENCY_FAILURE: {
        "dependency": 1.5, "dependencies": 1.25, "downstream": 1.25, "upstream": 0.75, "upstreams": 0.75,
        "third party": 1.5, "provider": 1.0, "database": 0.75, "db": 0.5, "replica": 0.75, "replication": 1.25,
        "replication lag": 1.75, "replica lag": 1.75, "failover": 1.25, "read only": 1.0, "slow query": 1.25,
        "slow queries": 1.25, "deadlock": 1.25, "query": 0.5, "queries": 0.5, "cache": 0.5, "redis": 0.5,
        "connection refused": 1.25,
        "dead locks": 1.75, "dead lock": 1.75, "deadlocks": 1.5, "locks": 1.25, "vacuumed": 1.25, "vacuum": 1.25,
        "replication slot": 1.5, "replication broken": 1.75, "disconnected slaves": 1.5, "index": 0.75,
        "rollback rate": 1.0,
        "split brain": 1.5,
    },
    C.SCALING_FAILURE: {
        "autoscaling": 1.5, "autoscaler": 1.5, "hpa": 1.5, "not scaling": 1.75, "scaling": 1.25, "scale": 0.75,
        "scale up": 1.25, "capacity": 0.75, "max replicas": 1.5,
        "hpa replicas mismatch": 2.0, "maxed out": 1.5, "shards": 0.75, "not enough replicas": 1.0,
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
        "not connected": 1.25, "disconnected": 1.0, "bonding": 1.5, "network errors": 1.5, "interface": 1.0,
        "name servers": 1.0, "lookup": 0.75,
    },
    C.ACCESS_FAILURE: {
        "access denied": 1.75, "permission": 1.25, "permissions": 1.25, "permission denied": 1.75, "iam": 1.5,
        "credentials": 1.5, "unauthorized": 1.5, "forbidden": 1.5, "401": 1.25, "403": 1.25,
        "cert": 1.25, "tls": 1.25, "ssl": 1.25, "token": 1.0, "expired": 1.0, "login": 0.75, "authentication": 1.25,
        "auth": 1.0, "log in": 0.75, "password": 1.0,
        "certificate expiration": 2.0, "certificate outage": 2.0, "certificate renewal": 2.0, "certificate": 1.75,
        "expiration": 1.0, "expiring": 1.0, "access": 0.75,
    },
    C.INFRASTRUCTURE_FAILURE: {
        "node": 1.0, "nodes": 1.0, "notready": 1.5, "not ready": 1.0, "instance": 0.75, "host": 0.75,
        "hardware": 1.25,
        "zone": 1.0, "availability zone": 1.5, "region": 0.5, "kubelet": 1.5, "cluster": 0.25, "az outage": 1.75,
        "machine": 0.75, "ec2": 0.75, "scheduler": 1.0, "containerd": 1.25, "kube proxy": 1.25,
        "node down": 1.75, "nodes down": 1.75, "node not ready": 1.75, "nodes not ready": 1.75,
        "node unreachable": 1.75,
        "node pressure": 1.75, "node eviction": 1.75, "node readiness": 1.75, "kubelet down": 1.75,
        "scheduler down": 1.75,
        "pleg": 1.5, "raid": 1.75, "disk failure": 1.75, "clock": 1.25, "degraded array": 1.5, "spot": 1.0,
        "reclaimed": 1.0,
        "preempted": 1.0, "kube controller manager": 1.0, "controller manager": 1.0,
    },
    C.WORKLOAD_FAILURE: {
        "crash": 1.5, "crashes": 1.5, "crashing": 1.5, "crashloop": 1.75, "crashloopbackoff": 1.75,
        "crash loop": 1.75,
        "restart": 1.25, "restarts": 1.25, "restarted": 1.25, "restarting": 1.25, "pod": 1.0, "pods": 1.0,
        "pending": 1.25, "container": 0.75, "image": 1.0, "imagepullbackoff": 1.75, "image pull": 1.5, "probe": 1.25,
        "oomkilled": 1.75, "evicted": 1.5, "job failure": 1.5, "jobfailure": 1.5, "job failed": 1.5, "job": 0.5,
        "namespace": 0.5, "unschedulable": 1.75, "not starting": 1.5, "won t start": 1.5, "volume": 0.75,
        "mount": 0.75,
        "pvc": 1.25, "cronjob": 1.0,
        "pod not ready": 1.75, "pods not ready": 1.75, "replicas mismatch": 1.5, "readiness gate": 1.5,
        "stuck in init": 1.75,
        "keeps stopping": 1.5, "keeps restarting": 1.75, "stopping": 0.75, "pdb": 1.0, "healthy pods": 1.25,
        "persistent volume errors": 1.5, "volume errors": 1.5, "service failed": 1.0, "crashlooping": 1.75,
        "crash looping": 1.75, "container waiting": 1.75, "not scheduled": 1.5, "job not completed": 1.75,
        "init": 0.5,
    },
    C.DATA_BACKLOG: {
        "queue": 1.25, "queues": 1.25, "backlog": 1.75, "consumer": 1.0, "consumers": 1.0, "consumer lag": 1.75,
        "messages": 0.75, "piling up": 1.25, "kafka": 0.75, "sqs": 0.75, "dead letter": 1.25, "stale data": 1.0,
        "pipeline": 0.5, "freshness": 1.0, "not processed": 1.0, "unprocessed": 1.25, "lag": 0.5,
        "dead letters": 1.25, "dlq": 1.25, "behind": 1.0, "write behind": 1.5, "ingesting": 1.25,
        "not ingesting": 1.75,
        "notification queue": 1.5, "shards": 0.75,
    },
    C.NO_FAULT: {"false alarm": 1.5, "recovered": 1.25, "resolved": 1.0, "flapping": 0.75, "all good": 1.0},
}  # fmt: skip
"""Class → phrase (lower case, words apart by one space) → weight."""

OBJECTS: Final = frozenset(
    ("database", "db", "node", "nodes", "deployment", "deployments", "pod", "pods", "container", "job", "cronjob",
     "cluster", "instance", "host", "machine", "ec2", "redis", "kafka", "sqs", "cache", "query", "queries", "volume",
     "namespace", "image", "upstream", "upstreams", "replica", "load balancer", "ingress", "provider", "pipeline",
     "filesystem", "index", "kubelet", "scheduler", "config",
     "controller manager", "kube controller manager", "kube proxy", "service", "clock", "init", "io", "pdb"),
)  # fmt: skip
"""Words for what something happens to. Beside a word for what happened they say less."""

ORDINARY: Final = frozenset(
    ("filling", "hands", "spoke", "spice", "crush", "clash", "scare", "score", "stale", "stall", "small", "relay",
    "modes",
     "prove", "proves", "quote", "quotes", "route", "routes", "router", "polls", "tools", "fully", "leads", "leader",
     "loader", "reader", "header", "headers", "export", "exports", "latest", "later", "timer", "timed", "timers",
     "crews",
     "space", "stage", "store", "stores", "table", "tables", "packet", "ticket", "tickets", "target", "targets",
     "traces",
     "trace", "page", "pages", "parts", "plans", "brown", "board", "cards", "carts", "costs", "coast", "state",
     "states",
     "static", "status", "start", "starts", "stats", "steps", "stream", "string", "strings", "stock", "stops",
     "users"),
)  # fmt: skip
"""Words of the language that are near a symptom's word and no slip of it."""

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
