"""`dataclass`: the standard library's in all but when its methods are made, which is when they are first used.

The standard one writes and compiles up to six functions for each class, 0.6 ms of a program's start. There are nearly
two hundred such classes, and a run makes instances of half of them. Here `__init__`, `__repr__`, `__eq__`, `__hash__`
and the comparisons are placeholders at first. One that is called has the standard `dataclass` make the method for a
class with the same fields, takes it, and calls it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn

__all__ = ["dataclass"]

_EQUALITY: Final = {"init": False, "repr": False, "unsafe_hash": True}
_ORDER: Final = {"init": False, "repr": False, "order": True}
# What to ask the standard `dataclass` for to get a method; `__init__` depends on whether the class is frozen.
_OPTIONS: Final = {
    "__repr__": {"init": False, "eq": False},
    "__eq__": _EQUALITY,
    "__hash__": _EQUALITY,
    "__lt__": _ORDER,
    "__le__": _ORDER,
    "__gt__": _ORDER,
    "__ge__": _ORDER,
}


def _lazy_dataclass(
    cls: type[Any] | None = None,
    /,
    *,
    eq: bool = True,
    order: bool = False,
    frozen: bool = False,
    kw_only: bool = False,
    slots: bool = False,
) -> Any:
    """See `dataclasses.dataclass`; the parameters that nobody uses are left out."""

    def decorate(cls: type[Any]) -> type[Any]:
        own = frozenset(cls.__dict__)
        made = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only, slots=slots)(cls)
        _place(made, "__init__", own, {"repr": False, "eq": False, "frozen": frozen})
        for name, options in _OPTIONS.items():
            if name == "__repr__" or (order if options is _ORDER else eq):
                _place(made, name, own, options)
        if eq and not frozen and "__hash__" not in own:
            made.__hash__ = None  # type: ignore[assignment]
        if frozen:
            _freeze(made)
        return made

    return decorate if cls is None else decorate(cls)


def _place(cls: type[Any], name: str, own: frozenset[str], options: dict[str, bool]) -> None:
    """Put a placeholder where the standard `dataclass` would put a method: unless the class has its own."""
    if name in own:
        return

    def placeholder(self: Any, *args: Any, **kwargs: Any) -> Any:
        method = getattr(_twin(cls, options), name)
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)
        return method(self, *args, **kwargs)

    placeholder.__name__ = name
    setattr(cls, name, placeholder)


def _twin(cls: type[Any], options: dict[str, bool]) -> type[Any]:
    """A standard dataclass with the fields of `cls` and the methods that `options` ask for."""
    fields: dict[str, dataclasses.Field[Any]] = cls.__dataclass_fields__
    types = {name: field.type for name, field in fields.items()}
    body = {**fields, "__annotations__": types, "__module__": cls.__module__, "__doc__": cls.__doc__}
    if "init" not in options and hasattr(cls, "__post_init__"):
        body["__post_init__"] = cls.__post_init__
    make: Callable[..., Callable[[type[Any]], type[Any]]] = dataclasses.dataclass
    return make(**options)(type(cls.__name__, (), body))


def _freeze(cls: type[Any]) -> None:
    for name, method in (
        ("__setattr__", _refuse_to_assign),
        ("__delattr__", _refuse_to_delete),
        # Pickling and copying would set slots by `setattr`.
        ("__getstate__", _state),
        ("__setstate__", _restore),
    ):
        setattr(cls, name, method)


def _refuse_to_assign(_: Any, name: str, __: Any) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _lazy_dataclass
