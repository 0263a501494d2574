"""The answer to a question about a longer time, as the answer to one about its last part, where it is the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from primitives.questions import AlertsQuery, Answers, Query, TopologyQuery

__all__ = ["answered_by", "may_answer"]

_OVER: Final = ("resolved", "unknown")


def may_answer(longer: Query, query: Query) -> bool:
    """Whether the answer to `longer` may hold that to `query`: of the same kind, with the same end, from earlier on.

    A dependency that was called in the longer time is one in the shorter too, even where the trouble stops the calls.
    """
    return (
        isinstance(query, AlertsQuery | TopologyQuery)
        and type(longer) is type(query)
        and longer.window.end == query.window.end
        and longer.window.covers(query.window)
    )


def answered_by(longer: Answers[Any], query: Query) -> Answers[Any] | None:
    """The answer to `query`, not recorded yet; None where it must be asked.

    Which alerts are active at the end is the same for both; one that is over may have ended before `query` begins.
    """
    if longer.gaps or (
        isinstance(query, AlertsQuery) and any(alert.state in _OVER for part in longer.parts for alert in part.records)
    ):
        return None
    return Answers(query, tuple(replace(part, query=query) for part in longer.parts))
