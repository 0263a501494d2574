"""Whether a node meets what a pod demands: nodeSelector, required node affinity, tolerations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primitives.kubernetes.fields import mapping, maps, strings, text
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.selectors import expression_holds

__all__ = ["fits", "fits_affinity", "fits_selector", "untolerated"]


def fits(spec: Mapping[str, Any], node: KubeObject) -> bool:
    """Whether the pod chooses the node, or at least not others; its taints aside."""
    return fits_selector(spec, node) and fits_affinity(spec, node)


def fits_selector(spec: Mapping[str, Any], node: KubeObject) -> bool:
    """Whether the node has every label of the pod's nodeSelector."""
    return all(node.labels.get(key) == value for key, value in strings(spec, "nodeSelector").items())


def fits_affinity(spec: Mapping[str, Any], node: KubeObject) -> bool:
    """Whether the node meets one term of the required node affinity (terms are joined by OR)."""
    required = mapping(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    terms = maps(required, "nodeSelectorTerms")
    names = {"metadata.name": node.name}
    return not terms or any(
        all(expression_holds(e, node.labels) for e in maps(term, "matchExpressions"))
        and all(expression_holds(e, names) for e in maps(term, "matchFields"))
        for term in terms
    )


def untolerated(spec: Mapping[str, Any], node: KubeObject) -> Mapping[str, Any] | None:
    """The node's first taint that keeps the pod away, or None."""
    tolerations = maps(spec, "tolerations")
    for taint in maps(node.raw, "spec", "taints"):
        hard = text(taint, "effect") in ("NoSchedule", "NoExecute")
        if hard and not any(_tolerates(toleration, taint) for toleration in tolerations):
            return taint
    return None


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    effect, key = text(toleration, "effect"), text(toleration, "key")
    if effect and effect != text(taint, "effect"):
        return False
    if text(toleration, "operator") == "Exists":
        return not key or key == text(taint, "key")
    return key == text(taint, "key") and text(toleration, "value") == text(taint, "value")
