"""Snapshots of folded states: a cache that makes opening and seeking in long logs fast, and can be deleted.

One is taken every `EVERY` events, but not before the events since the last one are half the state's size: so the
nearest is at most 1,000 events away where states are small, and where they grow with every event (facts) all snapshots
together stay in proportion to the log. A finished investigation is mostly opened at its end: one is taken there, too.
"""

from __future__ import annotations

import hashlib
import pkgutil
from functools import cache

from engine.incident import IncidentState
from engine.log.blobs import pack, unpack
from engine.store.rows import SnapshotRow
from primitives import __version__
from primitives.collector import collector_paused
from primitives.dataclass import dataclass

__all__ = ["EVERY", "Snapshots", "fold_version", "read_snapshot"]

EVERY = 1_000
_STATE_PER_LOG = 2
# What makes a state of events: a change in one of these makes older snapshots useless.
_FOLD = (
    "incident.py",
    "state/investigation.py",
    "state/steps.py",
    "state/actions.py",
    "state/notes.py",
    "events/upcast.py",
)


@dataclass(slots=True)
class Snapshots:
    """When the next snapshot of an execution is due."""

    events: int = 0
    log_size: int = 0
    state_size: int = 0

    def after(self, state: IncidentState, body_size: int) -> SnapshotRow | None:
        """A snapshot of `state`, to which an event of `body_size` bytes was just applied, when one is due."""
        self.events += 1
        self.log_size += body_size
        if self.events < EVERY or (self.log_size * _STATE_PER_LOG < self.state_size and not state.ended):
            return None
        data = state.encode()
        self.events, self.log_size, self.state_size = 0, 0, len(data)
        digest = hashlib.sha256(data).hexdigest()
        return SnapshotRow(state.execution_id, state.seq, state.hash, fold_version(), len(data), digest, pack(data))


def read_snapshot(row: SnapshotRow) -> IncidentState | None:
    """The state that the snapshot holds, or None when it is damaged or of another event."""
    try:
        raw = unpack(row.data, row.size)
        if hashlib.sha256(raw).hexdigest() != row.digest:
            return None
        with collector_paused():
            state = IncidentState.decode(raw)
    except (ValueError, TypeError):
        return None
    same = (state.execution_id, state.seq, state.hash) == (row.execution_id, row.seq, row.hash)
    return state if same else None


@cache
def fold_version() -> str:
    """Which fold made a snapshot: one that another version of the code folded is never used."""
    digest = hashlib.sha256()
    for file in _FOLD:
        digest.update(pkgutil.get_data("engine", file) or b"")
    return f"{__version__}+{digest.hexdigest()[:12]}"
