"""What the writing side of a cluster makes of bad answers: sent once whatever comes, and never called done for it."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cases.fake_server import FakeServer, Reply

from primitives.actions.kubernetes_objects import JSON_PATCH, Access, ObjectRef, Request, TargetChanged
from primitives.backends.kubernetes import KubernetesSettings
from primitives.backends.kubernetes import writer as writing
from primitives.backends.kubernetes.writer import KubernetesWriter
from primitives.errors import SourceDenied, SourceError

PATCH = Request("PATCH", "/apis/apps/v1/namespaces/clinic/deployments/booking", [], JSON_PATCH)
REF = ObjectRef("/apis/apps/v1", "deployments", "deployment", "clinic", "booking")


class BadServer(FakeServer):
    """Answers every request with `reply_with`; `dropping` closes the connection when it has read it."""

    def __init__(self) -> None:
        self.reply_with = Reply()
        self.dropping = False
        self.came: list[str] = []
        super().__init__()

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        del body
        self.came.append(handler.command)
        if self.dropping:
            handler.connection.shutdown(socket.SHUT_RDWR)
        return self.reply_with


@pytest.fixture
def server() -> Iterator[BadServer]:
    bad = BadServer()
    yield bad
    bad.close()


@asynccontextmanager
async def writer(url: str, folder: Path) -> AsyncIterator[KubernetesWriter]:
    config = folder / "config"
    config.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "ward",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "very-secret-4711"}}],
        "contexts": [{"name": "ward", "context": {"cluster": "c", "user": "u"}}],
    }))  # fmt: skip
    made = KubernetesWriter("ward", KubernetesSettings(kubeconfig=str(config), context="ward"))
    try:
        yield made
    finally:
        await made.close()


def status(message: str) -> bytes:
    return json.dumps({"kind": "Status", "status": "Failure", "message": message}).encode()


@pytest.mark.parametrize(
    ("code", "outcome", "says"),
    [
        (409, "refused", "the target has changed since it was looked at"),
        (404, "refused", "HTTP 404: deployments booking not found"),
        (410, "refused", "HTTP 410"),
        (422, "refused", "HTTP 422"),
        (403, "refused", "HTTP 403"),
        (401, "refused", "HTTP 401"),
        (429, "refused", "HTTP 429"),
        (302, "unknown", "HTTP 302"),
        (500, "unknown", "HTTP 500"),
        (503, "unknown", "HTTP 503"),
        (504, "unknown", "HTTP 504"),
    ],
)
async def test_a_bad_answer_is_told_apart_and_nothing_is_sent_again(
    server: BadServer, tmp_path: Path, code: int, outcome: str, says: str
) -> None:
    server.reply_with = Reply(code, status("deployments booking not found"), {"Retry-After": "0"})
    async with writer(server.url, tmp_path) as acting:
        answer = await acting.send(PATCH)
    assert (answer.outcome, server.came) == (outcome, ["PATCH"])
    assert says in answer.detail


@pytest.mark.parametrize("declared", [None, 5_000], ids=["closed at once", "cut off"])
async def test_a_connection_that_drops_after_the_request_went_out_leaves_it_unknown(
    server: BadServer, tmp_path: Path, declared: int | None
) -> None:
    server.dropping = declared is None
    server.reply_with = Reply(body=b'{"kind":', declared=declared)
    async with writer(server.url, tmp_path) as acting:
        answer = await acting.send(PATCH)
    assert (answer.outcome, server.came) == ("unknown", ["PATCH"])


async def test_an_answer_that_does_not_come_leaves_it_unknown(
    server: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_TIMEOUT_S", 0.3)
    server.reply_with = Reply(stall_s=3.0)
    async with writer(server.url, tmp_path) as acting:
        answer = await acting.send(PATCH)
    assert (answer.outcome, server.came) == ("unknown", ["PATCH"])
    assert answer.detail == "no answer within 0.3 s"


async def test_where_nobody_listens_it_was_not_sent(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    async with writer(f"http://127.0.0.1:{port}", tmp_path) as acting:
        answer = await acting.send(PATCH)
    assert answer.outcome == "refused"
    assert answer.detail.startswith("it was not sent: ")


async def test_hostile_words_of_a_server_stay_one_harmless_line_without_the_token(
    server: BadServer, tmp_path: Path
) -> None:
    server.reply_with = Reply(422, status("no\x1b[31m\r\nnever very-secret-4711 \u202ebad"))
    async with writer(server.url, tmp_path) as acting:
        detail = (await acting.send(PATCH)).detail
    assert not any(sign in detail for sign in ("\x1b", "\n", "\u202e", "very-secret-4711"))


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(409, status("modified")), TargetChanged), (Reply(403, status("no")), SourceDenied),
        (Reply(401, status("who")), SourceDenied), (Reply(429, status("later")), SourceError),
        (Reply(500, status("oh")), SourceError), (Reply(200, b"<html>"), SourceError), (Reply(200, b"[]"), SourceError),
    ],
)  # fmt: skip
async def test_a_dry_run_or_a_check_of_rights_that_fails_is_no_answer(
    server: BadServer, tmp_path: Path, reply: Reply, error: type[Exception]
) -> None:
    server.reply_with = reply
    async with writer(server.url, tmp_path) as acting:
        with pytest.raises(error):
            await acting.dry_run(PATCH)
        with pytest.raises(error):
            await acting.may(Access("patch", "apps", "deployments"), REF)


@pytest.mark.parametrize("answer", [{}, {"status": None}, {"status": {"allowed": "no"}}, {"status": {}}])
async def test_rights_that_are_not_granted_in_so_many_words_are_none(
    server: BadServer, tmp_path: Path, answer: Any
) -> None:
    server.reply_with = Reply(201, json.dumps(answer).encode())
    async with writer(server.url, tmp_path) as acting:
        allowed, _ = await acting.may(Access("patch", "apps", "deployments"), REF)
    assert allowed is (answer.get("status") == {"allowed": True})
