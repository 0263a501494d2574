"""The kinds that a sixth sight missed, and lines that need no careful look because others like them held nothing."""

from __future__ import annotations

import base64
import json

import pytest

from primitives.redact import Redactor

SECRETS = ["a3f9c27d51e84b0f9d66c1b7e2a40835", "Trm7Vq2kWz9LpX4cNd8s"]
SHAPES = [
    # Keys with the owner, the region or the stage behind the word.
    "PASSWORD_ROOT=§", "contrasena_bd=§", "MYSQL_PASSWORD_PROD_EU=§", "DB_PASSWORD_RO: §", "API_TOKEN_QA=§", "smtp_passwd_mail=§",
    # Nothing but a space between a name and its value.
    'values.yaml: .Values.global.s3.secretKey "§" is invalid', "apiKey '§' rejected", 'db.password "§" is too short',
    # A Secret's fields without the words `kind: Secret`.
    "stringData:\n  a: §", '{"stringData": {"a": "§"}}', 'secret/x patched: {"data": {"k": "§"}}', ".dockerconfigjson: §",
    "kubectl get secret x -o jsonpath='{.data.a}' => §", "$ kubectl get secret x -ojsonpath='{.data.a}'\n§",
    # Sessions that a browser shows with each request.
    "auth_session=§; lang=en", '{"session": "§"}', "sessionid=§", "'cookie', 'user_session=§'", "Session-Id: §",
    # A WebSocket's token is one of its protocols.
    "Sec-WebSocket-Protocol: bearer, §", "sec-websocket-protocol: v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.§",
    # Keys of YAML, and lists on the line of theirs.
    "? api_key\n: §", "a:\n  ? client_secret\n  : §", 'api:\n  keys: ["§", "b"]', "encryption:\n  keys: [§]",
    'GET / HTTP/1.1\nAuthorization: Digest username="app", realm="x", nonce="1", uri="/", response="§"',
    "https://outlook.office.com/webhook/11f9c27d51e84b0f9d66c1b7e2a40835@7044efaef441e2b0b48a4247842d19f9/IncomingWebhook/§/x",
]  # fmt: skip
LOOK_ALIKES = [
    "PASSWORD_MIN_LENGTH=12", "password_policy: strict", "PASSWORD_FILE=/run/secrets/db", "password_user=alice",
    "password_reset_url: https://x.example.com/reset", "auth_db=admin", "authSource=admin",
    'secret "payments-db" not found', 'token "access_token" is expired', "apiKey 'production-key' rejected",
    'couldn\'t find key "password" in Secret shop/db', 'resource "aws_secretsmanager_secret" "db_password" {',
    "data:\n  mode: cluster", '{"kind": "ConfigMap", "data": {"mode": "cluster"}}', "configmap/x patched: {\"data\": {\"a\": \"b\"}}",
    "session=0x1515c9c5d4e0003", "sessionid = 0x1515c9c5d4e0003, negotiated timeout = 40000", "session: c4711", "session opened for root",
    "Registered Authentication Agent for unix-session:/org/freedesktop/ConsoleKit/Session7",
    '{"session.id": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"}', "Sec-WebSocket-Protocol: v5.channel.k8s.io, v4.channel.k8s.io",
    "? name\n: checkout", "map:\n  keys: [a, b]", "https://example.com/webhook/orders",
    "kubectl get pods -o jsonpath='{.items[0].metadata.name}' => web-7d9f8c6b5-x2x4z",
]  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_a_sixth_sight_missed_goes(shape: str, secret: str) -> None:
    if "Digest" in shape:
        secret = SECRETS[0]
    redacted = Redactor().redact(shape.replace("§", secret))
    assert secret[: len(secret) // 2] not in redacted
    assert secret[len(secret) // 2 :] not in redacted
    assert Redactor().redact(redacted) == redacted


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_looks_like_it_stays(text: str) -> None:
    assert Redactor().redact(text) == text


def test_docker_s_credentials_go_in_base64() -> None:
    secret = base64.b64encode(json.dumps({"auths": {"r.example.com": {"auth": "Ym9iOnMzY3IzdA=="}}}).encode()).decode()
    for text in (
        f".dockerconfigjson: {secret}",
        f"data:\n  .dockercfg: {secret}\n",
        f'{{".dockerconfigjson": "{secret}"}}',
    ):
        assert secret[:40] not in Redactor().redact(text)


PLAIN = "Jan 12 06:34:58 host-3 sshd[{}]: Failed password for invalid user ops from {} port {}"


def test_lines_like_a_plain_one_get_no_careful_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = list[str]()
    careful = Redactor._redact_anew
    monkeypatch.setattr(Redactor, "_redact_anew", lambda self, text: looks.append(text) or careful(self, text))
    redact = Redactor().redact
    for number in range(1_000, 1_200):
        line = PLAIN.format(number, f"10.{number % 200}.{number % 7}.{number % 90}", 40_000 + number)
        assert redact(line) == line
    assert len(looks) == 1


@pytest.mark.parametrize(("plain", "secret"), [
    ("the password is 12", "the password is 48151623"),
    ("password=1", "password=481516"),
    ("GET /a?access_token=7 HTTP/1.1", "GET /a?access_token=4815162342108 HTTP/1.1"),
    ("ping ops:1@10.0.0.7", "ping https://ops:48151623@10.0.0.7"),
    ("user 1, password 1.2.3.4", "user 1, password 1234-5678"),
    ("login failed, token abc1", "login failed, token abc4815162342q"),
])  # fmt: skip
def test_a_plain_line_hides_no_secret_of_another(plain: str, secret: str) -> None:
    redactor = Redactor()
    redactor.redact(plain)
    assert redactor.redact(secret) == Redactor().redact(secret)
    assert "[redacted:" in redactor.redact(secret)


def test_a_known_secret_goes_from_a_line_like_a_plain_one() -> None:
    redactor = Redactor(["48151623"])
    line = "Failed password, {} was refused on port 22"
    assert redactor.redact(line.format("11111111")) == line.format("11111111")
    assert "48151623" not in redactor.redact(line.format("48151623"))
