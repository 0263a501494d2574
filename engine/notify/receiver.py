"""What a receiver does: it delivers one notice, and says when to try again or why never."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from typing import Any, Protocol

from engine.notify.notice import Notice
from primitives.dataclass import dataclass
from primitives.errors import CloudopsError

__all__ = ["NothingToDo", "Parcel", "Receiver", "RefusedForGood", "TryLater"]

Save = Callable[[Mapping[str, Any], Mapping[str, Any]], Awaitable[None]]


class TryLater(CloudopsError):
    """Not delivered, and a later try may help.

    `wait_s` is what the receiver asked for. With `pause` everything for this receiver waits that long.
    """

    exit_code = 3

    def __init__(self, problem: str, wait_s: float | None = None, *, pause: bool = False) -> None:
        super().__init__(problem)
        self.wait_s = wait_s
        self.pause = pause


class RefusedForGood(CloudopsError):
    """Not delivered, and no later try will help: somebody has to change something first."""

    exit_code = 3


class NothingToDo(CloudopsError):
    """The receiver finds that the notice isn't for it: the delivery is dropped."""


@dataclass(slots=True)
class Parcel:
    """A notice on its way to one receiver.

    `key` is what the receiver may know it by; the same notice always has the same. `again` says that an earlier try was
    made whose outcome isn't known. `progress` is what the receiver keeps of this notice, `thread` of the incident; both
    are durable once `save` returns.
    """

    notice: Notice
    key: str
    again: bool = False
    progress: dict[str, Any] = field(default_factory=dict)
    thread: dict[str, Any] = field(default_factory=dict)
    keep: Save | None = None

    async def save(self) -> None:
        """Keep `progress` and `thread` before the next call to the receiver is made."""
        if self.keep is not None:
            await self.keep(self.progress, self.thread)


class Receiver(Protocol):
    """Delivers notices. `secrets` are its credentials: no message may have them."""

    @property
    def secrets(self) -> tuple[str, ...]: ...

    async def deliver(self, parcel: Parcel) -> None:
        """Deliver it. Raises `TryLater`, `RefusedForGood` or `NothingToDo`."""
        ...

    def preview(self, notice: Notice, key: str) -> str:
        """What it would send, as text, for `cloudops notifications try --dry-run`."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
