"""Let a cordoned node take pods again."""

from __future__ import annotations

import re
from typing import Final

from primitives.remediations.registry import Arguments, Remediation, Target, register, shell

_NODE: Final = re.compile(r"node/([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)")


class UncordonNode(Arguments):
    """A node by name."""

    node: str


def _fit(target: Target) -> UncordonNode | None:
    match = _NODE.fullmatch(target.resource)
    return UncordonNode(node=match[1]) if match else None


def _command(args: UncordonNode) -> str:
    return shell("kubectl", "uncordon", args.node)


REMEDIATION = register(
    Remediation("uncordon_node", "Uncordon {resource}", "write", "low", 30, UncordonNode, _fit, _command)
)
