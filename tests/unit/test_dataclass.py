"""Dataclasses whose methods are made when they are first used behave as the standard library's do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field, replace
from typing import Any, ClassVar

import pytest

from primitives.dataclass import dataclass as lazy

standard = dataclasses.dataclass


def _point(dataclass: Any, **options: Any) -> Any:
    @dataclass(**options)
    class Point:
        """Two numbers and what goes with them."""

        x: int
        y: int = 2
        tags: list[str] = field(default_factory=list, compare=False)
        hidden: int = field(default=0, repr=False)
        known: int = field(default=7, init=False)
        made: list[int] = field(default_factory=list, init=False)
        limit: ClassVar[int] = 9

        def __post_init__(self) -> None:
            if self.x > self.limit:
                raise ValueError("too large")

    return Point


OPTIONS = [
    {},
    {"slots": True},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "eq": False},
    {"frozen": True, "slots": True, "order": True},
    {"slots": True, "kw_only": True},
]


def _seen(kind: Any) -> dict[str, Any]:
    """What a user of the class sees."""

    def attempt(do: Any) -> Any:
        try:
            return do()
        except Exception as error:  # the very thing that is compared
            return type(error).__name__, str(error).replace("_lazy", "")

    one, same, other = kind(x=1), kind(x=1), kind(x=1, y=3)
    return {
        "repr": repr(one),
        "equal": (one == same, one == other, one != other, one == 1),
        "hash": attempt(lambda: (hash(one) == hash(same)) if kind.__eq__ is not object.__eq__ else True),
        "order": attempt(lambda: one < other),
        "assign": attempt(lambda: setattr(one, "x", 5)),
        "assigned": one.x,
        "delete": attempt(lambda: delattr(same, "y")),
        "positional": attempt(lambda: kind(1, 2).y),
        "missing": attempt(kind),
        "unknown": attempt(lambda: kind(x=1, z=2)),
        "after init": attempt(lambda: kind(x=10)),
        "replaced": attempt(lambda: replace(other, y=4).y),
        "own lists": other.tags is not one.tags,
        "fields": [item.name for item in dataclasses.fields(kind)],
        "dictionary": dataclasses.asdict(other),
        "match": kind.__match_args__,
        "slots": hasattr(one, "__dict__"),
        "names": (kind.__name__, kind.__init__.__qualname__, kind.__doc__),
        "signature": [
            (item.name, item.kind, item.default if item.name != "tags" else "a factory")
            for item in inspect.signature(kind).parameters.values()
        ],
    }


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_it_behaves_as_the_standard_dataclass(options: dict[str, Any]) -> None:
    assert _seen(_point(lazy, **options)) == _seen(_point(standard, **options))


@lazy(frozen=True, slots=True)
class Base:
    first: int
    second: int = 2

    def total(self) -> int:
        return self.first + self.second


@lazy(frozen=True, slots=True)
class Derived(Base):
    third: int = 3

    def __repr__(self) -> str:
        return "its own"


def test_subclasses_have_their_bases_fields_and_keep_their_own_methods() -> None:
    derived = Derived(1, third=4)
    assert (derived.total(), derived.third, repr(derived)) == (3, 4, "its own")
    assert repr(Base(1)) == "Base(first=1, second=2)"
    assert derived == Derived(1, 2, 4)
    assert derived != Base(1)


def test_methods_are_made_when_they_are_first_used() -> None:
    kind = _point(lazy, frozen=True, slots=True)
    before = (kind.__init__, kind.__repr__)
    kind(1)
    assert kind.__init__ is not before[0]
    assert kind.__repr__ is before[1]


@lazy(frozen=True, slots=True)
class Sent:
    """Only ever unpickled before it is made here."""

    value: int
    other: str = ""


def test_instances_are_pickled_and_copied_even_before_the_class_was_used() -> None:
    empty = object.__new__(Sent)
    empty.__setstate__([5, "x"])
    assert (empty.value, empty.other) == (5, "x")
    assert pickle.loads(pickle.dumps(empty)) == Sent(5, "x") == copy.deepcopy(empty) == copy.copy(empty)
    with pytest.raises(FrozenInstanceError):
        empty.value = 6
    assert len({empty, Sent(5, "x")}) == 1
