"""Restarts and failed probes from before the window explain nothing of what began in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kubernetes_objects import NOW, cluster_of, container, ended, event, owned, pod, running

from primitives.kubernetes.analysis import analyse
from primitives.records import Window

PROBED = [container(livenessProbe={"httpGet": {"path": "/healthz", "port": 8080}})]
KILLED = "Container api failed liveness probe, will be restarted"


def states(minutes: float, ended_ago: float, *, ready: bool = True) -> set[str]:
    """The active states of a pod that restarted five times, in a window of three minutes."""
    last = {"terminated": ended(143, minutes=ended_ago)}
    status = running(minutes=minutes, restartCount=5, ready=ready, lastState=last)
    ill = pod(statuses=[status], containers=PROBED, age=minutes)
    cluster = cluster_of(owned(ill, event("Killing", KILLED, minutes=ended_ago, field="api")))
    cluster.window = Window(start=NOW - timedelta(minutes=3), end=NOW)
    return {finding.state for finding in analyse(cluster) if finding.bearing == "active"}


def test_what_ran_all_through_the_window_was_not_killed_now() -> None:
    assert not states(5, 5.5) & {"KilledByProbe", "LivenessProbeFailed", "RestartedRecently"}


@pytest.mark.parametrize(
    ("minutes", "ended_ago", "ready"),
    [(2, 2.5, True), (1, 5.5, True), (5, 5.5, False)],
    ids=["it restarted in the window", "it waited into the window", "it isn't ready"],
)
def test_what_restarted_in_the_window_or_is_not_well_still_counts(
    minutes: float, ended_ago: float, ready: bool
) -> None:
    assert states(minutes, ended_ago, ready=ready) & {"KilledByProbe", "LivenessProbeFailed"}
