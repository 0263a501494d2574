"""A refusal that names what a change of rights right before names is told with that change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import NOW, change, found, graph, log, opened

from engine.reason.ranking import rank_facts
from primitives.facts import ChangeFound, LogPattern

SYSTEM = graph({"crane": "service", "manifests": "storage"}, ("crane", "manifests"))
CLOUD = (
    "AccessDenied: User: arn:aws:sts::120000000001:assumed-role/crane-writer/i-1 is not authorized to perform: "
    "s3:PutObject on resource: arn:aws:s3:::quay-manifests because no resource-based policy allows it"
)
CLUSTER = 'secrets is forbidden: User "system:serviceaccount:quay:crane-bot" cannot list resource "secrets"'


def refusal(words: str, minutes_ago: float = 10) -> LogPattern:
    since = NOW - timedelta(minutes=minutes_ago)
    more = {"template": words, "example": words, "first_seen": since, "last_seen": NOW}
    return log("crane", "permission", 40).model_copy(update=more)


def rights(summary: str, *, minutes_before: float = 12, kind: str = "iam") -> ChangeFound:
    return change("r-7", "manifests", minutes_before=minutes_before, kind=kind, summary=summary)


def first(*facts: ChangeFound | LogPattern) -> tuple[str, str | None, str | None]:
    leader = rank_facts(found(SYSTEM, *facts), opened()).hypotheses[0]
    return leader.cause_id, leader.resource, leader.change


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        (CLOUD, "PutBucketPolicy quay-manifests: statement AllowWriters removed"),
        (CLUSTER, "rolebinding of crane-bot deleted in the tidy-up of unused roles"),
    ],
)
def test_the_change_that_names_what_the_refusal_names_took_it_away(words: str, summary: str) -> None:
    assert first(refusal(words), rights(summary)) == ("permission_denied", "crane", "r-7")


@pytest.mark.parametrize(
    "other",
    [
        rights("PutBucketPolicy tide-tables: statement AllowWriters removed"),
        rights("PutBucketPolicy quay-manifests: statement removed", minutes_before=300),
        rights("account 120000000001 in eu-north-1: password policy set"),
        rights("trust policy of assumed-role sessions: resource-based conditions added"),
    ],
    ids=["another object", "hours before", "only the account", "what every refusal says"],
)
def test_another_change_of_rights_is_not_blamed_for_it(other: ChangeFound) -> None:
    leader = rank_facts(found(SYSTEM, refusal(CLOUD), other), opened()).hypotheses[0]
    assert (leader.cause_id, leader.resource) == ("permission_denied", "crane")
    assert leader.change is None


def test_a_change_after_the_first_refusal_is_not_blamed_for_it() -> None:
    assert first(refusal(CLOUD, minutes_ago=50), rights("PutBucketPolicy quay-manifests: removed"))[2] is None
