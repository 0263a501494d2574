"""The message for a terminal that is too small: the size that is needed, and the incident's state."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

__all__ = ["TooSmall"]


class TooSmall(Static):
    """A few lines in the middle; `show` changes them."""

    DEFAULT_CSS = """
    TooSmall { display: none; width: 100%; height: 100%; content-align: center middle; text-align: center;
           background: $ground; color: $text; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._words = ""

    def show(self, words: str) -> None:
        """Show `words`."""
        if words != self._words:
            self._words = words
            self.update(Content(words))
