"""The profiles in the AWS command line's files: their names and regions, never their keys.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from primitives.text import safe_line

__all__ = ["profiles_of"]

_MOST_TEXT = 1_000_000


def profiles_of(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each profile with its region (empty: none stated), those with a region first."""
    home = environment.get("HOME", "")
    config = _sections(environment.get("AWS_CONFIG_FILE") or f"{home}/.aws/config")
    credentials = _sections(environment.get("AWS_SHARED_CREDENTIALS_FILE") or f"{home}/.aws/credentials")
    regions = dict.fromkeys(credentials, "")
    for section, region in config.items():
        kind, _, named = section.rpartition(" ")
        if kind == "profile" or section == "default":
            regions[named] = region
    usable = {name: region for name, region in regions.items() if name and name == safe_line(name).strip()}
    return sorted(usable.items(), key=lambda entry: (not entry[1], entry[0]))


def _sections(path: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        # A pipe would be waited for.
        parser.read_string(Path(path).read_text("utf-8")[:_MOST_TEXT] if Path(path).is_file() else "")
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    return {section: parser.get(section, "region", fallback="") for section in parser.sections()}
