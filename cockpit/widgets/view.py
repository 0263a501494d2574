"""What every pane looks at: the folded state, and where the person's attention is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from cockpit.widgets.symptom_cache import SymptomCache

if TYPE_CHECKING:
    from engine.incident import IncidentState

__all__ = ["Mode", "Playback", "Subject", "View"]

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
    symptom_cache: SymptomCache = field(default_factory=SymptomCache)
