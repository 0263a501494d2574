"""A workload doesn't run as it should (WORKLOAD_FAILURE)."""

from __future__ import annotations

from engine.reason.catalogue import Cause
from primitives.terms import IncidentClass

_CLASS = IncidentClass.WORKLOAD_FAILURE
_PODS = "Kubernetes: Debug Pods"
_IMAGES = "Kubernetes: Images"
_PROBES = "Kubernetes: Configure Liveness, Readiness and Startup Probes"
_SCHEDULING = "Kubernetes: Scheduling, Preemption and Eviction"
_VOLUMES = "Kubernetes: Persistent Volumes"
_INSPECT = "inspect_workloads"

CAUSES = (
    Cause(
        "application_crash", _CLASS, "{resource} crashes", _PODS,
        states={"CrashLoopBackOff": 2.8, "ContainerFailed": 2.0, "BackOff": 0.8, "RestartedRecently": 1.0,
                "PodFailed": 1.0, "CreateContainerError": 1.0, "KilledBySignal": 3.4, "KilledWithoutReason": 1.8},
        families={"crash": 1.8, "missing_file": 0.5},
        metrics=r"restarts?|restart count|crashes",
        remediations=("rollback_deployment", "restart_workload"), diagnostic=_INSPECT,
        signals={"fell silent": 0.9, "ended by a signal": 2.8},
        outcome_rank=2,
    ),
    Cause(
        "application_error", _CLASS, "{resource} itself misbehaves", "B. Sigelman et al., Dapper (2010)",
        seen_of=("external", "zone"), prior=-2.4, generic=True,
        states={"KilledByProbe": 0.6, "ProbeAnsweredError": 2.2},
        families={"exception": 1.5, "crash": 1.0, "server_error": 1.0, "missing_object": 0.6},
        remediations=("rollback_deployment", "restart_workload"), diagnostic="analyze_logs",
        signals={"slow at the end": 0.4, "failing": 0.5, "failures logged": 0.6, "messages stopped": 0.25,
                 "spans failing": 0.8, "calls multiplied": 1.2, "ended by a signal": -1.4},
        fallback_for=("fail", "worse"),
        outcome_rank=2, tells_how=True,
    ),
    Cause(
        "out_of_memory_killed", _CLASS, "{resource} was killed for using more memory than it may", _PODS,
        states={"OOMKilled": 4.8, "KilledWithoutReason": 2.6, "Evicted": 1.0},
        families={"out_of_memory": 1.6}, signals={"killed for memory": 3.4},
        metrics=r"oom(?: (?:events?|kills?|killed))?",
        remediations=("raise_memory_limit",), diagnostic=_INSPECT,
        settings={"heap_over_limit": 2.6},
    ),
    Cause(
        "image_not_found", _CLASS, "The image of {resource} doesn't exist", _IMAGES,
        states={"ImageNotFound": 4.8, "InvalidImageName": 4.5, "ErrImageNeverPull": 4.0, "ImagePlatformMismatch": 4.0,
                "ImagePullDenied": 2.4, "ImagePullBackOff": 1.5},
        remediations=("rollback_deployment",), diagnostic=_INSPECT,
        is_setting=True,
    ),
    Cause(
        "image_registry_unreachable", _CLASS, "The registry of {resource}'s image can't be reached", _IMAGES,
        states={"ImageRegistryUnreachable": 4.8, "ImagePullBackOff": 0.8},
        diagnostic=_INSPECT,
    ),
    Cause(
        "image_pull_unauthorized", _CLASS, "The registry refuses {resource} its image", _IMAGES,
        states={"ImagePullUnauthorized": 4.8, "ImagePullDenied": 2.2, "ImagePullSecretMissing": 3.6,
                "ImagePullBackOff": 0.6},
        diagnostic=_INSPECT,
    ),
    Cause(
        "liveness_probe_misconfigured", _CLASS, "{resource}'s liveness probe kills healthy containers", _PROBES,
        states={"LivenessProbeMisconfigured": 4.5, "LivenessProbeFailed": 2.2, "KilledByProbe": 0.6},
        remediations=("rollback_deployment",), diagnostic=_INSPECT,
    ),
    Cause(
        "readiness_probe_misconfigured", _CLASS, "{resource}'s readiness probe can't succeed", _PROBES,
        states={"ReadinessProbeMisconfigured": 4.5, "ReadinessProbeFailed": 2.0, "NotReady": 0.5},
        remediations=("rollback_deployment",), diagnostic=_INSPECT,
    ),
    Cause(
        "startup_probe_misconfigured", _CLASS, "{resource}'s startup probe can't succeed", _PROBES,
        states={"StartupProbeMisconfigured": 4.5, "StartupProbeFailed": 2.2},
        remediations=("rollback_deployment",), diagnostic=_INSPECT,
    ),
    Cause(
        "missing_service_account", _CLASS, "{resource}'s ServiceAccount doesn't exist",
        "Kubernetes: Configure Service Accounts for Pods",
        states={"ServiceAccountMissing": 4.8}, diagnostic=_INSPECT, signals={"account token missing": 1.6},
        is_setting=True,
    ),
    Cause(
        "volume_mount_failed", _CLASS, "{resource} can't mount a volume", _VOLUMES,
        states={"FailedMount": 3.6, "FailedAttachVolume": 4.2, "MultiAttachError": 4.5, "VolumeClaimMissing": 2.5,
                "VolumeNodeConflict": 3.0, "PersistentVolumeFailed": 3.0},
        diagnostic=_INSPECT,
    ),
    Cause(
        "volume_permission_denied", _CLASS, "{resource} may not use its volume", _VOLUMES,
        states={"VolumePermissionDenied": 5.2, "VolumeReadOnly": 4.2,
                "HostPathNotWritable": 3.6}, diagnostic=_INSPECT, signals={"path refused": 2.6},
    ),
    Cause(
        "volume_claim_unbound", _CLASS, "{resource} waits for a volume claim that isn't bound", _VOLUMES,
        states={"UnboundVolumeClaim": 3.8, "VolumeClaimPending": 3.2, "VolumeClaimLost": 4.0,
                "VolumeProvisioningFailed": 4.2, "StorageClassMissing": 4.4, "NoDefaultStorageClass": 4.2,
                "VolumeAccessModeMismatch": 4.4, "VolumeCapacityMismatch": 4.4, "VolumeClassMismatch": 4.4,
                "VolumeSelectorMismatch": 4.4, "VolumeAlreadyClaimed": 4.2, "VolumeMissing": 4.2,
                "VolumeClaimMissing": 4.0},
        diagnostic=_INSPECT,
    ),
    Cause(
        "insufficient_cpu", _CLASS, "No node has the CPU that {resource} requests", _SCHEDULING,
        states={"InsufficientCPU": 4.2}, remediations=("uncordon_node",), diagnostic=_INSPECT,
    ),
    Cause(
        "insufficient_memory", _CLASS, "No node has the memory that {resource} requests", _SCHEDULING,
        states={"InsufficientMemory": 4.2}, remediations=("uncordon_node",), diagnostic=_INSPECT,
    ),
    Cause(
        "insufficient_extended_resource", _CLASS, "No node has the extended resource that {resource} requests",
        _SCHEDULING, states={"InsufficientExtendedResource": 4.4}, diagnostic=_INSPECT,
    ),
    Cause(
        "node_selector_mismatch", _CLASS, "No node has the labels that {resource}'s node selector asks for",
        _SCHEDULING, states={"NodeSelectorMismatch": 4.4}, diagnostic=_INSPECT,
        is_setting=True,
    ),
    Cause(
        "node_affinity_mismatch", _CLASS, "No node meets {resource}'s node affinity", _SCHEDULING,
        states={"NodeAffinityMismatch": 4.4, "PodRejected": 1.0}, diagnostic=_INSPECT,
        is_setting=True,
    ),
    Cause(
        "pod_affinity_conflict", _CLASS, "{resource}'s pod affinity rules can't be met", _SCHEDULING,
        states={"PodAffinityConflict": 4.4, "TopologySpreadConflict": 4.0}, diagnostic=_INSPECT,
        is_setting=True,
    ),
    Cause(
        "taint_not_tolerated", _CLASS, "{resource} doesn't tolerate the taints of the nodes", _SCHEDULING,
        states={"TaintNotTolerated": 4.2}, diagnostic=_INSPECT,
        is_setting=True,
    ),
    Cause(
        "job_failed", _CLASS, "{resource} failed", "Kubernetes: Jobs, pod failure policy and backoff limit",
        states={"JobFailed": 3.2, "JobRetrying": 1.6, "DeadlineExceeded": 3.4, "CronJobMissedSchedule": 2.8},
        signals={"job ended badly": 3.2},
        diagnostic=_INSPECT,
        outcome_rank=3,
    ),
    Cause(
        "scheduling_gated", _CLASS, "{resource} waits until something removes a scheduling gate",
        "Kubernetes: Pod Scheduling Readiness", states={"SchedulingGated": 4.4}, diagnostic=_INSPECT,
    ),
    Cause(
        "deletion_stuck", _CLASS, "{resource} is being deleted, and something holds it", "Kubernetes: Finalizers",
        states={"NamespaceTerminating": 4.2, "DeletionStuck": 3.4, "TerminatingStuck": 2.4, "FailedKillPod": 1.4},
        diagnostic=_INSPECT,
    ),
    # What nothing else is known of: a bad state must not vanish.
    Cause(
        "object_unhealthy", _CLASS, "{resource} is not healthy", "Kubernetes API conventions: conditions", generic=True,
        states={"ConditionNotMet": 2.8, "ReplicasUnavailable": 1.8, "ContainerCreating": 1.8, "PodPending": 1.8,
                "InitContainerNotFinished": 1.8, "FailedScheduling": 2.2, "ComponentUnhealthy": 2.8,
                "FailedKillPod": 1.0, "WarningEvent": 0.8, "OutOfSync": 0.8, "DeletionStuck": 1.0, "PodFailed": 1.0},
        diagnostic=_INSPECT, outcome_rank=3, shows_on_entity=True, names_any_trouble=True,
    ),
)  # fmt: skip
