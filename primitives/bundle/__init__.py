"""Reading and writing incident bundles (docs/bundles.md)."""

from __future__ import annotations

from primitives.bundle.manifest import Manifest
from primitives.bundle.parts import BundleParts
from primitives.bundle.reader import Bundle, read_bundle
from primitives.bundle.writer import write_bundle

__all__ = ["Bundle", "BundleParts", "Manifest", "read_bundle", "write_bundle"]
