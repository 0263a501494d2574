"""A setting is wrong or missing (CONFIGURATION_DRIFT)."""

from __future__ import annotations

from engine.reason.catalogue import Cause
from primitives.terms import IncidentClass

_CLASS = IncidentClass.CONFIGURATION_DRIFT
_PODS = "Kubernetes: Debug Pods"

CAUSES = (
    Cause(
        "bad_configuration",
        _CLASS,
        "A wrong setting made {resource} {effect}",
        "Google SRE workbook, chapter 14: configuration design",
        states={
            "SecurityContextConflict": 4.4,
            "InvalidCommand": 4.0, "StartError": 3.0, "CronJobInvalidSchedule": 3.5, "AdmissionWebhookDenied": 3.5,
            "PodSecurityViolation": 3.5, "AdmissionWebhookUnavailable": 3.0, "WebhookFailsClosed": 3.2,
            "StatefulSetServiceMissing": 3.0, "MutualTlsRequired": 4.2,
            "LoadBalancerPending": 0.5, "IngressClassMissing": 1.5, "CronJobSuspended": 1.0, "JobSuspended": 1.0,
            "TopologySpreadConflict": 1.0, "ReadinessGateNotMet": 1.5, "CpuLimitTooLow": 1.5,
            # Argo CD, "Diffing": what runs was changed by hand, or what was decided never came to run.
            "OutOfSync": 2.4,
        },
        families={"invalid_configuration": 2.6, "missing_object": 1.2, "missing_file": 1.0},
        remediations=("rollback_deployment",),
        diagnostic="diff_configuration",
        signals={"setting differs": 1.0, "path refused": 1.0, "port refused": 1.6, "settings file missing": 1.4,
                 "account token missing": 2.0},
        blamed_for=("configuration", "infrastructure", "scaling", "job", "other"),
        settings={
            "keep_alive_too_short": 3.6, "under_maintenance": 3.6, "seen_again_too_soon": 3.2, "checked_elsewhere": 3.2,
            "least_over_most": 3.0, "dead_letter_at_once": 2.6, "nothing_cached": 2.0, "gives_up_first": 1.8,
            "retries_over_deadline": 1.4, "no_pause": 1.0, "seen_again_soon": 1.0,
        },
    ),
    Cause(
        "missing_configuration",
        _CLASS,
        "{resource} lacks a setting that it needs",
        _PODS,
        states={"ConfigMapMissing": 4.5, "ConfigMapKeyMissing": 4.5, "CreateContainerConfigError": 2.0},
        families={"missing_configuration": 2.6, "missing_file": 1.0},
        signals={"settings file missing": 2.0},
        remediations=("rollback_deployment",),
        diagnostic="inspect_workloads",
    ),
    Cause(
        "missing_secret",
        _CLASS,
        "{resource} lacks a Secret that it needs",
        _PODS,
        states={"SecretMissing": 4.5, "SecretKeyMissing": 4.5, "ImagePullSecretMissing": 3.0,
                "IngressTlsSecretMissing": 3.5},
        diagnostic="inspect_workloads",
    ),
    Cause(
        "wrong_address",
        _CLASS,
        "{resource} is configured with a wrong address",
        "Kubernetes: DNS for Services and Pods",
        states={"EnvHostUnknown": 4.0, "ExternalNameUnknown": 3.8},
        # RFC 1035: the name's record is what its owner says; an address that was written down grows old.
        signals={"another address answers": 5.0, "address changed": 3.6},
        families={"dns": 0.6},
        diagnostic="inspect_workloads",
    ),
    Cause(
        "wrong_port",
        _CLASS,
        "{resource} is configured with a wrong port",
        "Kubernetes: Debug Services",
        states={"EnvPortMismatch": 4.0}, signals={"refused where all answer": 4.6},
        families={"connection_refused": 0.4},
        diagnostic="inspect_workloads",
    ),
    Cause(
        "port_conflict",
        _CLASS,
        "{resource} can't have its port: another holds it",
        "POSIX: EADDRINUSE; Kubernetes: hostPort",
        states={"ContainerPortConflict": 3.8, "AddressInUse": 4.2, "HostPortConflict": 4.2},
        families={"port_in_use": 3.0},
        diagnostic="inspect_workloads",
    ),
    Cause(
        "sync_failed",
        _CLASS,
        "{resource} could not be applied",
        "Argo CD: Sync phases; Flux: Kustomization and HelmRelease conditions",
        states={"SyncFailed": 4.0, "OutOfSync": 0.6},
        diagnostic="inspect_workloads",
    ),
    Cause(
        "disruption_blocked",
        _CLASS,
        "{resource} allows no eviction",
        "Kubernetes: Specifying a Disruption Budget; API-initiated Eviction (429)",
        states={"EvictionRefused": 4.4, "DisruptionsNotAllowed": 1.6},
        diagnostic="inspect_workloads",
        # kubectl drain cordons first and evicts then, so a refused eviction leaves a cordoned node.
        can_cause=("node_cordoned", "deletion_stuck"),
        reach="anywhere",
    ),
    Cause(
        "scaled_to_zero",
        _CLASS,
        "{resource} is scaled to zero",
        "Kubernetes: Deployment, spec.replicas",
        states={"ScaledToZeroInUse": 5.0, "ScaledToZero": 3.6},
        remediations=("scale_workload",),
        diagnostic="inspect_workloads",
        settings={"none_to_run": 4.0},
    ),
)  # fmt: skip
