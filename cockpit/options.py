"""Argument types, options and the decorator that every command of the `cloudops` command line shares."""

from __future__ import annotations

import math
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.settings import Settings

__all__ = [
    "TEXT",
    "CommandWithExample",
    "FilePath",
    "Share",
    "explain_option",
    "json_option",
    "load_settings_of",
    "no_color_option",
    "plain_option",
    "settings_options",
    "source_options",
    "store_options",
]


_Decorated = TypeVar("_Decorated", bound="Callable[..., Any] | click.Command")


class _Text(click.types.StringParamType):
    """Text for which a byte that is no UTF-8 shows as U+FFFD: neither a store nor a socket takes it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(super().convert(value, param, ctx)).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


TEXT = _Text()


class FilePath(click.Path):
    """A path that isn't empty. With `text` it must be UTF-8, because it is stored."""

    def __init__(self, *, text: bool = False, dir_okay: bool = True) -> None:
        super().__init__(path_type=Path, dir_okay=dir_okay)
        self._text = text

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value):
            self.fail("an empty path leads nowhere; give one, or leave the option out", param, ctx)
        if self._text and not str(value).isascii() and TEXT.convert(value, param, ctx) != str(value):
            self.fail("the path is not UTF-8; rename it, so that it can be stored", param, ctx)
        return super().convert(value, param, ctx)


class StorePlace(click.types.StringParamType):
    """Where a store is: a URL, or the path of a file."""

    name = "store"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if "://" in str(value):
            return TEXT.convert(value, param, ctx)
        return str(FilePath(dir_okay=False).convert(value, param, ctx))


class Share(click.FloatRange):
    """A number from 0 to 1."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        share = super().convert(value, param, ctx)
        if math.isnan(share):
            self.fail(f"{value} is not in the range 0<=x<=1.", param, ctx)
        return share


class CommandWithExample(click.Command):
    """A command whose help ends with an example."""

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:
        kwargs["epilog"] = "\b\nExample:\n" + "\n".join(f"  {line}" for line in example.splitlines())
        super().__init__(*args, **kwargs)


def store_options(command: Any) -> Any:
    """Add `--store` and `--config`."""
    config = click.option(
        "--config",
        type=FilePath(dir_okay=False),
        envvar="CLOUDOPS_CONFIG",
        help="The configuration file [default: in the XDG configuration directory; env CLOUDOPS_CONFIG].",
    )
    store = click.option(
        "--store",
        type=StorePlace(),
        metavar="URL|PATH",
        envvar="CLOUDOPS_STORE",
        help="The store of incidents [default: in the XDG data directory; env CLOUDOPS_STORE].",
    )
    return store(config(command))


def settings_options(command: Callable[..., int]) -> Any:
    """Add `--store` and `--config`, and call `command` with the `settings` that they and the environment give.

    The outermost options are the first in the help, so this decorator stands next to the function. A command with
    `source_options` gets their values in the settings.
    """

    @click.pass_context
    def run(context: click.Context, /, *args: Any, **kwargs: Any) -> int:
        store, config = (kwargs.pop(name, None) for name in ("store", "config"))
        sources, prometheus = kwargs.pop("source", ()), kwargs.pop("prometheus", None)
        return command(*args, settings=load_settings_of(context, store, config, sources, prometheus), **kwargs)

    return store_options(update_wrapper(run, command))


def load_settings_of(
    context: click.Context,
    store: str | None,
    config: Path | None,
    sources: tuple[str, ...] = (),
    prometheus: str | None = None,
) -> Settings:
    """The settings of a command; options may also stand before the command's name.

    `prometheus` is the URL of a source of that kind and name, which is asked along with `sources`.
    """
    from cockpit.settings import load_settings

    given = context.find_root().obj or {}
    defined = {"prometheus": {"kind": "prometheus", "url": prometheus}} if prometheus is not None else {}
    return load_settings(
        store or given.get("store"), config or given.get("config"), chosen=(*sources, *defined), given=defined
    )


def source_options(words: str, shorthand: str) -> Callable[[Any], Any]:
    """Add `--source NAME`, with the help `words`, and `--prometheus URL`, with the help `shorthand`."""

    def add(command: Any) -> Any:
        url = click.option("--prometheus", metavar="URL", type=TEXT, help=shorthand)
        name = click.option("--source", multiple=True, metavar="NAME", type=TEXT, help=words)
        return name(url(command))

    return add


def json_option(words: str = "Machine-readable.") -> Callable[[_Decorated], _Decorated]:
    """`--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help=words)


plain_option = click.option("--plain", "output", flag_value="plain", help="The text report, also on a terminal.")
explain_option = click.option("--explain", is_flag=True, help="The text report with what each fact adds to each cause.")
no_color_option = click.option("--no-color", is_flag=True, help="No colours [also: NO_COLOR].")
