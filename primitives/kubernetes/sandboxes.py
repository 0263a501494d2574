"""Why a pod's sandbox could not be created: memory, addresses, the network plugin, or the runtime itself.

Messages are those of runc, crun and containerd, and of the network plugins that CNI 0.3 to 1.1 call: host-local and
Calico ("no IP addresses available in range set"), Amazon VPC CNI ("failed to assign an IP address to container"), Azure
CNI and Google's ("no available addresses", IP_SPACE_EXHAUSTED).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import at
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.pods_view import Pod
from primitives.patterns import lazy_pattern

__all__ = ["ADDRESSES_EXHAUSTED", "sandbox_event", "sandbox_state"]

ADDRESSES_EXHAUSTED: Final = lazy_pattern(
    r"no (?:more |free |available )*(?:ip )?address(?:es)?\b.{0,20}(?:available|free|left|in range|in subnet)?"
    r"|(?:failed|unable) to (?:assign|allocate|get|request) (?:an |a )?(?:private )?(?:ip|address)"
    r"|(?:not enough|insufficient) (?:free |private |available )*(?:ip ?)?(?:address|cidr)"
    r"|insufficient(?:free)?(?:addresses|cidrblocks)|ip_space_exhausted"
    r"|(?:subnet|ip ?pool|cidr)\b.{0,60}\b(?:exhausted|full)"
    r"|ip(?:am)?\b.{0,30}exhausted",
    re.IGNORECASE,
)
_MEMORY: Final = lazy_pattern(r"oom-?killed|memory limit too low|cannot allocate memory", re.IGNORECASE)
_NETWORK: Final = lazy_pattern(
    r"\bcni\b|setup network for sandbox|set ?up (?:pod )?network|network plugin|plugin type=|networkplugin"
    r"|network for pod|failed to (?:set up|setup) sandbox container .{0,300} network",
    re.IGNORECASE,
)


def sandbox_state(message: str) -> str:
    """The state that the runtime's message tells."""
    if _MEMORY.search(message):
        return "OOMKilled"
    if ADDRESSES_EXHAUSTED.search(message):
        return "AddressesExhausted"
    return "SandboxNetworkFailed" if _NETWORK.search(message) else "SandboxFailed"


def sandbox_event(event: Event, pod: Pod | None, resource: str) -> Finding:
    """The finding for a FailedCreatePodSandBox event."""
    state = sandbox_state(event.message)
    finding = Finding(
        state, event.target, event.kind, resource, container=event.container, message=event.message, since=event.first,
        last_seen=event.last, events=event.count, details={"reason": event.reason, "node": pod.node if pod else None},
    )  # fmt: skip
    if state != "OOMKilled" or pod is None or len(pod.containers) != 1:
        return finding
    more: dict[str, Any] = {"memory_limit": at(pod.containers[0].spec, "resources", "limits", "memory")}
    return replace(finding, container=pod.containers[0].name, details={**finding.details, **more})
