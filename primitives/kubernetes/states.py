"""Every state that the Kubernetes analysis can find, with what it means: the vocabulary shared with the reasoner.

Names are Kubernetes' own reasons where it has one and ours in the same style where it hasn't. `weight` orders the
facts and says what a state is worth: `cause` explains by itself, `symptom` follows from something that may be shown
elsewhere, `weakness` is a risk that needn't hurt now, `note` informs (also of what has ended).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from primitives.dataclass import dataclass

__all__ = ["STATES", "WEIGHTS", "State", "Weight"]

Weight = Literal["cause", "symptom", "weakness", "note"]
WEIGHTS: Final[tuple[Weight, ...]] = ("cause", "symptom", "weakness", "note")


@dataclass(frozen=True, slots=True)
class State:
    """One state: its name, the module that finds it, what it is worth and what it means."""

    name: str
    family: str
    weight: Weight
    meaning: str


_POD: Final = """
OOMKilled cause The kernel killed the container for exceeding its memory limit (details: memory_limit, waiting)
CrashLoopBackOff symptom The container ends soon after each start (details: last_reason, exit_meaning, runtime_s)
KilledByProbe symptom The kubelet ends the container again and again because its probe fails (details as above)
KilledBySignal symptom A signal of the kernel ended the container: a crash (details: exit_meaning)
KilledWithoutReason symptom SIGKILL ended the container, and nothing says why (details: memory_limit)
ContainerFailed symptom The container ended with an error (details: last_reason, exit_meaning)
StartError cause The container's command could not be started (RunContainerError, StartError, ContainerCannotRun)
CreateContainerError cause The runtime could not create the container
CreateContainerConfigError cause The container's configuration refers to what isn't there
SecurityContextConflict cause The image can't be run as the security context demands (runAsNonRoot, user)
InvalidCommand cause The image doesn't hold the command, or it isn't executable (exit code 126 or 127)
Evicted cause The kubelet evicted the pod (details: starved, the resource it ran out of)
StorageLimitExceeded cause The pod was evicted for using more local storage than it may: its own doing
PodFailed symptom The pod failed (details: reason)
PodRejected cause The kubelet refused the pod (OutOfcpu, NodeAffinity, UnexpectedAdmissionError; details: reason)
DeadlineExceeded cause The pod or job ran longer than activeDeadlineSeconds allows
NodeLost cause The pod's node doesn't answer: its state is unknown
NotReady symptom Running, but not ready (details: container readiness, probe)
ReadinessGateNotMet cause A readiness gate's condition is not true (details: gate)
ContainerCreating symptom The pod has been waiting for its containers to be created (details: waiting_s)
SandboxFailed cause The pod's sandbox (network namespace) could not be created (details: error)
SandboxNetworkFailed cause The node's network plugin could not connect the pod (details: node)
AddressesExhausted cause No address is free for the pod in the node's range or subnet (details: node)
InitContainerNotFinished symptom An init container still runs or waits, so the others haven't started
PodPending symptom The pod is pending and nothing says why
NotStarted cause The pod was given to a node and the kubelet never reported on it
NotScheduled cause The pod waits and no scheduler has said anything about it (details: scheduler)
TerminatingStuck symptom The pod was deleted and is still there after its grace period (details: finalizers)
HostPortConflict cause Two pods of a node want the same host port
RestartedRecently symptom Running and ready again, but for less than ten minutes (details: last_reason)
Recovered note It restarted, and has been running and ready since, for ten minutes or more
Healthy note Nothing is wrong with it (only with polarity absent)
"""
_IMAGE: Final = """
ImageNotFound cause The registry has no such image or tag (details: image, reason)
ImagePullUnauthorized cause The registry refused the credentials, or they are missing (details: pull_secrets)
ImagePullDenied cause The registry says: doesn't exist or needs authorization (details: repository_used_elsewhere)
ImageRegistryUnreachable cause The registry can't be reached: name, network, TLS or refused (details: error)
ImagePullRateLimited cause The registry limits pulls
InvalidImageName cause The image reference is malformed
ErrImageNeverPull cause imagePullPolicy is Never and the node lacks the image
ImagePlatformMismatch cause The image doesn't exist for the node's platform
ImagePullNoSpace cause The node's disk is full
ImagePullBackOff symptom The image can't be pulled and nothing says why (ErrImagePull too)
ImagePullSecretMissing cause A Secret named in imagePullSecrets doesn't exist
"""
_PROBE: Final = """
LivenessProbeMisconfigured cause Fails by its settings (details: suspicion port|protocol|path|command|timing)
ReadinessProbeMisconfigured cause The readiness probe fails by its own settings (details as above)
StartupProbeMisconfigured cause The startup probe fails by its own settings (details as above)
LivenessProbeFailed symptom The liveness probe fails (details: error, handler, port)
ReadinessProbeFailed symptom The readiness probe fails
StartupProbeFailed symptom The startup probe fails
ProbeAnsweredError symptom The application answers its probe with an error of its own (details: status_code)
ProbeNeedsAnother cause The probe's command asks another host, and gets no good answer (details: host)
CpuLimitTooLow cause Its probe is answered too late, and its CPU limit is under a tenth of a core (details: cpu_limit)
"""
_SCHEDULING: Final = """
InsufficientCPU cause No node has the CPU free (details: requested, largest_allocatable, nodes)
InsufficientMemory cause No node has the memory free
InsufficientEphemeralStorage cause No node has the ephemeral storage free
InsufficientExtendedResource cause No node has the extended resource (details: resource_name)
TooManyPods cause The nodes hold as many pods as they may
NodeSelectorMismatch cause No node has the labels of nodeSelector (details: node_selector)
NodeAffinityMismatch cause No node meets the required node affinity (details: node_affinity)
PodAffinityConflict cause Pod affinity or anti-affinity rules can't be met (details: rule)
TaintNotTolerated cause Nodes have a taint that the pod doesn't tolerate (details: taint)
NodesUnschedulable cause Nodes are cordoned
NodesNotReady cause Nodes are tainted as not ready, unreachable or under pressure
TopologySpreadConflict cause Topology spread constraints can't be met
VolumeNodeConflict cause The volume's node affinity or zone excludes the nodes
MaxVolumeCountExceeded cause Nodes can attach no more volumes
UnboundVolumeClaim cause The pod waits for a PersistentVolumeClaim that isn't bound
SchedulingGated cause A scheduling gate keeps the pod from being scheduled (details: gates)
FailedScheduling symptom The pod can't be scheduled, for a reason that isn't known here
"""
_VOLUME: Final = """
VolumeClaimPending cause The claim isn't bound, and nothing says why
VolumeClaimLost cause The claim's volume is gone
VolumeProvisioningFailed cause The provisioner failed
StorageClassMissing cause The claim names a StorageClass that doesn't exist
NoDefaultStorageClass cause The claim names no class, there is no default one, and no volume fits
VolumeAccessModeMismatch cause The volumes that would fit don't offer the claim's access mode
VolumeCapacityMismatch cause The volumes that would fit are too small
VolumeClassMismatch cause The volumes that would fit are of another StorageClass
VolumeSelectorMismatch cause No volume has the labels of the claim's selector
VolumeAlreadyClaimed cause The volume that the claim names or wants is bound to another claim
VolumeMissing cause The claim names a volume that doesn't exist
PersistentVolumeFailed cause The volume's reclaiming failed
FailedMount cause A volume can't be mounted (details: volume, error)
FailedAttachVolume cause A volume can't be attached to the node
MultiAttachError cause A ReadWriteOnce volume is still attached to another node
VolumePermissionDenied cause The container may not read or write its volume (details: path, run_as_user, fs_group)
HostPathNotWritable cause It ends at once, isn't root, and mounts a node's directory, which only root may write
VolumeReadOnly cause The container writes to a volume that is mounted read-only
VolumeClaimMissing cause The PersistentVolumeClaim that the pod names doesn't exist
"""
_REFERENCE: Final = """
ConfigMapMissing cause The ConfigMap doesn't exist (details: name)
ConfigMapKeyMissing cause The ConfigMap lacks the key (details: name, key)
SecretMissing cause The Secret doesn't exist (details: name)
SecretKeyMissing cause The Secret lacks the key (details: name, key)
ServiceAccountMissing cause The ServiceAccount doesn't exist (details: name)
EnvHostUnknown cause A setting names a host that no Service has (details: variable, host, similar)
ServiceMissing symptom Settings name a Service that doesn't exist, though its workload does (details: named_by)
SharedHostUnknown weakness Several workloads name the same host that no Service has, and are well (details: named_by)
EnvPortMismatch cause A setting names a port that the Service doesn't have (details: variable, port, service_ports)
"""
_ROUTING: Final = """
SelectorMismatch cause The Service's selector fits no pod (details: selector, closest_labels, workload)
NoReadyEndpoints symptom The Service selects pods, none of which is ready
NoEndpoints symptom The Service has no endpoints
TargetPortMismatch cause No selected container listens on targetPort (details: target_port, container_ports)
TargetPortNameMissing cause No selected container has a port of targetPort's name
ServiceProtocolMismatch cause The Service's protocol differs from the container port's (details: protocol)
ExternalNameUnknown cause An ExternalName Service points to a Service that doesn't exist
LoadBalancerPending weakness The load balancer has no address yet
ClusterDnsUnavailable cause The cluster's DNS has no ready pod
IngressBackendMissing cause The Ingress names a Service that doesn't exist (details: path, service)
IngressPortMismatch cause The Ingress names a port that the Service doesn't have
IngressTlsSecretMissing cause The Ingress's TLS Secret doesn't exist
IngressClassMissing cause The Ingress or Gateway names a class that doesn't exist
GatewayMissing cause The route names a Gateway that doesn't exist (details: gateway)
RouteLeadsElsewhere cause A route leads elsewhere than its name and the other routes say (details: path, expected)
RouteRefused cause The Gateway or route was not accepted, or refers to what isn't there (details: condition, reason)
NetworkPolicyBlocked cause A NetworkPolicy denies a connection that a workload needs (details: policy, from, to, port)
NetworkPolicyDeniesAll weakness A NetworkPolicy denies all traffic of the pods that it selects
NetworkPolicyBlocksDns cause A NetworkPolicy denies its pods the cluster's DNS
MutualTlsRequired cause A server accepts only the mesh's TLS, and a client calls in plain text (details: from, to)
NetworkPolicySelectsNothing weakness A NetworkPolicy selects no pod
WebhookServiceMissing weakness An admission webhook's Service doesn't exist or has no ready pod
"""
_QUOTA: Final = """
QuotaExceeded cause A ResourceQuota refuses new objects (details: quota, resource_name, requested, used, limited)
QuotaRequiresLimits cause A ResourceQuota demands requests or limits that the pods don't state
QuotaAtLimit weakness A ResourceQuota is used up (details: resource_name, used, hard)
LimitRangeViolation cause A LimitRange refuses the pods
WebhookFailsClosed cause A webhook that must answer (failurePolicy Fail) has no Service or no pod
WebhookUnanswered cause The pods that must answer an admission webhook (failurePolicy Fail) are not ready
AdmissionWebhookDenied cause An admission webhook refuses the objects (details: webhook)
AdmissionWebhookUnavailable cause An admission webhook can't be reached and fails closed
PodSecurityViolation cause Pod security admission refuses the pods
Forbidden cause The API server refuses the objects (details: error)
FailedCreate symptom The controller can't create its pods, for a reason that isn't known here
"""
_NODE: Final = """
NodeNotReady cause The node is not ready (details: reason)
KubeletStopped cause The kubelet has stopped posting the node's status
ContainerRuntimeDown cause The node's container runtime is down or unhealthy
NetworkPluginNotReady cause The node's network plugin is not ready
MemoryPressure cause The node is short of memory
DiskPressure cause The node is short of disk
PIDPressure cause The node is short of process ids
NetworkUnavailable cause The node's network isn't configured
NodeProblem cause A node problem detector's condition is true (details: condition)
NodeCordoned cause The node is marked unschedulable
NodeLeaseExpired cause The node's lease was not renewed
ComponentUnhealthy cause A control plane component is unhealthy (details: component)
SchedulerDown cause The scheduler isn't ready (details: component)
KubeProxyDown cause kube-proxy isn't ready (details: component, node)
ComponentLeaseExpired cause A control plane component's leader has not renewed its lease (details: component)
NodeReclaimed cause The provider takes the node away: spot interruption, preemption, termination
NodeRebooted note The node was rebooted
SystemOOM cause The node ran out of memory as a whole
"""
_WORKLOAD: Final = """
JobFailed cause The Job failed (details: reason)
JobRetrying symptom Pods of the Job failed, and it tries again
JobSuspended weakness The Job is suspended
CronJobSuspended weakness The CronJob is suspended
CronJobMissedSchedule cause The CronJob missed its schedule
CronJobInvalidSchedule cause The CronJob's schedule can't be parsed
ProgressDeadlineExceeded cause The rollout made no progress within its deadline (details: revisions, new_ready)
RolloutStuck cause The rollout's new pods don't become ready
RolloutInProgress note A rollout is under way
RolloutPaused weakness The rollout is paused
ReplicasUnavailable symptom Fewer replicas are ready than are wanted (details: wanted, ready)
ScaledToZero weakness The workload is scaled to zero (details: used_by, earlier_replicas)
ScaledToZeroInUse cause The workload is scaled to zero, and others call its Service (details as above)
NotObserved cause The controller has not taken note of the object's newest generation
RevisionChanged note The newest revision's template differs (details: changes, from_revision, to_revision)
ObjectChanged note The object's spec differs from an earlier dump's (details: changes)
TornDown note Pods of an old revision, or deleted ones, are being removed: no fault
StatefulSetServiceMissing cause The StatefulSet's governing Service doesn't exist
AutoscalerAtLimit cause The autoscaler wants more replicas than it may have (details: max_replicas, metrics)
AutoscalerNotScaling cause The autoscaler can't compute a scale (details: reason)
AutoscalerTargetMissing cause The autoscaler's target doesn't exist
AutoscalerWithoutRequests cause Resource-based autoscaling of containers that request none of it
EvictionRefused cause A PodDisruptionBudget refuses evictions, whatever its pods' health (details: affects)
DisruptionsNotAllowed weakness The PodDisruptionBudget allows no disruption
DisruptionBudgetSelectsNothing weakness The PodDisruptionBudget selects no pod
"""
_CONTAINER_PORT: Final = """
ContainerPortConflict cause Two containers of a pod declare the same port (details: port, containers)
CredentialsRefused cause A container ends because its credentials are refused
TokenExpired cause A container ends because its token has expired
CertificateInvalid cause A container ends because a certificate is not valid
PermissionRefused cause A container ends because it lacks a permission
DependencyUnanswered cause A container ends because what it needs refuses it or doesn't answer
AddressInUse cause A container finds its port taken (details: port, declared_by)
"""
_CONDITION: Final = """
ConditionNotMet symptom The object says of itself that it isn't well (details: condition, status, reason, or phase)
ApiServiceUnavailable cause An aggregated API doesn't answer (details: reason, because_of)
SyncFailed cause Argo CD or Flux could not apply what its source says
OutOfSync weakness The cluster differs from what the Application's source says (details: resources)
NamespaceTerminating cause The namespace is being deleted and can't go (details: remaining, conditions, finalizers)
DeletionStuck symptom The object was deleted minutes ago, and a finalizer holds it (details: finalizers)
"""
_EVENT: Final = """
BackOff symptom The kubelet backs off restarting a container or pulling its image
FailedKillPod symptom The kubelet can't stop a pod
WarningEvent symptom A warning that has no state of its own (details: reason)
PastEvent note A warning that has ended: its object is healthy now, or it ended before the window (details: reason)
"""


def _table() -> dict[str, State]:
    families = {
        "pods": _POD, "images": _IMAGE, "probes": _PROBE, "scheduling": _SCHEDULING, "volumes": _VOLUME,
        "references": _REFERENCE, "routing": _ROUTING, "quotas": _QUOTA, "nodes": _NODE, "workloads": _WORKLOAD,
        "ports": _CONTAINER_PORT, "conditions": _CONDITION, "events": _EVENT,
    }  # fmt: skip
    table: dict[str, State] = {}
    for family, lines in families.items():
        for line in lines.strip().splitlines():
            name, word, meaning = line.split(" ", 2)
            weight = next(known for known in WEIGHTS if known == word)
            table[name] = State(name, family, weight, meaning)
    return table


STATES: Final[Mapping[str, State]] = _table()
"""Every state by name."""
