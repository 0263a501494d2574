"""Real servers for the tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cases.fake_aws import FakeAws
from prometheus_system import PrometheusSystem, jumping_system

from primitives.telemetry import Backend


@pytest.fixture(scope="session")
def jumping_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSystem]:
    """A real Prometheus with two hours of history up to now, whose service `orders` became slow 25 minutes ago.

    Tests that use it are marked `@pytest.mark.parts("prometheus", "promtool")`.
    """
    if shutil.which("prometheus") is None:
        pytest.skip("needs prometheus: run `make test-parts`")
    with jumping_system(tmp_path_factory.mktemp("prometheus")) as system:
        yield system


@pytest.fixture
def aws(started: FakeAws) -> FakeAws:
    """The AWS that the test's own module has started and filled (its fixture `started`), with no call counted yet."""
    started.forget_calls()
    return started


@pytest.fixture
def now() -> datetime:
    """A moment after everything that was put into it."""
    return datetime.now(UTC) + timedelta(seconds=1)


@pytest.fixture
async def source(aws: FakeAws, now: datetime) -> AsyncIterator[Backend]:
    """That AWS as a source, asked at `now`."""
    backend = aws.source(now)
    yield backend
    await backend.close()
