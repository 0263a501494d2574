"""The documentation is true: generated pages are up to date, and what the pages show can be typed, made and run."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

import engine.store.files
from cockpit.cli import cloudops, main
from cockpit.sample_incidents import find_sample
from engine.events import body_adapter
from engine.reason.catalogue import causes
from primitives.facts import fact_adapter
from primitives.kubernetes.states import STATES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), ROOT / "sample_incidents" / "README.md"]


def generator() -> ModuleType:
    specification = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


GENERATED: dict[str, str] = generator().pages()


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GENERATED)
def test_a_reference_page_says_what_the_code_says(name: str) -> None:
    assert text_of(f"reference/{name}") == GENERATED[name], "run `make docs`"


def test_no_reference_page_is_left_over() -> None:
    there = {path.relative_to(DOCS / "reference").as_posix() for path in (DOCS / "reference").rglob("*.md")}
    assert there == set(GENERATED)


def types_in(union: Any) -> set[str]:
    return set(union.json_schema()["discriminator"]["mapping"])


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("commands.md", {f"cloudops {name}" for name in cloudops.list_commands(click.Context(cloudops))}),
        ("facts.md", types_in(fact_adapter)),
        ("events.md", types_in(body_adapter())),
    ],
)
def test_everything_that_there_is_has_its_section(page: str, names: set[str]) -> None:
    assert names <= set(re.findall(r"^## (.+)$", text_of(f"reference/{page}"), re.MULTILINE))


@pytest.mark.parametrize(("page", "names"), [("causes.md", set(causes())), ("states.md", set(STATES))])
def test_everything_that_there_is_has_its_line(page: str, names: set[str]) -> None:
    assert names == set(
        re.findall(r"^\| `(\w+)` \| (?!explains|follows|a risk|informs)", GENERATED[page], re.MULTILINE)
    )


def test_every_page_is_in_the_index() -> None:
    # The page of an action is in the table of the actions.
    index = text_of("index.md") + text_of("reference/actions.md").replace("(actions/", "(reference/actions/")
    pages = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if path.name != "index.md"]
    assert [page for page in pages if f"({page})" not in index] == []


def fences(text: str, kinds: tuple[str, ...]) -> str:
    """The lines of a page's fenced blocks of these kinds."""
    lines: list[str] = []
    inside: str | None = None
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line[3:] if inside is None else None
        elif inside in kinds:
            lines.append(line)
    return "\n".join(lines)


def commands_of(page: Path) -> list[str]:
    """Every `cloudops` command line in the shell blocks of a page and in its text."""
    text = page.read_text(encoding="utf-8")
    shown = [*fences(text, ("", "sh")).splitlines(), *re.findall(r"`(cloudops [^`\n]+)`", text)]
    commands = re.findall(r"(?<![\w./-])cloudops [^|;)#>\n]*", "\n".join(shown))
    return [command for command in commands if "COMMAND" not in command]


def parsed(words: list[str]) -> None:
    command: click.Command = cloudops
    context = click.Context(cloudops, info_name="cloudops")
    while isinstance(command, click.Group):
        name, child, words = command.resolve_command(context, words)
        assert name is not None
        assert child is not None
        command, context = child, click.Context(child, info_name=name, parent=context)
    command.make_parser(context).parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_can_be_typed(page: Path) -> None:
    for command in commands_of(page):
        parsed(shlex.split(command)[1:])


def test_the_commands_of_the_pages_are_found() -> None:
    assert sum(len(commands_of(page)) for page in PAGES) > 70
    with pytest.raises(click.UsageError):
        parsed(["replay", "x", "--no-such-option"])


def test_every_sample_that_a_page_names_is_there() -> None:
    named = {
        match
        for page in PAGES
        for command in commands_of(page)
        for match in re.findall(r"--incident (?:sample_incidents/)?([a-z0-9-]+)(?![\w.-])", command)
    }
    assert {name for name in named if find_sample(name) is None} == {"checkout-slow"}


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cockpit", *arguments],
        cwd=cwd,
        # A page shows what 100 columns show; whoever runs the tests may have set another width.
        env=os.environ | {"COLUMNS": "100", "PYTHONPATH": os.pathsep.join([str(cwd), str(ROOT)])} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def shown_files(page: str) -> dict[str, str]:
    """The files that a page shows: a line that begins with the file's name in backquotes, then a fenced block."""
    found = re.findall(
        r"^`([\w./-]+\.\w+)`[^\n]*\n(?:[^\n`]+\n)*```\w+\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL
    )
    return dict(found)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    for name, text in shown_files("bundles.md").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "checkout-slow"


def test_the_bundle_made_by_hand_gives_what_the_page_shows(bundle: Path) -> None:
    told = run("investigate", "--incident", bundle.name, "--plain", cwd=bundle.parent)
    assert told.returncode == 0, told.stderr
    assert "!" not in told.stdout.partition("Diagnostic Plan")[0]
    (shown,) = re.findall(
        r"It printed, among the rest:\n```text\n(.*?)^```", text_of("bundles.md"), re.MULTILINE | re.DOTALL
    )
    assert len(shown.splitlines()) > 5
    assert [line for line in shown.splitlines() if line not in told.stdout] == []
    (first,) = re.findall(r"LIKELY ROOT CAUSES:\n  • (.*)", told.stdout)
    assert first.startswith("Deployment deploy-481 made checkout slower")


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("metrics/latency_p95.csv", ",", ";"),
        ("metrics/latency_p95.csv", "2026-11-23T13:40:00Z", "23.11.2026 13:40"),
        ("metrics/latency_p95.csv", "0.207", "0,207"),
        ("changes.jsonl", '"deployment"', '"deploy"'),
    ],
)
def test_what_a_spreadsheet_gets_wrong_is_told_as_the_page_says(
    bundle: Path, capsys: pytest.CaptureFixture[str], file: str, before: str, after: str
) -> None:
    path = bundle / file
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    assert main(["investigate", "--incident", str(bundle), "--plain"]) == 2
    told = capsys.readouterr().err.removeprefix("cloudops: ").strip()
    assert f"| `{told}` |" in text_of("bundles.md")


@pytest.fixture
def extension(tmp_path: Path) -> Path:
    """The package that docs/extending.md shows, as pip would install it."""
    for name, text in shown_files("extending.md").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    project = (tmp_path / "pyproject.toml").read_text(encoding="utf-8")
    (group, entries), = re.findall(r'\[project\.entry-points\."([\w.]+)"\]\n((?:.+\n)+)', project)  # fmt: skip
    (tmp_path / "acme_cloudops" / "__init__.py").touch()
    information = tmp_path / "acme_cloudops-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-cloudops\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{group}]\n{entries.replace(chr(34), '')}")
    return tmp_path


def test_the_extension_that_the_page_shows_runs_in_an_investigation(extension: Path, bundle: Path) -> None:
    with (bundle / "metrics.yaml").open("a", encoding="utf-8") as metrics:
        metrics.write('queue_depth: {kind: saturation, unit: "{message}", statistic: value, worse: higher}\n')
    depths = "time,orders\n2026-11-23T13:30:00Z,3\n2026-11-23T14:35:00Z,4211\n"
    (bundle / "metrics" / "queue_depth.csv").write_text(depths, encoding="utf-8")
    told = run("investigate", "--incident", str(bundle), "--plain", cwd=extension)
    (shown,) = re.findall(r"the step reads:\n\n```text\n✓ Step \d+: (.*)\n", text_of("extending.md"))
    assert shown in told.stdout, told.stdout + told.stderr


def test_an_extension_that_cannot_be_loaded_is_left_out_and_doctor_says_so(extension: Path, bundle: Path) -> None:
    (extension / "acme_cloudops" / "queue_depth.py").write_text("import no_such_thing\n")
    checks = json.loads(run("doctor", "--json", cwd=extension).stdout)
    (check,) = [check for check in checks if check["name"] == "diagnostics"]
    assert check["status"] == "warning"
    assert "queue_depth of acme-cloudops can't be loaded" in check["detail"]
    assert run("investigate", "--incident", str(bundle), "--plain", cwd=extension).returncode == 0


@pytest.fixture
def stored(bundle: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The execution id of an investigation in the store of the test's private home."""
    assert main(["investigate", "--incident", str(bundle), "--json"]) == 0
    return str(json.loads(capsys.readouterr().out)["execution_id"])


def test_a_reader_that_leaves_the_pipe_is_an_interruption(bundle: Path) -> None:
    command = f"{shlex.quote(sys.executable)} -m cockpit investigate --incident {shlex.quote(str(bundle))} --events"
    script = f"{command} | head -n 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    told = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert told.stdout.strip() == "130"
    assert "attach exec-" in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_moment_before_the_beginning_is_told_with_the_times_that_there_are(
    stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", stored, "--plain", "--at", "9:31"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "nothing had happened by then; the investigation ran from 2026-11-23T14:40:0" in told.err


def test_a_store_that_cannot_be_written_is_read_all_the_same(
    stored: str, private_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine.store.files, "_why_readonly", lambda path: "the file can't be written")
    (private_home / ".local/share/cloudops/incidents.db.sock").mkdir()  # nobody can listen here
    assert main(["incidents"]) == 0
    assert stored in capsys.readouterr().out
    assert main(["investigate", "--incident", "api-latency-spike", "--plain"]) == 3
    assert "is read-only" in capsys.readouterr().err


def test_the_samples_are_evaluated_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", "sample_incidents/opensre-rds-003"]) == 0


def test_investigating_an_exported_bundle_warns_of_nothing(
    stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", stored, str(tmp_path / "out.incident")]) == 0
    assert main(["investigate", "--incident", str(tmp_path / "out.incident"), "--plain"]) == 0
    assert "(kept, not read)" not in capsys.readouterr().out
