"""Why an image can't be pulled: by what the registry or the runtime said.

The messages are those of containerd, CRI-O, Docker and the distribution API's error codes (MANIFEST_UNKNOWN,
NAME_UNKNOWN, UNAUTHORIZED, DENIED, TOOMANYREQUESTS).
"""

from __future__ import annotations

import re
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import maps, message_of, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.pods_view import Container, Pod
from primitives.patterns import lazy_pattern

__all__ = [
    "PULL_REASONS",
    "classify_pull_error",
    "image_of_message",
    "pull_details",
    "pull_failure",
    "pull_state",
    "telling_part",
]

PULL_REASONS: Final = frozenset({
    "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable",
    "ImageInspectError", "SignatureValidationFailed",
})  # fmt: skip
# In order: the first that fits wins. "does not exist or may require" fits both not found and unauthorized.
_ERRORS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (kind, lazy_pattern(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("rate_limited", r"toomanyrequests|too many requests|\b429\b|pull rate limit"),
        ("invalid_name", r"invalidimagename|couldn't parse image|invalid reference format|failed to parse image"),
        ("never_pull", r"errimageneverpull|is not present with pull policy of never"),
        ("platform", r"no match for platform|no matching manifest for|no match for \S+ in the manifest|exec format"),
        ("no_space", r"no space left on device"),
        ("unreachable", (r"no such host|server misbehaving|dial tcp|i/o timeout|connection refused|connection reset"
                        r"|no route to host|network is unreachable|x509:|tls:|tls handshake|context deadline exceeded"
                        r"|client\.timeout exceeded|temporary failure in name resolution|server gave http response"
                        r"|\b50[0234]\b (?:bad gateway|service unavailable|gateway timeout|internal)|\beof\b")),
        # A registry that asks for a password says so where none was shown (RFC 9110, 401 and `WWW-Authenticate`).
        ("unauthorized", r"no basic auth credentials|incorrect username or password|token (?:has|is) expired"),
        ("denied", r"does not exist or may require|insufficient_scope|requested access to the resource is denied"),
        ("unauthorized", (r"unauthorized|authentication required|\b40[13]\b|forbidden|authorization failed"
                         r"|access denied|failed to authorize")),
        ("not_found", r"manifest unknown|manifest_unknown|name unknown|name_unknown|not found|\b404\b|does not exist"),
    )
)  # fmt: skip
_STATES: Final = {
    "rate_limited": "ImagePullRateLimited",
    "invalid_name": "InvalidImageName",
    "never_pull": "ErrImageNeverPull",
    "platform": "ImagePlatformMismatch",
    "no_space": "ImagePullNoSpace",
    "unreachable": "ImageRegistryUnreachable",
    "denied": "ImagePullDenied",
    "unauthorized": "ImagePullUnauthorized",
    "not_found": "ImageNotFound",
}
# Enough siblings to compare with, however many a workload has.
_PEERS: Final = 50
_TELLING_LENGTH: Final = 110
_PULLED: Final = lazy_pattern(
    r"(?:pull(?:ing)?|inspect|apply default image tag to) image:? \"([^\"]+)\"", re.IGNORECASE
)


def classify_pull_error(message: str) -> str | None:
    """The kind of error in `message`; None where it has none."""
    return next((kind for kind, pattern in _ERRORS if pattern.search(message)), None)


def image_of_message(message: str) -> str:
    """The image that an event is about; empty where it doesn't say."""
    match = _PULLED.search(message)
    return match.group(1) if match else ""


def pull_state(reason: str, error: str | None) -> str:
    """The state for Kubernetes' own reason and the kind of error."""
    if error is not None:
        return _STATES[error]
    return reason if reason in ("InvalidImageName", "ErrImageNeverPull") else "ImagePullBackOff"


def telling_part(message: str) -> str:
    """The end of a pull error: the runtime wraps the registry's own words in long repetitions of the image's name."""
    return message if len(message) <= _TELLING_LENGTH else "…" + message[-_TELLING_LENGTH:]


def pull_failure(cluster: Cluster, pod: Pod, container: Container) -> Finding:
    """The finding for a container that waits for its image; the events hold what the waiting message lacks."""
    reason = text(container.state("waiting"), "reason")
    message = message_of(container.state("waiting"), "message")
    error = classify_pull_error(message)
    telling = _telling_event(cluster, pod, container) if error is None else None
    if telling is not None:
        message, error = telling.message, classify_pull_error(telling.message)
    image = text(container.spec, "image") or text(container.status, "image") or image_of_message(message)
    details = pull_details(cluster, pod, image)
    state = pull_state(reason, error)
    if state == "ImagePullDenied" and details.get("missing_pull_secrets"):
        state = "ImagePullUnauthorized"
    return Finding(
        state=state,
        object=pod.item.id,
        kind="Pod",
        resource=pod.resource,
        container=container.name,
        message=telling_part(message),
        variant=image,
        details={"reason": reason, "error": error, "init": container.init, **details},
    )


def pull_details(cluster: Cluster, pod: Pod | None, image: str) -> dict[str, Any]:
    """The details that distinguish a wrong name from missing credentials."""
    details: dict[str, Any] = {"image": image, "registry": registry_of(image)}
    if pod is None:
        return details
    namespace = pod.item.namespace
    secrets = [text(entry, "name") for entry in maps(pod.spec, "imagePullSecrets")]
    account = cluster.get("ServiceAccount", namespace, text(pod.spec, "serviceAccountName") or "default")
    if account is not None:
        secrets += [text(entry, "name") for entry in maps(account.raw, "imagePullSecrets")]
    names = sorted({name for name in secrets if name})
    details["pull_secrets"] = names
    details["missing_pull_secrets"] = [name for name in names if cluster.lacks("Secret", namespace, name)]
    repository = repository_of(image)
    details["repository_used_elsewhere"] = bool(repository) and any(
        other.healthy and any(repository_of(text(c.spec, "image")) == repository for c in other.containers)
        for other in cluster.pods_of.get(pod.resource, [])[:_PEERS]
    )
    return details


def registry_of(image: str) -> str:
    """The registry's host: `docker.io` where the reference names none."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def repository_of(image: str) -> str:
    """The reference without its tag and digest."""
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    return head + slash + tail.partition(":")[0]


def _telling_event(cluster: Cluster, pod: Pod, container: Container) -> Event | None:
    for event in reversed(cluster.events_of.get(pod.item.id, [])):
        about = event.container in (None, container.name) and "image" in event.message.lower()
        if about and classify_pull_error(event.message) is not None:
            return event
    return None
