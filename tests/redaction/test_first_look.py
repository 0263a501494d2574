"""The first look lets no text go in which a rule has something to do."""

from __future__ import annotations

import pytest
from examples import examples, families
from ordinary import lines

from primitives.redact import Redactor, redactor, vendors
from primitives.redact.first_look import FirstLook
from primitives.redact.rules import Rule

_LOOK = redactor._LOOK
_TABLES = (vendors._BY_START, vendors._BY_END, {"": vendors._OTHERS})
_VENDORS = [rule for table in _TABLES for rules in table.values() for rule in rules]
_RULES = [rule for rule in redactor._RULES._rules if not rule.keyed and rule.begins != "mark"]


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.triggers[0][:20].encode("unicode_escape").decode())
def test_what_starts_a_rule_is_seen(rule: Rule) -> None:
    for trigger in rule.triggers:
        piece = trigger.removeprefix("*")
        if piece.isascii():
            texts = [f"foo {piece} bar"] if piece.isalnum() else [f"foo x{piece}9 bar", f"foo {piece}a bar"]
            assert not any(_LOOK.is_dull(text + rule.needs) for text in texts)


def test_what_begins_a_vendor_s_form_is_seen() -> None:
    for kind, marker, _ in _VENDORS:
        assert not _LOOK.is_dull(f"foo {marker}9"), kind


def test_what_begins_a_distinct_form_is_seen_behind_a_letter() -> None:
    for kind, marker, _ in [rule for rules in vendors._BY_END.values() for rule in rules]:
        assert not _LOOK.is_dull(f"foo x{marker}9"), kind


def test_texts_that_are_let_go_hold_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [example.text for family in families() for example in examples(family)]
    texts += [line for _, line in lines()][::20]
    dull = [text for text in texts if text.isascii() and _LOOK.is_dull(text.lower())]
    monkeypatch.setattr(FirstLook, "is_dull", lambda self, lower: False)
    assert dull
    assert [text for text in dull if Redactor().redact(text) != text] == []
