"""`python -m benchmarks`: run all benchmarks or those that are named, and print one table."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Result, document, render_table
from benchmarks.isolated import isolated
from benchmarks.options import Options
from benchmarks.registry import BENCHMARKS, measure

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and return 1 when a benchmark failed (or, with `--check`, when a target was missed)."""
    options = _parse(arguments)
    result = Result()
    with tempfile.TemporaryDirectory(prefix="cob-", dir=options.scratch) as scratch:
        for name in options.names or BENCHMARKS:
            _note(f"{name} ...")
            _run(name, Options(quick=options.quick, scratch=Path(scratch)), result)
        _note("")
    as_json = json.dumps(document(result, at=datetime.now(UTC), quick=options.quick), indent=2, ensure_ascii=False)
    if options.json == "-":
        print(as_json)
    else:
        print(render_table(result), end="")
        if options.json:
            Path(options.json).write_text(as_json + "\n", encoding="utf-8")
    missed = any(figure.met is False for figure in result.figures)
    return 1 if result.failed or (options.check and missed) else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="How fast CloudOps is (docs/benchmarks.md)."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to run [default: all]: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", metavar="FILE|-", help="write JSON too, or (-) print it instead of the table")
    parser.add_argument("--quick", action="store_true", help="measure less: about a minute")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is missed")
    parser.add_argument("--scratch", type=Path, default=_disk(), help="a folder on a real disk [default: %(default)s]")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    if not options.scratch.is_dir():
        parser.error(f"{options.scratch} is no folder")
    return options


def _disk() -> Path:
    """A folder that is not in memory where there is one: what is durable has to be measured on a disk."""
    kept = Path("/var/tmp")
    return kept if kept.is_dir() else Path(tempfile.gettempdir())


def _run(name: str, options: Options, result: Result) -> None:
    try:
        given = isolated(measure, name, options)
    except Exception as error:  # The other benchmarks' figures are still worth having.
        result.failed.append(f"{name}: {type(error).__name__}: {error}")
    else:
        result.figures += given.figures
        result.notes += given.notes
        result.failed += given.failed


def _note(message: str) -> None:
    """What is under way, for whoever waits at a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{message}")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
