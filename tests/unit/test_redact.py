"""What is taken out of text before it is stored, and what is left alone.

The credentials here are made up; those in a vendor's form are joined at run time, lest a scanner mistakes this file.
"""

from __future__ import annotations

import base64
import json
import random
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from primitives.redact import Redactor, vendors
from primitives.redact.rules import RULES

SECRET = "Tr0ub4dor-3"
PLACEHOLDER = re.compile(r"\[redacted:[a-z-]+:[0-9a-f]{6}\]")

STRUCTURAL = [
    "password={}",
    "DB_PASSWORD={}",
    "export PGPASSWORD={}",
    "spring.datasource.password={}",
    '{{"password": "{}", "user": "bob"}}',
    '{{\\"password\\": \\"{}\\", \\"user\\": \\"bob\\"}}',
    "'clientSecret': '{}'",
    ":api_key=>{}",
    "api-key: {}",
    "apiKey={}&page=2",
    "https://example.com/callback?access_token={}&state=1",
    "https://bucket.example.com/object?X-Amz-Signature=0123456789abcdef{}&X-Amz-Expires=60",
    "Authorization: Bearer {}",
    "authorization: Basic {}",
    '"Authorization": ["token {}"]',
    "Proxy-Authorization: Basic {}",
    "X-Api-Key: {}",
    "X-Vault-Token: {}",
    "Cookie: session={}",
    "Set-Cookie: sid={}; Path=/; HttpOnly",
    "postgres://app:{}@db.example.com:5432/shop",
    "redis://:{}@cache:6379/0",
    "amqp://guest:{}@queue",
    "app:{}@tcp(db:3306)/shop?parseTime=true",
    "jdbc:oracle:thin:app/{}@db:1521/x",
    "Server=db;User Id=sa;Password={};Database=shop",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=core",
    "mysql -h db -u root -p{} shop",
    "mysqldump -u root -p'{}' shop",
    "sshpass -p {} ssh host",
    "docker login -u bob -p {} registry.example.com",
    "redis-cli -h cache -a {} ping",
    "ldapsearch -x -D cn=admin -w {}",
    "mongosh --host db -u app -p {} shop",
    "cqlsh -u app -p {} db",
    "mosquitto_pub -h broker -u app -P {} -t x",
    "snmpwalk -v3 -u ops -A {} host",
    "snmpwalk -v3 -a SHA -A w8Xkq3Lmz7 -x AES -X {} host",
    "nmcli device wifi connect HOME password {}",
    "ldappasswd -x -w Old9xkq3L7 -s {} uid=bob",
    "curl -s -u admin:{} http://x",
    "tool --password {} --verbose",
    "tool --db-password={} --verbose",
    "tool --api-key '{}'",
    "CREATE USER bob IDENTIFIED BY '{}'",
    "ALTER ROLE bob WITH PASSWORD '{}'",
    "<password>{}</password>",
    "password: {}",
    "  password: {}  # production",
    "- name: DB_PASSWORD\n  value: {}",
    "logging in with password: {} now",
    "AWS_SECRET_ACCESS_KEY={}",
]
VENDORS = [
    ("AKIA", "IOSFODNN7EXAMPLE"),
    ("ghp_", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("github_pat_", "11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz"),
    ("glpat-", "abcdefghijklmnopqrst"),
    ("xoxb-", "123456789012-abcdefghijkl"),
    ("sk-ant-", "api03-abcdefghijklmnopqrstuvwxyz"),
    ("sk-", "abcdefghijklmnopqrstuvwx"),
    ("AIza", "SyA" + "b" * 32),
    ("SG.", "abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789abcdefg"),
    ("npm_", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("hf_", "abcdefghijklmnopqrstuvwxyzABCDEFGH"),
    ("dop_v1_", "0123456789abcdef" * 4),
    ("pypi-", "AgEIcHlwaS5vcmcCJ" + "a" * 50),
    ("sk_live_", "abcdefghijklmnopqrstuvwx"),
    ("SK", "0123456789abcdef0123456789abcdef"),
    ("https://hooks.slack.com/", "services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"),
]
MUST_STAY = [
    "rate limited: token bucket exhausted",
    "password incorrect for user bob",
    "secret not found",
    'MountVolume.SetUp failed for volume "v" : secret "db-credentials-2" not found',
    "order_key=order-1234 key=value id=42 cache_key=a1b2c3d4e5",
    "secretName: db-credentials",
    "secretKeyRef: {name: db-credentials, key: password}",
    "secret: payments/db-credentials",
    '{"secret": "db-credentials"}',
    "imagePullSecrets: [{name: registry}]",
    "invalid token: unexpected end of input at line 1",
    "error reading token: EOF",
    "cannot verify token: x509: certificate signed by unknown authority",
    "next_token=abcdef123456 page_token: abc123def456",
    "max_tokens=4096 prompt_tokens: 12",
    "password: incorrect",
    "password=${DB_PASSWORD}",
    "password: {{ .Values.password }}",
    "SELECT * FROM users WHERE password = $1",
    "token: expired",
    "params.Token = req.Token",
    'password = os.environ["DB"]',
    "def login(user: str, password: str, token: Optional[str])",
    "PWD=/srv/app",
    "pass=12 fail=0",
    "auth: failed",
    "author=smith design: modern oauth=enabled",
    """kubectl patch deployment web -p '{"spec": {"replicas": 1}}'""",
    "primary_key=17 public_key=abcdef123456",
    "http://host:8080/path?email=a@b.example",
    "signature mismatch: expected sha256",
    "unauthorized: authentication required",
    "kubernetes.io/service-account-token",
    "trace_id=88ebfbcebbbc0884eabd9178e1808940 span dd84024eb1cbced4",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 47f38c2266850843297224b41736539a952ff546",
    "-----BEGIN CERTIFICATE-----",
]


@pytest.mark.parametrize("line", STRUCTURAL)
def test_a_secret_is_told_by_what_stands_around_it(line: str) -> None:
    redacted = Redactor().redact(line.format(SECRET))
    assert SECRET not in redacted
    assert PLACEHOLDER.search(redacted)


@pytest.mark.parametrize(("prefix", "rest"), VENDORS)
def test_a_vendors_credential_is_told_by_its_form(prefix: str, rest: str) -> None:
    redacted = Redactor().redact(f"found {prefix}{rest}, rotating")
    assert rest not in redacted
    assert redacted.startswith("found ")
    assert redacted.endswith(", rotating")


@pytest.mark.parametrize("line", MUST_STAY)
def test_ordinary_operations_text_is_left_alone(line: str) -> None:
    assert Redactor().redact(line) == line


@pytest.mark.parametrize("newline", ["\n", "\\n"])
@pytest.mark.parametrize("end", ["-----END RSA PRIVATE KEY-----", ""])
def test_a_private_key_goes_whole_or_cut_off(newline: str, end: str) -> None:
    lines = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEA7bq" + "A" * 45, "q83vEjRWeJCrze8SNFZ4", end]
    redacted = Redactor().redact("key follows " + newline.join(lines))
    assert "MIIE" not in redacted
    assert "q83v" not in redacted
    assert redacted.startswith("key follows -----BEGIN RSA PRIVATE KEY-----[redacted:private-key:")


def test_a_jwt_goes_with_its_signature() -> None:
    redacted = Redactor().redact("USER TOKEN: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123-_x]")
    assert redacted.startswith("USER TOKEN: [redacted:jwt:")
    assert redacted.endswith("]]")


@pytest.mark.parametrize(
    "encoded",
    [
        "pä ss/w&rd+1",
        quote("pä ss/w&rd+1", safe=""),
        "p\\u00e4 ss/w&rd+1",
        "pä ss/w&amp;rd+1",
        base64.b64encode("pä ss/w&rd+1".encode()).decode(),
        base64.urlsafe_b64encode("pä ss/w&rd+1".encode()).decode().rstrip("="),
        "pä ss/w&rd+1".encode().hex(),
    ],
)
def test_a_known_secret_is_found_in_every_encoding_with_one_placeholder(encoded: str) -> None:
    redactor = Redactor(known=["pä ss/w&rd+1"])
    assert redactor.redact(f"<{encoded}>") == f"<{redactor.placeholder('known', 'pä ss/w&rd+1')}>"


@pytest.mark.parametrize("user", ["a", "ab", "abc", "admin"])
def test_a_known_secret_is_found_inside_longer_base64(user: str) -> None:
    encoded = base64.b64encode(f"{user}:correct horse:{user}".encode()).decode()
    assert "[redacted:known:" in Redactor(known=["correct horse"]).redact(f"blob {encoded}")


def test_equal_secrets_stay_equal_and_different_ones_different() -> None:
    one, two, other = (Redactor().redact(f"password={value}") for value in ("alpha-1", "alpha-1", "beta-2"))
    assert one == two != other
    assert Redactor(key=b"another").redact("password=alpha-1") != one


def test_values_under_telling_keys_are_redacted_whatever_their_form() -> None:
    document = {
        "user": "bob",
        "password": "hunter2 with spaces",
        "dbPassword": 12345678,
        "tokens": 5,
        "token": None,
        "headers": {"Authorization": ["Bearer abcdefgh"], "Accept": "text/html"},
        "env": [{"name": "API_TOKEN", "value": "abc-DEF-123"}, {"name": "PORT", "value": "8080"}],
        "valueFrom": {"secretKeyRef": {"name": "db-credentials", "key": "password"}},
        "automountServiceAccountToken": True,
        "volumes": [{"secret": {"secretName": "tls"}}],
    }
    redacted = Redactor().redact_value(document)
    assert PLACEHOLDER.fullmatch(redacted["password"])
    assert PLACEHOLDER.fullmatch(redacted["dbPassword"])
    assert "abcdefgh" not in redacted["headers"]["Authorization"][0]
    assert PLACEHOLDER.fullmatch(redacted["env"][0]["value"])
    for key in ("user", "tokens", "token", "valueFrom", "automountServiceAccountToken", "volumes"):
        assert redacted[key] == document[key]
    assert redacted["env"][1] == {"name": "PORT", "value": "8080"}
    assert Redactor().redact_value(redacted) == redacted


def test_a_kubernetes_secret_keeps_its_names_and_loses_its_values() -> None:
    copied = "kubectl.kubernetes.io/last-applied-configuration"
    secret = {
        "kind": "Secret",
        "metadata": {"name": "db-credentials", "annotations": {copied: '{"data":{"user":"Ym9i"}}', "team": "x"}},
        "type": "Opaque",
        "data": {"user": "Ym9i", "empty": ""},
    }
    redacted = Redactor().redact_value({"kind": "List", "items": [secret]})["items"][0]
    assert redacted["metadata"]["name"] == "db-credentials"
    assert PLACEHOLDER.fullmatch(redacted["data"]["user"])
    assert redacted["data"]["empty"] == ""
    assert PLACEHOLDER.fullmatch(redacted["metadata"]["annotations"][copied])
    assert redacted["metadata"]["annotations"]["team"] == "x"


@pytest.mark.parametrize("line", STRUCTURAL)
def test_redacting_twice_changes_nothing(line: str) -> None:
    once = Redactor().redact(line.format(SECRET))
    assert Redactor().redact(once) == once


@pytest.mark.parametrize(
    "line", ["password={}", '{{"password": "{}"}}', "api_key: {}", "the password is {}", "tool --token {}"]
)
def test_a_forged_placeholder_does_not_protect_what_follows(line: str) -> None:
    for forged in ("[redacted:value:abcdef]", "[redacted:", "[redacted:value:abcdef] "):
        assert SECRET not in Redactor().redact(line.format(forged.rstrip() + SECRET))


def test_triggers_are_in_lower_case() -> None:
    for rule in RULES:
        assert all(trigger == trigger.lower() for trigger in rule.triggers)


RULES_FILE = json.loads((Path(vendors.__file__).parent / "vendor_rules.json").read_text())


def drawn(parsed: Any, rng: random.Random) -> str:
    """A text that a parsed pattern matches, repeats near their least number not under 24 where more may be."""
    text = ""
    for operation, argument in parsed:
        match str(operation):
            case "LITERAL":
                text += chr(argument)
            case "IN":
                kind, value = rng.choice(argument)
                text += chr(value if str(kind) == "LITERAL" else rng.randint(*value))
            case "MAX_REPEAT":
                least, most, inner = argument
                text += "".join(drawn(inner, rng) for _ in range(min(max(least, 24), most)))
            case "BRANCH":
                text += drawn(rng.choice(argument[1]), rng)
            case "SUBPATTERN":
                text += drawn(argument[3], rng)
    return text


@pytest.mark.parametrize("rule", RULES_FILE["rules"], ids=lambda rule: rule["markers"][0])
def test_a_form_that_was_taken_over_is_caught_and_its_beginning_is_not(rule: dict[str, Any]) -> None:
    rng = random.Random(rule["form"])
    for _ in range(3):
        token = drawn(re._parser.parse(rule["form"]), rng)  # type: ignore[attr-defined]
        assert any(marker in token.lower() for marker in rule["markers"])
        assert token not in Redactor().redact(f"found {token} rotating")
    for marker in rule["markers"]:
        assert Redactor().redact(f"found {marker} rotating") == f"found {marker} rotating"


@pytest.mark.parametrize(
    "piece",
    [
        "password=",
        "password: '",
        "-----BEGIN PRIVATE KEY-----",
        "a",
        "token ",
        "://",
        "eyJ",
        "-p ",
        "mysql ",
        "curl ",
        "authorization: ",
        "cookie: a=",
        "<a:password",
        "name: value: ",
        '"password": "\\\\',
        "--a-password ",
    ],
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    redactor = Redactor()
    durations = []
    for length in (50_000, 400_000):
        start = time.process_time()
        redactor.redact(piece * (length // len(piece)))
        durations.append(time.process_time() - start)
    # Eight times the text; quadratic time would take sixty-four times as long.
    assert durations[1] < max(durations[0] * 30, 1.0)
