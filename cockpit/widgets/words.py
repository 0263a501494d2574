"""The sign, word and colour of every state: never a colour alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from primitives.quantities import duration, moment
from primitives.text import safe_line

if TYPE_CHECKING:
    from engine.hypotheses import Judgement
    from engine.state.supersession import AskedAgain
    from primitives.facts import Fact, MetricShift

__all__ = [
    "PHASES",
    "SPINNER",
    "STEPS",
    "ago",
    "apart",
    "clock",
    "direction_sign",
    "elapsed",
    "fact_sign",
    "judged_words",
    "levels",
    "metric_forms",
    "minute",
    "part_of_it",
    "past_words",
    "percent",
    "precise",
    "seconds",
    "unit_once",
    "worst_levels",
]

SPINNER = "◐◓◑◒"

STEPS = {
    "waiting": ("◌", "waiting", "dim"),
    "running": ("◐", "running", "focus"),
    "completed": ("✓", "done", "good"),
    "failed": ("✗", "failed", "bad"),
    "timed_out": ("⧗", "timed out", "warning"),
    "cancelled": ("⊘", "cancelled", "dim"),
}
"""Of a step's status."""

PHASES = {
    "opened": ("○", "opened", "focus"),
    "classified": ("○", "classified", "focus"),
    "planned": ("◇", "PLAN WAITS FOR YOU", "warning"),
    "investigating": ("◐", "analysing", "focus"),
    "completed": ("■", "analysis done", "dim"),
    "cancelled": ("⊘", "analysis cancelled", "warning"),
    "failed": ("✗", "analysis failed", "bad"),
    "closed": ("■", "closed", "dim"),
}
"""Of an investigation's phase, or of a closed incident: the analysis' state, not the incident's."""


def when_said(at: datetime | None) -> str:
    """When a person said something, as words that follow who; real time, whatever time the incident has."""
    return f" at {at:%Y-%m-%d %H:%M} UTC" if at is not None else ""


def judged_words(judged: Judgement, *, with_time: bool = True) -> str:
    """What an engineer judged of a fact, when, and why."""
    verdict = "taken back" if judged.verdict == "withdrawn" else judged.verdict
    because = f", because {judged.because}" if judged.because else ""
    when = when_said(judged.at) if with_time else ""
    older = f" as {judged.carried_from}" if judged.carried_from else ""
    return safe_line(f"{verdict}{older} by {judged.by}{when}{because}", limit=300)


def past_words(past: AskedAgain) -> str:
    """Why a fact counts no more: `past: F14 measures it again (S9)`."""
    if past.fact:
        return f"past: {past.fact} measures it again ({past.step})"
    return f"past: {past.step} asked again and found nothing of it"


FACTS = {
    "change": ("◆", "change"),
    "configuration_difference": ("◆", "change"),
    "alert": ("⚑", "bad"),
    "dependencies": ("·", "measured"),
    "observation": ("·", "measured"),
    "own_share": ("·", "bad"),
    "assertion": ("◇", "focus"),
    "workload_state": ("✗", "bad"),
    "span_errors": ("✗", "bad"),
    "setting_conflict": ("✗", "bad"),
    "replica_comparison": ("✗", "bad"),
}
"""Sign and colour of the kinds of facts that have no direction."""


def fact_sign(fact: Fact) -> tuple[str, str]:
    """The sign and colour of a fact: what it is, and whether it is there, absent or unknown.

    `▲` and `▼` say which way something moved, and nothing else.
    """
    if fact.polarity == "unknown":
        return "?", "warning"
    if fact.type == "metric_shift" and fact.ran_out_at is not None:
        return "✗", "bad"
    if fact.polarity == "absent":
        return "∅", "good"
    match fact.type:
        case "metric_shift":
            return direction_sign(fact), ("bad" if fact.worse else "measured")
        case "span_shift":
            return ("▲", "bad") if fact.current >= fact.baseline else ("▼", "measured")
        case "log_pattern":
            return ("▲" if fact.count else "▼"), "bad"
        case "metric_missing":
            return "▼", "bad"
        case "observation" if fact.kind == "first_requests":
            return "✗", "bad"
        case "replica_comparison" if fact.telling is not None and fact.telling.verdict == "different":
            return "·", "bad"  # nothing failed
        case "probe_result":
            return ("✓", "good") if fact.healthy else ("✗", "bad")
        case _:
            return FACTS.get(fact.type, ("▲", "bad"))


def direction_sign(shift: MetricShift) -> str:
    """`▲` of what rose, `▼` of what fell."""
    return "▲" if shift.current >= shift.baseline else "▼"


def levels(shift: MetricShift) -> tuple[str, str]:
    """From what level to which, that of the incident and not of now; a unit that both have is said once."""
    before, during = (unit_once(shift.reading(value), shift.metric) for value in (shift.baseline, shift.level))
    number, _, unit = before.rpartition(" ")
    said_once = number and not unit.isdigit() and unit == during.rpartition(" ")[2]
    return number if said_once else before, during


def worst_levels(shift: MetricShift, during: str) -> tuple[tuple[str, str], ...]:
    """The level `during` and what is worse than it, longest form first; empty where the level is about the worst.

    `399 ms` and `, worst 542 ms at 22:47`; in the shortest form `399–542 ms`.
    """
    if shift.is_climbing:
        return ((during, ", climbing" if shift.current > shift.baseline else ", falling on"),)
    if not shift.has_worse_peak:
        return ()
    worst = unit_once(shift.reading(shift.peak), shift.metric)
    at = ((during, f", worst {worst} at {clock(shift.peak_at)}"),) if shift.peak_at is not None else ()
    number, _, unit = during.rpartition(" ")
    both = f"{number}–{worst}" if number and unit == worst.rpartition(" ")[2] else f"{during}–{worst}"
    return *at, (during, f", worst {worst}"), (both, "")


def unit_once(value: str, metric: str) -> str:
    """`value` without its unit where the metric's name says it: `23.7` queries of `queries_per_request`."""
    number, _, unit = value.rpartition(" ")
    return number if number and unit.isalpha() and unit in metric.split("_") else value


def clock(time: datetime) -> str:
    """14:30:12, or 14:30 on the minute."""
    return moment(time)


def minute(time: datetime) -> str:
    """14:30, without its seconds."""
    return f"{time:%H:%M}"


def metric_forms(metric: str) -> tuple[str, ...]:
    """What a metric is called, the longest form first: of a percentile of a latency its unit says that it is one.

    `client_latency_p90`: `client latency p90`, `client p90`, `p90`. Of another statistic, such as an average, nobody
    could tell what it is of.
    """
    words = metric.replace("_", " ")
    percentile = words.rpartition(" ")[2]
    if "latency " not in words or percentile[:1] != "p" or not percentile[1:2].isdigit():
        return (words,)
    return tuple(dict.fromkeys((words, words.replace("latency ", "", 1), percentile)))


def precise(time: datetime) -> str:
    """14:30:12, always with its seconds."""
    return f"{time:%H:%M:%S}"


def elapsed(seconds: float) -> str:
    """00:18, 12:05, 1:02:03."""
    whole = int(max(seconds, 0))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def seconds(value: float) -> str:
    """A step's duration: 0.4 s, 12 s, 3 min."""
    if value < 0.05:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 10 else duration(round(value))


PARTS = (
    (1.0, "all"), (0.9, "nine tenths"), (0.8, "four fifths"), (2 / 3, "two thirds"), (0.5, "half"), (0.4, "two fifths"),
    (1 / 3, "a third"), (0.25, "a quarter"), (0.2, "a fifth"), (0.1, "a tenth"), (0.0, "a small part"),
)  # fmt: skip
"""How a part of a whole is told in words."""


def part_of_it(share: float) -> str:
    """The nearest simple part, `two thirds`: as a percentage it would be read as a confidence."""
    return min(PARTS, key=lambda part: abs(part[0] - min(share, 1.0)))[1]


def percent(share: float) -> str:
    """A probability: 80 %; never nothing or certainty where it is neither, so <1 % and >99 %."""
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def apart(time: datetime, from_: datetime, name: str) -> str:
    """How far `time` is from another moment: 5 min before the alert."""
    gap = (time - from_).total_seconds()
    if abs(gap) < 1:
        return f"at {name}"
    return f"{duration(abs(round(gap)))} {'after' if gap > 0 else 'before'} {name}"


def ago(time: datetime, now: datetime) -> str:
    """How long ago: 5 min ago."""
    gap = (now - time).total_seconds()
    return "just now" if gap < 5 else f"{duration(round(gap))} ago"
