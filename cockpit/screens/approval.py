"""The approval of an action: a modal that is drawn only from the plan that its digest binds, and what leads to it."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.widgets import Input

from cockpit.plan_text import LABEL_WIDTH, plan_parts, short_digest
from cockpit.screens.prompts import LINE_BREAKS, SCROLLING, Modal, Prompt
from cockpit.screens.requesting import RequestingScreen
from cockpit.widgets.draw import Line, Styles, cells, sanitised, wrap
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.events import Key

    from engine.act.plan import ActionPlan
    from engine.state.runs import ActionRun

__all__ = ["ActingScreen", "ApprovalPrompt", "needs_name"]

GUARD_S: Final = 0.5
"""Keys count only this long after the modal was seen: nobody reads it faster."""
FIELD_MARGIN: Final = 2
"""Cells left and right of the field's text."""
_ROLES: Final = {"+": "good", "-": "bad"}
_ALWAYS: Final = frozenset({"escape", "ctrl+c"})


def needs_name(plan: ActionPlan) -> bool:
    """Whether the name must be typed: where the policy says so, for a delete, and unless the risk is low."""
    return plan.typed or plan.risk != "low" or plan.effect == "delete"


class ApprovalPrompt(Modal):
    """Shows the plan of a run and calls `approve`, once, or nothing at all.

    It stays until whoever approves closes it, so that nothing is drawn between the key and the request.

    The focus starts on Cancel, where Enter leaves. Where the risk is low, `y` approves. Otherwise Tab moves to the
    field, and Enter approves when it holds the exact name; on any other entry the modal says so and stays.
    """

    AUTO_FOCUS = "Prompt"
    writes = "all"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "answer('')"),
        Binding("ctrl+c", "answer('')", priority=True),
        Binding("y", "approve_low"),
        Binding("enter", "cancel"),
        Binding("tab,shift+tab", "turn", priority=True),
        *SCROLLING,
    ]

    def __init__(self, run: ActionRun, styles: Styles, approve: Callable[[ApprovalPrompt], None]) -> None:
        super().__init__()
        self.approved = False
        self._approve = approve
        assert run.plan is not None
        self.run_id = run.id
        self._run = run
        self._plan = run.plan
        self._styles = styles
        self._typed = needs_name(run.plan)
        self._said = ""

    def prompt(self) -> Prompt:
        name = sanitised(self._plan.name) if self._typed else ""
        return _Plan(self._lines, self._styles, self._footing(), name)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(1.0, self._tick)

    def accept(self, key: Key, *, in_burst: bool) -> Key | None:
        """No key from before the modal was seen; pasted text goes into the field alone, and never submits it."""
        if key.key in _ALWAYS:
            return key
        if key.time < (self._painted_at if self._painted_at is not None else inf) + GUARD_S:
            return None
        if not in_burst:
            return key
        in_field = isinstance(self.focused, Input)
        return key if in_field and key.is_printable and key.key not in LINE_BREAKS else None

    def action_turn(self) -> None:
        """Between Cancel and the field."""
        entry = self._entry
        if entry is not None and self.focused is not entry:
            entry.focus()
        else:
            self.query_one(Prompt).focus()

    def action_approve_low(self) -> None:
        """`y`, where that is enough."""
        if not self._typed:
            self._give_approval()

    def _give_approval(self) -> None:
        if not self.approved and not self.void:
            self.approved = True
            self._approve(self)

    def action_cancel(self) -> None:
        """Enter on Cancel."""
        self.action_answer("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        if self.void:
            return
        if event.value == self._plan.name:
            self._give_approval()
        else:
            # Kept: the countdown writes the footing anew every second.
            self._said = "not approved: that is not the name"
            self.query_one(_Plan).say(self._said, self._footing())

    @property
    def _entry(self) -> Input | None:
        return next(iter(self.query(Input)), None)

    def _tick(self) -> None:
        self.query_one(_Plan).say(self._said, self._footing())
        self.follow()

    def follow(self) -> None:
        if not self.approved:
            super().follow()

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self._left_s() <= 0

    def _left_s(self) -> float:
        return (self._run.expires_at - self.app.clock.now()).total_seconds() if self._run.expires_at else 0.0

    def offer_changed(self) -> None:
        self._said = ""
        super().offer_changed()

    def _footing(self) -> str:
        if self.void:
            return "Esc leaves it"
        left = max(0, round(self._left_s()))
        return f"expires in {left // 60}:{left % 60:02} · digest {short_digest(self._run.digest)}"

    def _lines(self, width: int) -> list[Line]:
        plan = self._plan
        lines = [
            Line([(sanitised(plan.title), "text bold")], [(f"{plan.effect} · risk {plan.risk}", "warning bold")]),
            Line([(sanitised(plan.resource), "measured")]),
            Line(),
        ]
        for part in plan_parts(plan, None, self._run.digest):
            if part.label == "Digest":
                continue
            label = f"{part.label:<{LABEL_WIDTH}}"
            for number, words in enumerate(wrap(sanitised(part.text, 1_000), max(width - LABEL_WIDTH, 20))):
                lines.append(Line([(label if number == 0 else " " * LABEL_WIDTH, "dim"), (words, "text")]))
            margin = (" " * LABEL_WIDTH, "dim")
            lines += [Line([margin, (sanitised(line), _ROLES.get(line[:1], "dim"))]) for line in part.lines]
        lines += [Line(), *self._choices(width)]
        return lines

    def _choices(self, width: int) -> list[Line]:
        if not self._typed:
            leave = ("  Enter or Esc leaves it · ", "dim")
            return [Line([("[ Cancel ]", "focus bold"), leave, ("y approves", "warning bold")])]
        name = sanitised(self._plan.name)
        words = _how_to_approve(name)[0]
        return [
            Line([("[ Cancel ]", "focus bold"), ("  Enter or Esc leaves it", "dim")]),
            *(Line([(line, "warning bold")]) for line in wrap(words, width)),
        ]


def _how_to_approve(name: str) -> tuple[str, ...]:
    """The sentence, and shorter ones for a long name."""
    return f"Tab, then type  {name}  and Enter to approve", f"Tab, then type  {name}", f"type  {name}"


class _Plan(Prompt):
    """The plan, and the field for the name below it."""

    def __init__(self, lines: Any, styles: Styles, footing: str, name: str) -> None:
        super().__init__(lines, styles, "APPROVE A WRITE", footing)
        self._wanted = name
        self.add_class("-warning")

    def compose(self) -> ComposeResult:
        if self._wanted:
            entry = Input(placeholder=self._hint())
            entry.cursor_blink = False
            yield entry

    def _hint(self) -> str:
        """What an empty field says: how to approve, where the lines that say so lie below, else what it is for.

        A name is never cut: where it has no room, it is said where it stands.
        """
        if not self._below(self.top):
            return "the name, then Enter"
        room = self.content_size.width - FIELD_MARGIN
        forms = _how_to_approve(self._wanted)
        return next((form for form in forms if cells(form) <= room), "Tab, then type the name that stands below (j)")

    def tell_more(self) -> None:
        super().tell_more()
        for entry in self.query(Input):
            entry.placeholder = self._hint()

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:
        return super().get_content_height(container, viewport, width) + self.docked

    @property
    def docked(self) -> int:
        return 1 if self._wanted else 0

    def say(self, words: str, footing: str) -> None:
        """Show `words`, where there are any, before the footing."""
        self._footing = " · ".join(part for part in (words, footing) if part)
        self.tell_more()


class ActingScreen(RequestingScreen):
    """An incident whose actions people ask for, approve and undo."""

    _preparing: int | None = None
    """How many runs there were when this cockpit asked for one; its modal opens by itself."""

    def action_approve(self) -> None:
        """Check and preview the action under the cursor, then ask for its approval. Nothing is approved by this key."""
        from engine.port import PrepareAction

        state, subject = self.view.state, self._under_cursor()
        if state is None or subject.kind != "action":
            none = state is None or not state.actions
            told = "no action is proposed" if none else "put the cursor on an action in pane 5 first"
            self.app.show_notice(told)
            return
        waiting = next((run for run in state.runs.values() if run.status == "previewed"), None)
        if waiting is not None and waiting.action.id == subject.id and not waiting.dry_run:
            self._open(waiting)
            return
        try:
            command = PrepareAction(action=subject.id, **self.app.settings.live_request())
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
            return
        self._prepare(command)

    def action_undo(self) -> None:
        """Prepare the undoing of an executed action, which needs approval too; on other rows undo the judgement."""
        from engine.port import PrepareAction

        state, subject = self.view.state, self._under_cursor()
        if state is None or subject.kind != "action":
            super().action_undo()
            return
        run = next(iter(state.remediation.runs_of(subject.id)), None)
        if run is None:
            self.app.show_notice("it was not executed, so there is nothing to undo")
            return
        self._prepare(PrepareAction(undo=run.id, **self.app.settings.live_request()))

    def _prepare(self, command: Any) -> None:
        state = self.view.state
        self._preparing = len(state.runs) if state is not None else 0
        self._command(command, "checking and previewing: nothing is changed yet")

    def show_runs(self) -> None:
        """Open the modal of the run that was asked for here, and close one that waits no more."""
        state = self.view.state
        if state is None:
            return
        shown = self.app.screen
        if isinstance(shown, ApprovalPrompt) and shown.approved and state.runs[shown.run_id].status != "previewed":
            shown.dismiss("")
        if self._preparing is None or len(state.runs) <= self._preparing:
            return
        run = state.remediation.latest
        if run.status == "previewed" and self.app.screen is self:
            self._preparing = None
            self._open(run)
        elif run.ended:
            self._preparing = None
            self.app.show_notice(f"{run.id} {run.status}: {sanitised(run.detail)}", problem=True)

    def _open(self, run: ActionRun) -> None:
        from engine.port import ApproveAction

        assert run.plan is not None
        approval = ApproveAction(run=run.id, digest=run.digest, typed=run.plan.name)

        def approve(prompt: ApprovalPrompt) -> None:
            # A worker of this screen would have it drawn once more under the modal before anything is sent.
            self.app.run_worker(self._send_approval(prompt, approval, f"{run.id} approved"), group="judging")

        def closed(_: str | None) -> None:
            if not prompt.approved and not self._decided(prompt):
                self.app.show_notice(f"{run.id} was not approved; a shows it again while it waits")

        prompt = ApprovalPrompt(run, self.app.text_styles, approve)
        self.push_dialog(prompt, closed, lambda: self._decided(prompt))

    def _decided(self, prompt: ApprovalPrompt) -> str:
        """Why a plan can't be approved any more: decided elsewhere, out of time, or of a closed incident."""
        state = self.view.state
        run = state.runs[prompt.run_id] if state is not None else None
        if run is None or (closed := self.closed_words()):
            return closed if run is not None else ""
        if run.status == "previewed":
            return f"The time to approve {run.id} is over: a checks and previews it anew." if prompt.expired else ""
        if run.status in ("rejected", "expired"):
            word = "was rejected" if run.status == "rejected" else "is void"
            return f"{run.id} {word}{': ' if run.detail else ''}{run.detail}."
        by = f" by {names}" if (names := ", ".join(who.name for who in run.approvals)) else ""
        return f"{run.id} was approved{by} meanwhile: it is {run.status.replace('_', ' ')}."

    async def _send_approval(self, prompt: ApprovalPrompt, approval: Any, done: str) -> None:
        await self._send_command(approval, done, None)
        if self.app.screen is prompt:
            prompt.dismiss("")
