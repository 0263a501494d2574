"""Fault injection for tests only: kill points and one deliberate bug.

Both are for the kill harness (tests/faults). `CLOUDOPS_FAILPOINT=name` or `name:nth` sends SIGKILL to the process when
it passes that point (for the nth time); `CLOUDOPS_PLANTED_BUG=ack-before-commit` makes the store acknowledge events
before they are durable.
"""

from __future__ import annotations

import os
import signal

__all__ = ["arm", "failpoint", "planted"]

_name = ""
_passes_left = 0
_bug = os.environ.get("CLOUDOPS_PLANTED_BUG", "")


def arm(specification: str) -> None:
    """Kill this process at `name` or `name:nth`; an empty specification disarms."""
    global _name, _passes_left  # noqa: PLW0603 - one switch for the whole process
    _name, _, nth = specification.partition(":")
    _passes_left = int(nth or 1)


def failpoint(name: str) -> None:
    """A point at which a test can kill the process; does nothing unless it is armed."""
    global _passes_left  # noqa: PLW0603 - one switch for the whole process
    if name == _name:
        _passes_left -= 1
        if _passes_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def planted(bug: str) -> bool:
    """Whether the harness planted this bug."""
    return bug == _bug


arm(os.environ.get("CLOUDOPS_FAILPOINT", ""))
