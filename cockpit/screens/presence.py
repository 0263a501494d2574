"""Several people on one incident: who is here, what they say, and following another's view."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final, get_args

from cockpit.said_words import said_words
from cockpit.screens.approval import ActingScreen
from cockpit.screens.common import CockpitScreen
from cockpit.widgets.presence_words import followed, names_of
from cockpit.widgets.rows import RowPane
from cockpit.widgets.view import Subject, SubjectKind
from primitives.clock import new_id
from primitives.errors import CloudopsError, EngineGone

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.widgets.pane import Pane
    from cockpit.widgets.view import View
    from engine.events import Event
    from engine.presence import Looking, Viewer

__all__ = ["PresenceScreen"]

TELL_EVERY_S: Final = 0.1
"""The shortest time between two tellings of what the cursor is on: it may go down a list with a held key."""
OWN_WITHIN_S: Final = 2.0
"""What comes in one's own name so soon after a command is what that command did."""

Position = tuple[str | None, str | None, "datetime | None"]
"""The pane with the focus, the row under its cursor, the time cursor."""


class PresenceScreen(ActingScreen):
    """An incident whose viewers see each other."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._viewer = view.me_id = new_id("view")
        self._present = self._met = self._alone = self._telling = False
        self._told: Looking | None = None
        self._shown_at: Position | None = None
        self._spoke_at = -inf
        self.joined_at_seq = 0

    # Who is here

    def keep_present(self) -> None:
        """Be seen by the others, again where the engine that was asked has left."""
        if not self._present and not self._alone:
            self._present = True
            self.run_worker(self._be_present(), group="presence")

    async def _be_present(self) -> None:
        try:
            async for viewers in self.port.presence(self.execution_id, self._viewer):
                self._show_viewers(viewers)
        except EngineGone:
            pass  # whoever follows the incident hears it too, and comes back here
        except CloudopsError:
            self._alone = True  # an engine of an older version
        finally:
            self._present = self._met = False
            self._told, self.view.others, self.view.following = None, (), ""
            if self.is_mounted:
                self.dirty()

    def _show_viewers(self, viewers: tuple[Viewer, ...]) -> None:
        view, before = self.view, self.view.others
        others = tuple(viewer for viewer in viewers if viewer.id != self._viewer)
        view.me = next((viewer.name for viewer in viewers if viewer.id == self._viewer), view.me)
        leader = followed(view)
        view.others = others
        self._tell_who_came(before, others)
        self._met = True
        if leader is not None:
            self._keep_following(leader)
        self.tell_position()
        self.dirty()

    def _tell_who_came(self, before: tuple[Viewer, ...], others: tuple[Viewer, ...]) -> None:
        known, present = {viewer.id: viewer for viewer in before}, {viewer.id for viewer in others}
        came = [viewer for viewer in others if viewer.id not in known]
        left = [viewer for viewer in before if viewer.id not in present]
        mine = self._viewer
        follows = [each for each in others if each.looking.follows == mine != known.get(each.id, each).looking.follows]
        parts = [f"◇ {names_of(left)} left"] if left else []
        if came and self._met:
            parts.append(f"◇ {names_of(came)} joined")
        elif came:
            be = "is" if len(came) == 1 else "are"
            parts.append(f"◇ {names_of(came)} {be} here too · S tells the story so far · F follows the view")
        if follows:
            parts.append(f"◇ {names_of(follows)} {'follows' if len(follows) == 1 else 'follow'} your view")
        if parts:
            self.app.show_notice(" · ".join(parts))

    # What I look at

    def paint(self) -> None:
        super().paint()
        self.tell_position()

    @property
    def _position(self) -> Position:
        row = self.current.current_key() if isinstance(self.current, RowPane) else None
        return self.current.id, row, self.view.cursor

    def _looking(self) -> Looking:
        from engine.presence import Looking

        pane, row, cursor = self._position
        subject = self.view.subject
        return Looking(
            pane=pane or "", row=_bounded(row or ""), kind=subject.kind, subject=_bounded(subject.id), cursor=cursor,
            away=self._covered, follows=self.view.following,
        )  # fmt: skip

    @property
    def _covered(self) -> bool:
        """Whether another of our screens lies over this one; a dialog leaves it visible."""
        return (
            next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, CockpitScreen)) is not self
        )

    def tell_position(self) -> None:
        """Tell the others what I look at; nobody else there, nothing to tell. Textual doesn't tell who is covered."""
        if self._present and self.view.others and not self._telling and self._told != self._looking():
            self._telling = True
            self.run_worker(self._tell_looking(), group="looking")

    async def _tell_looking(self) -> None:
        try:
            while self.view.others and self._told != (looking := self._looking()):
                self._told = looking
                await self.port.look(self.execution_id, self._viewer, looking)
                await self.app.clock.sleep(TELL_EVERY_S)
        except CloudopsError:
            pass  # presence itself ends then
        finally:
            self._telling = False

    # Following another's view

    def action_follow_view(self) -> None:
        """Follow the view of the next one who is here; behind the last one, nobody's."""
        others = self.view.others
        if not others:
            self.app.show_notice(
                f"nobody else is here; another terminal joins with cloudops attach {self.execution_id}"
            )
            return
        at = next((at for at, viewer in enumerate(others) if viewer.id == self.view.following), -1) + 1
        if at == len(others):
            self._lead()
            return
        self.view.following = others[at].id
        self.app.show_notice(f"following {names_of(others[at : at + 1])}: any move of yours ends it")
        self._go_along(others[at].looking)

    def _keep_following(self, leader: Viewer) -> None:
        now = followed(self.view)
        if now is None:
            self._lead(f"◇ {names_of([leader])} left: the view is yours again")
        elif now.looking != leader.looking and not now.looking.away:
            self._go_along(now.looking)

    def _lead(self, words: str = "the view is yours again") -> None:
        self.view.following = ""
        self.app.show_notice(words)
        self.dirty()

    def _go_along(self, looking: Looking) -> None:
        """Show what another looks at. A pane or a row that isn't there is left out: the other may be ahead."""
        pane = next((pane for pane in self.panes if pane.id == looking.pane), None)
        if pane is not None:
            if isinstance(pane, RowPane) and looking.row:
                pane.set_filter("")
                pane.select(looking.row)
            self.view.cursor = looking.cursor
            if pane is not self.current:
                self._go(pane)
            if looking.kind in get_args(SubjectKind):
                self.view.subject = Subject(looking.kind, looking.subject)  # type: ignore[arg-type]
                self.touched = looking.kind != "symptom"
            self._shown_at = self._position
        self.dirty()

    def _go(self, pane: Pane) -> None:
        super().go_to(pane)

    def go_to(self, pane: Pane) -> None:
        if self.view.following:
            self._lead()
        super().go_to(pane)

    def action_back(self) -> None:
        """End following; else as everywhere."""
        if self.view.following:
            self._lead()
        else:
            super().action_back()

    def on_row_pane_moved(self) -> None:
        """The cursor moved: by the one who is followed, or here, which ends following."""
        self._end_when_moved()

    def on_timeline_pane_cursor_moved(self, event: Any) -> None:
        """The time cursor was moved here."""
        if self.view.following and event.moment != self.view.cursor:
            self._lead()

    def _end_when_moved(self) -> None:
        if self.view.following and self._position != self._shown_at:
            self._lead()

    # Who says what

    def spoke(self) -> None:
        """A command is sent from here: what comes of it is told already."""
        self._spoke_at = self.app.clock.monotonic()

    async def _send_and_tell(self, command: Any, done: str) -> None:
        self.spoke()
        await super()._send_and_tell(command, done)

    def tell_what_others_say(self, event: Event) -> None:
        """What somebody else says while this cockpit is here, as a notice; the story lists all of it.

        So is what the engine carries on of what was said, whoever is here.
        """
        if event.body.type == "fact_judged" and event.body.carried_from and event.seq > self.joined_at_seq:
            self.app.show_notice(said_words(event, self.view.names))
        if event.who.kind != "person" or event.seq <= self.joined_at_seq or not self.view.others:
            return
        own = event.who.name == self.view.me and self.app.clock.monotonic() - self._spoke_at < OWN_WITHIN_S
        if not own and (words := said_words(event, self.view.names)):
            self.app.show_notice(f"◇ {words}")

    def action_hand_over(self) -> None:
        """Write what the next one must know: a note that everybody sees."""
        to = f" to {names_of(self.view.others)}" if self.view.others else ""
        hint = "what must they know, and what is left open? It is kept as a note, and S tells it with the whole story."

        def write(text: str) -> None:
            if text.strip():
                self._note(f"handed over{to}: {text.strip()}")

        self._ask(f"HAND OVER{to}", hint, write)


def _bounded(text: str) -> str:
    """Nothing in place of what is too long to be sent to everybody."""
    return text if len(text) <= 500 else ""
