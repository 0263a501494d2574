"""Of each way to sign: what is tampered with, replayed, late, too long or of another type opens nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import TOKEN, Running, alert, settings, started

from engine.alerts import AlertGroup

Headers = dict[str, str]
_DATA = {"title": "Slow ferries", "service": "ferry"}
_WHSEC = "whsec_" + base64.b64encode(TOKEN.encode()).decode()


def _hex(body: bytes, secret: bytes = TOKEN.encode()) -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def _standard(body: bytes, at: float, secret: bytes) -> Headers:
    signed = b"msg_1." + str(int(at)).encode() + b"." + body
    signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(int(at)), "webhook-signature": f"v1,{signature}"}


def _grafana(body: bytes, at: float, secret: bytes) -> Headers:
    sent = str(int(at))
    return {"X-Time": sent, "X-Grafana-Alerting-Signature": _hex(sent.encode() + b":" + body, secret)}


_PAGERDUTY = {
    "event": {
        "id": "01EVENT", "event_type": "incident.triggered",
        "data": {"id": "PFERRY1", "title": "Slow ferries", "status": "triggered"},
    }
}  # fmt: skip
_DEPLOYMENT = {
    "deployment_status": {"id": 7, "state": "failure", "created_at": "2026-03-10T14:44:00Z"},
    "deployment": {"id": 3, "environment": "production", "sha": "a" * 40},
    "repository": {"full_name": "example/ferry", "name": "ferry"},
}
_SENTRY = {"action": "triggered", "actor": {}, "data": {"event": {"title": "Slow", "issue_id": "9", "level": "error"}}}
_SIGNED: dict[str, tuple[Any, Callable[[bytes, float, bytes], Headers], bool]] = {
    "pagerduty": (_PAGERDUTY, lambda body, _, secret: {"X-PagerDuty-Signature": f"v1={_hex(body, secret)}"}, False),
    "grafana": ({**alert(), "orgId": 1}, _grafana, True),
    "github": (_DEPLOYMENT, lambda body, _, secret: {"X-Hub-Signature-256": f"sha256={_hex(body, secret)}"}, False),
    "sentry": (_SENTRY, lambda body, _, secret: {"Sentry-Hook-Signature": _hex(body, secret)}, False),
    "standard": ({"type": "ferry.slow", "timestamp": "2026-03-10T14:44:00Z", "data": _DATA}, _standard, True),
}
"""A payload, how it is signed at a time with a secret, and whether its time is signed."""


def configured(provider: str) -> Any:
    more = {"timestamp_header": "X-Time"} if provider == "grafana" else {}
    return settings(webhooks={provider: {"provider": provider, "secret_variables": ["ALERTS_TOKEN"], **more}})


async def _send(service: Running, provider: str, body: bytes, headers: Headers, kind: str = "application/json") -> int:
    answer = await service.http.post(f"/webhooks/{provider}", content=body, headers={"Content-Type": kind, **headers})
    return answer.status_code


@pytest.mark.parametrize("provider", _SIGNED)
async def test_variants_of_a_genuine_delivery_open_nothing(
    short_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    monkeypatch.setenv("ALERTS_TOKEN", _WHSEC if provider == "standard" else TOKEN)
    document, sign, timed = _SIGNED[provider]
    body, now, secret = json.dumps(document).encode(), time.time(), TOKEN.encode()
    genuine = sign(body, now, secret)
    async with started(short_path, configured(provider)) as service:
        refused = [
            await _send(service, provider, body, {}),
            await _send(service, provider, body.replace(b":", b": ", 1), genuine),
            await _send(service, provider, body, sign(body, now, b"another secret altogether")),
            await _send(service, provider, body, dict.fromkeys(genuine, "")),
            await _send(service, provider, body, dict.fromkeys(genuine, "x" * 10000)),
        ]
        if timed:
            refused += [await _send(service, provider, body, sign(body, now + off, secret)) for off in (-400, 400)]
        assert set(refused) == {401}
        long = b'{"a": "' + b"x" * 512 * 1024 + b'"}'
        assert await _send(service, provider, long, sign(long, now, secret)) == 413
        assert await _send(service, provider, body, genuine, "text/html") == 415
        assert not await service.desk.inbox.next_waiting()
        assert service.desk.groups == ()
        for _ in range(5):
            assert await _send(service, provider, body, genuine) == 202

        def settled(groups: tuple[AlertGroup, ...]) -> bool:
            return len(groups) == 1 and groups[0].state in ("investigated", "noted")

        (group,) = await service.groups(settled)
        assert (group.alerts, group.deliveries) == (1, 1), "what comes again is the same delivery"
        assert len(await service.engine.incidents()) <= 1


async def test_a_storm_of_one_alert_with_ten_thousand_labels_is_one_incident(service: Running) -> None:
    labels = {f"label{number}": f"value {number}" for number in range(10_000)}
    document = alert("Wide", service="ferry", **labels)
    document["alerts"][0]["fingerprint"] = "wide"
    for _ in range(30):
        assert await service.send(document) == 202
    (group,) = await service.groups(lambda groups: bool(groups) and groups[0].deliveries == 30)
    assert (group.alerts, group.service) == (1, "ferry")
    (group,) = await service.groups(lambda groups: groups[0].state == "investigated")
    assert len(await service.engine.incidents()) == 1


async def test_an_alert_about_what_no_source_knows_is_investigated_and_says_so(service: Running) -> None:
    await service.send(alert("Lost", service="never-heard-of"))
    (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
    assert group.execution_id is not None
    state = await service.engine.state(group.execution_id)
    assert state.ended
    assert state.opened is not None
    assert state.opened.focus == ("never-heard-of",)
    assert not state.hypotheses or state.hypotheses[0].cause_id == "unknown", "nothing is made up of nothing"


async def test_a_clock_that_jumps_while_it_runs_loses_and_opens_nothing(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    clock = service.desk.clock
    real = clock.now
    for number, jump in enumerate((0, -7_200, 7_200, 0)):
        monkeypatch.setattr(clock, "now", lambda jump=jump: real() + timedelta(seconds=jump))
        assert await service.send(alert("Slow", service="ferry")) == 202
        await service.groups(lambda groups, wanted=number + 1: bool(groups) and groups[0].deliveries == wanted)
    (group,) = service.desk.groups
    assert (group.alerts, group.firing, group.turns) == (1, 1, 0)
