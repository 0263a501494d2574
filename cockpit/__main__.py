"""The `cloudops` process: its signals and streams from the first moment to the last, around `cockpit.cli`."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn, TextIO

__all__ = ["COLLECT_AFTER", "main"]

INTERRUPTED = 130
# How many more containers are made than freed before the collector looks for cycles among the youngest. Python's 700 is
# meant for machines of the nineties; one young collection of so many takes a few milliseconds.
COLLECT_AFTER = 50_000
_LEAVING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> NoReturn:
    """Run the command line and end the process with its exit code; whatever happens, there is no traceback.

    The interpreter's own clean-up is skipped: everything is written and closed by then, and to take every object apart
    would only cost time, and give a late signal or a full pipe something to complain about.
    """
    os._exit(_flush_streams(_run()))


def _run() -> int:
    try:
        _handle(_interrupt)
        _open_streams()
        _make_start_cheap()
        from cockpit.cli import main as run

        code = run()
    except KeyboardInterrupt:
        code = _complain("interrupted", INTERRUPTED)
    except Exception as error:  # The last edge: a fault of ours must not spill its inside over a person's screen.
        if os.environ.get("CLOUDOPS_DEBUG"):
            raise
        code = _complain(*_problem(error))
    # Everything is closed; the result stands, whatever signal still comes.
    _handle(lambda *_: os._exit(_flush_streams(code)))
    return code


def _problem(error: Exception) -> tuple[str, int]:
    """What to say of an error that nobody foresaw, and the exit code; too low a limit is no fault of ours."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many files are open: raise the limit, such as with `ulimit -n 1024`", 3
    return f"{type(error).__name__}: {error}; this is a bug: report it with what CLOUDOPS_DEBUG=1 shows", 1


def _make_start_cheap() -> None:
    """Save what other programs need while they load, and this one doesn't.

    pydantic would look through every installed package for plugins of its own. OpenBLAS, on which numpy stands, would
    start a thread for each processor, for matrices that we don't have. Modules, classes and models, which live to the
    end, would be walked by the garbage collector again and again as they grow in number.
    """
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])


def _interrupt(*_: object) -> None:
    """Before a command runs nothing is open, so there is nothing to close.

    Nothing is raised either: an exception in the midst of an import can crash an extension module (numpy 2.4 does).
    """
    with suppress(OSError):
        os.write(2, b"cloudops: interrupted\n")
    os._exit(INTERRUPTED)


def _handle(handler: object) -> None:
    """Install `handler`, but for signals that our starter had ignored (`nohup`, a shell's background jobs)."""
    for number in _LEAVING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)  # type: ignore[arg-type]


def _open_streams() -> None:
    """Point closed standard streams at nothing, or the next file that is opened would become one of them.

    Through a pipe or into a file goes UTF-8, whatever the locale; a terminal of another encoding shows `?` for what it
    doesn't have.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")  # type: ignore[union-attr]


def _flush_streams(code: int) -> int:
    """Flush the standard streams and return the exit code: another one than 0 if a result could not be written.

    What a failed write left in a stream's buffer would be written again when the interpreter exits, and end in exit
    code 120 and a message of Python's own, so a stream that can't be flushed is pointed at the null device.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            code = code or INTERRUPTED
            _point_at_null(stream)
        except (OSError, ValueError) as error:
            _point_at_null(stream)
            if code == 0 and stream is sys.stdout:
                reason = getattr(error, "strerror", None) or error
                code = _complain(f"the output can't be written ({reason}); send it elsewhere", 3)
    return code


def _point_at_null(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def _complain(message: str, code: int) -> int:
    from primitives.quoting import safe_message

    with suppress(OSError):
        sys.stderr.write(f"cloudops: {safe_message(message)}\n")
        sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()
