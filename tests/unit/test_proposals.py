"""What is proposed: nothing that makes it worse, nothing in a hurry that isn't sure, and the exact revision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from incident_facts import DEPLOYED, STORY, change, graph, limit, opened, shift, state_of, state_with

from cockpit.plain import render_text
from cockpit.postmortem import render_markdown
from engine.act.proposals import WRITE_CONFIDENCE, proposals, withheld
from engine.act.queue import queue
from engine.hypotheses import Action, Hypothesis
from engine.incident import IncidentState
from primitives.facts import Fact, Location
from primitives.remediations.registry import remediations
from primitives.terms import IncidentClass

COMMIT = "40465f54a9e15cf6eeb6480fddef3117e9a1d8b4"
API = graph({"api": "service", "db": "database"}, ("api", "db"))


def believed(cause_id: str, confidence: float, *, resource: str | None = "api", change: str | None = None,
             cause_class: str = "DEPLOYMENT_REGRESSION", name: str = "H1") -> Hypothesis:  # fmt: skip
    return Hypothesis(id=name, cause=cause_id, cause_id=cause_id, cause_class=IncidentClass(cause_class), prior=-3.0,
                      resource=resource, change=change, confidence=confidence)  # fmt: skip


def proposed(facts: tuple[Fact, ...], *hypotheses: Hypothesis) -> tuple[Action, ...]:
    state = state_with((*facts, API))
    state.investigation.hypotheses = hypotheses
    return proposals(state)


def deployed(name: str, minutes_before: float, resource: str = "api", *, before: Any = None, after: Any = None) -> Fact:
    found = change(name, resource, minutes_before=minutes_before, after=after)
    assert found.change is not None
    return found.model_copy(update={"change": found.change.model_copy(update={"before": before})})


def test_the_newest_deployment_is_undone() -> None:
    blames = believed("deployment_regression", 0.95, change="v2")
    (action,) = proposed((deployed("v1", 90), deployed("v2", 5), deployed("v9", 1, "db")), blames)
    assert action.command == "kubectl rollout undo deployment/api --namespace shop"
    assert (action.action, action.urgency) == ("Roll back deployment v2 of api", "HIGH")


def test_a_deployment_that_later_ones_followed_is_never_undone_without_its_revision() -> None:
    blames = believed("deployment_regression", 0.8, change=COMMIT)
    facts = (deployed(COMMIT, 30, after={"version": "v7"}), deployed("v8", 20), deployed("v9", 10))
    (action,) = proposed(facts, blames)
    assert action.command == "kubectl rollout history deployment/api --namespace shop"
    assert (action.primitive, action.effect, action.urgency) == ("choose_revision", "read", "LOW")
    assert action.action == (
        "Find the revision of api before deployment 40465f54a9e1 (v7): 2 later deployments followed, "
        "and a plain undo would revert only the newest"
    )


def test_one_later_deployment_is_told_in_the_singular() -> None:
    blames = believed("deployment_regression", 0.8, change="v7")
    (action,) = proposed((deployed("v7", 30), deployed("v8", 20)), blames)
    assert "1 later deployment followed" in action.action


def test_the_revision_before_the_blamed_one_is_named_where_it_is_known() -> None:
    blames = believed("deployment_regression", 0.8, change="v7")
    facts = (deployed("v7", 30, before={"revision": "6"}), deployed("v8", 20), deployed("v9", 10))
    (action,) = proposed(facts, blames)
    assert action.command == "kubectl rollout undo deployment/api --to-revision=6 --namespace shop"
    assert action.action == "Roll back deployment v7 of api to revision 6; 2 later deployments will be undone with it"


@pytest.mark.parametrize("revision", ["6; reboot", "-1", 0, True, None, "٦", 6.5, ["6"]])
def test_a_revision_that_is_no_number_is_not_known(revision: Any) -> None:
    blames = believed("deployment_regression", 0.8, change="v7")
    (action,) = proposed((deployed("v7", 30, before={"revision": revision}), deployed("v8", 20)), blames)
    assert action.command == "kubectl rollout history deployment/api --namespace shop"


def test_a_rollout_that_the_cluster_shows_goes_back_to_the_revision_before_it() -> None:
    resource = "shop/deployment/cart"
    changed = state_of(resource, "RevisionChanged", details={"from_revision": 3, "to_revision": 4})
    blames = believed("image_not_found", 0.8, resource=resource, cause_class="WORKLOAD_FAILURE")
    (action,) = proposed((changed,), blames)
    assert action.command == "kubectl rollout undo deployment/cart --to-revision=3 --namespace shop"


def test_only_the_best_hypothesis_makes_an_action_urgent() -> None:
    best = believed("certificate_expired", 0.94, cause_class="ACCESS_FAILURE")
    second = believed("deployment_regression", 0.9, change="v2", name="H2")
    actions = proposed((deployed("v2", 5),), best, second)
    assert [(action.primitive, action.urgency) for action in actions if action.effect == "write"] == [
        ("rollback_deployment", "MEDIUM")
    ]


@pytest.mark.parametrize(("confidence", "urgency"), [(0.9, "HIGH"), (0.89, "MEDIUM"), (WRITE_CONFIDENCE, "MEDIUM")])
def test_urgency_follows_confidence(confidence: float, urgency: str) -> None:
    (action, *_) = proposed((), believed("threads_exhausted", confidence, cause_class="RESOURCE_SATURATION"))
    assert (action.primitive, action.urgency) == ("restart_workload", urgency)


def test_a_restart_for_want_of_a_known_mechanism_is_not_urgent() -> None:
    (action, *_) = proposed((), believed("application_error", 0.95, cause_class="WORKLOAD_FAILURE"))
    assert (action.primitive, action.urgency) == ("restart_workload", "MEDIUM")


def test_a_reboot_is_never_urgent_and_comes_after_a_look() -> None:
    out = believed("connections_exhausted", 0.95, resource="db", cause_class="RESOURCE_SATURATION")
    look, reboot = proposed((), out)
    assert (look.primitive, look.effect) == ("inspect_database", "read")
    assert (reboot.primitive, reboot.urgency) == ("reboot_database", "MEDIUM")
    assert reboot.action == "Reboot db, which ends every session"


def test_an_unlikely_cause_is_looked_into_and_not_acted_on() -> None:
    state = state_with((API,))
    state.investigation.hypotheses = (believed("application_error", 0.12, cause_class="WORKLOAD_FAILURE"),)
    state.remediation.proposed, state.investigation.concluded = proposals(state), True
    assert [action.effect for action in state.actions] == ["read"]
    why = "no repair is recommended yet: the best cause has 12 % confidence"
    assert withheld(state) == why
    assert why in render_text(state)
    assert "No repair is recommended yet" in render_markdown(state, ())


@pytest.mark.parametrize(
    ("verdict", "why"),
    [("UNKNOWN", "no repair is recommended yet: the cause is not known"),
     ("NO_FAULT", "nothing to repair: nothing seems to be wrong")],
)  # fmt: skip
def test_while_a_verdict_leads_nothing_is_changed(verdict: str, why: str) -> None:
    state = state_with((API,))
    leads = believed("unknown" if verdict == "UNKNOWN" else "false_alarm", 0.4, resource=None, cause_class=verdict)
    state.investigation.hypotheses = (
        leads,
        believed("application_error", 0.39, cause_class="WORKLOAD_FAILURE", name="H2"),
    )
    state.remediation.proposed = proposals(state)
    assert all(action.effect == "read" for action in state.actions)
    assert withheld(state) == why


def test_the_postmortems_timeline_leaves_out_commits_that_nothing_points_to() -> None:
    commits = [change(f"{number:040x}", None, kind="code", summary=f"tidy {number}") for number in range(3)]
    state = state_with((deployed("v2", 5), *commits))
    state.investigation.hypotheses = (believed("deployment_regression", 0.8, change=commits[1].change.id),)  # type: ignore[union-attr]
    timeline = render_markdown(state, ()).partition("## Timeline")[2].partition("## Key findings")[0]
    assert "tidy 1" in timeline
    assert "Deployment v2" in timeline
    assert "tidy 0" not in timeline
    assert "2 changes without a known resource left out" in timeline


def test_a_repair_that_is_proposed_needs_no_excuse() -> None:
    state = state_with((*STORY,))
    state.investigation.hypotheses = (believed("deployment_regression", 0.9, change="v2.3.1"),)
    state.remediation.proposed = proposals(state)
    assert withheld(state) == ""
    assert withheld(IncidentState()) == ""


def full(allocated: float | None) -> tuple[Fact, ...]:
    low = shift("db", "free_storage_space", kind="saturation", baseline=15e9, current=5e8, unit="By")
    if allocated is None:
        return (low,)
    near = limit("db", "free_storage_space", 0.97).model_copy(update={"unit": "By", "limit": allocated})
    return low, near


def test_a_full_database_gets_half_as_much_storage_again() -> None:
    out = believed("disk_full", 0.9, resource="db", cause_class="RESOURCE_SATURATION")
    (action,) = proposed(full(25 * 2.0**30), out)
    assert action.command == (
        "aws rds modify-db-instance --db-instance-identifier db --allocated-storage 38 --apply-immediately"
    )
    assert action.action == "Raise the storage of db from 25 to 38 GiB; it can't be lowered again"


def test_where_nobody_knows_its_size_a_full_database_is_asked_for_it() -> None:
    out = believed("disk_full", 0.9, resource="db", cause_class="RESOURCE_SATURATION")
    raised, look = proposed(full(None), out)
    # What has to be done is said, and what it lacks is looked for.
    assert (raised.action, raised.effect) == ("Raise the storage of db; it can't be lowered again", "write")
    assert (raised.command, raised.command_note) == ("", "no command: how much it has not known")
    assert look.command.startswith("aws rds describe-db-instances --db-instance-identifier db --query ")
    assert look.effect == "read"


def test_an_action_may_name_the_causes_that_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = replace(remediations()["restart_workload"], name="acme_reload", answers=("token_expired",))
    monkeypatch.setitem(remediations(), "acme_reload", extra)
    (action, *_) = proposed((), believed("token_expired", 0.9, cause_class="ACCESS_FAILURE"))
    assert action.primitive == "acme_reload"


def test_a_commit_is_rolled_back_with_the_first_deployment_after_it() -> None:
    blames = believed("deployment_regression", 0.8, change=COMMIT)
    commit = change(COMMIT, None, kind="code", minutes_before=30)
    (action,) = proposed((deployed("v6", 60), commit, deployed("v7", 20)), blames)
    assert action.command == "kubectl rollout undo deployment/api --namespace shop"
    assert action.action == "Roll back deployment v7, which carried commit 40465f54a9e1, of api"
    (action,) = proposed((commit, deployed("v7", 20), deployed("v8", 10)), blames)
    assert action.command == "kubectl rollout history deployment/api --namespace shop"
    assert "1 later deployment followed" in action.action


def test_a_commit_that_no_deployment_carried_is_not_rolled_back_blindly() -> None:
    blames = believed("deployment_regression", 0.8, change=COMMIT)
    facts = (deployed("v6", 60), change(COMMIT, None, kind="code", minutes_before=30))
    (action,) = proposed(facts, blames)
    assert action.command == "kubectl rollout history deployment/api --namespace shop"
    assert "no deployment is recorded that carried it" in action.action


def test_a_rollout_that_only_changed_configuration_counts_as_a_later_one() -> None:
    blames = believed("deployment_regression", 0.8, change="v7")
    configured = change("api revision 9", "api", kind="configuration", minutes_before=2, after={"revision": 9})
    (action,) = proposed((deployed("v7", 30), configured), blames)
    assert action.command == "kubectl rollout history deployment/api --namespace shop"


def proposed_live(facts: tuple[Fact, ...], *hypotheses: Hypothesis) -> tuple[Action, ...]:
    state = state_with(facts, opened(origin="live"))
    state.investigation.hypotheses = hypotheses
    return proposals(state)


THREADS = believed("threads_exhausted", 0.8, cause_class="RESOURCE_SATURATION")


def test_a_command_of_a_recording_leaves_the_cluster_to_be_chosen_and_says_so() -> None:
    (action,) = proposed((), THREADS)
    assert action.command == "kubectl rollout restart deployment/api --namespace shop"
    assert action.command_note == "choose the kubectl context first"


def test_live_no_command_that_writes_leaves_its_cluster_or_region_to_chance() -> None:
    restart, *_ = proposed_live((API,), THREADS)
    assert (restart.command, restart.effect) == ("", "write")
    assert restart.command_note == "no command: kubectl context not known"
    known = graph({"api": "service"}, locations={"api": DEPLOYED.model_copy(update={"context": "prod"})})
    restart, *_ = proposed_live((known,), THREADS)
    assert restart.command == "kubectl rollout restart deployment/api --namespace shop --context prod"
    assert restart.command_note == ""

    out = believed("connections_exhausted", 0.8, resource="db", cause_class="RESOURCE_SATURATION")
    look, reboot = proposed_live((API,), out)
    assert look.command == "aws rds describe-events --source-type db-instance --source-identifier db --duration 1440"
    assert (reboot.command, reboot.command_note) == ("", "no command: AWS account and region not known")
    placed = graph({"db": "database"}, locations={"db": Location(account="123456789012", region="eu-west-1")})
    _, reboot = proposed_live((placed,), out)
    assert reboot.command == "aws rds reboot-db-instance --db-instance-identifier db --region eu-west-1"
    assert reboot.command_note == "choose a profile for the AWS account 123456789012 first"


def test_without_its_namespace_an_action_is_words_and_the_look_that_finds_it() -> None:
    unplaced = graph({"api": "service"}, locations={})
    restart, find = proposed_live((unplaced,), THREADS)
    assert (restart.action, restart.command) == ("Restart api", "")
    assert restart.command_note == "no command: namespace not known"
    assert restart.arguments == {"resource": "api", "change": None}
    assert find.primitive == "inspect_object"
    assert find.action == "Find api in the cluster: namespace not known"
    assert find.command.startswith("kubectl get deploy,sts,ds -A ")


def test_the_same_action_in_words_for_another_change_is_another_action() -> None:
    unplaced = graph({"api": "service"}, locations={})

    def ids(name: str) -> set[str]:
        state = state_with((unplaced, deployed(name, 5)))
        state.investigation.hypotheses = (believed("deployment_regression", 0.8, change=name),)
        return {action.id for action in queue(state) if action.primitive == "rollback_deployment"}

    assert len(ids("v1") | ids("v2")) == 2


def test_reports_say_why_there_is_no_command() -> None:
    state = state_with((graph({"api": "service"}, locations={}),))
    state.investigation.hypotheses = (THREADS,)
    state.remediation.proposed, state.investigation.concluded = queue(state), True
    text = render_text(state)
    assert "no command: namespace not known" in text
    assert "To run a command, choose the kubectl context first." in text
    assert "$ \n" not in text
    assert "no command: namespace not known" in render_markdown(state, ())
