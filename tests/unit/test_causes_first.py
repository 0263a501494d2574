"""A first answer that its own cause on the same resource may explain as well comes second."""

from __future__ import annotations

import pytest

from engine.reason.candidates import Candidate
from engine.reason.catalogue import causes
from engine.reason.claims import HypothesisKey
from engine.reason.competition import Scored, causes_first

FULL = HypothesisKey("connections_exhausted", "ledger")
RELEASE = HypothesisKey("deployment_regression", "ledger", "v9")
ELSEWHERE = HypothesisKey("deployment_regression", "teller", "v9")


def candidate(key: HypothesisKey) -> Candidate:
    return Candidate(key, causes()[key.cause_id], (), 0.0, True)


def scored(key: HypothesisKey, probability: float, parent: HypothesisKey | None = None) -> Scored:
    known = None if parent is None else candidate(parent)
    return Scored(candidate(key), 0.0, 0.0, None, 1.0, probability, probability, probability, known)


@pytest.mark.parametrize(
    ("first", "second", "changes"),
    [
        (scored(FULL, 0.67, RELEASE), scored(RELEASE, 0.60), True),
        (scored(FULL, 0.67, RELEASE), scored(RELEASE, 0.30), False),
        (scored(FULL, 0.67), scored(RELEASE, 0.60), False),
        (scored(FULL, 0.67, ELSEWHERE), scored(ELSEWHERE, 0.60), False),
    ],
    ids=["about as likely", "much less likely", "not its cause", "on another resource"],
)
def test_a_cause_that_is_about_as_likely_comes_before_its_consequence(
    first: Scored, second: Scored, changes: bool
) -> None:
    assert causes_first((first, second)) == ((second, first) if changes else (first, second))
    assert causes_first((first,)) == (first,)
