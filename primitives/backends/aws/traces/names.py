"""Which resource a node of X-Ray's is: the one that another service knows, else a plain name.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html: a segment's `name` is the service's
own, its `origin` (in the graph: `Type`) what runs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from primitives.backends.aws.look import Look
from primitives.identity import base_name
from primitives.terms import ResourceKind

__all__ = ["CALLER", "kind_of_node", "resource_of_node"]

CALLER: Final = "client"
"""The type of who sends requests from outside: nobody's resource."""

_KINDS: Final[tuple[tuple[str, ResourceKind], ...]] = (
    ("lambda", "function"), ("dynamodb", "database"), ("rds", "database"), ("database", "database"),
    ("sql", "database"), ("elasticache", "cache"), ("sqs", "queue"), ("sns", "topic"), ("s3", "storage"),
    ("apigateway", "gateway"), ("elasticloadbalancing", "gateway"), ("remote", "external"),
)  # fmt: skip


_RUN: Final[tuple[ResourceKind, ...]] = ("service", "workload", "function", "node")
"""What runs code that writes segments."""


def kind_of_node(kind: str) -> ResourceKind:
    """What a node of that type is: `AWS::DynamoDB::Table` is a database."""
    lowered = kind.lower()
    return next((known for word, known in _KINDS if word in lowered), "service")


def resource_of_node(look: Look, names: Iterable[str], kind: str = "") -> str:
    """The resource that is called so: by its ARN, its own name or, of a queue, its URL; else the first name.

    Where several share the name (a service and its target group), that which a node of type `kind` may be.
    """
    said = [name for name in names if name]
    fitting = _RUN if kind_of_node(kind) == "service" else (kind_of_node(kind),)
    for name in said:
        for part in (name, base_name(name)):
            if resource := look.known(part, *fitting) or look.known(part):
                return resource
    return said[0] if said else ""
