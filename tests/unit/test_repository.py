"""What may stand in the repository, whatever the code does."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.sample_incidents import find_sample, samples

ROOT = Path(__file__).parents[2]
OURS = ("cockpit", "engine", "primitives", "themes", "benchmarks")

_MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:work|root|home/\w+|Users/\w+|opt/(?:pypi|wheels))\b")
_REGISTRY = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|test\.pypi|npmjs\.(?:org|com)|deb\.debian\.org|crates\.io|proxy\.golang\.org)\b"
    r"|--(?:extra-)?index-url|--trusted-host"
)
# Names that are not one system's own: the platform's products, and words that any system may use.


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _lines_of(paths: list[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture, or bytes that a test feeds to a parser
            continue
        for number, line in enumerate(text.splitlines(), 1):
            yield f"{path.relative_to(ROOT)}:{number}", line


def _written_by_us() -> list[Path]:
    """Every tracked file but the recorded incidents, whose words are other people's, and this one."""
    recorded = {path for bundle in samples() for path in bundle.rglob("*")}
    return [path for path in _tracked() if path not in recorded and path != Path(__file__)]


def test_no_file_names_a_path_of_one_machine() -> None:
    assert [where for where, line in _lines_of(_written_by_us()) if _MACHINE_PATH.search(line)] == []


def test_no_file_names_a_package_registry() -> None:
    assert [where for where, line in _lines_of(_written_by_us()) if _REGISTRY.search(line)] == []


@pytest.mark.parametrize(
    "line", ["see /work/main", 'open("/root/x")', "cd /home/ann/project", "--find-links /opt/wheels"]
)
def test_a_machine_path_is_recognised(line: str) -> None:
    assert _MACHINE_PATH.search(line)


@pytest.mark.parametrize(
    "line", ["https://example.com/work/3", "../shared/root", "$HOME/home", "./work/x", "network/root"]
)
def test_an_innocent_path_is_not_taken_for_a_machine_path(line: str) -> None:
    assert not _MACHINE_PATH.search(line)


def test_the_top_of_the_tree_holds_what_a_newcomer_reads_first() -> None:
    """What a test or a trial writes into the working directory lies there, and a hurried commit takes it along."""
    known = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "pyproject.toml"}
    locks = {"requirements.lock", "requirements-dev.lock"}
    files = {path.name for path in _tracked() if path.parent == ROOT and not path.name.startswith(".")}
    assert files == known | locks
    code = {"benchmarks", "cockpit", "engine", "primitives", "tests", "themes"}
    folders = {path.relative_to(ROOT).parts[0] for path in _tracked() if path.parent != ROOT}
    assert {name for name in folders if not name.startswith(".")} == code | {"deploy", "docs", "sample_incidents"}


def test_every_page_that_a_page_or_a_message_names_is_there() -> None:
    linked = [
        (path, path.parent / target)
        for path in _written_by_us()
        if path.suffix == ".md"
        for target in re.findall(r"\]\((?!\w+:)([^)#\s]+)", path.read_text(encoding="utf-8"))
    ]
    named = [
        (path, ROOT / target)
        for path in _tracked("*.py", "*.toml", ":!tests/")
        for target in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text(encoding="utf-8"))
    ]
    assert len(linked) > 10
    assert [f"{path.relative_to(ROOT)}: {target}" for path, target in linked + named if not target.exists()] == []


def _swallows_everything(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False  # it cleans up and passes the failure on
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"} for name in caught)


def _unexplained(source: str) -> list[int]:
    """Lines of handlers that catch everything without a comment of four words or more at them saying why."""
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    reasons = {
        line for line, words in comments.items() if len(words.split()) >= 4 and not words.startswith(("noqa", "type:"))
    }
    return [
        handler.lineno
        for handler in ast.walk(ast.parse(source))
        if isinstance(handler, ast.ExceptHandler)
        and _swallows_everything(handler)
        and not reasons & set(range(handler.lineno - 1, handler.body[0].lineno))
        and handler.lineno not in reasons
    ]


def test_whoever_catches_everything_says_why() -> None:
    paths = _tracked(*(f"{package}/*.py" for package in OURS))
    assert [f"{p.relative_to(ROOT)}:{line}" for p in paths for line in _unexplained(p.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("try:\n    f()\nexcept Exception:\n    pass\n", [3]),
        ("try:\n    f()\nexcept:\n    pass\n", [3]),
        ("try:\n    f()\nexcept (OSError, BaseException):  # noqa: BLE001\n    pass\n", [3]),
        ("try:\n    f()\nexcept Exception:  # Any failure becomes an event\n    pass\n", []),
        ("try:\n    f()\n# Any failure becomes an event\nexcept Exception:\n    pass\n", []),
        ("try:\n    f()\nexcept OSError:\n    pass\n", []),
        ("try:\n    f()\nexcept BaseException:\n    g()\n    raise\n", []),
        ("try:\n    f()\nexcept Exception as error:\n    raise OSError from error\n", [3]),
    ],
)
def test_a_broad_except_needs_its_reason_beside_it(source: str, lines: list[int]) -> None:
    assert _unexplained(source) == lines


def test_every_sample_is_found_by_its_name_and_by_its_path_in_a_checkout() -> None:
    assert samples()
    for bundle in samples():
        assert find_sample(bundle.name) == bundle
        assert find_sample(f"sample_incidents/{bundle.name}/") == bundle


@pytest.mark.parametrize("name", ["", "no-such-incident", "..", "../sample_incidents", "sample_incidents"])
def test_what_is_no_sample_is_not_found(name: str) -> None:
    assert find_sample(name) is None


def test_a_skipped_test_fails_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = parts\n")
    (tmp_path / "test_case.py").write_text(
        "import pytest\n"
        "@pytest.mark.parts('no-such-program')\n"
        "def test_part(): pass\n"
        "def test_body(): pytest.skip('no reason')\n"
        "@pytest.mark.xfail(strict=True)\n"
        "def test_known(): assert False\n"
    )
    (tmp_path / "test_module.py").write_text("import pytest\npytest.skip('all of it', allow_module_level=True)\n")

    def summary(required: str) -> str:
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "CLOUDOPS_REQUIRE_PARTS": required}
        command = [sys.executable, "-m", "pytest", "-q", "--continue-on-collection-errors", str(tmp_path)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.splitlines()[-1]

    assert summary("0").startswith("3 skipped, 1 xfailed")
    assert summary("1").startswith("1 failed, 1 xfailed, 2 errors")


def test_tests_see_the_environment_of_a_new_machine(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = parts\n")
    (tmp_path / "test_case.py").write_text(
        "import os, subprocess, sys\n"
        "def test_no_process_of_a_test_inherits_it():\n"
        "    code = 'import os; print(sorted(os.environ))'\n"
        "    seen = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout\n"
        "    assert 'PYTHONUNBUFFERED' not in seen and 'PIP_INDEX_URL' not in seen and \"'PATH'\" in seen, seen\n"
    )
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", "PIP_INDEX_URL": "x"}
    command = [sys.executable, "-m", "pytest", "-q", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
