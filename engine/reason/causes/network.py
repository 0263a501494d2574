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
        # CoreDNS: metrics; RFC 1035 (response codes).
        metrics=r"(?:core ?)?dns(?: \w+){0,3} (?:servfail|nxdomain|err\w*|fail\w*|time ?outs?|duration|latency|"
            r"time)\b.*|"
            r"servfail\w*|nxdomain\w*",
        signals={"dns_lookup failed": 3.4}, location_states=("ClusterDnsUnavailable",),
        # A caller that finds no name says how its calls fail, as one that gets no connection does.
        outcome_rank=1,
    ),
    Cause(
        "service_selector_mismatch", _CLASS, "The selector of {resource} fits no pod", _SERVICES,
        states={"SelectorMismatch": 4.5, "NoEndpoints": 1.5}, diagnostic=_INSPECT,
        is_setting=True,
    ),
    Cause(
        "service_port_mismatch", _CLASS, "{resource} sends traffic to a port that nobody listens on", _SERVICES,
        states={"TargetPortMismatch": 4.2, "TargetPortNameMissing": 4.4}, diagnostic=_INSPECT,
        is_setting=True,
    ),
    Cause(
        "service_protocol_mismatch", _CLASS, "{resource} speaks another protocol than its pods", _SERVICES,
        states={"ServiceProtocolMismatch": 4.2}, diagnostic=_INSPECT,
        is_setting=True,
    ),
    Cause(
        "ingress_misrouted", _CLASS, "{resource} routes requests to the wrong place", "Kubernetes: Ingress",
        states={"IngressBackendMissing": 4.4, "IngressPortMismatch": 4.4, "IngressClassMissing": 3.8,
                "GatewayMissing": 4.2, "RouteRefused": 3.4, "RouteLeadsElsewhere": 4.4},
        signals={"answered elsewhere": 4.2},
        diagnostic=_INSPECT,
        is_setting=True,
    ),
    Cause(
        "network_policy_blocked", _CLASS, "A network policy blocks {resource}", "Kubernetes: Network Policies",
        states={"NetworkPolicyBlocked": 4.2, "NetworkPolicyDeniesAll": 1.8, "NetworkPolicyBlocksDns": 4.0},
        families={"unreachable": 0.5, "timeout": 0.2}, diagnostic=_INSPECT,
        signals={"path closed": 4.0}, settings={"port_closed": 3.6},
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
        prior=-3.4, metrics=r"(?:network|net|tcp|ping|icmp|round trip|peer)(?: \w{1,40}){0,6} "
            r"(?:latency|delay|rtt|time)\b.*|s?rtt.*|ping.*|"
        r"(?:network|peer) (?:p ?\d{2,3}|round trip).*",
        seen_of=("zone",), concerns="network", diagnostic="trace_dependencies",
        signals={"calls late": 4.4, "calls and work late": -3.0, "waits idle": 1.8},
    ),
    Cause(
        "network_packet_loss", _CLASS, "{resource}'s network loses packets", "RFC 2680 (packet loss)",
        families={"packet_loss": 2.4}, prior=-3.4,
        # Linux: /proc/net/dev, ip-link(8); cAdvisor and node_exporter; Amazon EC2: network performance of an instance.
        metrics=r"(?:ping|icmp)(?: \w+){0,2} loss.*|"
            r"(?:packets?|segments?|segs|frames?)(?: \w+){0,2} (?:loss|lost|drop\w*|err\w*|discard\w*).*|"
            r"retrans\w*.*|"
        r"(?:rx|tx|receive|transmit|network|net|interface|nic)(?: \w+){0,2} (?:drop\w*|errors?|errs?|discards?)\b.*|"
        r"(?:rx|tx) \w+ (?:drop\w*|err\w*)|tcp time ?outs?|(?:bw|pps)(?: in| out)? allowance exceeded",
        seen_of=("zone",), concerns="network", diagnostic="trace_dependencies", signals={"packets lost": 2.4},
    ),
)  # fmt: skip
