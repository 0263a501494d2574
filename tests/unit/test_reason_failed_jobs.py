"""A job that ended with an error has failed, whatever else is calm; what serves requests has other troubles."""

from __future__ import annotations

import pytest
from incident_facts import SEEN, found, log, opened, shift

from engine.reason import rank_facts
from primitives.analysis.error_families import family_of
from primitives.facts import Dependencies, Fact, ProbeResult
from primitives.records import Symptom


def said(resource: str, text: str, severity: str = "ERROR") -> Fact:
    return log(resource, "", 1).model_copy(
        update={"template": text, "example": text, "severity": severity, "family": family_of(text)}
    )


def known(kind: str, *callers: str) -> Dependencies:
    resources = {"letters": kind, "store": "database"} | dict.fromkeys(callers, "service")
    edges = (("letters", "store", "reads"), *((caller, "letters", "calls") for caller in callers))
    return Dependencies(resources=resources, edges=edges, **SEEN)


def calm() -> tuple[Fact, ...]:
    """The database that it reads is well, and its port answers."""
    check = ProbeResult(
        resource="letters", probe="tcp_connect", target="store:5432", result="open", healthy=True, output="", **SEEN
    )
    return (shift("store", absent=True), shift("store", "cpu_usage", kind="saturation", unit="%", absent=True), check)


def first(*facts: Fact) -> tuple[str, str | None]:
    best = rank_facts(found(*facts), opened(symptom=Symptom(resource="letters"))).hypotheses[0]
    return best.cause_id, best.resource


@pytest.mark.parametrize(
    "lines",
    [
        ("CRON[881]: (root) CMD (/opt/letters/send.sh)", "send.sh: mailmerge ended with status 3, no letters written"),
        ("anacron[12]: Job `cron.daily' terminated (exit status: 1)",),
        ("systemd[1]: letters.timer: Triggering", "Traceback (most recent call last): ImportError: no such thing"),
        ("scheduled job letters: exit code 2",),
    ],
)
def test_a_job_that_ended_with_an_error_has_failed(lines: tuple[str, ...]) -> None:
    *before, last = lines
    facts = (*(said("letters", line, "INFO") for line in before), said("letters", last), known("workload"), *calm())
    assert first(*facts) == ("job_failed", "letters")


@pytest.mark.parametrize(
    "line",
    [
        "scheduled job letters: exit code 0",
        "scheduled job letters ended, 12 lines with status 200",
        "scheduled job letters: GET /letters returned status 404, skipped",
        "scheduled job letters ended with status: 3/7 done, continuing",
        "nightly job letters finished: hit rate value=97",
        "nightly job letters finished with code 4 lines",
    ],
)
def test_an_end_without_an_error_is_no_failed_job(line: str) -> None:
    assert first(said("letters", line, "INFO"), known("workload"), *calm())[0] != "job_failed"


@pytest.mark.parametrize("kind", ["service", "gateway"])
def test_what_serves_requests_is_no_job(kind: str) -> None:
    facts = (
        said("letters", "scheduled job refresh: exit code 2"), known(kind, "site"), shift("letters"), *calm()
    )  # fmt: skip
    assert first(*facts)[0] != "job_failed"
