"""Every error that CloudOps raises on purpose.

CloudopsError
├── UsageError          the caller asked for something that makes no sense           exit 2
├── BundleError         an incident bundle can't be read: file, line, what was expected  exit 2
├── SourceError         a source of telemetry did not answer                         exit 3
│   ├── SourceDenied        it answered "no": credentials or permissions
│   ├── SourceThrottled     it asked us to slow down
│   ├── SourceTimeout       it did not answer in time
│   └── SourceUnreachable   it could not be reached at all
├── StoreError          the store can't be read or written                           exit 3
│   ├── HeadMoved           another writer appended to the log first
│   ├── StoreBusy           another process has it locked and does not answer
│   ├── StoreCorrupt        its contents are damaged
│   └── StoreTooNew         a newer CloudOps wrote it
├── EngineGone          the engine this client was attached to went away             exit 3
├── OutputError         the results can't be written to where they should go         exit 3
├── Interrupted         a signal ended it                                            exit 130
└── PolicyError         denied by the policy, or not approved; nothing was sent      exit 4

A message is one line that says what happened, to what, and what to do about it.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BundleError",
    "CloudopsError",
    "EngineGone",
    "HeadMoved",
    "Interrupted",
    "OutputError",
    "PolicyError",
    "SourceDenied",
    "SourceError",
    "SourceThrottled",
    "SourceTimeout",
    "SourceUnreachable",
    "StoreBusy",
    "StoreCorrupt",
    "StoreError",
    "StoreTooNew",
    "UsageError",
]


class CloudopsError(Exception):
    """The root. `exit_code` is what a command that ends with this error returns.

    Its text is safe to show: values from outside that were put into it are sanitised and redacted.
    """

    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        from primitives.quoting import safe_message

        return safe_message(super().__str__())


class UsageError(CloudopsError):
    """Wrong use or wrong input."""

    exit_code = 2


class BundleError(CloudopsError):
    """An incident bundle can't be read.

    `where` names the file inside the bundle (with `:line` where there is one).
    """

    exit_code = 2

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where}: {problem}")


class SourceError(CloudopsError):
    """A source of telemetry did not answer; `source` is the backend's name."""

    exit_code = 3

    def __init__(self, source: str, problem: str) -> None:
        self.source = source
        self.problem = problem
        super().__init__(f"{source}: {problem}")


class SourceDenied(SourceError):
    """The source refused: credentials or permissions are missing."""


class SourceThrottled(SourceError):
    """The source asked for fewer requests."""


class SourceTimeout(SourceError):
    """The source did not answer in time."""


class SourceUnreachable(SourceError):
    """The source could not be reached."""


class StoreError(CloudopsError):
    """The store can't be read or written (full, read-only, on a network file system, ...)."""

    exit_code = 3


class HeadMoved(StoreError):
    """Another writer appended to the log first: it doesn't end where this writer expected. Nothing was kept."""


class StoreBusy(StoreError):
    """Another process has the store locked and does not answer."""


class StoreCorrupt(StoreError):
    """The store's contents are damaged."""


class StoreTooNew(StoreError):
    """A newer version of CloudOps wrote the store."""


class EngineGone(CloudopsError):
    """The engine that this client was attached to went away."""

    exit_code = 3


class OutputError(CloudopsError):
    """The results can't be written to where they should go."""

    exit_code = 3


class Interrupted(CloudopsError):
    """A signal ended it, or a reader that left."""

    exit_code = 130


class PolicyError(CloudopsError):
    """A policy denied an action, nobody approved it, or its incident is a recording. Nothing was sent.

    A cockpit that is left before its plan was confirmed ends with the same code (`cockpit/screens/live.py`).
    """

    exit_code = 4
