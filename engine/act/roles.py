"""The least permissions as files: ClusterRoles to read and to act, made from what the actions say that they take."""

from __future__ import annotations

from pathlib import Path

import yaml

from primitives.actions.rbac import READS, cluster_role
from primitives.remediations.registry import remediations

__all__ = ["documents", "write"]

_MADE = "# Made from the actions' permissions by `make docs`; change primitives/remediations/, not this.\n"


def documents() -> dict[str, str]:
    """File name → the role's YAML."""
    acting = (permission for entry in remediations().values() for permission in entry.permissions)
    wanted = {"cloudops-read": READS, "cloudops-act": tuple(dict.fromkeys(acting))}
    return {
        f"{name}.yaml": _MADE + yaml.safe_dump(cluster_role(name, permissions), sort_keys=False)
        for name, permissions in wanted.items()
    }


def write(folder: Path) -> None:
    """Write every role into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")
