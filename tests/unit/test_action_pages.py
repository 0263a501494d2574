"""Every action has a page that says what a person must know before approving it."""

from __future__ import annotations

import pytest

from engine.act.action_pages import pages
from primitives.actions.inverse import Inverse
from primitives.remediations.registry import remediations

PAGES = pages()


@pytest.mark.parametrize("name", [name for name, entry in remediations().items() if entry.executable])
def test_a_page_has_permissions_risk_inverse_checks_and_verification(name: str) -> None:
    action, page = remediations()[name], PAGES[f"{name}.md"]
    for title in ("Arguments", "Effect and risk", "Before it is approved", "When it is sent", "How it is verified",
                  "How it is undone", "The same by hand", "Least permissions"):  # fmt: skip
        assert f"\n## {title}\n" in page, title
    assert f"- Risk: {action.risk}" in page
    assert action.permissions
    assert all(f"- `{permission}`\n" in f"{page}\n" for permission in action.permissions)
    before = page.partition("## Before it is approved")[2].partition("\n## ")[0]
    assert before.count("\n- ") >= 3
    inverse = action.inverse
    undone = f"[`{inverse.primitive}`]({inverse.primitive}.md)" if isinstance(inverse, Inverse) else inverse.why
    assert undone in page
    assert "```sh\n" in page


def test_what_is_shown_only_says_so() -> None:
    shown = [name for name, entry in remediations().items() if not entry.executable]
    assert all("nothing executes it" in PAGES[f"{name}.md"] for name in shown)


def test_checks_of_one_action_are_not_said_of_another() -> None:
    assert "another node takes pods" in PAGES["cordon_node.md"]
    assert "another node takes pods" not in PAGES["uncordon_node.md"]
    assert "nobody empties it" in PAGES["uncordon_node.md"]
    assert "no autoscaler sets its replicas" in PAGES["scale_workload.md"]


def test_the_guards_of_actions_on_aws_are_said() -> None:
    assert "- no modification waits to be applied\n- no maintenance is planned\n" in PAGES["resize_database.md"]
    assert "- no CloudFormation stack is changing it\n" in PAGES["enable_rule.md"]
