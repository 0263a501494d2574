"""Alert names of public rule sets, each with the classes that an engineer may sort it into, by what it measures.

Sources: kubernetes-mixin, node_exporter's mixin, etcd's mixin, Prometheus' own mixin, and the rules for the exporters
of PostgreSQL and Redis of "Awesome Prometheus alerts". Letters: P slow, A away, E errors, S short of something,
R a release, C a setting, D a dependency, L scaling, T traffic, N network, K access, I infrastructure, W workload,
B backlog.
"""

from __future__ import annotations

from typing import Final

from primitives.terms import IncidentClass as C

_LETTERS: Final = {
    "P": C.PERFORMANCE_DEGRADATION, "A": C.AVAILABILITY_LOSS, "E": C.ERROR_RATE_INCREASE, "S": C.RESOURCE_SATURATION,
    "R": C.DEPLOYMENT_REGRESSION, "C": C.CONFIGURATION_DRIFT, "D": C.DEPENDENCY_FAILURE, "L": C.SCALING_FAILURE,
    "T": C.TRAFFIC_SURGE, "N": C.NETWORK_FAILURE, "K": C.ACCESS_FAILURE, "I": C.INFRASTRUCTURE_FAILURE,
    "W": C.WORKLOAD_FAILURE, "B": C.DATA_BACKLOG,
}  # fmt: skip
# A pod that crashes or waits is a workload's failure; replicas that are missing may also be lost availability; a budget
# that burns is errors or lost availability; a certificate is access; what is full or over its quota is saturation; a
# component of the cluster that is away is infrastructure or availability; a lost leader is the store's own failure.
_NAMES: Final = """
KubePodCrashLooping W|KubePodNotReady WA|KubeDeploymentGenerationMismatch RCW|KubeDeploymentReplicasMismatch WA
KubeDeploymentRolloutStuck R|KubeStatefulSetReplicasMismatch WA|KubeStatefulSetGenerationMismatch RCW
KubeStatefulSetUpdateNotRolledOut R|KubeDaemonSetRolloutStuck R|KubeContainerWaiting W|KubeDaemonSetNotScheduled WI
KubeDaemonSetMisScheduled WCI|KubeJobNotCompleted W|KubeJobFailed W|KubeHpaReplicasMismatch L|KubeHpaMaxedOut LS
KubePdbNotEnoughHealthyPods WA|KubeCPUOvercommit S|KubeMemoryOvercommit S|KubeCPUQuotaOvercommit S
KubeMemoryQuotaOvercommit S|KubeQuotaAlmostFull S|KubeQuotaFullyUsed S|KubeQuotaExceeded S|CPUThrottlingHigh S
KubePersistentVolumeFillingUp S|KubePersistentVolumeInodesFillingUp S|KubePersistentVolumeErrors WIE
KubeVersionMismatch CRI|KubeClientErrors E|KubeAPIErrorBudgetBurn EA|KubeClientCertificateExpiration K
KubeAggregatedAPIErrors E|KubeAggregatedAPIDown A|KubeAPIDown A|KubeAPITerminatedRequests EASP|KubeNodeNotReady I
KubeNodeUnreachable INA|KubeletTooManyPods SI|KubeNodeReadinessFlapping I|KubeletPlegDurationHigh PI
KubeletPodStartUpLatencyHigh PWI|KubeletClientCertificateExpiration K|KubeletServerCertificateExpiration K
KubeletClientCertificateRenewalErrors KE|KubeletServerCertificateRenewalErrors KE|KubeletDown IA|KubeSchedulerDown IA
KubeControllerManagerDown IA|KubeProxyDown IA|KubeNodePressure IS|KubeNodeEviction ISW
NodeFilesystemSpaceFillingUp S|NodeFilesystemAlmostOutOfSpace S|NodeFilesystemFilesFillingUp S
NodeFilesystemAlmostOutOfFiles S|NodeNetworkReceiveErrs N|NodeNetworkTransmitErrs N
NodeHighNumberConntrackEntriesUsed SN|NodeTextFileCollectorScrapeError E|NodeClockSkewDetected IC
NodeClockNotSynchronising IC|NodeRAIDDegraded I|NodeRAIDDiskFailure I|NodeFileDescriptorLimit S|NodeCPUHighUsage S
NodeSystemSaturation S|NodeMemoryMajorPagesFaults S|NodeMemoryHighUtilization S|NodeDiskIOSaturation S
NodeSystemdServiceFailed WIE|NodeSystemdServiceCrashlooping WI|NodeBondingDegraded NI
etcdMembersDown A|etcdInsufficientMembers AD|etcdNoLeader AD|etcdHighNumberOfLeaderChanges ADI
etcdHighNumberOfFailedGRPCRequests E|etcdGRPCRequestsSlow P|etcdMemberCommunicationSlow PN
etcdHighNumberOfFailedProposals ED|etcdHighFsyncDurations PS|etcdHighCommitDurations PS|etcdDatabaseQuotaLowSpace S
etcdExcessiveDatabaseGrowth S|etcdDatabaseHighFragmentationRatio S
PrometheusBadConfig C|PrometheusSDRefreshFailure EN|PrometheusKubernetesListWatchFailures E
PrometheusNotificationQueueRunningFull BS|PrometheusErrorSendingAlertsToSomeAlertmanagers ED
PrometheusNotConnectedToAlertmanagers ND|PrometheusTSDBReloadsFailing E|PrometheusTSDBCompactionsFailing E
PrometheusNotIngestingSamples BA|PrometheusDuplicateTimestamps CE|PrometheusOutOfOrderTimestamps CE
PrometheusRemoteStorageFailures EDS|PrometheusRemoteWriteBehind BP|PrometheusRemoteWriteDesiredShards LBS
PrometheusRuleFailures E|PrometheusMissingRuleEvaluations EPB|PrometheusTargetLimitHit S|PrometheusLabelLimitHit S
PrometheusScrapeBodySizeLimitHit S|PrometheusScrapeSampleLimitHit S|PrometheusTargetSyncFailure E
PrometheusHighQueryLoad ST|PrometheusErrorSendingAlertsToAnyAlertmanager ED
PostgresqlDown A|PostgresqlRestarted WA|PostgresqlExporterError E|PostgresqlTableNotAutoVacuumed DSB
PostgresqlTooManyConnections S|PostgresqlNotEnoughConnections SAND|PostgresqlDeadLocks D|PostgresqlHighRollbackRate ED
PostgresqlCommitRateLow PDT|PostgresqlHighRateStatementTimeout PD|PostgresqlHighRateDeadlock D
PostgresqlUnusedReplicationSlot D|PostgresqlTooManyDeadTuples DSB|PostgresqlConfigurationChanged C
PostgresqlTooManyLocksAcquired DS|PostgresqlBloatIndexHigh DS|PostgresqlInvalidIndex DCE
RedisDown A|RedisMissingMaster AD|RedisDisconnectedSlaves DNA|RedisReplicationBroken DA|RedisClusterFlapping AID
RedisOutOfSystemMemory S|RedisOutOfConfiguredMaxmemory S|RedisTooManyConnections S|RedisNotEnoughConnections SAND
RedisRejectedConnections SNEA
RDSBurstBalanceLow S
"""
ALERTS: Final[dict[str, frozenset[C]]] = {
    name: frozenset(_LETTERS[letter] for letter in letters)
    for entry in _NAMES.replace("\n", "|").split("|")
    if entry.strip()
    for name, letters in [entry.split()]
}
"""Alert name → plausible classes."""
