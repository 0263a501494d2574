"""What every pane looks at: the folded state, and where the person's attention is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.widgets.marks import SymptomCache
    from engine.incident import FoundFact, IncidentState

__all__ = ["Mode", "Playback", "Subject", "View", "still_there"]

Mode = Literal["CONNECTING", "LIVE", "RECORDED", "REPLAY"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the cursor is on: a step, a fact, a hypothesis, an action, or a moment of the timeline."""

    kind: Literal["step", "fact", "hypothesis", "action", "moment", "none"] = "none"
    id: str = ""


@dataclass(slots=True)
class Playback:
    """Where a replay stands: after `seq` of `events` events, at `time`; `speed` 2 is twice as fast as it happened."""

    seq: int = 0
    events: int = 0
    time: datetime | None = None
    begin: datetime | None = None
    end: datetime | None = None
    share: float = 0.0
    speed: float = 1.0
    playing: bool = False
    last: str = ""
    shortened: int = 0


def still_there(state: IncidentState, seen: Sequence[FoundFact]) -> int:
    """How many of the facts in `seen` are the first ones of `state`: all, fewer at an earlier moment, or none.

    A screen shows one log, at whichever moment, and facts only ever join it.
    """
    count = min(len(state.facts), len(seen))
    return count if count and state.facts.get(seen[count - 1].id) == seen[count - 1] else 0


@dataclass(slots=True)
class View:
    """All that is drawn. `state` is None until the first event; `cursor` is the time cursor of the whole screen."""

    state: IncidentState | None = None
    mode: Mode = "CONNECTING"
    title: str = ""
    query: str = ""
    elapsed_s: float = 0.0
    spinner: int = 0
    you: datetime | None = None
    severity: str = ""
    cursor: datetime | None = None
    subject: Subject = field(default_factory=Subject)
    playback: Playback | None = None
    problem: str = ""
    attached: bool = False
    symptom_cache: SymptomCache | None = None
