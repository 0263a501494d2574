"""Made incidents of Kubernetes: one for each cause that shows in objects, events and container logs.

Every object is as the API server documents it, every message as the component that writes it words it; nothing is taken
from a recorded incident. A case may be built with red herrings: old warnings and restarts of workloads that are well.
"""

from __future__ import annotations

from typing import Final

from cases.checks_and_history import checks_and_history
from cases.configuration_and_access import configuration_and_access
from cases.infrastructure_failures import infrastructure_failures
from cases.made import MadeCase, parts
from cases.network_failures import network_failures
from cases.no_faults import no_faults
from cases.other_settings import other_settings
from cases.other_workloads import other_workloads
from cases.scaling_failures import scaling_failures
from cases.workload_failures import workload_failures

__all__ = ["CASES", "MadeCase", "parts"]

CASES: Final = (
    *workload_failures(),
    *network_failures(),
    *infrastructure_failures(),
    *scaling_failures(),
    *configuration_and_access(),
    *no_faults(),
    *other_workloads(),
    *other_settings(),
    *checks_and_history(),
)
"""Every made case."""
