"""`cloudops doctor`: what is configured, reachable and permitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, json_option, settings_options, source_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops doctor")
@json_option()
@source_options(
    "A configured source to check; may be given several times [default: all].",
    "Short for a source: a live Prometheus to check.",
)
@click.option("--policy", metavar="KIND", type=TEXT, help="Print the least permissions that a kind of source needs.")
@click.option("--act", is_flag=True, help="With --policy: those that executing actions needs, for a role of its own.")
@click.option("--names", is_flag=True, help="Say which names of several sources were tied to one resource, and why.")
@settings_options
def command(as_json: bool, policy: str | None, act: bool, names: bool, settings: Settings) -> int:
    """Say what is configured, reachable and permitted, and what is not.

    A source that nobody configured or chose is offered, and asked nothing.
    """
    if policy is not None:
        return _print_policy(policy, act=act)
    from cockpit.doctor import examine, render
    from cockpit.output import say, say_document
    from cockpit.signals import run

    if names:
        from cockpit.ties import check_names

        checks = run(check_names(settings))
    else:
        checks = run(examine(settings))
    if as_json:
        say_document([check.model_dump(mode="json") for check in checks])
    else:
        say(render(checks))
    return 3 if any(check.status == "bad" for check in checks) else 0


def _print_policy(kind: str, *, act: bool) -> int:
    """The policy of a kind of source: as JSON, or as the text that it is."""
    from cockpit.output import say, say_document
    from primitives.backends.registry import backends
    from primitives.errors import UsageError
    from primitives.text import safe_line

    made = {name: backend.act_policy if act else backend.policy for name, backend in backends().items()}
    known = {name: policy for name, policy in made.items() if policy is not None}
    policy = known.get(kind)
    if policy is None:
        raise UsageError(f"--policy {safe_line(kind, limit=60)}: it is known of {', '.join(known)}")
    document = policy()
    if isinstance(document, str):
        say(document)
    else:
        say_document(document)
    return 0
