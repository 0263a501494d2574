"""The cockpit's stylesheet. Colours are the palette's, by role."""

from __future__ import annotations

from textual.theme import Theme

from themes import Palette

__all__ = ["APP_CSS", "PROMPT_CSS", "SCREEN_CSS", "textual_theme"]

APP_CSS = """
Screen { background: $ground; color: $text; scrollbar-size: 0 0; overflow: hidden; }
Splash { width: 100%; height: 100%; }
Toast { background: $cursor; color: $text; width: auto; max-width: 114; padding: 0 1; margin-top: 0; }
ToastRack { margin-bottom: 1; overflow: hidden; }
.-narrow Toast { width: 100%; max-width: 100%; }
.-narrow ToastRack { margin-bottom: 0; }
.-narrow.-typing ToastRack { margin-bottom: 1; }
CommandPalette { background: $ground 60%; }
CommandPalette > Vertical { background: $bar; margin-top: 2; width: 70; }
CommandPalette #--input { border: none; padding: 0 1; }
CommandPalette #--input SearchIcon { display: none; }
CommandPalette CommandInput, CommandPalette CommandInput:focus { border: none; padding: 0 1; height: 1; }
CommandPalette CommandList { border: none; background: $bar; max-height: 80vh; }
CommandPalette CommandList > .option-list--option { text-style: none; padding: 0 2; }
CommandPalette CommandList > .option-list--option-highlighted { background: $cursor; color: $focus; text-style: bold; }
"""
"""What the first frame needs: every rule costs a fraction of a millisecond."""

SCREEN_CSS = """
#header { dock: top; height: 2; background: $bar; }
#answer { height: 4; border: none; }
.-wide #answer { height: 6; border: round $line; }
.-full #answer { display: none; }
.-wide.-no-facts #facts { height: 4fr; }
.-wide.-no-facts #plan { height: 15fr; }
#footer { dock: bottom; height: 1; background: $bar; }
#entry { dock: bottom; height: 1; display: none; background: $cursor; }
#entry { layout: horizontal; }
.-typing #entry { display: block; }
.-typing #footer { display: none; }
#entry Input { border: none; height: 1; padding: 0; width: 1fr; background: $cursor; color: $text; }
#entry Input:focus { border: none; background-tint: $cursor 0%; }
#entry #entry-count { width: auto; height: 1; color: $dim; background: $cursor; }
#entry #entry-label { width: auto; height: 1; color: $focus; text-style: bold; background: $cursor; }
#body { height: 1fr; }
#upper { layout: horizontal; height: 1fr; }
#left { width: 42; }
#right { width: 1fr; }

Pane { height: 1fr; background: $ground; border: round $line; border-title-color: $dim;
       border-subtitle-color: $dim; border-subtitle-align: right; border-title-background: $ground; }
Pane:focus { border: round $focus; border-title-color: $focus; border-title-style: bold;
             border-subtitle-color: $focus; }

.-column #upper { layout: vertical; height: 1fr; }
.-column #upper.-rest { height: auto; }
.-column #left, .-column #right { width: 100%; max-width: 100%; height: auto; }
.-column #left.-here, .-column #right.-here { height: 1fr; }
.-column Pane { height: 1fr; }
.-column Pane.-folded { height: 1; border: none; }
.-column #facts.-folded { height: 4; }
.-column.-answering #remediation.-folded { height: 2; }
.-column.-answering #remediation.-folded.-long { height: 3; }

.-stack #answer { height: 6; border: round $line; }
.-stack #upper { layout: vertical; }
.-stack #left, .-stack #right { width: 100%; max-width: 100%; }
.-stack #left { height: 14fr; }
.-stack #right { height: 25fr; }
.-stack #detail, .-stack #topology { height: 15fr; }
.-stack #hypotheses { height: 10fr; }
.-stack #timeline { height: 4; }
.-stack.-replay #timeline { height: 5; }
.-stack #remediation { height: 8; }

.-full Pane { height: 1fr; }
.-full #left, .-full #right { width: 100%; max-width: 100%; }

.-too-small #body, .-too-small #header, .-too-small #answer, .-too-small #footer,
.-too-small #entry, .-too-small #list { display: none; }
.-too-small TooSmall { display: block; }

#columns { height: 1; }
.-too-small #columns { display: none; }
#list { border: round $line; }
#list:focus { border: round $focus; }
"""

PROMPT_CSS = """
ModalScreen { background: $ground 70%; align: center middle; }
ModalScreen.-too-small { background: $ground; }
ModalScreen.-too-small Prompt { display: none; }
ModalScreen.-too-small TooSmall { display: block; }
Prompt { width: 92%; max-width: 100; height: auto; max-height: 96%; background: $bar; border: round $focus;
         border-title-color: $focus; border-title-style: bold; border-subtitle-color: $dim;
         border-subtitle-align: right; padding: 1 2; }
Prompt.-help { width: 98%; max-width: 116; max-height: 100%; padding: 0 1; }
Prompt.-warning { border: round $warning; border-title-color: $warning; }
Prompt Input { border: none; height: 1; padding: 0 1; background: $cursor; color: $text; dock: bottom; }
Prompt Input > .input--placeholder { color: $dim; }
Prompt #fields { dock: bottom; height: auto; }
Prompt .field { height: 1; layout: horizontal; }
Prompt .field .label { width: 14; height: 1; color: $dim; background: $bar; }
Prompt .field Input { dock: none; width: 1fr; }
Prompt Input:focus { border: none; background-tint: $cursor 0%; }
"""


def textual_theme(palette: Palette) -> Theme:
    """A palette as one of Textual's themes."""
    return Theme(
        name=palette.name,
        primary=palette.focus,
        secondary=palette.measured,
        accent=palette.focus,
        warning=palette.warning,
        error=palette.bad,
        success=palette.good,
        foreground=palette.text,
        background=palette.ground,
        surface=palette.bar,
        panel=palette.cursor,
        dark=palette.dark,
        variables=palette.colours(),
    )
