"""Keys that do something on another kind of incident screen, and say so on this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.screens.common import CockpitScreen

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UnavailableKeys"]

ONLY_LIVE = "a replay shows the past; judge the incident itself (Esc, or cloudops attach)"
ONLY_IN_REPLAY = "this key controls a replay; r starts one"


def _says(reason: str) -> Callable[..., None]:
    def action(self: CockpitScreen, *_: object) -> None:
        self.app.show_notice(reason)

    return action


class UnavailableKeys(CockpitScreen):
    """A screen overrides the actions that it has; the others say where they work."""

    action_pin = _says(ONLY_LIVE)
    action_refute = _says(ONLY_LIVE)
    action_undo = _says(ONLY_LIVE)
    action_fact = _says(ONLY_LIVE)
    action_next = _says(ONLY_LIVE)
    action_diagnostic = _says(ONLY_LIVE)
    action_again = _says(ONLY_LIVE)
    action_choose_resource = _says(ONLY_LIVE)
    action_close_incident = _says(ONLY_LIVE)
    action_comment = _says(ONLY_LIVE)
    action_bookmark = _says(ONLY_LIVE)
    action_hand_over = _says(ONLY_LIVE)
    action_follow_view = _says("a replay is yours alone; people follow each other's view on the incident itself")
    action_play = _says(ONLY_IN_REPLAY)
    action_step = _says(ONLY_IN_REPLAY)
    action_speed = _says(ONLY_IN_REPLAY)
    action_seek = _says(ONLY_IN_REPLAY)
    action_scale = _says(ONLY_IN_REPLAY)
    action_loop = _says(ONLY_IN_REPLAY)
    action_compare = _says(ONLY_IN_REPLAY)
    action_diagnose = _says("only a drill asks for the diagnosis: :drill in a replay or in the list")
    action_drill = _says(ONLY_IN_REPLAY)
    action_next_event = _says(ONLY_IN_REPLAY)
