"""Incidents that only the collected output of a tool tells are answered rightly, and their look-alikes aren't."""

from __future__ import annotations

import pytest
from cases.collected_outputs import CASES, Collected
from cases.further_outputs import FURTHER
from cases.in_memory import ranked


@pytest.mark.parametrize("case", [*CASES, *FURTHER], ids=lambda case: case.name)
async def test_what_a_tool_said_is_evidence(case: Collected) -> None:
    first = (await ranked(case.parts()))[0]
    if case.cause is None:
        assert first.cause_id not in case.not_causes
    else:
        assert (first.cause_id, first.resource) == (case.cause, case.resource)
