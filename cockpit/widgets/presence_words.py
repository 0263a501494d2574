"""Who else looks at the incident, in words: for the header, the notices and the story."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Part, sanitised
from cockpit.widgets.words import clock

if TYPE_CHECKING:
    from cockpit.widgets.view import View
    from engine.presence import Viewer

__all__ = ["followed", "here_words", "names_of", "presence_parts"]

NAME_WIDTH = 20


def names_of(viewers: Sequence[Viewer]) -> str:
    """`ann`, `ann and bob`, `ann, bob and cy`; two cockpits of one account are `ann and ann`."""
    names = [sanitised(viewer.name, NAME_WIDTH) for viewer in viewers]
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def followed(view: View) -> Viewer | None:
    """Whose view is followed."""
    return next((viewer for viewer in view.others if viewer.id == view.following), None)


def presence_parts(view: View, *, short: bool) -> list[Part]:
    """`◆ you ◇ bob`, `◆ you ◇ +2`, or `◆ you → ◇ bob` while bob's view is followed; nothing where nobody else is there.

    A single other is named where the name tells more than a count: it isn't that of one's own account. `short` leaves
    oneself out.
    """
    if not view.others:
        return []
    leader, others = followed(view), view.others
    named = leader or (others[0] if len(others) == 1 and others[0].name != view.me else None)
    name = sanitised(named.name, NAME_WIDTH) if named is not None else ""
    if leader is not None:
        away = " (elsewhere)" if leader.looking.away else ""
        rest = f" +{len(others) - 1}" if len(others) > 1 else ""
        return [("" if short else "◆ you ", "change"), (f"→ ◇ {name}{away}", "focus bold"), (rest, "change")]
    return [(("" if short else "◆ you ") + f"◇ {name or f'+{len(others)}'}", "change")]


def here_words(viewer: Viewer, you: str) -> str:
    """`bob since 14:31, on F12 in facts, follows you`; `you` is one's own id."""
    looking = viewer.looking
    on = f", on {sanitised(looking.row, NAME_WIDTH)}" if looking.row else ""
    where = f"{on} in {sanitised(looking.pane, NAME_WIDTH)}" if looking.pane else ""
    if looking.away:
        where = ", looks at something else now"
    follows = ", follows you" if you and looking.follows == you else ""
    return f"{sanitised(viewer.name, NAME_WIDTH)} since {clock(viewer.since)}{where}{follows}"
