"""What every test can rely on: a private home, the public data sets, and no silent skips in CI."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from primitives.clock import ManualClock

ROOT = Path(__file__).parents[1]
TEST_CLUSTER = ROOT.parent / "shared" / "tools" / "cluster"

# Set by .ci/run: there everything is installed, so a skipped test is a test that got lost.
NOTHING_MAY_BE_SKIPPED = os.environ.get("CLOUDOPS_REQUIRE_PARTS") == "1"

# What a new machine has, and what the test run needs. Anything else could hide a fault: with PYTHONUNBUFFERED, which CI
# images like to set, output that can't be written fails at once and not when the interpreter exits.
_KEPT = re.compile("PATH|HOME|LANG|TMPDIR|CLOUDOPS_REQUIRE_PARTS|KUBE_TEST_CACHE|PYTEST_.*")
for _variable in [name for name in os.environ if not _KEPT.fullmatch(name)]:
    del os.environ[_variable]

# A shell's background job ignores Ctrl-C, and so would every command that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The machines that run the tests are small and shared: how long one example takes says nothing. Examples are the same
# in each run, so that no change is refused by luck; `--hypothesis-profile=random` looks for new ones (CONTRIBUTING.md).
settings.register_profile("cloudops", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("random", deadline=None, print_blob=True)
settings.load_profile("cloudops")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose real programs (`@pytest.mark.parts("prometheus")`) are not installed."""
    wanted = [program for mark in item.iter_markers("parts") for program in mark.args]
    missing = [program for program in wanted if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: run `make test-parts`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, by name, the tests on a test cluster where its binaries are not built (`KUBE_TEST_CACHE`).

    Building an API server takes ten minutes, so not even CI does it: these are run by hand (CONTRIBUTING.md).
    """
    cache = os.environ.get("KUBE_TEST_CACHE")
    there = cache is not None and (Path(cache) / "bin" / "kube-apiserver").exists() and TEST_CLUSTER.exists()
    left_out = [] if there else [item for item in items if item.get_closest_marker("cluster")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if NOTHING_MAY_BE_SKIPPED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but CLOUDOPS_REQUIRE_PARTS=1 allows no skips: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if NOTHING_MAY_BE_SKIPPED and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, but CLOUDOPS_REQUIRE_PARTS=1 allows no skips: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the settings, stores and credentials of whoever runs it."""
    home = tmp_path / "home"
    for variable, folder in {
        "HOME": "",
        "XDG_CACHE_HOME": ".cache",
        "XDG_CONFIG_HOME": ".config",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
    }.items():
        monkeypatch.setenv(variable, str(home / folder))
    home.mkdir()
    return home


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A private folder whose path leaves room for a Unix socket's name (at most 107 bytes on Linux)."""
    with tempfile.TemporaryDirectory(prefix="co-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until a test moves it."""
    return ManualClock(datetime(2026, 3, 10, 14, 45, tzinfo=UTC))


@pytest.fixture(scope="session")
def sample_incidents() -> Path:
    """The folder of the sample incidents that come with the project."""
    return ROOT / "sample_incidents"


@pytest.fixture(scope="session")
def shared_datasets() -> Path:
    """The folder of public data sets that stands beside the checkout."""
    folder = ROOT.parent / "shared" / "datasets"
    if not folder.is_dir():
        pytest.skip("needs the data sets in ../shared/datasets")
    return folder
