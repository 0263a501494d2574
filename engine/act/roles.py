"""The least permissions as files, to read and to act: ClusterRoles and IAM policies."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from primitives.actions.rbac import READS, cluster_role
from primitives.backends.aws.permissions import act_policy, act_trust, read_policy
from primitives.remediations.registry import permissions_of

__all__ = ["documents", "iam_documents", "write"]

_MADE = "# Made from the actions' permissions by `make docs`; change primitives/remediations/, not this.\n"


def documents() -> dict[str, str]:
    """File name → the role's YAML."""
    wanted = {"cloudops-read": READS, "cloudops-act": permissions_of("kubernetes")}
    return {
        f"{name}.yaml": _MADE + yaml.safe_dump(cluster_role(name, permissions), sort_keys=False)
        for name, permissions in wanted.items()
    }


def iam_documents() -> dict[str, str]:
    """File name → a policy of IAM, or who may assume the role that acts."""
    made = {"cloudops-read": read_policy(), "cloudops-act": act_policy(), "cloudops-act-trust": act_trust()}
    return {f"{name}.json": f"{json.dumps(document, indent=2)}\n" for name, document in made.items()}


def write(folder: Path) -> None:
    """Write every role into the folders `rbac` and `iam` of `folder`."""
    for name, made in (("rbac", documents()), ("iam", iam_documents())):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file, text in made.items():
            (folder / name / file).write_text(text, encoding="utf-8")
