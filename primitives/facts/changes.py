"""Facts about changes, and the names of changes in sentences."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, Literal

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, label, shorten
from primitives.quantities import duration, moment, short_id
from primitives.records import Change
from primitives.terms import ChangeKind

__all__ = ["ChangeFound", "change_key", "change_kind", "change_label", "change_name", "change_noun"]

_LONGEST_ID: Final = 40
_KEY: Final = 80
_KINDS: Final = {"iam": "IAM change", "infrastructure": "Infrastructure change", "other": "Change"}


class ChangeFound(FactBase):
    """Something was changed; absent: nothing of `kinds` was, in the window, and the source answered for all of it.

    `lead_s` is how long before the onset it happened, in seconds (negative: after it).
    """

    type: Literal["change"] = "change"
    kinds: tuple[ChangeKind, ...]
    change: Change | None = None
    lead_s: float | None = None

    EXAMPLE: ClassVar = {
        "polarity": "absent",
        "kinds": ["infrastructure"],
        "window": {"from": "2026-11-22T14:30:00Z", "to": "2026-11-23T14:30:00Z"},
    }

    def sentence(self, called: NameOf = full_name) -> str:
        del called  # it names no resource
        if self.change is None:
            names = " or ".join(change_kind(kind) for kind in self.kinds)
            hours = f" in the {duration(self.window.seconds)} before" if self.window else ""
            return f"no {names} changes{hours} ({self.source} answered for the whole window)"
        return f"{change_name(self.change)} at {moment(self.change.time)}{_lead(self.lead_s)}"

    def named_resources(self) -> Iterator[str]:
        yield from super().named_resources()
        if self.change is not None and self.change.resource is not None:
            yield self.change.resource


def change_key(change: Change) -> str:
    """What identifies a change in hypotheses and facts: its id, else the start of its summary."""
    return change.id or change.summary[:_KEY]


def change_kind(kind: ChangeKind) -> str:
    """A kind of change as a person reads it: `feature_flag` → `feature flag`, `iam` → `IAM`."""
    return "IAM" if kind == "iam" else label(kind)


def change_label(change: Change) -> str:
    """A change as a part of a sentence, by its id and its version: `deployment 0123456789ab (v2.3.1)`."""
    kind = "commit" if change.kind == "code" else change_kind(change.kind)
    name = short_id(shorten(change.id or change.summary, 80))
    version = change.after.get("version") if isinstance(change.after, Mapping) else None
    known = isinstance(version, str) and version and version not in name
    return f"{kind} {name} ({shorten(version, 40)})" if known else f"{kind} {name}"


def change_name(change: Change) -> str:
    """A change in one line, by its id and its summary: one change is named the same way everywhere."""
    name, summary = short_id(shorten(change.id or "")), shorten(change.summary)
    if len(name) > _LONGEST_ID or name in summary:
        name = ""
    noun = change_noun(change.kind)
    return f"{noun} {name}: {summary}" if name else f"{noun} {summary}"


def change_noun(kind: ChangeKind) -> str:
    """What begins a sentence about a change of that kind: `Infrastructure change`, `Job`, `Commit`."""
    return "Commit" if kind == "code" else _KINDS.get(kind) or label(kind).capitalize()


def _lead(lead_s: float | None) -> str:
    if lead_s is None:
        return ""
    return f", {duration(lead_s)} before onset" if lead_s >= 0 else f", {duration(-lead_s)} after onset"
