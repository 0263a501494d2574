"""Kubernetes Secrets written as text: every value under `data`, `stringData` and `binaryData` is redacted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["redact_secret_documents"]

_KIND: Final = lazy_pattern(r"\bkind\\{0,7}[\"']?:[ ]{0,4}\\{0,7}[\"']?Secret\b(?![\w.-])")
_BLOCK: Final = lazy_pattern(r"(?P<indent>[ \t+-]{0,40})(?:data|stringData|binaryData):[ ]{0,8}\r?$")
_ENTRY: Final = lazy_pattern(r"(?P<before>[ \t+-]{0,80}[\w./\"'-]{1,253}:[ ]{0,8})(?P<value>\S.{0,1000000})?$")
_INLINE: Final = lazy_pattern(r"\b(?:data|stringData|binaryData)\\{0,7}[\"']?:[ ]{0,4}\{(?P<inside>[^{}]{0,100000})\}")
_INLINE_VALUE: Final = lazy_pattern(r"(?P<before>:[ ]{0,4}\\{0,7}\")(?P<value>[^\"\\]{1,100000})(?=\\{0,7}\")")
_BLOCK_SCALARS: Final = frozenset({"|", ">", "|-", ">-", "|+", ">+"})


def redact_secret_documents(text: str, replace: Callable[[str], str]) -> str:
    """`text` with the values of each Secret document in it replaced by `replace(value)`."""
    parts = text.split("\n---")
    return "\n---".join(_document(part, replace) if _KIND.search(part) else part for part in parts)


def _document(text: str, replace: Callable[[str], str]) -> str:
    def value(match: re.Match[str]) -> str:
        return match["before"] + replace(match["value"])

    text = _INLINE.sub(lambda match: _INLINE_VALUE.sub(value, match[0]), text)
    lines, depth = text.split("\n"), -1
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip(" \t+-"))
        if block := _BLOCK.match(line):
            depth = len(block["indent"])
        elif depth >= 0 and line.strip():
            if indent <= depth:
                depth = -1
            else:
                lines[number] = _line(line, indent, replace)
    return "\n".join(lines)


def _line(line: str, indent: int, replace: Callable[[str], str]) -> str:
    entry = _ENTRY.match(line)
    if entry is None:
        return line[:indent] + replace(line[indent:])
    value = entry["value"] or ""
    return line if not value or value in _BLOCK_SCALARS else entry["before"] + replace(value)
