"""The desktop of the machine that CloudOps runs on, and the bell of its terminal.

The message is an argument of the desktop's own program: no shell reads it.
"""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Final

from engine.notify.notice import Notice
from engine.notify.receiver import Parcel, RefusedForGood, TryLater
from engine.notify.wording import plain_text

__all__ = ["Desktop", "command_of"]

_WITHIN_S: Final = 10.0
_TERMINAL: Final = Path("/dev/tty")
_SCRIPT: Final = (
    "on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run",
)  # fmt: skip


class Desktop:
    """See the module."""

    secrets: tuple[str, ...] = ()

    def __init__(self, *, bell: bool) -> None:
        self._bell = bell

    async def deliver(self, parcel: Parcel) -> None:
        rang = self._bell and await asyncio.to_thread(_ring)
        command = command_of(parcel.notice)
        if command is None:
            if rang:
                return
            raise RefusedForGood("there is no desktop and no terminal here: install notify-send, or take another kind")
        await _run(command)

    def preview(self, notice: Notice, key: str) -> str:  # noqa: ARG002 - a desktop takes no key
        return plain_text(notice)

    async def close(self) -> None:
        """Nothing is kept open."""


def command_of(notice: Notice) -> list[str] | None:
    """The command that shows the notice; None where this machine has none."""
    title, text = notice.title, f"{notice.heading}. {notice.said}".strip()
    if program := shutil.which("notify-send"):
        # The body may hold markup, the title may not (https://specifications.freedesktop.org/notification-spec).
        level = "critical" if notice.severity == "critical" else "normal"
        return [program, "--app-name=CloudOps", f"--urgency={level}", "--", title, escape(text, quote=False)]
    if program := shutil.which("osascript"):
        return [program, *(part for line in _SCRIPT for part in ("-e", line)), title, text]
    return None


async def _run(command: list[str]) -> None:
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=null, stdout=null, stderr=null)
    try:
        async with asyncio.timeout(_WITHIN_S):
            code = await process.wait()
    except BaseException:  # timed out, or cancelled: the program must not outlive this try
        with suppress(ProcessLookupError):
            process.kill()
        raise
    if code:
        raise TryLater(f"{Path(command[0]).name} ended with code {code}: is somebody logged in on this desktop?")


def _ring() -> bool:
    try:
        with _TERMINAL.open("w") as terminal:
            terminal.write("\a")
    except OSError:
        return False
    return True
