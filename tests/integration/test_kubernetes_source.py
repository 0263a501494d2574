"""A Kubernetes API server as a source: what is listed, what may be missing, and what each failure says."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases.fake_kubernetes import FakeKubernetes, Request, pod, refusal, stamped
from cases.fake_server import Reply

from primitives.backends.kubernetes import access
from primitives.clock import ManualClock
from primitives.errors import SourceDenied, SourceError, SourceTimeout, SourceUnreachable
from primitives.records import Window
from primitives.sources import define_source, open_source
from primitives.telemetry import Answer, Backend, ContainerLogsQuery, ObjectsQuery, TopologyQuery

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
OBJECTS = ObjectsQuery(window=WINDOW)


@pytest.fixture
def server() -> Iterator[FakeKubernetes]:
    fake = FakeKubernetes()
    yield fake
    fake.close()


def opened(kubeconfig: Path | str, **settings: Any) -> Backend:
    definition = define_source("ward", {"kind": "kubernetes", "kubeconfig": str(kubeconfig), **settings}, {})
    return open_source("ward", definition, ManualClock(NOW)).backend


@pytest.fixture
async def source(server: FakeKubernetes, tmp_path: Path) -> AsyncIterator[Backend]:
    backend = opened(server.kubeconfig(tmp_path))
    yield backend
    await backend.close()


def names(answer: Answer[Any], kind: str) -> list[str]:
    return [item["metadata"]["name"] for dump in answer.records if dump.kind == kind for item in dump.items]


async def test_objects_are_those_that_kubectl_shows(source: Backend, server: FakeKubernetes) -> None:
    answer = await source.ask(OBJECTS)
    assert answer.status == "answered"
    assert names(answer, "pods") == ["booking-5d9c-aa1"]
    [deployment] = next(dump.items for dump in answer.records if dump.kind == "deployments")
    assert (deployment["apiVersion"], deployment["kind"]) == ("apps/v1", "Deployment")
    assert {dump.time for dump in answer.records} == {NOW}
    assert all(request.headers["Authorization"] == "Bearer fake-token-4711" for request in server.asked)


async def test_nothing_of_a_secret_but_its_metadata_is_asked_for(source: Backend, server: FakeKubernetes) -> None:
    answer = await source.ask(OBJECTS)
    [asked] = [request for request in server.asked if request.path.endswith("/secrets")]
    assert "PartialObjectMetadataList" in asked.headers["Accept"]
    [settings] = next(dump.items for dump in answer.records if dump.kind == "configmaps")
    assert settings["metadata"]["annotations"] == {"team": "front-desk"}
    [first] = next(dump.items for dump in answer.records if dump.kind == "pods")
    assert "managedFields" not in first["metadata"]


async def test_a_long_list_is_read_page_by_page(source: Backend, server: FakeKubernetes) -> None:
    server.objects["pods"] = [pod(f"booking-{number}") for number in range(7)]
    server.page = 3
    answer = await source.ask(OBJECTS)
    assert names(answer, "pods") == [f"booking-{number}" for number in range(7)]
    asked = [request.query.get("continue") for request in server.asked if request.path == "/api/v1/pods"]
    assert asked == [None, "3", "6"]


def expiring(times: int) -> Any:
    """A rule that breaks the list of pods off on its second page, so many times."""
    left = iter(range(times))

    def rule(request: Request) -> Reply | None:
        gone = request.path == "/api/v1/pods" and request.query.get("continue") == "3" and next(left, None) is not None
        return refusal(410, "The provided continue parameter is too old") if gone else None

    return rule


async def test_a_list_that_expires_is_read_anew(source: Backend, server: FakeKubernetes) -> None:
    server.objects["pods"] = [pod(f"booking-{number}") for number in range(7)]
    server.page = 3
    server.rule = expiring(1)
    answer = await source.ask(OBJECTS)
    assert (answer.status, answer.completeness) == ("answered", "complete")
    assert names(answer, "pods") == [f"booking-{number}" for number in range(7)]


async def test_a_list_that_expires_again_is_a_gap(source: Backend, server: FakeKubernetes) -> None:
    server.objects["pods"] = [pod(f"booking-{number}") for number in range(7)]
    server.page = 3
    server.rule = expiring(2)
    answer = await source.ask(OBJECTS)
    assert (answer.status, answer.completeness, answer.left_out) == ("partial", "cut", "pods")
    assert names(answer, "pods") == [f"booking-{number}" for number in range(3)]
    assert "only a part of pods: the server broke the list off twice" in (answer.detail or "")
    covered = {kind for part in answer.coverage for kind in part.kinds}
    assert "objects:pods" not in covered
    assert "objects:services" in covered


async def test_what_was_seen_in_time_is_known_later_too(server: FakeKubernetes, tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    definition = define_source("ward", {"kind": "kubernetes", "kubeconfig": str(server.kubeconfig(tmp_path))}, {})
    backend = open_source("ward", definition, clock).backend
    assert names(await backend.ask(OBJECTS), "pods") == ["booking-5d9c-aa1"]
    server.objects["pods"] = [pod("booking-5d9c-bb2")]
    server.logs = {"booking-5d9c-aa1/app": stamped(NOW - timedelta(minutes=1), "late").encode()}
    clock.advance(timedelta(minutes=10).total_seconds())
    assert names(await backend.ask(OBJECTS), "pods") == ["booking-5d9c-aa1"]
    assert (await backend.ask(TopologyQuery(window=WINDOW))).status == "answered"
    assert (await backend.ask(ContainerLogsQuery(window=WINDOW))).status == "answered"
    earlier = Window(start=WINDOW.start, end=NOW - timedelta(minutes=1))
    assert (await backend.ask(ObjectsQuery(window=earlier))).status == "not_recorded"
    await backend.close()


async def test_one_look_serves_every_question_about_one_moment(source: Backend, server: FakeKubernetes) -> None:
    await asyncio.gather(source.ask(OBJECTS), source.ask(TopologyQuery(window=WINDOW)))
    assert [request.path for request in server.asked].count("/api/v1/pods") == 1


async def test_the_topology_ties_the_service_to_its_workload(source: Backend) -> None:
    answer = await source.ask(TopologyQuery(window=WINDOW))
    [topology] = answer.records
    assert ("clinic/service/booking", "clinic/deployment/booking") in {
        (edge.source, edge.target) for edge in topology.edges
    }
    assert "clinic/deployment/booking" in {resource.id for resource in topology.resources}


async def test_the_past_is_not_told_from_the_present(source: Backend, server: FakeKubernetes) -> None:
    earlier = Window(start=NOW - timedelta(hours=9), end=NOW - timedelta(hours=8))
    answer = await source.ask(ObjectsQuery(window=earlier))
    assert (answer.status, answer.records) == ("not_recorded", ())
    assert server.asked == []


def refusing(*paths: str, status: int = 403) -> Any:
    def rule(request: Request) -> Reply | None:
        return refusal(status, "no rights on this") if request.path in paths else None

    return rule


async def test_a_kind_that_may_not_be_read_is_a_gap_and_the_others_are_there(
    source: Backend, server: FakeKubernetes
) -> None:
    server.rule = refusing("/api/v1/nodes")
    answer = await source.ask(OBJECTS)
    assert answer.status == "partial"
    assert answer.detail == "not allowed to read nodes"
    assert names(answer, "pods")
    assert "nodes" not in {dump.kind for dump in answer.records}


async def test_without_rights_on_the_cluster_the_own_namespace_is_read(source: Backend, server: FakeKubernetes) -> None:
    server.objects["pods"].append(pod("elsewhere", namespace="other"))
    server.rule = refusing("/api/v1/pods", "/api/v1/services")
    answer = await source.ask(OBJECTS)
    assert names(answer, "pods") == ["booking-5d9c-aa1"]
    assert "only in clinic" in (answer.detail or "")
    # Elsewhere there may be anything: nothing may be called absent.
    assert answer.coverage == ()


async def test_chosen_namespaces_are_read_one_by_one(server: FakeKubernetes, tmp_path: Path) -> None:
    server.objects["pods"].append(pod("elsewhere", namespace="other"))
    backend = opened(server.kubeconfig(tmp_path), namespaces=["other"])
    assert names(await backend.ask(OBJECTS), "pods") == ["elsewhere"]
    assert "/api/v1/pods" not in [request.path for request in server.asked]
    await backend.close()


async def test_a_group_that_does_not_answer_is_named(source: Backend, server: FakeKubernetes) -> None:
    server.rule = refusing("/apis/apps/v1", status=404)
    answer = await source.ask(OBJECTS)
    assert answer.status == "partial"
    assert "no answer from the API group apps" in (answer.detail or "")
    assert names(answer, "pods")


async def test_a_server_that_fails_once_is_asked_again(source: Backend, server: FakeKubernetes) -> None:
    failures = iter([refusal(503, "etcd leader changed"), Reply(429, b"{}", {"Retry-After": "0"})])
    server.rule = lambda request: next(failures, None) if request.path == "/api/v1/pods" else None
    assert names(await source.ask(OBJECTS), "pods") == ["booking-5d9c-aa1"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b"null", b'{"items": 5}', b'{"items": [1, null, {}]}', b'{"resources"']
)
async def test_answers_that_are_none_end_no_question(source: Backend, server: FakeKubernetes, body: bytes) -> None:
    server.rule = lambda request: Reply(body=body) if request.path == "/api/v1/pods" else None
    answer = await source.ask(OBJECTS)
    assert names(answer, "deployments") == ["booking"]


@pytest.mark.parametrize("path", ["/api/v1", "/apis"])
async def test_a_server_that_says_nothing_of_use_is_unreachable(
    source: Backend, server: FakeKubernetes, path: str
) -> None:
    server.rule = lambda request: Reply(body=b"<html>Sign in</html>") if request.path == path else None
    with pytest.raises(SourceUnreachable, match="not from a Kubernetes API"):
        await source.ask(OBJECTS)


async def test_logs_of_ill_pods_come_with_those_of_the_life_before(source: Backend, server: FakeKubernetes) -> None:
    server.objects["pods"] = [pod("booking-well"), pod("booking-ill", ready=False, restarts=3)]
    server.logs = {
        "booking-well/app": stamped(NOW, "served").encode(),
        "booking-ill/app/previous": stamped(NOW, "panic: no such table").encode(),
    }
    answer = await source.ask(ContainerLogsQuery(window=WINDOW))
    assert [(log.pod, log.previous, log.text.split(" ", 1)[1]) for log in answer.records] == [
        ("booking-ill", True, "panic: no such table\n"),
        ("booking-well", False, "served\n"),
    ]
    # A container that waits has no log, and that is no gap.
    assert answer.status == "answered"


async def test_what_is_written_while_logs_are_read_is_left_out(source: Backend, server: FakeKubernetes) -> None:
    server.objects["pods"] = [pod("booking-well")]
    lines = (stamped(NOW, "before"), stamped(WINDOW.end + timedelta(seconds=2), "after"))
    server.logs = {"booking-well/app": "".join(lines).encode()}
    [log] = (await source.ask(ContainerLogsQuery(window=WINDOW))).records
    assert [line.split(" ", 1)[1] for line in log.text.splitlines()] == ["before"]


async def test_an_endless_log_is_cut(source: Backend, server: FakeKubernetes) -> None:
    server.logs = {"booking-5d9c-aa1/app": b"\x1b]52;c;x\x07" * 600_000}
    [log] = (await source.ask(ContainerLogsQuery(window=WINDOW))).records
    assert len(log.text) < 1_000_000


async def test_a_token_that_ran_out_is_renewed_once(source: Backend, server: FakeKubernetes, tmp_path: Path) -> None:
    assert (await source.check()).status == "reachable"
    server.kubeconfig(tmp_path, token="fresh-token-0815")
    server.rule = lambda request: (
        refusal(401, "Unauthorized") if request.headers["Authorization"] != "Bearer fresh-token-0815" else None
    )
    assert names(await source.ask(OBJECTS), "pods") == ["booking-5d9c-aa1"]


async def test_refused_credentials_say_what_to_do(source: Backend, server: FakeKubernetes) -> None:
    server.rule = lambda _: refusal(401, "Unauthorized")
    status = await source.check()
    assert (status.status, status.detail) == (
        "denied", "the credentials were refused (HTTP 401): log in again, as for kubectl",
    )  # fmt: skip


async def test_no_rights_at_all_are_a_denial(source: Backend, server: FakeKubernetes) -> None:
    server.rule = lambda request: (
        refusal(403, "no") if "/api/v1/" in request.path or "/apps/v1/" in request.path else None
    )
    assert (await source.check()).status == "denied"
    with pytest.raises(SourceDenied, match="it takes the role `view`"):
        await source.ask(OBJECTS)


def plugin(folder: Path, code: str) -> dict[str, Any]:
    """A login plugin that runs `code`."""
    script = folder / "plugin"
    script.write_text(f"#!{sys.executable}\n{code}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1", "command": str(script),
            "interactiveMode": "IfAvailable",
        }
    }  # fmt: skip


async def test_a_login_plugin_gives_the_token(server: FakeKubernetes, tmp_path: Path) -> None:
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential",
        "status": {"token": "from-the-plugin-99"},
    }  # fmt: skip
    user = plugin(tmp_path, f"import sys; print('hint', file=sys.stderr); print({json.dumps(json.dumps(credential))})")
    backend = opened(server.kubeconfig(tmp_path, **user))
    assert (await backend.check()).status == "reachable"
    assert server.asked[0].headers["Authorization"] == "Bearer from-the-plugin-99"
    await backend.close()


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import time; time.sleep(60)", "gave no credentials within"),
        ("input('MFA code: ')", "its login plugin failed"),
        ("print('Your SSO session is over')", "its login plugin failed"),
        ("raise SystemExit(3)", "its login plugin failed"),
    ],
)
async def test_a_login_plugin_that_fails_or_hangs_is_one_line(
    server: FakeKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, problem: str
) -> None:
    if "sleep" in code:
        monkeypatch.setattr(access, "LONGEST_S", 2.0)
    backend = opened(server.kubeconfig(tmp_path, **plugin(tmp_path, code)))
    with pytest.raises((SourceTimeout, SourceError), match=problem) as raised:
        await backend.ask(OBJECTS)
    assert "\n" not in str(raised.value)
    assert server.asked == []


@pytest.mark.parametrize(
    "text", ["", "{", "- a", "current-context: none", "\x00", "apiVersion: v1\nkind: Config\nclusters: 7"]
)
async def test_a_kubeconfig_that_is_none_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    status = await opened(path).check()
    assert status.status == "unreachable"
    assert "its kubeconfig can't be used" in status.detail


async def test_a_missing_kubeconfig_is_one_line(tmp_path: Path) -> None:
    status = await opened(tmp_path / "nowhere").check()
    assert (status.status, "its kubeconfig can't be used" in status.detail) == ("unreachable", True)


def test_the_context_of_the_moment_is_kept(server: FakeKubernetes, tmp_path: Path) -> None:
    path = server.kubeconfig(tmp_path)
    definition = define_source("w", {"kind": "kubernetes"}, {"KUBECONFIG": str(path)})
    assert definition.settings["context"] == "ward"
    assert definition.scope_words == "cluster ward"


@pytest.mark.parametrize("namespace", ["../secrets", "A", "x/y", ""])
def test_a_namespace_is_a_name(namespace: str) -> None:
    with pytest.raises(Exception, match="namespaces"):
        define_source("w", {"kind": "kubernetes", "namespaces": [namespace]}, {})
