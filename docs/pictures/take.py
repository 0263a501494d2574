"""Takes the README's picture: the real cockpit, in a pseudo-terminal, on a sample incident.

Textual itself writes the SVG (TEXTUAL_SCREENSHOT), so this knows nothing of the cockpit but one key: `y` confirms the
read-only plan.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

COLUMNS, LINES = 120, 36
CONFIRM_AFTER_S, PICTURE_AFTER_S, GIVE_UP_AFTER_S = 5, 14, 60
INCIDENT = Path(__file__).parents[2] / "sample_incidents" / "api-latency-spike"
COCKPIT = "import sys; from cockpit.cli import main; sys.exit(main())"


def take(picture: Path) -> bool:
    """Write the picture; whether it could be taken."""
    picture.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as store:
        child, terminal = os.forkpty()
        if child == 0:
            _become_the_cockpit(picture, Path(store) / "incidents.db")
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        try:
            _watch(terminal, picture)
        finally:
            os.kill(child, signal.SIGTERM)
            os.close(terminal)
            os.waitpid(child, 0)
    return picture.is_file()


def _become_the_cockpit(picture: Path, store: Path) -> None:
    os.environ |= {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "COLUMNS": str(COLUMNS),
        "LINES": str(LINES),
        "TEXTUAL_SCREENSHOT": str(PICTURE_AFTER_S),
        "TEXTUAL_SCREENSHOT_LOCATION": str(picture.parent),
        "TEXTUAL_SCREENSHOT_FILENAME": picture.name,
    }
    os.environ.pop("NO_COLOR", None)
    arguments = ["investigate", "--incident", str(INCIDENT), "--store", str(store)]
    os.execv(sys.executable, [sys.executable, "-c", COCKPIT, *arguments])


def _watch(terminal: int, picture: Path) -> None:
    """Read what the cockpit paints, press the keys in time, and return when the picture is there."""
    start, keys = time.monotonic(), [(CONFIRM_AFTER_S, b"y")]
    while (elapsed := time.monotonic() - start) < GIVE_UP_AFTER_S and not picture.is_file():
        if keys and elapsed > keys[0][0]:
            os.write(terminal, keys.pop(0)[1])
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                os.read(terminal, 65536)
            except OSError:  # the cockpit is gone
                return


if __name__ == "__main__":
    target = Path(__file__).with_name("cockpit.svg")
    sys.exit(0 if take(target) else "cloudops: the cockpit left no picture: run it by hand to see why")
