"""The whole way in the cockpit, with the keyboard alone: found live, approved by name, sent once, verified or undone.

The cluster is a fake over real HTTP, and where one is built (`KUBE_TEST_CACHE`) a real API server under load.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases.acting_clinic import BAD, GOOD, Clinic, configure
from cases.shop import BAD as SHOP_BAD
from cases.shop import GOOD as SHOP_GOOD
from cases.shop import Shop, running_shop
from pseudo_terminal import ROOT, PseudoTerminal

from themes.dark import DARK

WITH_CLINIC = (
    "import sys; sys.path.insert(0, 'tests'); from cases.acting_clinic import register; register(); "
    "from cockpit.cli import main; sys.exit(main())"
)
DISPATCH_MARK = "▼"


@pytest.fixture(params=[True, False], ids=["cured", "not cured"])
def clinic(request: pytest.FixtureRequest) -> Iterator[Clinic]:
    server = Clinic(cured=request.param)
    yield server
    server.close()


def grounds(terminal: PseudoTerminal) -> set[str]:
    """The colours behind the cells."""
    return {cell.bg for line in terminal.screen.buffer.values() for cell in line.values()}


def find(terminal: PseudoTerminal, *, within_s: float = 60) -> None:
    """Confirm the plan and wait for its answer, then go to the queue."""
    terminal.wait_for("READ-ONLY DIAGNOSTICS", within_s)
    terminal.press("y")
    terminal.wait_for("analysis done", within_s)
    terminal.press("5")
    terminal.wait_for("3 Detail: A-", within_s)


def expiry(shown: str) -> str:
    """What the countdown says."""
    return shown.partition("expires in ")[2][:4]


def open_modal(terminal: PseudoTerminal, key: str = "a") -> None:
    """Ask for the approval and wait until the modal takes keys: those of its first half second don't count."""
    terminal.press(key)
    terminal.wait_for("APPROVE A WRITE")
    for _ in range(2):
        left = expiry(terminal.shown)
        terminal.wait_for(lambda shown, left=left: expiry(shown) != left)  # type: ignore[misc]


def enter(terminal: PseudoTerminal, words: str) -> None:
    """Go to the field, type, and press Enter when it is there: Enter that comes with other keys doesn't count."""
    terminal.press("\t")
    terminal.press(words)
    # A line of the modal that holds the words alone: before, the field says what to type.
    terminal.wait_for(lambda shown: re.search(rf"│ +{re.escape(words)} +│", shown) is not None)
    terminal.press("\r")


def approve(terminal: PseudoTerminal, name: str) -> None:
    """Type the resource's name."""
    open_modal(terminal)
    enter(terminal, name)
    terminal.wait_for(lambda shown: "APPROVE A WRITE" not in shown)


def verified(store: Path) -> None:
    """The audit trail holds."""
    command = [sys.executable, "-m", "cockpit", "audit", "verify", "--store", str(store)]
    subprocess.run(command, check=True, timeout=60, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)})


def test_a_bad_release_is_rolled_back_from_the_cockpit_and_the_screen_says_what_came_of_it(
    clinic: Clinic, short_path: Path, request: pytest.FixtureRequest
) -> None:
    cured = request.node.callspec.params["clinic"]
    config = configure(clinic, short_path, roll_back="automatic")
    environment = {"CLOUDOPS_CONFIG": str(config), "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    asked = (sys.executable, "-c", WITH_CLINIC, "investigate", "booking is slow in clinic")
    with PseudoTerminal(*asked, columns=140, lines=44, environment=environment) as terminal:
        find(terminal)
        assert "Roll back" in terminal.shown
        # A look at the modal, and a wrong name, send nothing.
        open_modal(terminal)
        assert re.search(r"- +- image: registry.example/booking:1.5.0", terminal.shown)
        assert re.search(r"\+ +- image: registry.example/booking:1.4.0", terminal.shown)
        for words in ("1 of 3 pods at a time", "automatic if verification fails", "[ Cancel ]"):
            assert words in terminal.shown
        enter(terminal, "boo")
        terminal.wait_for("not approved")
        terminal.press("\x1b")
        terminal.wait_for(lambda shown: "APPROVE A WRITE" not in shown)
        assert (clinic.calls, clinic.image) == ([], BAD)
        approve(terminal, "booking")
        terminal.wait_for("converging")
        terminal.wait_for(lambda shown: "verifying" in shown and DISPATCH_MARK in shown)
        if cured:
            terminal.wait_for("verified: it helped")
            terminal.wait_for("returned to")
            terminal.wait_for(lambda _: DARK.target.removeprefix("#") in grounds(terminal))
            assert clinic.image == GOOD
            assert len(clinic.calls) == 1
        else:
            terminal.wait_for("it hasn't helped", 60)
            terminal.wait_for("rolled back", 60)
            assert clinic.image == BAD
            assert [mark.rpartition(".")[2] for mark in clinic.calls] == ["R1", "R2"]
        terminal.press("q")
        assert terminal.wait() == 0
        assert b"Traceback" not in terminal.raw
    verified(short_path / "i.db")


@pytest.mark.parametrize("clinic", [True], indirect=True)
def test_what_helped_is_undone_again_by_a_key_and_a_typed_name(clinic: Clinic, short_path: Path) -> None:
    environment = {"CLOUDOPS_CONFIG": str(configure(clinic, short_path)), "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    asked = (sys.executable, "-c", WITH_CLINIC, "investigate", "booking is slow in clinic")
    with PseudoTerminal(*asked, columns=140, lines=44, environment=environment) as terminal:
        find(terminal)
        approve(terminal, "booking")
        terminal.wait_for("verified: it helped", 60)
        assert clinic.image == GOOD
        # Nothing is undone by the key alone: the undoing has a plan of its own, which asks for the name.
        open_modal(terminal, "u")
        assert "it undoes R1" in terminal.shown
        assert re.search(r"\+ +- image: registry.example/booking:1.5.0", terminal.shown)
        terminal.press("\r")
        terminal.wait_for(lambda shown: "APPROVE A WRITE" not in shown)
        assert (len(clinic.calls), clinic.image) == (1, GOOD)
        open_modal(terminal, "u")
        enter(terminal, "booking")
        terminal.wait_for("rolled back", 60)
        assert clinic.image == BAD
        assert clinic.calls[0].endswith(".R1")
        assert len(clinic.calls) == 2
        terminal.press("u")
        terminal.wait_for("nothing to undo")
        terminal.press("q")
        assert terminal.wait() == 0
        assert b"Traceback" not in terminal.raw
    verified(short_path / "i.db")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as running:
        yield running


@pytest.mark.cluster
@pytest.mark.timeout(600)
@pytest.mark.parametrize("cured", [True, False], ids=["cured", "not cured"])
def test_the_same_on_a_real_api_server(shop: Shop, cured: bool) -> None:
    shop.policy(roll_back="automatic")
    shop.kubectl("set", "image", "deployment/api-service", f"api={SHOP_BAD}")
    time.sleep(40)
    command = (sys.executable, "-m", "cockpit", "investigate", "api-service latency spike in shop")
    with PseudoTerminal(*command, columns=140, lines=44, environment=shop.environment) as terminal:
        find(terminal, within_s=120)
        terminal.wait_for("Roll back deployment api-service revision 2")
        if not cured:
            shop.world.write_text("programs: {registry.local/api: {time: 1.5}}\n")
        approve(terminal, "api-service")
        terminal.wait_for(lambda shown: "verifying" in shown and DISPATCH_MARK in shown, 180)
        if cured:
            terminal.wait_for("verified: it helped", 120)
            assert shop.image() == SHOP_GOOD
        else:
            terminal.wait_for("it hasn't helped", 120)
            terminal.wait_for("rolled back", 180)
            assert shop.image() == SHOP_BAD
        terminal.press("q")
        assert terminal.wait() == 0
