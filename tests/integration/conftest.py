"""Real servers for the tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from prometheus_system import PrometheusSystem, jumping_system


@pytest.fixture(scope="session")
def jumping_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSystem]:
    """A real Prometheus with two hours of history up to now, whose service `orders` became slow 25 minutes ago.

    Tests that use it are marked `@pytest.mark.parts("prometheus", "promtool")`.
    """
    if shutil.which("prometheus") is None:
        pytest.skip("needs prometheus: run `make test-parts`")
    with jumping_system(tmp_path_factory.mktemp("prometheus")) as system:
        yield system
