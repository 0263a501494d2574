"""What the unit tests share."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from small_bundles import MANIFEST, Make


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes a bundle's directory; names of files with `/` and `.` are given as keys of a dict."""
    folders = (tmp_path / f"bundle-{number}" for number in count())

    def build(files: dict[str, str | bytes] | None = None, manifest: str | bytes | None = MANIFEST) -> Path:
        folder = next(folders)
        folder.mkdir()
        for name, content in {**({"incident.yaml": manifest} if manifest is not None else {}), **(files or {})}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return build
