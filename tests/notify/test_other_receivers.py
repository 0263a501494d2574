"""Teams, signed webhooks, PagerDuty and Apprise, on fakes with the documented shapes. None was the real service."""

from __future__ import annotations

from typing import Any

import pytest
from fake_receivers import Answer, Asked, serving
from made_notices import NOON, notice
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from engine.notify.receiver import NothingToDo, Parcel, RefusedForGood, TryLater
from engine.notify.receivers.opening import open_receiver
from engine.notify.settings import AppriseSettings, PagerDutySettings, ReceiverSettings, TeamsSettings, WebhookSettings
from primitives.clock import ManualClock, SystemClock
from primitives.errors import UsageError
from primitives.outgoing import OutgoingGuard, OutgoingRefused

# Apprise loads all of its services, and one of them imports what Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LOOPBACK = OutgoingGuard(["127.0.0.1"])


def opened(settings: ReceiverSettings, guard: OutgoingGuard = LOOPBACK, **environ: str) -> Any:
    return open_receiver("it", settings, environ, ManualClock(NOON), guard)


async def test_teams_gets_an_adaptive_card_as_workflows_documents_it() -> None:
    async with serving(lambda asked: Answer(202, b"")) as server:
        teams = opened(TeamsSettings(kind="teams"), CLOUDOPS_TEAMS_URL=f"{server.url}/workflows/x?sig=secret")
        await teams.deliver(Parcel(notice(), "k" * 32))
        await teams.close()
    (asked,) = server.asked
    (attachment,) = asked.json["attachments"]
    assert asked.json["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open the incident", "url": "https://cockpit.example/exec-3f9a1c20"}
    ]
    assert asked.headers["idempotency-key"] == "k" * 32


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(429, {}, {"Retry-After": "12"}), TryLater, "asks for fewer requests"),
        (Answer(502, b"<html>"), TryLater, "HTTP 502"),
        (Answer(400, {"error": "bad card\x1b[31m"}), RefusedForGood, "HTTP 400"),
        (Answer(401, b""), RefusedForGood, "HTTP 401"),
        (Answer(302, b"", {"Location": "http://169.254.169.254/"}), RefusedForGood, "redirects"),
        (Answer(silent=True), TryLater, "no answer within"),
    ],
)
async def test_what_an_answer_without_success_means(answer: Answer, error: type[Exception], words: str) -> None:
    async with serving(lambda asked: answer) as server:
        teams = opened(TeamsSettings(kind="teams"), CLOUDOPS_TEAMS_URL=f"{server.url}/x?sig=secret")
        teams._poster.timeout_s = 0.5 if answer.silent else 10
        with pytest.raises(error, match=words) as raised:
            await teams.deliver(Parcel(notice(), "k" * 32))
        await teams.close()
    assert "\x1b" not in str(raised.value)
    assert len(server.asked) == 1


async def test_a_webhook_is_verified_by_the_library_of_standard_webhooks() -> None:
    async with serving(lambda asked: Answer(204, b"")) as server:
        settings = WebhookSettings(kind="webhook", url=f"{server.url}/hook")
        hook = open_receiver("it", settings, {"CLOUDOPS_WEBHOOK_SECRET": SECRET}, SystemClock(), LOOPBACK)
        await hook.deliver(Parcel(notice(), "k" * 32))
        await hook.close()
    (asked,) = server.asked
    document = Webhook(SECRET).verify(asked.body, asked.headers)
    assert document["type"] == "incident.concluded"
    assert document["data"]["title"] == "Till answers slowly"
    assert document["data"]["cause"]["confidence"] == 0.87
    assert asked.headers["webhook-id"] == "k" * 32
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(asked.body.replace(b"slowly", b"quickly"), asked.headers)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_é", "not base64 at all!"])
def test_a_secret_that_can_not_sign_is_one_line(secret: str) -> None:
    with pytest.raises(UsageError, match=r"notifications.receivers.it: (its secret is none|the environment variable)"):
        opened(WebhookSettings(kind="webhook", url="https://hooks.example/"), CLOUDOPS_WEBHOOK_SECRET=secret)


class FakePagerDuty:
    """The notes of one incident."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.lost = 0

    def __call__(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Token token=made-up":
            return Answer(401, {"error": {"message": "Account not found"}})
        if asked.path != "/incidents/PT4KHLK/notes":
            return Answer(404, {"error": {"message": "Incident Not Found", "code": 2100}})
        if asked.method == "GET":
            return Answer(200, {"notes": [{"id": str(at), "content": note} for at, note in enumerate(self.notes)]})
        assert asked.headers["from"] == "ops@example.org"
        self.notes.append(asked.json["note"]["content"])
        if self.lost:
            self.lost -= 1
            return Answer(silent=True)
        return Answer(200, {"note": {"id": "PWL7QXS", "content": self.notes[-1]}})


def notes(url: str, token: str = "made-up") -> Any:
    settings = PagerDutySettings(kind="pagerduty", sender="ops@example.org", api=url)
    return opened(settings, CLOUDOPS_PAGERDUTY_TOKEN=token)


async def test_pagerduty_gets_one_note_also_where_an_answer_got_lost() -> None:
    pagerduty = FakePagerDuty()
    pagerduty.lost = 1
    async with serving(pagerduty) as server:
        own = notes(server.url)
        own._poster.timeout_s = 0.5
        with pytest.raises(TryLater):
            await own.deliver(Parcel(notice(), "k1"))
        await own.deliver(Parcel(notice(), "k1", again=True))
        await own.deliver(Parcel(notice(), "k2", again=True))
        await own.close()
    assert len(pagerduty.notes) == 2
    assert "A cache was emptied (87 %)" in pagerduty.notes[0]


async def test_an_incident_that_pagerduty_does_not_know_has_no_note() -> None:
    pagerduty = FakePagerDuty()
    async with serving(pagerduty) as server:
        own = notes(server.url)
        with pytest.raises(NothingToDo, match="did not come from PagerDuty"):
            await own.deliver(Parcel(notice(ids={}), "k1"))
        for strange in ("../users", "P/../..", "?x"):
            with pytest.raises(RefusedForGood, match="no id has"):
                await own.deliver(Parcel(notice(ids={"pagerduty_incident_id": strange}), "k1"))
        with pytest.raises(RefusedForGood, match=r"HTTP 404.*Incident Not Found"):
            await own.deliver(Parcel(notice(ids={"pagerduty_incident_id": "Q1"}), "k1"))
        await own.close()
    assert pagerduty.notes == []


async def test_a_wrong_token_is_refused_for_good() -> None:
    async with serving(FakePagerDuty()) as server:
        own = notes(server.url, "wrong")
        with pytest.raises(RefusedForGood, match="HTTP 401"):
            await own.deliver(Parcel(notice(), "k1"))
        await own.close()


def apprise(url: str, guard: OutgoingGuard = LOOPBACK, form: Any = "text") -> Any:
    return opened(AppriseSettings(kind="apprise", url_variable="HOOK", format=form), guard, HOOK=url)


async def test_apprise_delivers_to_a_host_that_is_allowed() -> None:
    async with serving(lambda asked: Answer(200, {})) as server:
        await apprise(server.url.replace("http://", "json://")).deliver(
            Parcel(notice(title="@everyone <!channel> <b>"), "k1")
        )
    (asked,) = server.asked
    assert "@everyone" not in asked.json["title"]
    assert "A cache was emptied" in asked.json["message"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "2130706433"])
async def test_apprise_reaches_no_host_that_is_not_allowed(host: str) -> None:
    with pytest.raises((OutgoingRefused, TryLater)):
        await apprise(f"json://{host}:1/", OutgoingGuard()).deliver(Parcel(notice(), "k1"))


async def test_an_apprise_service_that_fails_is_tried_later() -> None:
    async with serving(lambda asked: Answer(500, {})) as server:
        with pytest.raises(TryLater, match="Apprise could not deliver to JSON"):
            await apprise(server.url.replace("http://", "json://")).deliver(Parcel(notice(), "k1"))


async def test_a_url_that_apprise_can_not_read_is_one_line_without_the_url() -> None:
    with pytest.raises(UsageError, match=r"notifications.receivers.it: Apprise can't read its URL") as raised:
        await apprise("nosuch://secret-token").deliver(Parcel(notice(), "k1"))
    assert "secret-token" not in str(raised.value)
