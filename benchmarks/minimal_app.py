"""A minimal Textual app with a title and a bordered pane, to compare the cockpit's first frame with."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

__all__ = ["TITLE", "MinimalApp"]

TITLE = "a minimal app"


class MinimalApp(App[None]):
    """A title above one pane."""

    CSS = "#pane { border: round white; height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield Static(TITLE)
        pane = Static("nothing", id="pane")
        pane.border_title = "pane"
        yield pane


if __name__ == "__main__":
    MinimalApp().run()
