"""What is learned of a live incident, in words: one line each."""

from __future__ import annotations

from collections.abc import Iterator

from engine.events import LiveBody
from primitives.display_names import NameOf, full_name
from primitives.facts.base import label
from primitives.quantities import moment, reading
from primitives.records import Episode

__all__ = ["episode_words", "live_words"]


def live_words(body: LiveBody, called: NameOf = full_name) -> Iterator[str]:
    """The lines that tell `body`."""
    if body.because:
        yield f"Looking at {moment(body.window.start)} to {moment(body.window.end)}: {body.because}"
    for episode in body.earlier:
        yield f"Earlier: {episode_words(episode, called)}"


def episode_words(episode: Episode, called: NameOf = full_name) -> str:
    """`api latency p95 up to 1.9 s from 12:30 to 12:32 (usually 290 ms)`."""

    def value(number: float) -> str:
        return reading(number, episode.unit, episode.kind, episode.metric)

    until = f"to {moment(episode.end)}" if episode.end is not None else "until now"
    name = f"{called(episode.resource)} {label(episode.metric)}"
    return f"{name} up to {value(episode.worst)} from {moment(episode.start)} {until} (usually {value(episode.usual)})"
