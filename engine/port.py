"""The interface of an engine: requests, commands and operations, the same in-process and over its socket."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Literal, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from engine.act.playbooks import Playbook
from engine.alerts import AlertGroup, Quarantined
from engine.events import Event
from engine.incident import IncidentState
from engine.listings import AuditResult, IncidentSummary
from engine.notify.delivery import Delivery
from engine.operations import BYTES, EVENTS, STATE, SUMMARIES, TIMES, operation, operations_of, typed
from engine.presence import Looking, Viewer
from primitives.sources import NO_SOURCES, SourceDirectory

__all__ = [
    "OPERATIONS",
    "ActionCommand",
    "AddFact",
    "AddNote",
    "ApproveAction",
    "AskNext",
    "AuditResult",
    "Cancel",
    "CloseIncident",
    "Command",
    "ConfirmPlan",
    "ContinueAction",
    "EnginePort",
    "Exclude",
    "HoldHypothesis",
    "IncidentCommand",
    "IncidentSummary",
    "Investigate",
    "Judge",
    "KeepAction",
    "PinFact",
    "PrepareAction",
    "RefuteFact",
    "RejectAction",
    "RunDiagnostic",
    "Statement",
    "Undo",
    "Watch",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Investigate(_Frozen):
    """Open an investigation: of a bundle (an absolute path), or of live `sources` by their names (none: the default).

    `definitions` are the client's own sources, for an engine in another process; they win over that engine's. They are
    held in memory only: no event has them. `confirm` says that a person must confirm the read-only plan before it runs.
    Of live sources `since` and `until` are the window to look at, `at` is a moment of the trouble. `alert` is what a
    provider sent, as JSON; `at` is then when it began to fire. `incident_id` is for who must find the incident again
    after a crash. `playbooks` extend and reorder what is proposed.
    """

    query: str | None = None
    bundle: str | None = None
    resource: str | None = None
    sources: tuple[str, ...] = ()
    definitions: SourceDirectory = Field(NO_SOURCES, repr=False)
    confirm: bool = True
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    at: AwareDatetime | None = None
    alert: Any = Field(None, repr=False)
    incident_id: str | None = Field(None, pattern=r"^inc-[0-9a-f]{8}$")
    playbooks: tuple[Playbook, ...] = ()


class ConfirmPlan(_Frozen):
    """Run the read-only plan."""

    type: Literal["confirm_plan"] = "confirm_plan"


class Cancel(_Frozen):
    """Stop the investigation; what was found stays."""

    type: Literal["cancel"] = "cancel"


class PinFact(_Frozen):
    """The fact `fact` (an id) is certain."""

    type: Literal["pin_fact"] = "pin_fact"
    fact: str


class RefuteFact(_Frozen):
    """The fact `fact` (an id) is wrong."""

    type: Literal["refute_fact"] = "refute_fact"
    fact: str


class AddFact(_Frozen):
    """What a person knows: in words (`text`), or a whole typed fact as a JSON object in `text`.

    `about` names the resource; `cause` a cause of the catalogue that it speaks for. Without a cause its words are read
    as those of a log message.
    """

    type: Literal["add_fact"] = "add_fact"
    text: str
    about: str | None = None
    cause: str | None = None


class HoldHypothesis(_Frozen):
    """The hypothesis `hypothesis` (an id) is right, as far as the person knows."""

    type: Literal["hold_hypothesis"] = "hold_hypothesis"
    hypothesis: str


class Exclude(_Frozen):
    """It isn't `what`: a hypothesis's id, a resource, a kind of resource, a change, a cause or a class of causes."""

    type: Literal["exclude"] = "exclude"
    what: str


class Undo(_Frozen):
    """Take back what was said of `what`: a fact's or a hypothesis's id."""

    type: Literal["undo"] = "undo"
    what: str


Statement = Annotated[
    PinFact | RefuteFact | AddFact | HoldHypothesis | Exclude | Undo,
    Field(discriminator="type"),
]
"""What a person can say about facts and causes."""


class Judge(_Frozen):
    """Say all of `statements`, or where one makes no sense none; the ranking follows at once.

    It works during an investigation, after its end and while it is interrupted.
    """

    type: Literal["judge"] = "judge"
    statements: tuple[Statement, ...]
    because: str = ""


class AskNext(_Frozen):
    """Run the next best diagnostic, also when the answer seems settled; after the end the investigation goes on.

    One that has ended and was live asks `sources` then; without any, those that its log names. `definitions` are as in
    `Investigate`.
    """

    type: Literal["ask_next"] = "ask_next"
    sources: tuple[str, ...] = ()
    definitions: SourceDirectory = Field(NO_SOURCES, repr=False)


class RunDiagnostic(_Frozen):
    """Run a diagnostic that no plan takes on one target; after the end the investigation goes on for it.

    `primitive` is its name and `target` what it takes for one, as in a recommended look. `sources` and `definitions`
    are as in `AskNext`.
    """

    type: Literal["run_diagnostic"] = "run_diagnostic"
    primitive: str
    target: Mapping[str, str | int | float | bool | None]
    sources: tuple[str, ...] = ()
    definitions: SourceDirectory = Field(NO_SOURCES, repr=False)


class AddNote(_Frozen):
    """Write a note for other people; reasoning doesn't read it. `at` is the moment of the incident that it is about."""

    type: Literal["add_note"] = "add_note"
    text: str
    at: AwareDatetime | None = None


class Watch(_Frozen):
    """Ask a live incident's sources again every `every_s` seconds, with at most `questions` questions in all.

    Whoever looks says this again and again: the questions stop a few looks after nobody does. Only the first one
    begins to watch, and sets how. `sources` and `definitions` are as in `AskNext`.
    """

    type: Literal["watch"] = "watch"
    every_s: float = Field(default=15.0, ge=1.0, le=3600.0)
    questions: int = Field(default=2_000, ge=1)
    sources: tuple[str, ...] = ()
    definitions: SourceDirectory = Field(NO_SOURCES, repr=False)


class CloseIncident(_Frozen):
    """Close the incident for good: nothing may follow in its log. An interrupted investigation ends with it."""

    type: Literal["close_incident"] = "close_incident"
    because: str = ""


IncidentCommand = ConfirmPlan | Cancel | Judge | AskNext | RunDiagnostic | Watch | AddNote | CloseIncident
"""What a person can tell an incident of its investigation, its facts and its end."""


class PrepareAction(_Frozen):
    """Check and preview a recommended action, by its id, or the undoing of the run `undo`; nothing is changed yet.

    It then waits for `ApproveAction`, unless it is a `dry_run`. `sources` and `definitions` are as in `AskNext`.
    """

    type: Literal["prepare_action"] = "prepare_action"
    action: str = ""
    undo: str = ""
    dry_run: bool = False
    sources: tuple[str, ...] = ()
    definitions: SourceDirectory = Field(NO_SOURCES, repr=False)


class ApproveAction(_Frozen):
    """Approve the plan of a run, by its digest; `typed` is the resource's name where the policy wants it typed."""

    type: Literal["approve_action"] = "approve_action"
    run: str
    digest: str
    typed: str = ""


class RejectAction(_Frozen):
    """Reject the plan of a run, which is void then."""

    type: Literal["reject_action"] = "reject_action"
    run: str
    because: str = ""


class ContinueAction(_Frozen):
    """Continue an interrupted run: what became of its call is read first, and nothing is sent twice."""

    type: Literal["continue_action"] = "continue_action"
    sources: tuple[str, ...] = ()
    definitions: SourceDirectory = Field(NO_SOURCES, repr=False)


class KeepAction(_Frozen):
    """Keep what a run did, although it hasn't helped or nobody can tell."""

    type: Literal["keep_action"] = "keep_action"
    run: str
    because: str = ""


ActionCommand = PrepareAction | ApproveAction | RejectAction | ContinueAction | KeepAction
"""What a person can say of the runs of actions."""

Command = Annotated[IncidentCommand | ActionCommand, Field(discriminator="type")]
"""What a person can tell an incident."""


class EnginePort(Protocol):
    """An engine in this process or in another. Errors are those of `primitives.errors`.

    A new operation is one method here and one of the same name in `engine.engine.Engine`; every way to an engine has it
    then (see `engine.operations`).
    """

    @operation(typed(str), tells_who=True, begins=True)
    async def investigate(self, request: Investigate) -> str:
        """Open an investigation and return its execution id at once; follow it to see it."""
        ...

    @operation(typed(bool), begins=True)
    async def resume(
        self, execution_id: str, *, sources: tuple[str, ...] = (), definitions: SourceDirectory = NO_SOURCES
    ) -> bool:
        """Resume an interrupted investigation; False when it has ended or runs already.

        A live one asks `sources`; without any, those that its log names. `definitions` are as in `Investigate`.
        """
        ...

    @operation(typed(None), tells_who=True)
    async def send(self, execution_id: str, command: Command) -> None:
        """Give a command to a running investigation; raises `UsageError` where it makes no sense now."""
        ...

    @operation(EVENTS)
    def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        """The events after sequence number `after`, in batches, in order.

        It ends with the log or, when `live` and the investigation runs, with the investigation.
        """
        ...

    @operation(typed(tuple[Viewer, ...]), tells_who=True, lasts=True)
    def presence(self, execution_id: str, viewer: str) -> AsyncIterator[tuple[Viewer, ...]]:
        """Be seen on an incident while this is read; yields everybody who is there, at once and after each change."""
        ...

    @operation(typed(None), tells_who=True)
    async def look(self, execution_id: str, viewer: str, looking: Looking) -> None:
        """Tell the others on an incident what `viewer`, who is there, looks at now."""
        ...

    @operation(EVENTS)
    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        """At most `limit` events after sequence number `after`, in order; none of an execution that isn't there."""
        ...

    @operation(TIMES)
    async def times(self, execution_id: str) -> array[float]:
        """When each event came, in seconds since 1970 (UTC), in the order of the log; much quicker than reading it."""
        ...

    @operation(STATE)
    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        """The state after `seq` events (None: after all)."""
        ...

    @operation(typed(str))
    async def resolve(self, name: str) -> str:
        """The execution id that `name` means.

        That is an execution's id, an unambiguous start of one, or an incident's id (its latest execution). Raises
        `UsageError` when there is none.
        """
        ...

    @operation(SUMMARIES)
    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        """What the store holds, newest first: all, or the first `limit`."""
        ...

    @operation(BYTES)
    async def blob(self, digest: str) -> bytes:
        """The bytes that were stored under `digest`: a recorded answer (`primitives.answers.decode_answer`).

        Raises `StoreError` when the store doesn't have them.
        """
        ...

    @operation(typed(tuple[AuditResult, ...]))
    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        """Check the hash chain of one execution, or of all."""
        ...

    @operation(typed(tuple[AlertGroup, ...]))
    async def alert_groups(self) -> tuple[AlertGroup, ...]:
        """What alerts came in during the last days, the group that was heard of last first."""
        ...

    @operation(typed(AlertGroup), tells_who=True)
    async def take_alert(self, name: str) -> AlertGroup:
        """Look after a group of alerts, by its id or that of its incident. Raises `UsageError` when there is none."""
        ...

    @operation(typed(tuple[Any, ...]))
    async def alert_payloads(self, name: str) -> tuple[Any, ...]:
        """The first payloads of a group of alerts as their provider sent them, without credentials."""
        ...

    @operation(typed(tuple[Quarantined, ...]))
    async def quarantined(self) -> tuple[Quarantined, ...]:
        """Genuine deliveries that could not be read, the latest first."""
        ...

    @operation(typed(tuple[Delivery, ...]))
    async def deliveries(self) -> tuple[Delivery, ...]:
        """The notices that wait or can't be delivered, then those that were delivered last."""
        ...

    @operation(typed(int))
    async def retry_deliveries(self, keys: tuple[str, ...] = ()) -> int:
        """Try notices again that were given up: those whose key begins so, or all. Returns how many."""
        ...

    @operation(typed(tuple[str, ...]))
    async def back_up(self, folder: str) -> tuple[str, ...]:
        """Copy the store, and what came in, into a folder while they are used. Returns the files."""
        ...

    async def close(self) -> None:
        """Disconnect. An engine in this process stops its investigations and closes its store."""
        ...


OPERATIONS = operations_of(EnginePort)
"""Every operation by its name."""
