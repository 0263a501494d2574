"""The service's own log: one JSON object a line on standard error, without credentials."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TextIO

from primitives.redact import Redactor
from primitives.text import safe_line

__all__ = ["JsonLines", "log_as_json"]

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Each record with its time, level, event and extra fields; of an exception its type, message and place."""

    def __init__(self) -> None:
        super().__init__()
        self._redactor = Redactor()

    def know(self, secrets: Iterable[str]) -> None:
        """Hide these wherever they stand."""
        self._redactor = Redactor(secrets)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self._clean(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line[name] = value if isinstance(value, int | float | bool | None) else self._clean(str(value))
        if record.exc_info and (error := record.exc_info[1]) is not None:
            line["exception"] = self._clean(f"{type(error).__name__}: {error}")
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            if trace is not None:
                line["at"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        return json.dumps(line, ensure_ascii=False)

    def _clean(self, text: str) -> str:
        return self._redactor.redact(safe_line(text, limit=2_000))


def log_as_json(stream: TextIO, level: str = "info") -> JsonLines:
    """Send the service's log, and warnings of the libraries that it uses, to `stream`."""
    handler, lines = logging.StreamHandler(stream), JsonLines()
    handler.setFormatter(lines)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("cloudops").setLevel(level.upper())
    return lines
