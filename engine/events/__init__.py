"""Every event: one closed, versioned, discriminated union, and its envelope.

An incident is an append-only list of events, and everything a person sees is a fold over it (`engine.incident`). Bodies
are frozen. The shape of a body changes only together with its `version`; `upcast` converts old bodies when they are
read.
"""

from engine.events.actions import (
    ActionApproved,
    ActionBody,
    ActionChecked,
    ActionConverged,
    ActionDispatched,
    ActionDispatching,
    ActionExpired,
    ActionMeasured,
    ActionPreviewed,
    ActionRefused,
    ActionRejected,
    ActionRequested,
    ActionSettled,
    ActionVerified,
)
from engine.events.conclusions import ConclusionReached, HypothesesRanked
from engine.events.envelope import ENGINE, GENESIS, Event, EventBody, IncidentEvent, InvestigationEvent, Who, event_hash
from engine.events.evidence import AnswerRecorded, FactAdded, FactFound, FactJudged
from engine.events.lifecycle import (
    IncidentClosed,
    InvestigationCancelled,
    InvestigationFinished,
    InvestigationResumed,
)
from engine.events.live import (
    AlertReading,
    LiveBody,
    MetricReading,
    PeriodChosen,
    ReadingTaken,
    SymptomChanged,
    WatchStarted,
    WatchStopped,
    WorkloadReading,
)
from engine.events.notes import NoteAdded
from engine.events.opening import IncidentClassified, IncidentOpened, SourcesChecked, SourceState
from engine.events.steps import (
    PlanConfirmed,
    PlannedStep,
    PlanProposed,
    StepAdded,
    StepFinished,
    StepProgressed,
    StepStarted,
)
from engine.events.union import (
    Body,
    IncidentBody,
    InvestigationBody,
    Statement,
    body_adapter,
    decode_body,
    encode_body,
    in_real_time,
    read_back,
)
from engine.events.upcast import upcast

__all__ = [
    "ENGINE",
    "GENESIS",
    "ActionApproved",
    "ActionBody",
    "ActionChecked",
    "ActionConverged",
    "ActionDispatched",
    "ActionDispatching",
    "ActionExpired",
    "ActionMeasured",
    "ActionPreviewed",
    "ActionRefused",
    "ActionRejected",
    "ActionRequested",
    "ActionSettled",
    "ActionVerified",
    "AlertReading",
    "AnswerRecorded",
    "Body",
    "ConclusionReached",
    "Event",
    "EventBody",
    "FactAdded",
    "FactFound",
    "FactJudged",
    "HypothesesRanked",
    "IncidentBody",
    "IncidentClassified",
    "IncidentClosed",
    "IncidentEvent",
    "IncidentOpened",
    "InvestigationBody",
    "InvestigationCancelled",
    "InvestigationEvent",
    "InvestigationFinished",
    "InvestigationResumed",
    "LiveBody",
    "MetricReading",
    "NoteAdded",
    "PeriodChosen",
    "PlanConfirmed",
    "PlanProposed",
    "PlannedStep",
    "ReadingTaken",
    "SourceState",
    "SourcesChecked",
    "Statement",
    "StepAdded",
    "StepFinished",
    "StepProgressed",
    "StepStarted",
    "SymptomChanged",
    "WatchStarted",
    "WatchStopped",
    "Who",
    "WorkloadReading",
    "body_adapter",
    "decode_body",
    "encode_body",
    "event_hash",
    "in_real_time",
    "read_back",
    "upcast",
]
