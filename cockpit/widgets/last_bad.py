"""When it was last seen bad, where nothing measures what raised the alarm: by the leading cause's own signs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from cockpit.widgets.beginnings import own_signs, sign_gone_since, went_back_at_once
from cockpit.widgets.words import clock
from primitives.terms import FAILURES

if TYPE_CHECKING:
    from cockpit.widgets.view import View
    from primitives.facts import Fact

__all__ = ["Failures", "LastBad", "last_bad", "unmeasured_words"]


class LastBad(NamedTuple):
    """The last moment at which it was bad: a message of a failure, a usual one that is missing still, or a metric.

    `logs_end` is when the newest message was written that anybody read.
    """

    at: datetime
    kind: Literal["metric", "missing", "error"] = "metric"
    logs_end: datetime | None = None

    @property
    def weight(self) -> tuple[int, datetime]:
        """What decides among several, the largest first."""
        return ("metric", "missing", "error").index(self.kind), self.at


class Failures:
    """The last failure that the leading cause's resource logged, looked for once for each set of facts."""

    def __init__(self) -> None:
        self._last: tuple[object, LastBad | None] = (None, None)

    def last(self, view: View) -> LastBad | None:
        """None while the analysis runs: facts come faster than all of them can be gone through."""
        state = view.state
        best = state.hypotheses[0] if state is not None and state.ended and state.hypotheses else None
        if state is None or best is None or best.resource is None or view.drill:
            return None
        key = (state.execution_id, state.facts_version, best.resource, tuple(state.judgements.items()))
        if key != self._last[0]:
            from engine.condition import stands

            own = (
                _bad_at(known.fact)
                for known in state.current_facts
                if known.fact.type == "log_pattern"
                and known.fact.resource == best.resource
                and stands(state.judgements.get(known.id))
            )
            self._last = key, max(filter(None, own), key=lambda each: each.weight, default=None)
        return self._last[1]


def last_bad(view: View) -> LastBad | None:
    """The last time that a sign of the leading cause's own resource was bad; None where no sign has such a time.

    The last message of a failure decides where there is any: a metric that is normal again has not measured what fails.
    A metric that strayed for one sample alone says nothing.
    """
    times = [time for fact in own_signs(view) if (time := _bad_at(fact)) is not None]
    if (failure := view.failures.last(view)) is not None:
        times.append(failure)
    return max(times, key=lambda each: each.weight, default=None)


def _bad_at(fact: Fact) -> LastBad | None:
    if fact.polarity != "present":
        return None
    match fact.type:
        case "log_pattern" if fact.count and fact.severity in FAILURES and fact.last_seen is not None:
            return LastBad(fact.last_seen, "error", fact.read_until)
        case "log_pattern" if not fact.count and fact.read_until is not None:
            return LastBad(fact.read_until, "missing", fact.read_until)
        case "metric_shift" if fact.worse and not went_back_at_once(fact):
            at = fact.back_at or fact.ended or fact.latest_at
            return LastBad(at) if at is not None else None
        case _:
            return None


def unmeasured_words(view: View, word: str, *, short: bool) -> str:
    """Whether it is still bad where the alarm itself was not measured; `word` says that nobody knows.

    `last error 14:36:02, logs end 14:37`: messages of failures go on after a metric is normal again, or nobody sees
    that they ended; `message missing till logs end 14:37`; `first sign gone since 14:38`: a metric alone told it. Else
    `word` with the last time at which it was seen bad.
    """
    last, gone = last_bad(view), sign_gone_since(view)
    unmeasured = "" if short else "alarm not measured, "
    if last is not None and last.kind == "error":
        error = f"last error {_second(last.at)}"
        return f"{error}, logs end {_end(last.logs_end, short)}" if last.logs_end else f"{unmeasured}{error}"
    if last is not None and last.kind == "missing":
        return f"message missing till logs end {_end(last.at, short)}"
    if gone is not None:
        return f"{unmeasured}first sign gone since {clock(gone)}"
    if last is None:
        return word
    seen = f"last seen bad {_second(last.at)}"
    return seen if short else f"{word}, {seen}"


def _second(time: datetime) -> str:
    return clock(time.replace(microsecond=0))


def _end(time: datetime, short: bool) -> str:
    return f"{time:%H:%M}" if short else _second(time)
