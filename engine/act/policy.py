"""The policy: which action runs, which asks whom for what, and which is refused. Pure; `policy_file` reads it.

Every rule that matches gives a verdict, and the strictest one wins, so that a rule can only make an action harder. What
is unknown is judged strictly: an effect that no list names is denied, and a rule about something that isn't known of an
action (its environment, for example) matches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.act.freezes import Calendar
from primitives.dataclass import dataclass
from primitives.digests import json_digest
from primitives.terms import Effect, Risk

__all__ = [
    "READS_ONLY",
    "SHIPPED",
    "Freeze",
    "Match",
    "Patterns",
    "Policy",
    "Rule",
    "Ruling",
    "Subject",
    "Verdict",
    "fit",
    "stricter",
]

Verdict = Literal["allow", "confirm", "type_to_confirm", "two_person", "deny"]
"""allow: it runs; confirm: a person says yes; type_to_confirm: a person types the resource's name; two_person: and a
second person confirms; deny: it doesn't run."""

_STRICTNESS: Final[tuple[Verdict, ...]] = ("allow", "confirm", "type_to_confirm", "two_person", "deny")
_VERDICT_WHEN_ASKED: Final[Mapping[str, Verdict]] = {"read": "confirm", "write": "confirm", "delete": "type_to_confirm"}

_DEFAULTS: Final = {"read": "default/read", "write": "default/write", "delete": "default/delete"}
"""What the two lists of effects are called among the rules."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Pattern = Annotated[str, Field(min_length=1, max_length=500)]
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_several), Field(max_length=200)]
"""Texts with `*` and `?`; `!text` is whatever doesn't fit `text`. A single one needs no list."""

Risks = Annotated[tuple[Risk, ...], BeforeValidator(_several)]
Effects = Annotated[tuple[Effect, ...], BeforeValidator(_several)]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of an action when it is judged; None where it isn't known.

    `alias` is the name that it shares with what does the same on other platforms. `parts` is how many parts its target
    has, `share` how many of them feel it at a time (0 to 1). `person` is who asks for it, or approves it.
    """

    primitive: str
    effect: str
    platform: str | None = None
    alias: str | None = None
    environment: str | None = None
    labels: Mapping[str, str] | None = None
    resource: str | None = None
    risk: Risk | None = None
    parts: int | None = None
    share: float | None = None
    person: str = ""


class Match(_Frozen):
    """Which actions a rule is about: those that fit all that is given.

    `more_than_parts` and `more_than_share` are the blast radius: how many parts the target has, and which share of them
    (0 to 1) feels the action at a time.
    """

    primitive: Patterns = ()
    effect: Effects = ()
    platform: Patterns = ()
    environment: Patterns = ()
    labels: Mapping[str, Patterns] = {}
    resource: Patterns = ()
    risk: Risks = ()
    more_than_parts: int | None = Field(None, ge=0)
    more_than_share: float | None = Field(None, ge=0, le=1)
    person: Patterns = ()

    def fits(self, subject: Subject) -> bool:
        """Whether the rule is about `subject`. What isn't known of it fits."""
        texts = (
            (self.platform, subject.platform),
            (self.environment, subject.environment), (self.resource, subject.resource), (self.person, subject.person),
        )  # fmt: skip
        return (
            fit(self.primitive, subject.primitive, subject.alias)
            and all(fit(patterns, text) for patterns, text in texts)
            and (not self.effect or subject.effect in self.effect)
            and (not self.risk or subject.risk is None or subject.risk in self.risk)
            and _exceeds(subject.parts, self.more_than_parts)
            and _exceeds(subject.share, self.more_than_share)
            and self._fits_labels(subject.labels)
        )

    def _fits_labels(self, labels: Mapping[str, str] | None) -> bool:
        return labels is None or all(fit(patterns, labels.get(key, "")) for key, patterns in self.labels.items())


class Rule(_Frozen):
    """A verdict for the actions that `match` describes."""

    name: str = Field(min_length=1, max_length=100)
    match: Match = Match()
    verdict: Verdict


class Freeze(Calendar):
    """A time in which the actions that `match` describes get `verdict`. Reads are spared unless it names them."""

    name: str = Field(min_length=1, max_length=100)
    match: Match = Match()
    verdict: Verdict = "deny"

    def fits(self, subject: Subject, now: datetime) -> bool:
        """Whether `subject` falls under it now."""
        about = bool(self.match.effect) or subject.effect != "read"
        return about and self.match.fits(subject) and self.covers(now)


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict and the rule that says it; `because` are all rules that matched, with their verdicts."""

    verdict: Verdict
    rule: str
    because: tuple[str, ...] = ()


class Policy(_Frozen):
    """Who may do what.

    What has an effect of `auto_approve` runs, what has one of `require_approval_for` asks (a delete for the typed
    name), anything else is denied. `environments` name places by patterns for `context`, `namespace`, `account`,
    `region` and `cluster`. An approval counts for `approval_minutes`. `roll_back: automatic` undoes what verification
    says hasn't helped, under the approval of the action itself; else a person is asked. With `require_act_identity`
    nothing is changed with the caller's own credentials. A metric must be well again for `verify_seconds`, within
    `verify_within_seconds`.
    """

    auto_approve: tuple[Effect, ...] = ("read",)
    require_approval_for: tuple[Effect, ...] = ("write", "delete")
    environments: Mapping[str, Mapping[Literal["context", "namespace", "account", "region", "cluster"], Patterns]] = {}
    rules: tuple[Rule, ...] = Field((), max_length=1000)
    freezes: tuple[Freeze, ...] = Field((), max_length=1000)
    approval_minutes: int = Field(5, ge=1, le=60)
    roll_back: Literal["ask", "automatic"] = "ask"
    require_act_identity: bool = False
    verify_seconds: int = Field(120, ge=1, le=3600)
    verify_within_seconds: int = Field(600, ge=1, le=7200)

    def ruling(self, subject: Subject, now: datetime) -> Ruling:
        """The strictest verdict of all that match, and which rule says it."""
        verdicts = list(self._verdicts(subject, now))
        rule, verdict = max(verdicts, key=lambda entry: _STRICTNESS.index(entry[1]))
        return Ruling(verdict, rule, tuple(f"{name}: {each}" for name, each in verdicts))

    def environment(self, place: Mapping[str, str]) -> str | None:
        """The environment that a place is in; None where none fits, or several do."""
        fitting = [
            name for name, wanted in self.environments.items()
            if wanted and all(fit(patterns, place.get(key, "")) for key, patterns in wanted.items())
        ]  # fmt: skip
        return fitting[0] if len(fitting) == 1 else None

    def digest(self) -> str:
        """SHA-256 (hex) of what it says: two files that differ in comments alone have the same."""
        return json_digest(self.model_dump(mode="json", by_alias=True))

    def _verdicts(self, subject: Subject, now: datetime) -> Iterator[tuple[str, Verdict]]:
        if subject.effect in self.require_approval_for:
            yield _DEFAULTS[subject.effect], _VERDICT_WHEN_ASKED[subject.effect]
        elif subject.effect in self.auto_approve:
            yield _DEFAULTS[subject.effect], "allow"
        else:
            yield "default/unknown", "deny"
        yield from ((rule.name, rule.verdict) for rule in self.rules if rule.match.fits(subject))
        yield from ((f"freeze {each.name}", each.verdict) for each in self.freezes if each.fits(subject, now))


SHIPPED: Final = Policy()
"""The policy where there is no file: reads run, writes ask, deletes ask for the typed name, anything else is denied."""

READS_ONLY: Final = Policy(require_approval_for=())
"""The policy where the file can't be used: reads run, and nothing else does."""


def stricter(first: Verdict, second: Verdict) -> Verdict:
    """The stricter of two verdicts."""
    return max(first, second, key=_STRICTNESS.index)


def fit(patterns: Iterable[str], text: str | None, alias: str | None = None) -> bool:
    """Whether a text, or its alias, fits the patterns; what isn't known (None) fits, and any text where there are none.

    A `!pattern` excludes what fits it by either name.
    """
    patterns = tuple(patterns)
    if not patterns or text is None:
        return True
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    unwanted = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    names = [text] if alias is None else [text, alias]
    fits = not wanted or any(fnmatchcase(name, pattern) for name in names for pattern in wanted)
    return fits and not any(fnmatchcase(name, pattern) for name in names for pattern in unwanted)


def _exceeds(value: float | None, limit: float | None) -> bool:
    return limit is None or value is None or value > limit
