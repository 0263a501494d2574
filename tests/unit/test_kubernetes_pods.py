"""Pods and their events: one small object after another, each with its state."""

from __future__ import annotations

import pytest
from kubernetes_objects import (
    API,
    DEPLOYMENT,
    NS,
    Case,
    ago,
    check,
    cluster_of,
    container,
    crashing,
    ended,
    event,
    findings,
    node,
    obj,
    owned,
    pod,
    replica_set,
    running,
    status,
    waiting,
)

from primitives.kubernetes.analysis import analyse
from primitives.records import Edge, Topology

POD = "shop/pod/api-1"
CREATING = {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(9)}
PODS = [
    Case(
        "out of memory",
        owned(
            pod(
                statuses=[crashing(137, "OOMKilled")],
                containers=[
                    container(resources={"limits": {"memory": "64Mi"}}, command=["sh", "-c"], args=["fill\n  --all"])
                ],
            )
        ),
        "OOMKilled",
        details={"memory_limit": "64Mi", "waiting": "CrashLoopBackOff", "command": "sh -c fill --all"},
        fields={"exit_code": 137, "restarts": 7},
        never=("CrashLoopBackOff",),
    ),
    Case(
        "runs between two out-of-memory kills",
        owned(
            pod(
                statuses=[
                    running(minutes=2, restartCount=4, lastState={"terminated": ended(137, "OOMKilled", minutes=2.1)})
                ]
            )
        ),
        "OOMKilled",
        details={"running": True},
    ),
    Case(
        "crash loop",
        owned(pod(statuses=[crashing(1)])),
        "CrashLoopBackOff",
        details={"last_reason": "Error", "exit_meaning": "application error", "runtime_s": 2.0},
        fields={"exit_code": 1, "container": "api"},
    ),
    Case(
        "a back-off event dates the crash loop",
        owned(pod(statuses=[crashing(1)]), event("BackOff", "Back-off restarting failed container", count=9)),
        "CrashLoopBackOff",
        details={"occurrences": 9},
        never=("BackOff",),
    ),
    Case(
        "segmentation fault",
        owned(pod(statuses=[crashing(139)])),
        "KilledBySignal",
        details={"exit_meaning": "SIGSEGV"},
    ),
    Case("a bare pod stands for itself", (pod(statuses=[crashing(1)], owner=None),), "CrashLoopBackOff", POD),
    Case(
        "a pod whose ReplicaSet isn't dumped stands for itself", (pod(statuses=[crashing(1)]),), "CrashLoopBackOff", POD
    ),
    Case(
        "the topology knows the owner of a pod whose ReplicaSet isn't dumped",
        (pod(statuses=[crashing(1)]),),
        "CrashLoopBackOff",
        topology=Topology(edges=(Edge(source=API, target=POD, kind="owns"),)),
    ),
    Case("a Deployment's selector knows it too", (DEPLOYMENT, pod(statuses=[crashing(1)])), "CrashLoopBackOff"),
    Case(
        "a StatefulSet is named by the reference alone",
        (pod(statuses=[crashing(1)], owner="StatefulSet/db"),),
        "CrashLoopBackOff",
        "shop/statefulset/db",
    ),
    Case(
        "ended with an error",
        owned(pod(statuses=[status(state={"terminated": ended(3)})])),
        "ContainerFailed",
        fields={"exit_code": 3},
    ),
    Case(
        "runs but not ready after a crash",
        owned(pod(statuses=[running(minutes=1, ready=False, restartCount=3, lastState={"terminated": ended(1)})])),
        "ContainerFailed",
    ),
    Case("command not found", owned(pod(statuses=[crashing(127)])), "InvalidCommand"),
    Case(
        "executable missing",
        owned(pod(statuses=[waiting("RunContainerError", 'exec: "serve": executable file not found in $PATH')])),
        "InvalidCommand",
    ),
    Case(
        "start error",
        owned(pod(statuses=[waiting("RunContainerError", "failed to create shim task: OCI runtime create failed")])),
        "StartError",
    ),
    Case(
        "create error",
        owned(pod(statuses=[waiting("CreateContainerError", "context deadline exceeded")])),
        "CreateContainerError",
    ),
    Case(
        "create error by configuration",
        owned(pod(statuses=[waiting("CreateContainerConfigError", "failed to sync configuration cache: timed out")])),
        "CreateContainerConfigError",
    ),
    Case(
        "evicted",
        owned(
            pod(
                phase="Failed",
                statuses=[],
                status={"reason": "Evicted", "message": "The node was low on resource: ephemeral-storage."},
            )
        ),
        "Evicted",
        "node/n1",
        details={"starved": "ephemeral-storage"},
    ),
    Case(
        "rejected by the kubelet",
        owned(pod(phase="Failed", statuses=[], status={"reason": "OutOfcpu"})),
        "PodRejected",
        details={"reason": "OutOfcpu"},
    ),
    Case("failed without a word", owned(pod(phase="Failed", statuses=[])), "PodFailed"),
    Case(
        "deadline", owned(pod(phase="Failed", statuses=[], status={"reason": "DeadlineExceeded"})), "DeadlineExceeded"
    ),
    Case("its node is lost", owned(pod(phase="Unknown", statuses=[])), "NodeLost", details={"node": "n1"}),
    Case("running but not ready", owned(pod(statuses=[running(ready=False)])), "NotReady", fields={"container": "api"}),
    Case(
        "a readiness gate",
        owned(pod(ready=False, spec={"readinessGates": [{"conditionType": "target-health"}]})),
        "ReadinessGateNotMet",
        details={"gate": "target-health"},
    ),
    Case(
        "creating for long",
        owned(pod(statuses=[waiting("ContainerCreating")], phase="Pending", conditions=[CREATING])),
        "ContainerCreating",
        details={"waiting_s": 540},
    ),
    Case(
        "sandbox",
        owned(
            pod(statuses=[waiting("ContainerCreating")], phase="Pending"),
            event("FailedCreatePodSandBox", 'plugin type="cni" failed (add)'),
        ),
        "SandboxNetworkFailed",
    ),
    Case(
        "init container still runs",
        owned(
            pod(
                phase="Pending",
                statuses=[],
                spec={"initContainers": [container("wait")]},
                status={"initContainerStatuses": [running("wait", ready=False)]},
            )
        ),
        "InitContainerNotFinished",
        fields={"container": "wait"},
    ),
    Case(
        "init container without a status",
        owned(
            pod(
                phase="Pending",
                statuses=[waiting("PodInitializing")],
                spec={"initContainers": [container("migrate")]},
            )
        ),
        "InitContainerNotFinished",
        fields={"container": "migrate"},
        never=("PodPending",),
    ),
    Case("pending without a word", owned(pod(phase="Pending", statuses=[], node=None)), "PodPending"),
    Case(
        "no scheduler speaks",
        owned(pod(phase="Pending", statuses=[], node=None)),
        "NotScheduled",
        details={"scheduler": "default-scheduler"},
        dumped=("Event",),
    ),
    Case(
        "the kubelet never reported",
        owned(pod(phase="Pending", statuses=[], status={"startTime": None})),
        "NotStarted",
        details={"node": "n1"},
    ),
    Case(
        "stuck while terminating",
        owned(pod(metadata={"deletionTimestamp": ago(30), "finalizers": ["example.com/hold"]})),
        "TerminatingStuck",
        details={"finalizers": ["example.com/hold"]},
    ),
    Case(
        "just being deleted",
        owned(pod(statuses=[crashing(1)], metadata={"deletionTimestamp": ago(0.1)})),
        "TornDown",
        never=("CrashLoopBackOff",),
    ),
    Case(
        "an old ReplicaSet is torn down",
        (
            replica_set(replicas=0),
            DEPLOYMENT,
            pod(statuses=[crashing(143)]),
            event("Unhealthy", "Readiness probe failed: connection refused"),
        ),
        "TornDown",
        never=("CrashLoopBackOff", "ReadinessProbeFailed"),
    ),
    Case(
        "restarted a moment ago",
        owned(pod(statuses=[running(minutes=3, restartCount=1, lastState={"terminated": ended(1, minutes=3)})])),
        "RestartedRecently",
    ),
    Case(
        "recovered",
        owned(
            pod(statuses=[running(minutes=40, restartCount=1)]),
            event("BackOff", "Back-off restarting failed container", minutes=40.5, count=1),
        ),
        "Recovered",
        fields={"restarts": 1},
        never=("BackOff", "CrashLoopBackOff"),
    ),
    Case(
        "its warning is of the past",
        owned(
            pod(statuses=[running(minutes=40, restartCount=1)]),
            event("BackOff", "Back-off restarting failed container", minutes=40.5, count=1),
        ),
        "PastEvent",
        details={"past": "recovered", "was": "BackOff"},
    ),
    Case(
        "a gone pod's warning is of the past",
        owned(pod(), event("BackOff", "Back-off restarting failed container", about="Pod/api-0")),
        "PastEvent",
        "shop/pod/api-0",
        details={"past": "gone"},
    ),
    Case(
        "a gone pod belongs to who says that it made it",
        owned(
            pod(),
            event("SuccessfulCreate", "Created pod: api-0", about="ReplicaSet/api-5c", kind="Normal"),
            event("BackOff", "Back-off restarting failed container", about="Pod/api-0"),
        ),
        "PastEvent",
        details={"past": "gone"},
    ),
    Case(
        "backing off, without its object",
        (event("BackOff", "Back-off restarting failed container api in pod api-1_shop(1)"),),
        "BackOff",
        POD,
        fields={"container": "api"},
    ),
    Case(
        "can't be killed",
        owned(pod(statuses=[running(ready=False)]), event("FailedKillPod", "error killing pod")),
        "FailedKillPod",
    ),
    Case(
        "any other warning",
        owned(pod(statuses=[running(ready=False)]), event("DNSConfigForming", "Nameserver limits were exceeded")),
        "WarningEvent",
        details={"reason": "DNSConfigForming"},
    ),
]


@pytest.mark.parametrize("case", [*PODS], ids=lambda case: case.name)
def test_state_is_found(case: Case) -> None:
    check(case)


def test_a_well_cluster_yields_nothing() -> None:
    assert analyse(cluster_of(owned(pod(), node(), event("Pulled", "pulled", kind="Normal")))) == []


def test_pods_of_one_workload_are_one_finding_with_a_count() -> None:
    pods = [pod(f"api-{i}", [crashing(1)]) for i in range(5)]
    (found,) = (f for f in findings(Case("", owned(*pods), "")) if f.state == "CrashLoopBackOff")
    assert found.count == 5
    assert found.details["objects"] == [f"{NS}/pod/api-{i}" for i in range(5)]


def test_only_the_newest_revision_crashing_is_said() -> None:
    old = pod("api-old", owner="ReplicaSet/api-4b", age=5000)
    new = pod("api-new", [crashing(1)], age=10)
    objects = owned(replica_set("api-4b", revision=0), old, new)
    (found,) = (f for f in findings(Case("", objects, "")) if f.state == "CrashLoopBackOff")
    assert (found.details["revision"], found.details["pods_ready"], found.details["pods_of_workload"]) == (
        "newest",
        1,
        2,
    )


def test_a_missing_dump_is_no_evidence_of_a_missing_object() -> None:
    troubled = pod(
        statuses=[status()],
        containers=[container(envFrom=[{"configMapRef": {"name": "settings"}}])],
        spec={"serviceAccountName": "x"},
    )
    assert not {"ConfigMapMissing", "ServiceAccountMissing"} & {
        f.state for f in findings(Case("", owned(troubled), ""))
    }


def test_a_finished_job_pod_is_no_fault() -> None:
    done = pod(
        statuses=[status(state={"terminated": ended(0, "Completed")})],
        phase="Succeeded",
        ready=False,
        owner="Job/import",
        spec={"restartPolicy": "Never"},
    )
    assert (
        analyse(
            cluster_of(
                [
                    done,
                    obj(
                        "Job", "import", status={"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
                    ),
                ]
            )
        )
        == []
    )
