"""The last words of a container that failed count whatever their level; calm talk elsewhere doesn't."""

from __future__ import annotations

import pytest
from kubernetes_objects import cluster_of, container, crashing, owned, pod, running

from primitives.kubernetes.container_logs import find_in_logs

CALM = "INFO still here\n" * 5


def states(log: str, status: dict[str, object]) -> set[str]:
    objects = owned(pod(containers=[container()], statuses=[status]))
    return {finding.state for finding in find_in_logs(cluster_of(objects, logs={"api-1/api": log}))}


@pytest.mark.parametrize(
    ("log", "state"),
    [
        (CALM + 'INFO [pool] password authentication failed for user "reader"\n', "CredentialsRefused"),
        ('{"level":"info","msg":"listen tcp :9000: bind: address already in use"}\n', "AddressInUse"),
    ],
)
def test_the_last_words_of_a_container_that_failed_count_as_information_too(log: str, state: str) -> None:
    assert states(log, crashing(1)) == {state}


@pytest.mark.parametrize(
    ("log", "status"),
    [
        ('INFO password authentication failed for user "reader"\n' + CALM, crashing(1)),
        ("INFO listen tcp :9000: bind: address already in use\n", crashing(0)),
        ("INFO listen tcp :9000: bind: address already in use\n", running()),
    ],
    ids=["said long before the end", "it ended with success", "it runs"],
)
def test_calm_lines_elsewhere_say_nothing(log: str, status: dict[str, object]) -> None:
    assert states(log, status) == set()
