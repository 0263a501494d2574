"""What `cloudops doctor` finds out about a source beyond whether it answers."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from primitives.dataclass import dataclass

__all__ = ["Examinable", "ExaminableWriter", "Examination", "Offer"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A source that could be configured: nothing was asked of it. `words` say where it was found."""

    name: str
    kind: str
    settings: dict[str, str]
    words: str


@dataclass(frozen=True, slots=True)
class Examination:
    """As whom a source is asked, what that person may not read and which diagnostics lack it, and its clock.

    `skew_s` is how many seconds its clock is ahead of ours (None: it doesn't say); `notes` are worth knowing and no
    fault; `offers` further sources that it knows of.
    """

    who: str = ""
    missing: tuple[str, ...] = ()
    skew_s: float | None = None
    notes: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()


@runtime_checkable
class Examinable(Protocol):
    """A backend that can be examined; only `doctor` and `setup` ask for it, since it takes more requests."""

    async def examine(self) -> Examination:
        """Find out more. Raises `SourceError`."""
        ...


@runtime_checkable
class ExaminableWriter(Protocol):
    """The writing side of a source whose identity can be tried; only `doctor` asks for it."""

    async def examine(self) -> Examination:
        """Try whether the identity that acts can be had, and what it may not do. Changes nothing. Raises `SourceError`.

        `missing` are the permissions that actions take and it hasn't.
        """
        ...
