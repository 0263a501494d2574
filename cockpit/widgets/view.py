"""The data that every pane draws: the folded state, the cursor, the replay's position."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from cockpit.widgets.last_bad import Failures
from cockpit.widgets.next_step import NextStep
from cockpit.widgets.symptom_cache import SymptomCache
from primitives.dataclass import dataclass
from primitives.display_names import full_name

if TYPE_CHECKING:
    from engine.condition import Condition
    from engine.incident import IncidentState
    from engine.naming import NamesOfState
    from engine.presence import Viewer
    from primitives.display_names import NameOf

__all__ = ["Mode", "Playback", "Scale", "Subject", "SubjectKind", "View"]

Scale = Literal["investigation", "incident"]
Mode = Literal["CONNECTING", "LIVE", "RECORDED", "REPLAY"]

SubjectKind = Literal[
    "step", "fact", "hypothesis", "action", "moment", "symptom", "would_change", "resource", "note", "none"
]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the cursor is on.

    `would_change` is a condition that would change the ranking, in its own words. `symptom`: nobody has moved the
    cursor yet, so what is wrong is shown.
    """

    kind: SubjectKind = "none"
    id: str = ""


@dataclass(slots=True)
class Playback:
    """Where a replay stands: after `seq` of `events` events, at `time`; `speed` 2 is twice as fast as it happened.

    `scale` says whose time is played: that of the investigation, event by event, or that of the incident, which the
    time cursor goes through.
    """

    seq: int = 0
    events: int = 0
    time: datetime | None = None
    begin: datetime | None = None
    end: datetime | None = None
    share: float = 0.0
    scale: Scale = "investigation"
    loop: bool = False
    speed: float = 1.0
    playing: bool = False
    last: str = ""
    shortened: int = 0


@dataclass(slots=True)
class View:
    """All that is drawn.

    `state` is None until the first event; `cursor` is the time cursor of the whole screen; `now` is the incident's
    time: of a recording its end, live the present. `watched` while the incident's numbers are asked again and again.
    `drill` while the hypotheses are hidden from whoever is to find the cause. `others` look at the same incident in
    other cockpits, `me` and `me_id` are the name and id that they see, `following` the id of whose view is followed.
    """

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
    now: datetime | None = None
    watched: bool = False
    drill: bool = False
    others: tuple[Viewer, ...] = ()
    me: str = ""
    me_id: str = ""
    following: str = ""
    symptom_cache: SymptomCache = field(default_factory=SymptomCache)
    next_step: NextStep = field(default_factory=NextStep)
    failures: Failures = field(default_factory=Failures)
    names_of_state: NamesOfState | None = None

    def is_later(self, moment: datetime | None) -> bool:
        """Whether `moment` had not come yet at the time cursor."""
        return self.cursor is not None and moment is not None and moment > self.cursor

    @property
    def hides_later(self) -> bool:
        """Whether what came after the time cursor is gone and not only dim: while the incident's time is played."""
        return self.playback is not None and self.playback.scale == "incident" and self.cursor is not None

    @property
    def alarm(self) -> str:
        """What the moment is called at which it was noticed: `alert`, or `detection` where no alert is known."""
        state = self.state
        if state is None or state.opened is None or state.opened.alert:
            return "alert"
        return "alert" if self.symptom_cache.gather(state).has_alert else "detection"

    @property
    def condition(self) -> Condition:
        """Whether what raised the alarm is still bad. Needs a state."""
        assert self.state is not None
        return self.symptom_cache.gather(self.state).condition(self.state)

    @property
    def names(self) -> NameOf:
        """What to call each resource: the shortest name that is unambiguous in what is known by now."""
        if self.state is None:
            return full_name
        if self.names_of_state is None:
            # The engine is there by the time that there is a state; the first frame must not wait for it.
            from engine.naming import NamesOfState

            self.names_of_state = NamesOfState()
        return self.names_of_state.of(self.state)
