"""Writes primitives/redact/vendor_rules.json from CredSweeper's rules (`make secret-rules`).

CredSweeper is maintained by Samsung under the MIT licence; its wheel has the rules as YAML. Taken over are the forms of
tokens that carry a marker of their own; rules that need a key beside the value, or its machine learning, are not.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = ["main", "taken_over"]

PACKAGE: Final = "credsweeper"
TARGET: Final = Path(__file__).parent.parent / "primitives" / "redact" / "vendor_rules.json"
_SHORTEST_MARKER: Final = 3
# What looks like it in operations text: resource names, public identifiers, and what structural rules read better.
_LEFT_OUT: Final = re.compile(
    r"UUID|Activation|Firebase|S3 Bucket|JSON Web|PASETO|PEM|Private Key|Azure Access|Provisioned|Authorization"
    r"|Password$"
    r"|^CMD|^CURL|^URL|^SQL|WeChat|Salesforce|^Akamai|AWS Client|^Composio|Facebook App|Dropbox API"
    r"|^MailGun|App-Only|^Telegram|^1Password"
)
_BEFORE: Final = re.compile(r"^\(\?:\^\|/\|.*?\)(?=\(\?P<value>)")


def main() -> None:
    """Download the package, take its rules over, and write the file."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(command, check=True)
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            rules = yaml.safe_load(archive.read("credsweeper/rules/config.yaml"))
            licence = next(name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
            text = archive.read(licence).decode()
        document = {
            "source": f"{PACKAGE} {wheel.name.split('-')[1]}, https://github.com/Samsung/CredSweeper",
            "licence": " ".join(text.split()),
            "rules": list(taken_over(rules)),
        }
    TARGET.write_text(json.dumps(document, indent=1) + "\n")


def taken_over(rules: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rules that stand for themselves: kind, the markers (one of which every match has), and the pattern."""
    for rule in rules:
        markers = rule.get("required_substrings") or []
        name, usable = rule["name"], all(len(marker) >= _SHORTEST_MARKER for marker in markers)
        if rule["type"] != "pattern" or _LEFT_OUT.search(name) or not markers or not usable:
            continue
        source = rule["values"][0]
        form = _BEFORE.sub("", source)
        if form.startswith("(?P<value>") and not re.search(r"=|\\\$|\\u00|\(\?<!", form.replace("(?![=", "(?![")):
            form = re.sub(r"\((?!\?)|\(\?P<value>", "(?:", form).replace(",8000}", ",800}")
            yield {"kind": _kind(name), "markers": [marker.lower() for marker in markers], "form": form}


def _kind(name: str) -> str:
    return re.sub("[^a-z]+", "-", name.lower().split()[0]).strip("-") or "token"


if __name__ == "__main__":
    main()
