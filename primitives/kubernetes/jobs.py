"""Jobs and CronJobs: failed, retrying, suspended, missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import instant, integer, message_of, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.schedules import is_schedule

__all__ = ["find_jobs", "job_event"]

_EVENTS: Final = {
    "BackoffLimitExceeded": "JobFailed",
    "DeadlineExceeded": "JobFailed",
    "PodFailurePolicy": "JobFailed",
    "MissSchedule": "CronJobMissedSchedule",
    "FailedNeedsStart": "CronJobMissedSchedule",
    "TooManyMissedTimes": "CronJobMissedSchedule",
    "UnparseableSchedule": "CronJobInvalidSchedule",
    "UnparseableCronJobSchedule": "CronJobInvalidSchedule",
    "InvalidSchedule": "CronJobInvalidSchedule",
    "UnknownTimeZone": "CronJobInvalidSchedule",
}


def find_jobs(cluster: Cluster) -> Iterator[Finding]:
    """What is wrong with Jobs and CronJobs. A failed run that a later one of its CronJob made good is recovered."""
    succeeded = _last_success(cluster)
    for job in cluster.all("Job"):
        finding = _job(cluster, job)
        if finding is None:
            continue
        later = succeeded.get(finding.resource)
        created = instant(job.raw, "metadata", "creationTimestamp")
        if finding.resource != job.id and later and created and later > created:
            finding = Finding("Recovered", job.id, job.kind, finding.resource, since=later, details={"job": job.name})
        yield finding
        # A suspended Job's failures are not undone by its suspension.
        if finding.state == "JobSuspended" and finding.details["failed"]:
            yield replace(finding, state="JobRetrying")
    for cron in cluster.all("CronJob"):
        schedule = text(cron.spec, "schedule")
        if schedule and not is_schedule(schedule):
            yield Finding("CronJobInvalidSchedule", cron.id, cron.kind, cron.id, details={"schedule": schedule})
        if cron.spec.get("suspend") is True:
            yield Finding(
                "CronJobSuspended", cron.id, cron.kind, cron.id, details={"schedule": text(cron.spec, "schedule")}
            )


def job_event(event: Event, resource: str) -> Finding | None:
    """The finding for an event of a Job or CronJob; None for any other."""
    state = _EVENTS.get(event.reason)
    if state is None or event.kind not in ("Job", "CronJob"):
        return None
    return Finding(
        state, event.target, event.kind, resource, message=event.message, since=event.first, last_seen=event.last,
        events=event.count, details={"reason": event.reason},
    )  # fmt: skip


def _job(cluster: Cluster, job: KubeObject) -> Finding | None:
    resource = cluster.owners.resource(job)
    failed = integer(job.raw, "status", "failed") or 0
    details = {
        "failed": failed,
        "backoff_limit": integer(job.raw, "spec", "backoffLimit"),
        "job": job.name,
        "active": integer(job.raw, "status", "active") or 0,
    }
    condition = job.condition("Failed") or job.condition("FailureTarget")
    if text(condition, "status") == "True":
        return Finding(
            "JobFailed", job.id, job.kind, resource, message=message_of(condition, "message"),
            since=instant(condition, "lastTransitionTime") or instant(job.raw, "status", "startTime"),
            details={**details, "reason": text(condition, "reason")},
        )  # fmt: skip
    if job.spec.get("suspend") is True:
        return Finding("JobSuspended", job.id, job.kind, resource, details=details)
    if failed and text(job.condition("Complete"), "status") != "True":
        return Finding("JobRetrying", job.id, job.kind, resource, details=details)
    return None


def _last_success(cluster: Cluster) -> dict[str, datetime]:
    """When the last run of each CronJob that completed was created."""
    completed: dict[str, datetime] = {}
    for job in cluster.all("Job"):
        created = instant(job.raw, "metadata", "creationTimestamp")
        if created and text(job.condition("Complete"), "status") == "True":
            resource = cluster.owners.resource(job)
            completed[resource] = max(completed.get(resource, created), created)
    return completed
