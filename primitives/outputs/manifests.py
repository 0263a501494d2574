"""Manifests in YAML (`kubectl get -o yaml`), as structure."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["read_manifests"]

_LONGEST = 200_000


def read_manifests(text: str) -> Any:
    """The documents; None where the text isn't YAML or is too long or too deep to read."""
    if len(text) > _LONGEST:
        return None
    try:
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return documents[0] if len(documents) == 1 else documents
