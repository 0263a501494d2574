"""The published JSON Schemas of commands' output, the policy and playbooks: `python -m engine.schemas [FOLDER]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from engine.act.playbooks import PlaybookDocument
from engine.act.policy_file import PolicyDocument
from engine.evaluate import Evaluation
from engine.notify.settings import NotificationSettings
from engine.report import Report

__all__ = ["documents", "write"]

_FOLDER: Final = Path("docs/schemas")


def documents() -> dict[str, dict[str, Any]]:
    """File name → schema."""
    return {
        "report.schema.json": _published(Report.model_json_schema(by_alias=True, mode="serialization"), "report"),
        "evaluation.schema.json": _published(
            Evaluation.model_json_schema(by_alias=True, mode="serialization"), "evaluation"
        ),
        "notifications.schema.json": _published(NotificationSettings.model_json_schema(by_alias=True), "notifications"),
        "playbook.schema.json": _published(PlaybookDocument.model_json_schema(by_alias=True), "playbook"),
        "policy.schema.json": _published(PolicyDocument.model_json_schema(by_alias=True), "policy"),
    }


def text(document: dict[str, Any]) -> str:
    """The text of a schema's file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path = _FOLDER) -> None:
    """Write every schema into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        (folder / name).write_text(text(document), encoding="utf-8")


def _published(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"cloudops-{name}/1", **document}


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else _FOLDER)
