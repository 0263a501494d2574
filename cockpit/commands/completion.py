"""`cloudops completion`: completion for a shell."""

from __future__ import annotations

import click

from cockpit.options import CommandWithExample

__all__ = ["command"]


@click.command(cls=CommandWithExample, example='eval "$(cloudops completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    """Print the shell's completion script."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "cloudops", "_CLOUDOPS_COMPLETE").source())
    return 0
