"""The ways from one screen to another: replays, incidents, drills, the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.screens.host import ScreenHost

if TYPE_CHECKING:
    from cockpit.screens.common import CockpitScreen
    from cockpit.start_modes import Attach, Start
    from cockpit.widgets.view import Subject

__all__ = ["ScreenWays"]


class ScreenWays(ScreenHost):
    """An app whose screens can be opened from each other."""

    @property
    def cockpit_screens(self) -> list[CockpitScreen]:
        """Our own screens without the prompts, the lowest first."""
        raise NotImplementedError

    def open_replay(self, execution_id: str, *, subject: Subject | None = None, ended: bool = False) -> None:
        """Push the replay of an incident."""
        from cockpit.screens.replay import ReplayScreen

        known = subject if subject is not None and subject.kind in ("step", "fact") else None
        self.push_screen(ReplayScreen(execution_id, subject=known, ended=ended))

    def open_live(self, start_mode: Start | Attach) -> None:
        """Push a new, running or interrupted incident."""
        from cockpit.screens.live import LiveScreen

        self.push_screen(LiveScreen(start_mode))

    def open_drill(self, execution_id: str) -> None:
        """Push a drill on a stored incident."""
        from cockpit.screens.drill import DrillScreen

        self.push_screen(DrillScreen(execution_id))

    def open_list(self) -> None:
        """Back to the list of incidents where it is open below, else push it."""
        from cockpit.screens.incidents import IncidentsScreen

        below = next((screen for screen in self.cockpit_screens if isinstance(screen, IncidentsScreen)), None)
        if below is None:
            self.push_screen(IncidentsScreen())
            return
        while self.screen is not below:
            self.pop_screen()

    def action_incidents(self) -> None:
        """The list of incidents."""
        self.open_list()
