"""What a host writes of what runs on it is about that; a process that a signal of its own making ended has crashed."""

from __future__ import annotations

import pytest
from incident_facts import SEEN, found, log, opened, shift

from engine.reason import rank_facts
from primitives.analysis.error_families import family_of
from primitives.facts import Dependencies, Fact
from primitives.records import Symptom

Answer = tuple[str, str | None]


def said(resource: str, text: str, count: int = 6, severity: str = "ERROR") -> Fact:
    return log(resource, family_of(text) or "", count).model_copy(
        update={"template": text, "example": text, "severity": severity, "family": family_of(text)}
    )


def running(host: str, *services: str) -> Dependencies:
    """What a host carries, and a site that calls all of it."""
    kinds = {host: "node", "site": "gateway"} | dict.fromkeys(services, "service")
    edges = tuple((name, host, "hosts") for name in services) + tuple(("site", name, "calls") for name in services)
    return Dependencies(resources=kinds, edges=edges, **SEEN)


def answers(*facts: Fact, symptom: Symptom | None = None) -> list[Answer]:
    about = symptom or Symptom(resource="site", metric="errors", direction="above")
    return [(known.cause_id, known.resource) for known in rank_facts(found(*facts), opened(symptom=about)).hypotheses]


GROUP_KILL = "kernel: Memory cgroup out of memory: Killed process 811 (java) total-vm:9120344kB, anon-rss:6100200kB"


@pytest.mark.parametrize(
    ("service", "lines"),
    [
        ("till", (GROUP_KILL, "systemd[1]: till.service: A process of this unit has been killed by the OOM killer.")),
        ("till", ("systemd[1]: till.service: Failed with result 'oom-kill'. killed by the OOM killer",)),
        ("loans", ("kernel: oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/system.slice/loans.service,task=node",)),
        ("loans", ("kernel: Memory cgroup out of memory: Killed process 77 (loans) total-vm:812kB",)),
    ],
)
def test_a_kill_that_a_host_tells_is_of_the_service_that_ran_there(service: str, lines: tuple[str, ...]) -> None:
    calm = shift("site", "errors", kind="errors", unit="1", absent=True)
    known = answers(*(said("box-7", line) for line in lines), running("box-7", service, "other"), calm)
    assert known[0] == ("out_of_memory_killed", service)


@pytest.mark.parametrize(
    "lines",
    [
        # The machine's own memory ran out: whatever was killed for it is its victim.
        (
            "kernel: Out of memory: Killed process 811 (java) total-vm:9120344kB, anon-rss:6100200kB",
            "systemd[1]: till.service: A process of this unit has been killed by the OOM killer.",
        ),
        # No unit that is known, and a process of another name.
        (GROUP_KILL,),
        ("systemd[1]: backup-of-tapes.service: A process of this unit has been killed by the OOM killer.",),
    ],
)
def test_what_a_host_tells_of_itself_or_of_strangers_stays_its_own(lines: tuple[str, ...]) -> None:
    known = answers(*(said("box-7", line) for line in lines), running("box-7", "till", "other"))
    assert ("out_of_memory_killed", "till") not in known
    assert any(resource == "box-7" for _, resource in known)


@pytest.mark.parametrize(
    ("service", "told", "own"),
    [
        (
            "tuner",
            "dockerd[9]: container exited name=tuner exitCode=134 oomKilled=false restartCount=3",
            "terminate called after throwing an instance of 'std::bad_alloc_size'",
        ),
        (
            "scan",
            "systemd[1]: scan.service: Main process exited, code=dumped, status=11/SEGV",
            "Segmentation fault in decode_header",
        ),
    ],
)
def test_a_process_that_aborts_crashes_rather_than_misbehaves(service: str, told: str, own: str) -> None:
    refused = said("site", "I/O error on POST: Connection refused").model_copy(update={"points_at": service})
    rose = shift("site", "errors", kind="errors", unit="1", baseline=0.001, current=0.2)
    facts = (said("box-7", told, severity="WARN"), said(service, own), refused, rose, running("box-7", service))
    assert answers(*facts)[0] == ("application_crash", service)


@pytest.mark.parametrize(
    "text",
    [
        "dockerd[9]: container exited name=tuner exitCode=0 oomKilled=false restartCount=0",
        # A stop from outside: SIGTERM, and an ordinary error status.
        "dockerd[9]: container exited name=tuner exitCode=143 oomKilled=false",
        "systemd[1]: tuner.service: Main process exited, code=exited, status=1/FAILURE",
        "read 134 rows, status 139 pending",
    ],
)
def test_an_end_by_another_or_by_choice_is_no_abort(text: str) -> None:
    rose = shift("site", "errors", kind="errors", unit="1", baseline=0.001, current=0.2)
    ranking = rank_facts(
        found(said("box-7", text), rose, running("box-7", "tuner")),
        opened(symptom=Symptom(resource="site", metric="errors", direction="above")),
    )
    told = {item.why for known in ranking.hypotheses for item in known.evidence}
    assert "a signal of its own making ended it" not in told


@pytest.mark.parametrize("text", ["container exited exitCode=134 oomKilled=false", "oomKilled: false, restarts: 2"])
def test_what_was_not_killed_for_memory_is_not_out_of_memory(text: str) -> None:
    assert family_of(text) != "out_of_memory"


@pytest.mark.parametrize("text", ["OOMKilled: true", "container was OOMKilled", "oom-killed process 12"])
def test_what_was_killed_for_memory_is(text: str) -> None:
    assert family_of(text) == "out_of_memory"
