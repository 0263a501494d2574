"""A new version made it worse (DEPLOYMENT_REGRESSION)."""

from __future__ import annotations

from engine.reason.catalogue import Cause
from primitives.terms import IncidentClass

_CLASS = IncidentClass.DEPLOYMENT_REGRESSION

CAUSES = (
    Cause(
        "deployment_regression",
        _CLASS,
        "{change} made {resource} {effect}",
        "Google SRE book, chapter 8: most outages follow a change",
        prior=-2.6,
        families={"incompatible_version": 1.2},
        remediations=("rollback_deployment",),
        diagnostic="check_recent_changes",
        blamed_for=("deployment", "code"),
        change_noun="Deployment",
    ),
    Cause(
        "rollout_stuck",
        _CLASS,
        "The rollout of {resource} is stuck",
        "Kubernetes: Deployment status, ProgressDeadlineExceeded",
        states={"ProgressDeadlineExceeded": 4.2, "RolloutStuck": 3.8, "RolloutPaused": 1.5, "NotObserved": 1.5},
        remediations=("rollback_deployment",),
        diagnostic="inspect_workloads",
        outcome_rank=3,
    ),
    Cause(
        "feature_flag_regression",
        _CLASS,
        "A feature flag made {resource} {effect}",
        "M. Fowler (P. Hodgson), Feature Toggles",
        prior=-2.8,
        diagnostic="check_recent_changes",
        blamed_for=("feature_flag",),
        # What fails says itself that a flag makes it fail.
        families={"feature_flag": 2.2},
    ),
)
