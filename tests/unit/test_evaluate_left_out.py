"""`--leave-out` scores a system under weights that were fitted without its incidents."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cockpit.cli import main
from engine.evaluate import evaluate_left_out
from primitives.errors import UsageError

SAMPLES = Path(__file__).parents[2] / "sample_incidents"


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Two systems of two incidents each."""
    for system, names in {
        "databases": ("opensre-rds-007", "opensre-rds-003"),
        "clusters": ("holmes-13b-pending", "rcb-dev-09"),
    }.items():
        for name in names:
            shutil.copytree(SAMPLES / name, tmp_path / system / name)
    return tmp_path


def test_only_the_system_that_is_left_out_is_scored_and_the_weights_are_told(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(folders), "--leave-out", "databases", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [case["id"] for case in result["cases"]] == ["opensre-rds-003", "opensre-rds-007"]
    assert result["left_out"] == ["databases"]
    assert set(result["weights"]) >= {"sharpness", "none", "link"}
    assert main(["evaluate", str(folders), "--leave-out", "databases"]) == 0
    assert "all, under weights fitted without databases" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("systems", "problem"),
    [(["bank"], "no incident is of bank; there are clusters, databases"),
     (["clusters", "databases"], "nothing is left to fit the weights to")],
)  # fmt: skip
async def test_a_system_that_is_not_there_or_all_of_them_are_refused(
    folders: Path, systems: list[str], problem: str
) -> None:
    bundles = sorted(path.parent for path in folders.rglob("incident.yaml"))
    with pytest.raises(UsageError, match=problem):
        await evaluate_left_out(bundles, systems)


def test_it_goes_with_no_option_that_it_would_ignore(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for extra in (("--jobs", "2"), ("--without", "logs")):
        assert main(["evaluate", str(folders), "--leave-out", "databases", *extra]) == 2
        assert "--leave-out goes with neither" in capsys.readouterr().err
