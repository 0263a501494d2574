"""The `cloudops` command: finds its sub-commands in `cockpit.commands` and turns every problem into one line.

Imports nothing heavy until a sub-command needs it.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.commands import load_command, module_names
from cockpit.options import load_settings_of, store_options
from primitives import __version__
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["cloudops", "main"]

INTERRUPTED = 130
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Every problem is one line on standard error."""
    try:
        result = cloudops.main(arguments, prog_name="cloudops", standalone_mode=False)
    except CloudopsError as error:
        return _complain(str(error), error.exit_code)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        return _complain(_which_command(error.ctx), 2, error)
    except click.ClickException as error:
        return _complain(error.format_message(), 2, error)
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted", INTERRUPTED)
    except (BrokenPipeError, SystemExit):
        # click itself meets a reader that left the pipe, and wants to exit with 1: that means something else here.
        return INTERRUPTED
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        return _complain(f"the output can't be written ({error.strerror}); send it elsewhere", 3)
    return result if isinstance(result, int) else 0


def _which_command(context: click.Context | None) -> str:
    """What to say of a group that was given no command: click would print its whole help as an error."""
    if context is None or not isinstance(context.command, click.Group):
        return "arguments are missing"
    return f"`{context.command_path}` needs a command: {', '.join(context.command.list_commands(context))}"


def _complain(message: str, code: int, error: click.ClickException | None = None) -> int:
    from primitives.quoting import safe_message

    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f" (see `{error.ctx.command_path} --help`)"
    try:
        click.echo(f"cloudops: {safe_message(message)}{hint}", err=True)
    except OSError:
        pass  # standard error is gone, and with it anyone to tell
    return code


class _Commands(click.Group):
    """A group whose commands are the modules of `cockpit.commands`, imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *module_names()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or load_command(cmd_name)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExample:\n  cloudops investigate --incident sample_incidents/api-latency-spike",
    no_args_is_help=False,
    invoke_without_command=True,
)
@click.version_option(__version__, prog_name="cloudops", message="%(prog)s %(version)s")
@store_options
@click.pass_context
def cloudops(context: click.Context, store: Path | None, config: Path | None) -> Any:
    """The incident cockpit: investigates, keeps facts apart from beliefs, and replays what happened.

    Without a command it opens the list of stored incidents.
    """
    context.obj = {"store": store, "config": config}
    return _browse(context) if context.invoked_subcommand is None else None


def _browse(context: click.Context) -> int:
    from cockpit.terminal import on_terminal

    settings = load_settings_of(context, None, None)
    if on_terminal():
        from cockpit.app import run_cockpit
        from cockpit.start_modes import Browse

        return run_cockpit(settings, Browse())
    from cockpit.commands.incidents import list_incidents

    return list_incidents(settings, as_json=False)
