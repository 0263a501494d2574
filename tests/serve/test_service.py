"""From a delivery to an incident."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import payloads
import pytest
from running import BEARER, TOKEN, Running, alert, started, until

from engine.port import AddNote, AuditResult, Investigate, Watch
from engine.remote import RemoteEngine
from primitives.errors import UsageError


async def test_an_alert_opens_an_investigation_that_keeps_its_payload(service: Running) -> None:
    document = {**payloads.ALERTMANAGER, "note": "password=hunter2hunter2"}
    assert await service.send(document) == 202
    (group,) = await service.groups(lambda groups: [each.state for each in groups] == ["investigated"])
    assert (group.title, group.service, group.severity) == ("SlowTickets", "ticket-api", "critical")
    assert group.execution_id is not None
    state = await service.engine.state(group.execution_id)
    assert state.incident_id == group.incident_id
    assert state.opened is not None
    assert state.opened.query == "SlowTickets: p95 of ticket-api is 2.4 s"
    assert state.opened.focus == ("ticket-api",)
    assert state.opened.alert["alerts"] == payloads.ALERTMANAGER["alerts"]
    (payload,) = await service.engine.alert_payloads(group.id)
    assert payload["alerts"] == payloads.ALERTMANAGER["alerts"]
    assert "hunter2" not in json.dumps([payload, state.opened.alert])
    (result,) = await service.engine.verify(group.execution_id)
    assert isinstance(result, AuditResult)
    assert result.ok


async def test_the_end_and_a_new_beginning_are_noted_on_the_same_incident(service: Running) -> None:
    await service.send(alert())
    (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
    for _ in range(2):
        await service.send(alert(status="resolved"))
        await service.groups(lambda groups: groups[0].noted == "resolved")
        await service.send(alert())
        await service.groups(lambda groups: groups[0].noted == "firing")
    (group,) = service.desk.groups
    assert (group.turns, group.alerts, group.firing) == (2, 1, 1)
    assert group.execution_id is not None
    notes = [note.text for note in (await service.engine.state(group.execution_id)).notes.values()]
    assert notes == [
        "Its source says that the alert is over.", "An alert of it fires again (time 2).",
        "Its source says that the alert is over.", "An alert of it fires again (time 3).",
    ]  # fmt: skip


async def test_alerts_of_a_service_are_one_incident_and_a_storm_too(service: Running) -> None:
    for name in ("SlowTickets", "FailedTickets"):
        await service.send(alert(name, service="ticket-api"))
    await service.groups(lambda groups: len(groups) == 1 and groups[0].alerts == 2)
    for number in range(200):
        await service.send(alert(service=f"service-{number}"))
    groups = await service.groups(lambda groups: sum(group.alerts for group in groups) == 202)
    assert len(groups) == 11
    (storm,) = [group for group in groups if group.storm]
    assert storm.alerts == 191
    assert storm.title.startswith("Many alerts at once")


async def test_the_same_delivery_again_is_no_new_alert(service: Running) -> None:
    for _ in range(5):
        assert await service.send(payloads.PAGERDUTY, "pagerduty", _pagerduty(payloads.PAGERDUTY)) == 202
    # The same event in other bytes is the same event.
    spaced = json.dumps(payloads.PAGERDUTY, indent=1).encode()
    assert await service.send(spaced, "pagerduty", _pagerduty(spaced)) == 202
    (group,) = await service.groups(lambda groups: len(groups) == 1)
    assert (group.alerts, group.deliveries) == (1, 1)


def _pagerduty(document: object) -> dict[str, str]:
    import hashlib
    import hmac

    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return {"X-PagerDuty-Signature": f"v1={hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()}"}


@pytest.mark.parametrize(
    ("status", "change"),
    [
        (401, {"headers": {"Authorization": "Bearer another token altogether"}}),
        (401, {"headers": {}}),
        (413, {"content": b'{"a": "' + b"x" * 512 * 1024 + b'"}'}),
        (415, {"headers": {**BEARER, "Content-Type": "application/x-www-form-urlencoded"}}),
        (415, {"headers": {**BEARER, "Content-Encoding": "gzip"}}),
        (404, {"url": "/webhooks/other"}),
        (405, {"method": "GET"}),
    ],
)
async def test_what_is_refused_opens_nothing(service: Running, status: int, change: dict[str, object]) -> None:
    request: dict[str, object] = {
        "method": "POST", "url": "/webhooks/alertmanager", "content": json.dumps(alert()).encode(), "headers": BEARER,
        **change,
    }  # fmt: skip
    answer = await service.http.request(**request)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert not await service.desk.inbox.next_waiting()
    assert service.desk.groups == ()


async def test_a_body_that_is_longer_than_it_says_is_not_read_to_its_end(service: Running) -> None:
    async def endless() -> object:
        for _ in range(600):
            yield b"x" * 1024

    answer = await service.http.post("/webhooks/alertmanager", content=endless(), headers=BEARER)  # type: ignore[arg-type]
    assert answer.status_code == 413


async def test_a_genuine_delivery_that_can_not_be_read_is_kept_aside(service: Running) -> None:
    assert await service.send(b'{"token=abcdef0123456789abcdef": ') == 202
    assert await service.send({"alerts": [{"status": "odd"}]}) == 202
    first, second = await until(lambda: _two(service))
    assert "firing or resolved" in first.problem
    assert second.problem == "it is not JSON"
    assert service.desk.groups == ()
    assert await service.send(alert()) == 202
    await service.groups(lambda groups: len(groups) == 1)


async def _two(service: Running) -> object:
    kept = await service.engine.quarantined()
    return kept if len(kept) == 2 else None


async def test_what_the_rules_leave_out_is_noted_and_waits_for_a_person(service: Running) -> None:
    await service.send({"alerts": [{**alert()["alerts"][0], "labels": {"alertname": "Hello", "severity": "info"}}]})
    (group,) = await service.groups(lambda groups: len(groups) == 1)
    assert (group.state, group.execution_id) == ("noted", None)


async def test_alerts_wait_for_sources_that_are_down(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    async with started(short_path) as service:
        spans = short_path / "spans"
        for file in spans.iterdir():
            file.unlink()
        spans.rmdir()
        for number in range(50):
            assert await service.send(alert(f"Slow{number}", service="ticket-api")) == 202
        (group,) = await service.groups(lambda groups: bool(groups) and groups[0].alerts == 50 and groups[0].tries > 0)
        assert group.state == "waiting"
        assert "spans" in group.problem
        spans.mkdir()
        (spans / "traces.jsonl").touch()
        await service.desk.update(group.id, next_at=None)
        (group,) = await service.groups(lambda groups: groups[0].state == "investigated")
        assert group.problem == ""


async def test_cockpits_see_and_take_what_came_in(service: Running) -> None:
    await service.send(alert())
    (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
    path = service.engine.store.rows.path  # type: ignore[attr-defined]
    remote = RemoteEngine(path)
    assert await remote.alert_groups() == (group,)
    taken = await remote.take_alert(group.incident_id)
    assert taken.taken_by
    assert service.desk.groups[0].taken_by == taken.taken_by
    with pytest.raises(UsageError, match="there is no grp-0"):
        await remote.take_alert("grp-0")
    assert await remote.alert_payloads(group.id)


async def test_who_acts_on_the_incident_has_taken_it_and_who_looks_on_has_not(service: Running) -> None:
    await service.send(alert())
    (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
    assert group.execution_id is not None
    await service.engine.send(group.execution_id, Watch())
    assert service.desk.groups[0].taken_by is None
    await service.engine.send(group.execution_id, AddNote(text="I look into it"))
    assert service.desk.groups[0].taken_by


async def test_health_and_metrics(service: Running) -> None:
    await service.send(alert())
    await service.send(alert(), headers={"Authorization": "Bearer x"})
    await service.http.post("/webhooks/never-configured", headers=BEARER)
    assert (await service.http.get("/healthz")).json() == {"status": "ok"}
    assert (await service.http.get("/readyz")).status_code == 200
    text = (await service.http.get("/metrics")).text
    assert 'cloudops_deliveries_total{channel="alertmanager",outcome="accepted"} 1.0' in text
    assert 'cloudops_deliveries_total{channel="alertmanager",outcome="refused"} 1.0' in text
    assert 'cloudops_deliveries_total{channel="unknown",outcome="unknown"} 1.0' in text
    assert "cloudops_inbox_waiting" in text


async def test_what_waited_is_worked_off_after_a_restart(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    async with started(short_path) as service:
        await service.service._jobs.stop()  # as if it were killed after its answer
        assert await service.send(alert()) == 202
        assert service.desk.groups == ()
    async with started(short_path) as service:
        (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
        opened = await service.engine.incidents()
        assert [each.execution_id for each in opened] == [group.execution_id]
    async with started(short_path) as service:
        await service.send(alert())
        await service.groups(lambda groups: bool(groups) and groups[0].deliveries >= 1)
        assert len(await service.engine.incidents()) == 1


async def test_an_investigation_that_was_killed_before_its_plan_ran_goes_on(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    async with started(short_path) as service:
        await service.send({"alerts": [{**alert()["alerts"][0], "labels": {"alertname": "Hello", "severity": "info"}}]})
        (group,) = await service.groups(lambda groups: len(groups) == 1)
        # What a kill leaves: an incident of that id whose plan nobody has confirmed.
        await service.engine.investigate(Investigate(query="Hello", incident_id=group.incident_id, confirm=True))
    async with started(short_path) as service:
        await service.desk.update(group.id, state="opening")
        (group,) = await service.groups(lambda groups: groups[0].state == "investigated")
        (summary,) = await service.engine.incidents()
        assert summary.execution_id == group.execution_id
        assert (await service.engine.state(summary.execution_id)).ended


async def test_too_many_requests_are_asked_to_wait(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    from running import settings

    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    slow = {"any": {"provider": "plain", "secret_variables": ["ALERTS_TOKEN"], "rate_per_s": 0.001}}
    async with started(short_path, settings(webhooks=slow)) as service:
        assert await service.send({"title": "x"}, "any") == 202
        answer = await service.http.post("/webhooks/any", content=b"{}", headers=BEARER)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")


async def test_a_certificate_is_renewed_while_it_runs(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    from certificates import write_certificate
    from running import settings

    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    tls = {"certificate": str(short_path / "c.pem"), "key": str(short_path / "k.pem")}
    first = write_certificate(short_path, "first")
    async with started(short_path, settings(tls=tls)) as service:
        url = f"https://127.0.0.1:{service.service.port}"

        async def subject(authority: str) -> int:
            context = ssl.create_default_context(cadata=authority)
            async with httpx2.AsyncClient(base_url=url, verify=context, trust_env=False) as http:
                return (await http.get("/healthz")).status_code

        assert await subject(first) == 200
        second = write_certificate(short_path, "second")
        server = service.service._server
        assert server is not None
        assert server.renew_certificate()
        assert await subject(second) == 200
        with pytest.raises(httpx2.ConnectError):
            await subject(first)
        (short_path / "c.pem").write_text("broken")
        assert not server.renew_certificate()
        assert await subject(second) == 200
