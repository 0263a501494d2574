"""`dataclass`: the standard library's in all but when its methods are made, which is when they are first used.

The standard one writes and compiles up to six functions for each class, 0.6 ms of a program's start. There are nearly
two hundred such classes, and a run makes instances of half of them. Here `__init__`, `__repr__`, `__eq__`, `__hash__`
and the comparisons are placeholders at first; one that is called is made, put in place, and called.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

__all__ = ["dataclass"]

_EQUALITY: Final = {"init": False, "repr": False, "unsafe_hash": True}
_ORDER: Final = {"init": False, "repr": False, "order": True}
# What to ask the standard `dataclass` for to get a method.
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
        # Where there is no docstring the standard one writes the signature there, which takes 2 ms and a tokenizer.
        cls.__doc__ = cls.__doc__ or cls.__name__
        made = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only, slots=slots)(cls)
        _place(made, "__init__", own, _make_init)
        for name, options in _OPTIONS.items():
            if name == "__repr__" or (order if options is _ORDER else eq):
                _place(made, name, own, partial(_borrow, name=name, options=options))
        if eq and not frozen and "__hash__" not in own:
            made.__hash__ = None  # type: ignore[assignment]
        if frozen:
            _freeze(made)
        return made

    return decorate if cls is None else decorate(cls)


def _place(cls: type[Any], name: str, own: frozenset[str], make: Callable[[type[Any]], Any]) -> None:
    """Put a placeholder where the standard `dataclass` would put a method: unless the class has its own."""
    if name in own:
        return

    def placeholder(self: Any, *args: Any, **kwargs: Any) -> Any:
        method = make(cls)
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)
        return method(self, *args, **kwargs)

    placeholder.__name__ = name
    setattr(cls, name, placeholder)


def _borrow(cls: type[Any], *, name: str, options: dict[str, bool]) -> Any:
    """The method that the standard `dataclass` makes for a class with the fields of `cls`."""
    fields: dict[str, dataclasses.Field[Any]] = cls.__dataclass_fields__
    types = {name: field.type for name, field in fields.items()}
    body = {**fields, "__annotations__": types, "__module__": cls.__module__, "__doc__": cls.__doc__}
    make: Callable[..., Callable[[type[Any]], type[Any]]] = dataclasses.dataclass
    return getattr(make(**options)(type(cls.__name__, (), body)), name)


def _make_init(cls: type[Any]) -> Any:
    """`__init__`, as the standard `dataclass` writes it for a frozen class (which would write two more functions)."""
    fields = dataclasses.fields(cls)
    names: dict[str, Any] = {"_set": object.__setattr__, "_unset": dataclasses.MISSING}
    parameters = ["self", *(_parameter(field) for field in fields if field.init and not field.kw_only)]
    if named := [_parameter(field) for field in fields if field.init and field.kw_only]:
        parameters += ["*", *named]
    lines = []
    for field in fields:
        value = field.name
        if field.default is not dataclasses.MISSING:
            names[f"_default_{field.name}"] = field.default
            value = field.name if field.init else f"_default_{field.name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_factory_{field.name}"] = field.default_factory
            made = f"_factory_{field.name}()"
            value = f"{made} if {field.name} is _unset else {field.name}" if field.init else made
        elif not field.init:
            continue
        lines.append(f"_set(self, {field.name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), names)  # noqa: S102 - names of fields
    return names["__init__"]


def _parameter(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"{field.name}=_default_{field.name}"
    return field.name if field.default_factory is dataclasses.MISSING else f"{field.name}=_unset"


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
