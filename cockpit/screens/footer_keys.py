"""The keys that the footer shows: those that matter most in the pane with the focus, and `q` always."""

from __future__ import annotations

from cockpit.keys import Where

__all__ = ["footer_keys"]

Shown = list[tuple[str, str]]

_OF_PANE: dict[str, Shown] = {
    "facts": [("⏎", "detail"), ("p", "pin"), ("x", "refute"), ("f", "add a fact"), ("N", "next look")],
    "hypotheses": [("⏎", "why"), ("p", "is right"), ("x", "exclude"), ("N", "next look"), ("f", "add a fact")],
    "plan": [("⏎", "detail"), ("N", "next look"), ("m", "facts")],
    "detail": [("n", "next id"), ("⏎", "go to it"), ("h l", "time cursor"), ("p", "pin"), ("x", "refute")],
    "timeline": [("h l", "time cursor"), ("j k", "mark to mark")],
    "remediation": [("a", "approve…"), ("⏎", "detail"), ("y", "copy the command"), ("N", "next look")],
}
_ONLY_LIVE = frozenset({"p", "x", "f", "N", "a"})
_OF_A_ROW = frozenset({"a", "⏎", "y"})
_COMMON: Shown = [("r", "replay"), ("y", "copy"), ("e", "export"), ("+", "zoom"), ("t", "theme")]


def footer_keys(pane: str, where: Where, leaving: str, *, nothing: bool = False, further: bool = True) -> Shown:
    """The keys for `pane`, most important first; `leaving` is what `q` does.

    `nothing`: it lists nothing to act on. `further`: there is something left for the next look to ask.
    """
    own = [key for key in _OF_PANE.get(pane, [("⏎", "open")]) if where == "incident" or key[0] not in _ONLY_LIVE]
    if nothing:
        own = [key for key in own if key[0] not in _OF_A_ROW]
    if not further:
        own = [key for key in own if key[0] != "N"]
    common = [key for key in _COMMON if key[0] not in {name for name, _ in own}]
    return [("?", "help"), (":", "go to"), *own, ("/", "filter"), *common, ("q", leaving)]
