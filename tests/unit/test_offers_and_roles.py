"""What could be configured is offered and asked nothing; the least role is printed; doctor says what is missing."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from cases.fake_kubernetes import FakeKubernetes, Request, clinic, refusal
from cases.fake_loki import NOW, FakeLoki, line
from cases.fake_server import Reply

from cockpit.doctor import examine, render
from cockpit.examining import examine_sources, offer_checks
from cockpit.settings import load_settings
from primitives.backends.kubernetes.role import NEEDS
from primitives.backends.registry import backends
from primitives.clock import ManualClock
from primitives.http_requests import seconds_ahead
from primitives.sources import Source, define_source, offered_sources, open_source


@pytest.fixture
def machine(private_home: Path) -> Path:
    """Somebody's kubeconfig and AWS files."""
    (private_home / ".kube").mkdir()
    (private_home / ".aws").mkdir()
    contexts = [{"name": "north/blue"}, {"name": "south"}, {"name": "bad\nname"}, "odd"]
    document = {"current-context": "south", "contexts": contexts, "users": [{"user": {"token": "hunter2horse"}}]}
    (private_home / ".kube" / "config").write_text(yaml.safe_dump(document))
    (private_home / ".aws" / "config").write_text("[profile till]\nregion = eu-west-1\n[sso-session x]\nregion = a\n")
    (private_home / ".aws" / "credentials").write_text("[default]\naws_secret_access_key = hunter2horse\n")
    return private_home


def test_contexts_and_profiles_are_offered_under_names_that_can_be_used(machine: Path) -> None:
    offers = {offer.name: offer for offer in offered_sources({"HOME": str(machine)})}
    assert {name: offer.settings for name, offer in offers.items()} == {
        "aws-till": {"profile": "till", "region": "eu-west-1"},
        "aws-default": {"profile": "default"},
        "north-blue": {"context": "north/blue"},
        "south": {"context": "south"},
    }
    assert "the current one" in offers["south"].words
    for name, offer in offers.items():
        define_source(name, {"kind": offer.kind, **offer.settings}, {"HOME": str(machine)})


async def test_doctor_offers_them_and_asks_nobody(machine: Path) -> None:
    checks = await examine(load_settings(machine / "x.db", None))
    text = render(checks)
    assert "run `cloudops setup`" in text
    assert "offer south" in text
    assert "hunter2horse" not in text
    assert not [check for check in checks if check.name.startswith("source ")]


def test_files_that_can_t_be_read_offer_nothing(machine: Path) -> None:
    (machine / ".kube" / "config").write_text("{{{{")
    (machine / ".aws" / "config").write_bytes(b"\xff[")
    (machine / ".aws" / "credentials").write_text("no section = 1")
    assert offered_sources({"HOME": str(machine)}) == ()
    assert offer_checks(()) == ()


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(machine: Path) -> None:
    for name in (".kube/config", ".aws/config", ".aws/credentials"):
        (machine / name).unlink()
        os.mkfifo(machine / name)
    assert offered_sources({"HOME": str(machine)}) == ()


def test_the_role_may_list_all_that_is_read_and_nothing_else() -> None:
    policies = {name: kind.policy for name, kind in backends().items() if kind.policy is not None}
    assert set(policies) == {"aws", "kubernetes"}
    role = yaml.safe_load(policies["kubernetes"]())
    granted = {(group, resource, verb) for rule in role["rules"] for group in rule["apiGroups"]
               for resource in rule["resources"] for verb in rule["verbs"]}  # fmt: skip
    assert granted == {(need.group, need.resource, "list") for need in NEEDS} | {("", "pods/log", "get")}


async def test_what_may_not_be_read_is_named_with_who_lacks_it(tmp_path: Path) -> None:
    server = FakeKubernetes()
    usual = server.answer

    def answer(request: Request) -> Reply:
        if request.path.endswith(("/secrets", "/nodes")):
            return refusal(403, f'{request.path} is forbidden: User "ada@example.com" cannot list resource')
        return usual(request)

    prometheus = {"metadata": {"name": "prometheus-server", "namespace": "watch"}, "spec": {"ports": [{"port": 80}]}}
    server.objects = {**clinic(), "services": [*clinic()["services"], prometheus]}
    server.answer = answer
    settings = {"kind": "kubernetes", "kubeconfig": str(server.kubeconfig(tmp_path))}
    source = open_source("clinic", define_source("clinic", settings, {}), ManualClock(NOW))
    try:
        checks = (await examine_sources([source]))["clinic"]
    finally:
        await source.backend.close()
        server.close()
    said = {check.name: (check.status, check.detail) for check in checks}
    status, detail = said["access clinic"]
    assert status == "warning"
    assert "as ada@example.com; may not read secrets" in detail
    assert "nodes (inspect_workloads" in detail
    assert "configmaps" not in detail
    assert said["clock clinic"][0] == "warning"  # the test's clock stands in March
    assert "port-forward svc/prometheus-server 9090:80" in said["offer prometheus"][1]


async def test_a_store_of_logs_says_what_it_does_not_do() -> None:
    server = FakeLoki([line(60, "a", app="till")])
    source = open_source("logs", define_source("logs", {"kind": "loki", "url": server.url}, {}), ManualClock(NOW))
    try:
        notes = [check.detail for check in (await examine_sources([source]))["logs"] if check.name == "note logs"]
        server.patterns, server.volume = [], 1.0
        none = [check for check in (await examine_sources([source]))["logs"] if check.name == "note logs"]
    finally:
        await source.backend.close()
        server.close()
    assert len(notes) == 2
    assert "pattern_ingester" in notes[0]
    assert none == []


async def test_an_examination_that_fails_is_one_line() -> None:
    class Broken:
        name = "broken"
        questions = frozenset[str]()

        async def examine(self) -> None:
            raise RuntimeError("a\x1b[31mb")

    checks = await examine_sources([Source(Broken())])  # type: ignore[arg-type]
    assert [(check.status, check.detail) for check in checks["broken"]] == [("warning", "RuntimeError: ab")]


@pytest.mark.parametrize(
    ("date", "seconds"),
    [("Tue, 10 Mar 2026 12:30:07 GMT", 7.0), ("Tue, 10 Mar 2026 12:29:00 GMT", -60.0), ("", None), ("yesterday", None)],
)
def test_a_clock_is_compared_by_the_header(date: str, seconds: float | None) -> None:
    assert seconds_ahead(date, datetime(2026, 3, 10, 12, 30, tzinfo=UTC)) == seconds
