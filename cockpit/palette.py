"""What `:` offers: the commands of the screen that it was opened on, and everything in it that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Provider

from cockpit.keys import KEYS, Key
from cockpit.places import Place, best_places
from cockpit.screens.common import CockpitScreen
from cockpit.screens.host import ScreenHost
from cockpit.screens.prompts import ConfirmPrompt
from cockpit.widgets.draw import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.command import Hits

__all__ = ["PaletteCommands", "match_score"]

TITLE_WIDTH, NAME_WIDTH = 53, 32
NOTHING_HARMLESS = "Only what changes the incident's log is called that: ↓"
HELP = next(key for key in KEYS if key.id == "help")

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
    """Names first, then a command for each key. What changes the incident's log asks first, unless it has a dialog."""

    async def discover(self) -> Hits:
        for key in sorted(self._keys(), key=lambda key: (key.writes, key.words)):
            yield DiscoveryHit(self._title(key), self._runner(key))

    async def search(self, query: str) -> Hits:
        scored = [(score, key) for key in self._keys() if (score := match_score(key, query))]
        places = best_places(self.screen.places(), query) if isinstance(self.screen, CockpitScreen) else []
        for score, place in places:
            yield Hit(score, _place_title(place), self._goer(place), text=place.name)
        for score, key in scored:
            yield Hit(score, self._title(key), self._runner(key), text=key.words)
        if scored and not places and all(key.writes for _, key in scored):
            # Enter behind a word must never change the log, also where only what changes it fits.
            yield Hit(1.0, Text(NOTHING_HARMLESS), self._runner(HELP), text=query)

    def _title(self, key: Key) -> Text:
        # The key is in the title: a help text of its own would take a second line of every command.
        assert isinstance(self.app, ScreenHost)
        shown = self.app.key_map.shown(key.shown)
        return Text(f"{key.words[:1].upper()}{key.words[1:]:<{TITLE_WIDTH}} {shown}")

    def _goer(self, place: Place) -> Callable[[], Any]:
        screen = self.screen
        assert isinstance(screen, CockpitScreen)
        return lambda: self.app.call_later(screen.go_to_place, place)

    def _keys(self) -> Iterator[Key]:
        where = getattr(self.screen, "where", "list")
        for key in KEYS:
            if {where, "everywhere"} & set(key.where) and key.id not in NOT_IN_PALETTE:
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
            prompt = ConfirmPrompt(key.words, subject, app.text_styles)
            prompt.why_not = getattr(screen, "closed_words", None)
            app.push_screen(prompt, answered)

        return lambda: app.call_later(ask if key.writes and not key.asks else run)


def _place_title(place: Place) -> Text:
    return Text(cut(f"{cut(place.name, NAME_WIDTH):<5} {place.words}", TITLE_WIDTH + 8))
