"""Label selectors, as the API server evaluates them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primitives.kubernetes.fields import integer, maps, strings, text, texts
from primitives.kubernetes.kinds import KubeObject, template_of

__all__ = ["expression_holds", "selects", "service_selects", "shown_selector"]


def selects(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector (`matchLabels`, `matchExpressions`) selects `labels`. An empty one selects everything."""
    if not isinstance(selector, Mapping):
        return False
    wanted = strings(selector, "matchLabels")
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(expression_holds(expression, labels) for expression in maps(selector, "matchExpressions"))


def service_selects(service: KubeObject, workload: KubeObject) -> bool:
    """Whether a Service selects the pods of a workload's template. A Service without a selector selects none."""
    if service.namespace != workload.namespace:
        return False
    selector = strings(service.raw, "spec", "selector")
    return bool(selector) and selector.items() <= strings(template_of(workload), "metadata", "labels").items()


def expression_holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether one requirement holds: In, NotIn, Exists, DoesNotExist, and for nodes Gt and Lt."""
    key, values = text(expression, "key"), texts(expression, "values")
    value = labels.get(key)
    match text(expression, "operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator:
            have, bound = integer(value), integer(values[0]) if values else None
            if have is None or bound is None:
                return False
            return have > bound if operator == "Gt" else have < bound
        case _:
            return False


def shown_selector(selector: Any) -> dict[str, Any]:
    """A LabelSelector as it is written in a finding's details."""
    shown: dict[str, Any] = dict(strings(selector, "matchLabels"))
    for expression in maps(selector, "matchExpressions"):
        shown[text(expression, "key")] = " ".join([text(expression, "operator"), *texts(expression, "values")])
    return shown
