"""What `y` copies: the words of what the cursor is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.widgets.rows import RowPane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cockpit.panes import PaneSpec
    from cockpit.widgets.pane import Pane
    from cockpit.widgets.view import View

__all__ = ["copied_text"]


def copied_text(panes: Sequence[Pane], current: Pane, view: View, specs: Mapping[str, PaneSpec]) -> str:
    """The text of the row under the cursor, else of what the detail shows; else empty."""
    if isinstance(current, RowPane) and (selected := current.current_key()):
        return current.copied(selected)
    state, subject = view.state, view.subject
    if state is None or not (subject.kind == "action" or subject.id in state.facts):
        return ""
    lists = [pane for pane in panes if subject.kind in specs[pane.id or ""].subjects]
    return lists[0].copied(subject.id) if lists and isinstance(lists[0], RowPane) else ""
