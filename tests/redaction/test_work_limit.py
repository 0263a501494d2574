"""Past a limit on careful work, what may hold a secret isn't kept; everything else is."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path

import pytest

from primitives.bundle import read_bundle
from primitives.redact import Redactor, work_limit
from primitives.redact.work_limit import NOT_KEPT

MANIFEST = """\
format: cloudops-incident/1
id: shop-01
title: "High latency"
query: "latency spike"
detected_at: 2026-03-10T14:32:00Z
window: {from: 2026-03-10T14:00:00Z, to: 2026-03-10T14:45:00Z}
"""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_limit, "_FREE", 2_000)


def limited(read: int = 0) -> Redactor:
    redactor = Redactor()
    redactor.limit.begin(lambda: read)
    return redactor


def word(rng: random.Random, length: int = 6) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=length))


def lines(count: int) -> list[tuple[str, str]]:
    """Lines that have no shape in common, with the secret in each."""
    rng = random.Random(3)
    made = []
    for number in range(count):
        secret = word(rng) + str(number + 1_000) + word(rng).upper()
        made.append(
            (f"{word(rng)} {word(rng)} said {word(rng)} password={secret} then {word(rng)} {word(rng)}", secret)
        )
    return made


def test_what_may_hold_a_secret_is_not_kept_past_the_limit() -> None:
    redactor, made = limited(), lines(60)
    redacted = [redactor.redact(line) for line, _ in made]
    assert "[redacted:" in redacted[0]
    assert redacted[-1] == NOT_KEPT
    assert not any(secret in text for (_, secret), text in zip(made, redacted, strict=True))
    assert redactor.limit.left_out == redacted.count(NOT_KEPT)


def test_what_holds_none_and_short_names_are_kept_past_the_limit() -> None:
    redactor = limited()
    for line, _ in lines(60):
        redactor.redact(line)
    assert redactor.redact("the kettle boils on host-7 since 14:02, all is well there") == (
        "the kettle boils on host-7 since 14:02, all is well there"
    )
    assert redactor.redact("auth-token-service") == "auth-token-service"


def test_of_an_object_only_what_names_it_is_kept() -> None:
    redactor = limited()
    for line, _ in lines(60):
        redactor.redact(line)
    pod = {
        "kind": "Secret",
        "metadata": {"name": "kettle", "annotations": {"example.com/token": "kd82jd93kd02"}},
        "data": {"password": "a2V0dGxl", "name": "bG9uZyBlbm91Z2ggdGhhdCBpdCBpcyBub3QgYSBuYW1lIGF0IGFsbA=="},
    }
    kept = redactor.redact_value(pod)
    assert kept["kind"] == "Secret"
    assert kept["metadata"]["name"] == "kettle"
    assert kept["data"] == {}
    assert "kd82jd93kd02" not in json.dumps(kept)


@pytest.mark.parametrize(
    ("plain", "costly"),
    [
        ("the token of host-7 is kept, all is well there; ", "'a','b','c','d','e','f', token 'host'; kept 'there'"),
        ("the token of host-7 is kept, all is well there; ", '{"token": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}'),
    ],
)
def test_quotes_and_keys_cost_more_than_words(plain: str, costly: str) -> None:
    def spent(text: str) -> int:
        limit = work_limit.WorkLimit()
        limit.begin(lambda: 0)
        looks = 0
        while not limit.refuses("a text with a space") and looks < 10_000:
            limit.spend(text[:48] * 20, text[:48] * 20)
            looks += 1
        return looks

    assert spent(costly) * 1.5 < spent(plain)


def test_a_second_look_at_an_object_without_a_secret_costs_nothing() -> None:
    """Where it holds nothing that the first reading learned: spans come by the thousand."""
    redactor = Redactor()
    rng = random.Random(5)
    for _ in range(30):
        redactor.redact(f"password=Kx7{word(rng)}9Qz{word(rng)}4")
    knowing = redactor.knowing()
    assert knowing is not None
    before = knowing.limit._spent
    calm = ["".join(rng.choices("mnouv", k=6)) for _ in range(120)]  # no word for a secret is made of these letters
    spans = [{name: f"{name}7" for name in calm[at : at + 6]} for at in range(0, 120, 6)]
    assert [knowing.redact_value(span) for span in spans] == spans
    assert knowing.limit._spent == before


def test_of_much_input_more_is_looked_at() -> None:
    redactor = limited(read=50_000_000)
    assert not any(redactor.redact(line) == NOT_KEPT for line, _ in lines(60))


def test_a_redactor_without_a_limit_looks_at_everything() -> None:
    redactor = Redactor()
    assert not any(redactor.redact(line) == NOT_KEPT for line, _ in lines(60))


def test_a_bundle_says_what_was_not_kept_and_reads_the_same_again(tmp_path: Path) -> None:
    made = lines(60)
    (tmp_path / "incident.yaml").write_text(MANIFEST)
    (tmp_path / "logs.jsonl").write_text(
        "".join(
            json.dumps({"time": "2026-03-10T14:30:00Z", "resource": "api", "body": line}) + "\n" for line, _ in made
        )
    )
    redactor = Redactor()
    bundle = read_bundle(tmp_path, redactor=redactor)
    bundle.validate()
    first = [record.body for record in bundle.logs or ()]
    assert [each for each in bundle.warnings if each.endswith("than are looked at carefully")]
    knowing = redactor.knowing()
    assert knowing is not None
    again = read_bundle(tmp_path, redactor=knowing)
    assert [record.body for record in again.logs or ()] == first
    assert again.warnings == bundle.warnings
