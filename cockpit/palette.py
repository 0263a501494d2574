"""The commands of the palette: the keys of the screen that it was opened on, found by the words of what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Provider

from cockpit.keys import KEYS, Key
from cockpit.screens.host import ScreenHost
from cockpit.screens.prompts import ConfirmPrompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.command import Hits

__all__ = ["PaletteCommands", "match_score"]

TITLE_WIDTH = 53

NOT_IN_PALETTE = frozenset({"palette", "down", "up", "page_down", "page_up", "left", "right", "open", "back"})
"""Moving about by name would be slower than any key."""


def match_score(key: Key, query: str) -> float:
    """How well what was typed fits a command, from 0 (not at all) to 1.

    Each word that was typed must begin a word of the command: letters that are merely somewhere in it would offer
    `pin` for `report`. What changes the incident's log comes after everything that doesn't.
    """
    words, wanted = key.words.lower().replace(":", " ").replace(",", " ").split(), query.lower().split()
    if not wanted or not all(any(word.startswith(part) for word in words) for part in wanted):
        return 0.0
    score = 1.0 if words[0].startswith(wanted[0]) else 0.8
    return score / 2 if key.writes else score


class PaletteCommands(Provider):
    """One command for each key. What changes the incident's log asks first, unless it has a dialog of its own."""

    async def discover(self) -> Hits:
        for key in sorted(self._keys(), key=lambda key: (key.writes, key.words)):
            yield DiscoveryHit(_title(key), self._runner(key))

    async def search(self, query: str) -> Hits:
        for key in self._keys():
            if score := match_score(key, query):
                yield Hit(score, _title(key), self._runner(key), text=key.words)

    def _keys(self) -> Iterator[Key]:
        where = getattr(self.screen, "where", "list")
        for key in KEYS:
            if not key.later and {where, "everywhere"} & set(key.where) and key.id not in NOT_IN_PALETTE:
                yield key

    def _runner(self, key: Key) -> Callable[[], Any]:
        app, screen = self.app, self.screen
        assert isinstance(app, ScreenHost)

        async def run() -> None:
            await app.run_action(key.action, default_namespace=screen)

        def answered(answer: str | None) -> None:
            if answer == "yes":
                app.call_later(run)

        def ask() -> None:
            subject = getattr(screen, "subject_words", str)()
            app.push_screen(ConfirmPrompt(key.words, subject, app.text_styles), answered)

        return lambda: app.call_later(ask if key.writes and not key.asks else run)


def _title(key: Key) -> Text:
    # The key is in the title: a help text of its own would take a second line of every command.
    return Text(f"{key.words[:1].upper()}{key.words[1:]:<{TITLE_WIDTH}} {key.shown}")
