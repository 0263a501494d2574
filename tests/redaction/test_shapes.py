"""Lines of the same shape lose the same parts, whether each is looked at carefully or not."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable

import pytest

from primitives.redact import Redactor
from primitives.redact.pieces import Pieces
from primitives.redact.shapes import Shapes

LINES = 700
_DRAWN = string.ascii_letters + string.digits
_FORMS: dict[str, Callable[[int, str, str], str]] = {
    "json": lambda n, a, b: json.dumps({"msg": "order refused", "shelf": f"s{n}", "password": a, "n": n, "token": b}),
    "json in json": lambda n, a, b: json.dumps({"message": json.dumps({"client_secret": a, "api_key": b, "n": n})}),
    "key and value": lambda n, a, b: f'level=error msg="order {n} refused" password={a} api_key={b} took=12ms',
    "address": lambda n, a, b: f"GET https://user{n}:{a}@shop.example.com/v1/{n}?access_token={b} failed with 500",
    "command": lambda n, a, b: (
        f'mysql -h db{n} -u root -p{a} shop && curl -H "X-Api-Key: {b}" https://x.example.com/{n}'
    ),
    "insert": lambda n, a, b: f"INSERT INTO users (id, name, password, token) VALUES ({n}, 'u{n}', '{a}', '{b}')",
    "lines": lambda n, a, b: f"shelf:\n  name: n{n}\n  password: {a}\n  apiKey: {b}\n  port: 12",
    "described": lambda n, a, b: f"Environment:\n  DB_PASSWORD:  {a}\n  NAME: n{n}\n  TOKEN: {b}",
    "elements": lambda n, a, b: f"<req id='{n}'><password>{a}</password><apiKey>{b}</apiKey></req>",
    "bound": lambda n, a, b: (
        f"UPDATE users SET {'password' if n % 2 else 'note'} = $1, city = $2 params: ('{a}', '{b}')"
    ),
}


def _texts(form: str) -> list[str]:
    draw = random.Random(form)
    return [
        _FORMS[form](n, "".join(draw.choices(_DRAWN + "!#*", k=13)) + "4", "".join(draw.choices(_DRAWN, k=32)))
        for n in range(LINES)
    ]


def _careful() -> Redactor:
    redactor = Redactor()
    redactor._many = -LINES * 10
    return redactor


@pytest.mark.parametrize("form", _FORMS)
def test_lines_of_a_shape_lose_what_a_careful_look_at_each_takes(form: str) -> None:
    redactor, careful = Redactor(), _careful()
    texts = _texts(form)
    assert [redactor.redact(text) for text in texts] == [careful.redact(text) for text in texts]


def test_objects_of_a_shape_lose_what_a_careful_look_at_each_takes() -> None:
    redactor, careful = Redactor(), _careful()
    objects = [json.loads(text) for text in _texts("json")]
    assert [redactor.redact_value(obj) for obj in objects] == [careful.redact_value(obj) for obj in objects]


def test_few_lines_of_a_shape_get_a_careful_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = list[str]()
    careful = Redactor._redact_anew

    def counted(self: Redactor, text: str) -> str:
        looks.append(text)
        return careful(self, text)

    monkeypatch.setattr(Redactor, "_redact_anew", counted)
    redactor = Redactor()
    for text in _texts("key and value"):
        redactor.redact(text)
    assert len(looks) < LINES // 2


def test_a_known_value_goes_from_lines_of_a_shape() -> None:
    texts = _texts("key and value")
    at = texts[-1].index("api_key=") + 8
    known = texts[-1].replace("order 699", f"order {texts[-2][-20:-9]}x7Lq2Vn9")
    redactor = Redactor(["x7Lq2Vn9"])
    for text in texts[:-1]:
        redactor.redact(text)
    assert "x7Lq2Vn9" not in redactor.redact(known)
    assert texts[-1][at : at + 32] not in redactor.redact(texts[-1])


def test_a_shape_whose_texts_differ_in_what_they_lose_is_never_used() -> None:
    shapes = Shapes(Pieces(["password"]), lambda kind, secret: f"[redacted:{kind}:00000{len(secret) % 10}]")
    for lost in ("[redacted:value:000000] and k7Rw2mXpQ4", "q9Lx4vTzB1 and [redacted:value:000000]") * 4:
        shape = shapes.shape_of("q9Lx4vTzB1 and k7Rw2mXpQ4")
        assert shape is not None
        shapes.learn(shape, lost)
        assert shapes.lost_by(shape) is None


def test_names_and_numbers_of_values_are_no_random_part() -> None:
    shapes = Shapes(Pieces(["password"]), lambda kind, secret: "")
    forms = {
        getattr(shapes.shape_of(text), "form", None)
        for text in (
            "db_user_1=q9Lx4vTzB1", "db_pw_1=q9Lx4vTzB1", "$1 q9Lx4vTzB1", "$2 q9Lx4vTzB1", "the password9x1Lq is here",
            "the username9x1Lq is here",
        )
    }  # fmt: skip
    assert len(forms) == 6


@pytest.mark.parametrize("secret", ["q!yXb#XTz7a", "Kj@@k1VJQ0a", "YU%@uHCa@7a"])
def test_signs_that_should_be_encoded_do_not_end_a_password_in_an_address(secret: str) -> None:
    text = Redactor().redact(f"GET https://ann:{secret}@shop.example.com/v1?page=2 failed")
    assert text.startswith("GET https://ann:[redacted:")
    assert text.endswith("]@shop.example.com/v1?page=2 failed")


def test_a_key_and_its_value_are_no_heading() -> None:
    text = Redactor().redact("Environment:\n  DB_PASSWORD:  l2T1h2GaLIEc7a\n  NAME: shelf-7\n")
    assert "NAME: shelf-7" in text
    assert "l2T1h2GaLIEc7a" not in text
