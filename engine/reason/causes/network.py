"""Packets, names or routes don't reach their target (NETWORK_FAILURE)."""

from __future__ import annotations

from engine.reason.catalogue import Cause
from primitives.terms import IncidentClass

_CLASS = IncidentClass.NETWORK_FAILURE
_SERVICES = "Kubernetes: Debug Services"
_INSPECT = "inspect_workloads"

CAUSES = (
    Cause(
        "dns_resolution_failed", _CLASS, "{resource} can't resolve names", "Kubernetes: Debugging DNS Resolution",
        states={"ClusterDnsUnavailable": 4.2, "NetworkPolicyBlocksDns": 1.0, "ExternalNameUnknown": 1.0},
        families={"dns": 3.0}, diagnostic="analyze_logs",
        signals={"dns_lookup failed": 3.4}, location_states=("ClusterDnsUnavailable",),
        # A caller that finds no name says how its calls fail, as one that gets no connection does.
        outcome_rank=1,
    ),
    Cause(
        "service_selector_mismatch", _CLASS, "The selector of {resource} fits no pod", _SERVICES,
        states={"SelectorMismatch": 4.5, "NoEndpoints": 1.5}, diagnostic=_INSPECT,
    ),
    Cause(
        "service_port_mismatch", _CLASS, "{resource} sends traffic to a port that nobody listens on", _SERVICES,
        states={"TargetPortMismatch": 4.2, "TargetPortNameMissing": 4.4}, diagnostic=_INSPECT,
    ),
    Cause(
        "service_protocol_mismatch", _CLASS, "{resource} speaks another protocol than its pods", _SERVICES,
        states={"ServiceProtocolMismatch": 4.2}, diagnostic=_INSPECT,
    ),
    Cause(
        "ingress_misrouted", _CLASS, "{resource} routes requests to what isn't there", "Kubernetes: Ingress",
        states={"IngressBackendMissing": 4.4, "IngressPortMismatch": 4.4, "IngressClassMissing": 3.8,
                "GatewayMissing": 4.2, "RouteRefused": 3.4},
        diagnostic=_INSPECT,
    ),
    Cause(
        "network_policy_blocked", _CLASS, "A network policy blocks {resource}", "Kubernetes: Network Policies",
        states={"NetworkPolicyBlocked": 4.2, "NetworkPolicyDeniesAll": 1.8, "NetworkPolicyBlocksDns": 4.0},
        families={"unreachable": 0.5, "timeout": 0.2}, diagnostic=_INSPECT,
        settings={"port_closed": 3.6},
    ),
    Cause(
        "network_plugin_failed", _CLASS, "The network plugin gives {resource} no network",
        "Kubernetes: Network Plugins; CNI specification, errors", states={"SandboxNetworkFailed": 4.0},
        diagnostic=_INSPECT,
    ),
    Cause(
        "addresses_exhausted", _CLASS, "No address is free for {resource}",
        "CNI: host-local IPAM; Amazon VPC CNI: insufficient addresses in a subnet",
        states={"AddressesExhausted": 4.6}, diagnostic=_INSPECT,
        metrics=r"(?:available|free|remaining) (?:ip|ips|ip addresses|addresses).*|(?:assigned|used) ip addresses",
    ),
    Cause(
        "network_delay", _CLASS, "{resource}'s network is slow", "RFC 2681 (round-trip delay)",
        prior=-3.4, metrics=r"(?:network|tcp|ping|round trip)(?: \w+)* (?:latency|delay|rtt|time).*|rtt|srtt",
        diagnostic="trace_dependencies",
        signals={"calls late": 4.4, "calls and work late": -3.0, "waits idle": 1.8},
    ),
    Cause(
        "network_packet_loss", _CLASS, "{resource}'s network loses packets", "RFC 2680 (packet loss)",
        families={"packet_loss": 2.4}, prior=-3.4,
        metrics=r"packets? (?:loss|lost|dropped|drops).*|retransmi\w*.*|(?:rx|tx) (?:dropped|errors)",
        diagnostic="trace_dependencies", signals={"packets lost": 2.4},
    ),
)  # fmt: skip
