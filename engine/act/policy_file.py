"""The policy file: read again whenever it is asked for, checked whole, and reads alone where it can't be used."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from engine.act.checked_files import CheckedFile
from engine.act.policy import READS_ONLY, SHIPPED, Policy
from primitives.dataclass import dataclass
from primitives.errors import UsageError
from primitives.regular_files import read_regular
from primitives.text import safe_line

__all__ = ["CurrentPolicy", "PolicyDocument", "PolicyFile", "parse_policy"]

_MOST_BYTES: Final = 1_000_000
_SEE: Final = "see docs/policy.md"


class PolicyDocument(BaseModel):
    """A policy file: one key, `policy`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    policy: Policy


@dataclass(frozen=True, slots=True)
class CurrentPolicy:
    """The policy that holds now. `problem` says why the file can't be used; then reads alone are allowed."""

    policy: Policy
    digest: str
    source: str
    problem: str = ""


class PolicyFile:
    """The policy of an engine: that of a file where there is one, else the shipped one.

    A file that was named must be there; at the default place it may be missing.
    """

    def __init__(self, path: Path | None = None, *, required: bool = False) -> None:
        self._path = path
        self._required = required
        self._known: tuple[tuple[int, ...], CurrentPolicy] | None = None

    def current(self) -> CurrentPolicy:
        """The policy as the file has it now. Never raises: with a file that can't be used, reads alone are allowed."""
        mark = self._mark()
        if self._known is None or self._known[0] != mark or not mark:
            self._known = (mark, self._load())
        return self._known[1]

    def _mark(self) -> tuple[int, ...]:
        """What changes whenever the file does; empty where there is none."""
        try:
            status = self._path.stat() if self._path is not None else None
        except OSError:
            return ()
        return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns) if status else ()

    def _load(self) -> CurrentPolicy:
        if self._path is None:
            return _current(SHIPPED, "the shipped policy")
        try:
            data = read_regular(self._path, _MOST_BYTES, what="policy", see=_SEE)
            return _current(parse_policy(data, str(self._path)), str(self._path))
        except FileNotFoundError:
            if not self._required:
                return _current(SHIPPED, "the shipped policy")
            problem = f"{self._path}: no such policy file; {_SEE}"
        except UsageError as error:
            problem = str(error)
        return _current(READS_ONLY, str(self._path), safe_line(problem, limit=500))


def parse_policy(data: bytes, where: str) -> Policy:
    """The policy that a file's bytes hold. Raises `UsageError` with the file, the line, and what was expected."""
    return CheckedFile(data, where, key="policy", see=_SEE).validated(PolicyDocument).policy


def _current(policy: Policy, source: str, problem: str = "") -> CurrentPolicy:
    return CurrentPolicy(policy, policy.digest(), source, problem)
