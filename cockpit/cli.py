"""The `cloudops` command. Imports nothing heavy until a sub-command needs it."""

from __future__ import annotations

import errno
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from primitives import __version__
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["cloudops", "main"]

INTERRUPTED = 130
QUESTIONS = (
    "series", "changes", "logs", "spans", "topology", "configuration", "objects", "container_logs", "probes",
    "observations", "alerts",
)  # fmt: skip
"""What `primitives.telemetry.Question` lists; that module is too heavy to be imported here."""
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Every problem is one line on standard error."""
    try:
        result = cloudops.main(arguments, prog_name="cloudops", standalone_mode=False)
    except CloudopsError as error:
        return _complain(str(error), error.exit_code)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        return _complain(error.format_message(), 2, error)
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted", INTERRUPTED)
    except (BrokenPipeError, SystemExit):
        # click itself meets a reader that left the pipe, and wants to exit with 1: that means something else here.
        _drop_stdout()
        return INTERRUPTED
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        _drop_stdout()
        return _complain(f"the output can't be written ({error.strerror}); send it elsewhere", 3)
    return result if isinstance(result, int) else 0


def _complain(message: str, code: int, error: click.ClickException | None = None) -> int:
    from primitives.text import safe_line

    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f" (see `{error.ctx.command_path} --help`)"
    try:
        click.echo(f"cloudops: {safe_line(message, limit=2_000)}{hint}", err=True)
    except OSError:
        pass  # standard error is gone, and with it anyone to tell
    return code


def _drop_stdout() -> None:
    """The reader of our pipe left; keep the interpreter from complaining about it at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass


class _Text(click.types.StringParamType):
    """Text for which a byte that is no UTF-8 shows as U+FFFD: neither a store nor a socket takes it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(super().convert(value, param, ctx)).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class _File(click.Path):
    """A path that isn't empty. With `text` it must be UTF-8, because it is stored."""

    def __init__(self, *, text: bool = False, dir_okay: bool = True) -> None:
        super().__init__(path_type=Path, dir_okay=dir_okay)
        self._text = text

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value):
            self.fail("an empty path leads nowhere; give one, or leave the option out", param, ctx)
        if self._text and not str(value).isascii() and _TEXT.convert(value, param, ctx) != str(value):
            self.fail("the path is not UTF-8; rename it, so that it can be stored", param, ctx)
        return super().convert(value, param, ctx)


class _Share(click.FloatRange):
    """A number from 0 to 1."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        share = super().convert(value, param, ctx)
        if math.isnan(share):
            self.fail(f"{value} is not in the range 0<=x<=1.", param, ctx)
        return share


_TEXT = _Text()


class _Example(click.Command):
    """A command whose help ends with an example."""

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:
        kwargs["epilog"] = "\b\nExample:\n" + "\n".join(f"  {line}" for line in example.splitlines())
        super().__init__(*args, **kwargs)


def _store_option(command: Any) -> Any:
    return click.option(
        "--store",
        type=_File(dir_okay=False),
        envvar="CLOUDOPS_STORE",
        help="The store of incidents [default: in the XDG data directory; env CLOUDOPS_STORE].",
    )(
        click.option(
            "--config",
            type=_File(dir_okay=False),
            envvar="CLOUDOPS_CONFIG",
            help="The configuration file [default: in the XDG configuration directory; env CLOUDOPS_CONFIG].",
        )(command)
    )


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExample:\n  cloudops investigate --incident sample_incidents/api-latency-spike",
    no_args_is_help=False,
    invoke_without_command=True,
)
@click.version_option(__version__, prog_name="cloudops", message="%(prog)s %(version)s")
@_store_option
@click.pass_context
def cloudops(context: click.Context, store: Path | None, config: Path | None) -> Any:
    """The incident cockpit: investigates, keeps facts apart from beliefs, and replays what happened.

    Without a command it opens the list of stored incidents.
    """
    context.obj = {"store": store, "config": config}
    if context.invoked_subcommand is None:
        from cockpit import launch
        from cockpit.settings import load_settings

        return launch.browse(load_settings(store, config))
    return None


def _settings(context: click.Context, store: Path | None, config: Path | None, prometheus: str | None = None) -> Any:
    from cockpit.settings import load_settings

    given = context.find_root().obj or {}
    return load_settings(store or given.get("store"), config or given.get("config"), prometheus)


@cloudops.command(
    cls=_Example,
    example='cloudops investigate "API latency spike in prod" --incident sample_incidents/api-latency-spike',
)
@click.argument("query", required=False, type=_TEXT)
@click.option("--incident", type=_File(text=True), help="A recorded incident: a bundle's directory or file.")
@click.option("--resource", type=_TEXT, help="The resource to look at first.")
@click.option("--prometheus", metavar="URL", type=_TEXT, help="A live Prometheus to ask.")
@click.option("--plain", "output", flag_value="plain", help="The text report, also on a terminal.")
@click.option("--json", "output", flag_value="json", help="One report object (cloudops-report/1).")
@click.option("--events", "output", flag_value="events", help="NDJSON events as they happen.")
@click.option("--explain", is_flag=True, help="The text report with what each fact adds to each cause.")
@click.option("--no-color", is_flag=True, help="No colours [also: NO_COLOR].")
@_store_option
@click.pass_context
def investigate(
    context: click.Context,
    query: str | None,
    incident: Path | None,
    resource: str | None,
    prometheus: str | None,
    output: str | None,
    explain: bool,
    no_color: bool,
    store: Path | None,
    config: Path | None,
) -> int:
    """Investigate an incident, live or recorded. On a terminal this opens the cockpit."""
    from cockpit import launch

    settings = _settings(context, store, config, prometheus)
    return launch.investigate(settings, query, incident, resource, output=output, color=not no_color, explain=explain)


@cloudops.command(cls=_Example, example="cloudops replay exec-3f9a1c20\ncloudops replay outage.incident --plain")
@click.argument("name", metavar="ID|BUNDLE", type=_TEXT)
@click.option("--plain", is_flag=True, help="The text report, also on a terminal.")
@click.option(
    "--at", metavar="TIME|SEQ", type=_TEXT, help="As it stood at a time (ISO 8601, or 14:31:07) or after an event."
)
@click.option("--explain", is_flag=True, help="The text report with what each fact adds to each cause.")
@click.option("--no-color", is_flag=True, help="No colours [also: NO_COLOR].")
@_store_option
@click.pass_context
def replay(
    context: click.Context,
    name: str,
    plain: bool,
    at: str | None,
    explain: bool,
    no_color: bool,
    store: Path | None,
    config: Path | None,
) -> int:
    """Show a stored incident as it happened."""
    from cockpit import launch

    settings = _settings(context, store, config)
    return launch.replay(settings, name, plain=plain, at=at, color=not no_color, explain=explain)


@cloudops.command(cls=_Example, example="cloudops attach exec-3f9a1c20")
@click.argument("name", metavar="ID", type=_TEXT)
@click.option("--prometheus", metavar="URL", type=_TEXT, help="The Prometheus of an interrupted live investigation.")
@click.option("--plain", "output", flag_value="plain", help="The text report, also on a terminal.")
@click.option("--events", "output", flag_value="events", help="NDJSON events as they happen.")
@click.option("--explain", is_flag=True, help="The text report with what each fact adds to each cause.")
@click.option("--no-color", is_flag=True, help="No colours [also: NO_COLOR].")
@_store_option
@click.pass_context
def attach(
    context: click.Context,
    name: str,
    prometheus: str | None,
    output: str | None,
    explain: bool,
    no_color: bool,
    store: Path | None,
    config: Path | None,
) -> int:
    """Join a running investigation, or go on with an interrupted one."""
    from cockpit import launch

    settings = _settings(context, store, config, prometheus)
    return launch.attach(settings, name, output=output, color=not no_color, explain=explain)


@cloudops.command(
    cls=_Example,
    example=(
        'cloudops judge exec-3f9a1c20 --pin F12 --refute F3 --because "the exporter was restarted"\n'
        'cloudops judge exec-3f9a1c20 --not database --because "the DBA looked"'
    ),
)
@click.argument("name", metavar="ID", type=_TEXT)
@click.option("--pin", multiple=True, metavar="FACT", type=_TEXT, help="This fact is certain.")
@click.option("--refute", multiple=True, metavar="FACT", type=_TEXT, help="This fact is wrong.")
@click.option("--hold", multiple=True, metavar="HYPOTHESIS", type=_TEXT, help="This is the cause, as far as I know.")
@click.option(
    "--exclude",
    "--not",
    "exclude",
    multiple=True,
    metavar="WHAT",
    type=_TEXT,
    help="It isn't this hypothesis, resource, kind of resource, change, cause or class of causes.",
)
@click.option("--add", multiple=True, metavar="TEXT", type=_TEXT, help="A fact, in words or as a JSON object.")
@click.option("--about", metavar="RESOURCE", type=_TEXT, help="The resource that the added fact is about.")
@click.option("--cause", metavar="CAUSE", type=_TEXT, help="The cause or hypothesis that the added fact speaks for.")
@click.option("--undo", multiple=True, metavar="WHAT", type=_TEXT, help="Take back what was said of a fact or cause.")
@click.option("--because", metavar="TEXT", type=_TEXT, default="", help="Why; it is kept with your name.")
@click.option("--next", "ask_next", is_flag=True, help="Then run the next best diagnostic.")
@click.option("--prometheus", metavar="URL", type=_TEXT, help="For --next: the Prometheus of a live investigation.")
@click.option("--json", "as_json", is_flag=True, help="The report object after it (cloudops-report/1).")
@click.option("--explain", is_flag=True, help="Show what each fact adds to each cause.")
@click.option("--no-color", is_flag=True, help="No colours [also: NO_COLOR].")
@_store_option
@click.pass_context
def judge(
    context: click.Context,
    /,
    name: str,
    prometheus: str | None,
    store: Path | None,
    config: Path | None,
    **said: Any,
) -> int:
    """Say what you know of an incident's facts and causes: the ranking follows at once, and names you."""
    from cockpit import judging

    return judging.judge(_settings(context, store, config, prometheus), name, judging.Said(**said))


@cloudops.command(cls=_Example, example="cloudops incidents --json")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@_store_option
@click.pass_context
def incidents(context: click.Context, as_json: bool, store: Path | None, config: Path | None) -> int:
    """List what the store holds."""
    from cockpit import commands

    return commands.incidents(_settings(context, store, config), as_json=as_json)


@cloudops.command(cls=_Example, example="cloudops report exec-3f9a1c20 --format html > postmortem.html")
@click.argument("name", metavar="ID", type=_TEXT)
@click.option(
    "--format", "form", type=click.Choice(["markdown", "html", "json"]), default="markdown", show_default=True
)
@_store_option
@click.pass_context
def report(context: click.Context, name: str, form: str, store: Path | None, config: Path | None) -> int:
    """Write the postmortem of a stored incident."""
    from cockpit import commands

    return commands.report(_settings(context, store, config), name, form)


@cloudops.command(cls=_Example, example="cloudops export exec-3f9a1c20 outage.incident")
@click.argument("name", metavar="ID", type=_TEXT)
@click.argument("file", type=_File())
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@_store_option
@click.pass_context
def export(context: click.Context, name: str, file: Path, force: bool, store: Path | None, config: Path | None) -> int:
    """Write a stored incident as a bundle: a directory, or with the suffix .incident one file."""
    from cockpit import commands

    return commands.export(_settings(context, store, config), name, file, force=force)


@cloudops.command("import", cls=_Example, example="cloudops import outage.incident")
@click.argument("bundle", type=_File())
@_store_option
@click.pass_context
def import_(context: click.Context, bundle: Path, store: Path | None, config: Path | None) -> int:
    """Take a bundle that CloudOps exported into the store."""
    from cockpit import commands

    return commands.import_bundle(_settings(context, store, config), bundle)


@cloudops.group()
def audit() -> None:
    """Check the audit trail."""


@audit.command(cls=_Example, example="cloudops audit verify")
@click.argument("name", metavar="[ID]", required=False, type=_TEXT)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@_store_option
@click.pass_context
def verify(context: click.Context, name: str | None, as_json: bool, store: Path | None, config: Path | None) -> int:
    """Check the hash chain of one incident, or of all."""
    from cockpit import commands

    return commands.verify(_settings(context, store, config), name, as_json=as_json)


@cloudops.command(
    cls=_Example,
    example="cloudops evaluate sample_incidents --min-top1 0.5\n"
    "cloudops evaluate sample_incidents --json > before.json\n"
    "cloudops evaluate sample_incidents --against before.json --without logs",
)
@click.argument("paths", nargs=-1, required=True, type=_File())
@click.option("--json", "as_json", is_flag=True, help="One evaluation object (cloudops-evaluation/1).")
@click.option("--min-top1", type=_Share(), help="Exit with 1 when top1 is lower.")
@click.option(
    "--against", metavar="FILE", type=_File(dir_okay=False), help="Compare with an earlier run: what its --json wrote."
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(QUESTIONS),
    help="Investigate as if nothing could be asked for these; may be given several times.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that work side by side."
)
@_store_option
@click.pass_context
def evaluate(
    context: click.Context,
    paths: tuple[Path, ...],
    as_json: bool,
    min_top1: float | None,
    against: Path | None,
    without: tuple[str, ...],
    jobs: int,
    store: Path | None,
    config: Path | None,
) -> int:
    """Investigate bundles whose cause is known, and score the answers. Nothing is stored."""
    from cockpit import evaluation

    _settings(context, store, config)
    asked = evaluation.Asked(paths, without=without, jobs=jobs, against=against, as_json=as_json, min_top1=min_top1)
    return evaluation.evaluate(asked)


@cloudops.command(cls=_Example, example="cloudops doctor")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.option("--prometheus", metavar="URL", type=_TEXT, help="A live Prometheus to check.")
@_store_option
@click.pass_context
def doctor(
    context: click.Context, as_json: bool, prometheus: str | None, store: Path | None, config: Path | None
) -> int:
    """Say what is configured, reachable and permitted, and what is not."""
    from cockpit import commands

    return commands.doctor(_settings(context, store, config, prometheus), as_json=as_json)


@cloudops.command(cls=_Example, example='eval "$(cloudops completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the shell's completion script."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cloudops, {}, "cloudops", "_CLOUDOPS_COMPLETE").source())
    return 0


if __name__ == "__main__":
    from cockpit.__main__ import main as process

    sys.exit(process())
