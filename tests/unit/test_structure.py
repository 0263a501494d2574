"""How the code is cut: short files and functions, no import circle, every public name documented, plain names."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("cockpit", "engine", "primitives", "themes")
OURS = (*PACKAGES, "benchmarks")

MOST_LINES = 400
MOST_LINES_OF_NINE_FUNCTIONS_IN_TEN = 20
# Names that say nothing of the thing: `series`, `fact`, `matches` do.
NAMELESS = {"one", "found"}


@cache
def _sources(*folders: str) -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    paths = [ROOT / name for name in listed.stdout.split("\0") if name.endswith(".py")]
    return tuple(sorted(path for path in paths if path.is_file()))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_longer_than_400_lines() -> None:
    folders = (*OURS, "docs", "tests", "sample_incidents")
    long = {_name(path) for path in _sources(*folders) if len(path.read_text("utf-8").splitlines()) > MOST_LINES}
    assert not long, "split by what a reader looks for"


@pytest.mark.parametrize("package", OURS)
def test_nine_functions_in_ten_have_at_most_twenty_lines(package: str) -> None:
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for path in _sources(package)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    )
    assert lengths[len(lengths) * 9 // 10] <= MOST_LINES_OF_NINE_FUNCTIONS_IN_TEN


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True)
    assert len(graph.modules) > 300
    circles = list(_circles(graph.modules, graph.find_modules_directly_imported_by))
    assert not circles, circles


def _circles(modules: set[str], imported_by: Callable[[str], set[str]]) -> Iterator[list[str]]:
    """The strongly connected components of more than one module (Kosaraju: two walks, the second one backwards)."""
    importers: dict[str, set[str]] = {module: set() for module in modules}
    for module in modules:
        for imported in imported_by(module):
            importers[imported].add(module)
    finished: list[str] = []
    seen: set[str] = set()
    for module in sorted(modules):
        _walk(module, imported_by, seen, finished)
    seen = set()
    for module in reversed(finished):
        component: list[str] = []
        _walk(module, importers.__getitem__, seen, component)
        if len(component) > 1:
            yield sorted(component)


def _walk(start: str, following: Callable[[str], set[str]], seen: set[str], finished: list[str]) -> None:
    """Append what is reachable from `start` and not seen yet to `finished`, each after all that follows it."""
    stack = [(start, iter(sorted(following(start))))] if start not in seen else []
    seen.add(start)
    while stack:
        module, rest = stack[-1]
        for following_module in rest:
            if following_module not in seen:
                seen.add(following_module)
                stack.append((following_module, iter(sorted(following(following_module)))))
                break
        else:
            finished.append(module)
            stack.pop()


def test_circles_are_seen_where_there_are_any() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": set(), "f": {"f", "e"}}
    assert list(_circles(set(imports), imports.__getitem__)) == [["a", "b", "c"]]


def test_every_public_name_has_a_docstring() -> None:
    missing = [
        f"{_name(path)}: {getattr(node, 'name', 'the module')}"
        for path in _sources(*OURS)
        for node in (_tree(path), *_tree(path).body)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not getattr(node, "name", "").startswith("_")
        and (node.body or path.name != "__init__.py")
        and ast.get_docstring(node) is None
    ]
    assert not missing, missing


def _bound(node: ast.AST) -> str:
    """The name that a node gives to a value: by assignment, loop, comprehension, parameter, `as` or a pattern."""
    match node:
        case ast.Name(ctx=ast.Store()):
            return node.id
        case ast.arg():
            return node.arg
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return name
    return ""


def test_no_variable_is_called_one_or_found() -> None:
    nameless = {_name(path) for path in _sources(*OURS) for node in ast.walk(_tree(path)) if _bound(node) in NAMELESS}
    assert not nameless, "name the thing"


def test_one_module_knows_units() -> None:
    """Suffixes of bytes stand in `primitives/quantities.py` alone: others ask it."""
    knowers = {
        _name(path)
        for path in _sources(*PACKAGES)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and node.value in {"Ki", "Mi", "Gi", "KiB", "MiB", "GiB", "KiBy", "GiBy"}
    }
    assert knowers == {"primitives/quantities.py"}


HISTORY = {
    "engine/state/investigation.py": "`current_facts` is made here",
    "engine/incident.py": "`facts_after` is made here",
    "engine/condition.py": "what the alarm's metric did before it was asked again",
    "engine/naming.py": "the names of resources last as long as the incident",
    "engine/deciders/references.py": "a person may name what was seen before",
    "engine/deciders/advice.py": "what was proposed once is not proposed again",
    "engine/deciders/steps.py": "what an earlier attempt found is not published again",
    "engine/evaluate/investigating.py": "every fault of a run counts",
    "engine/act/proposals.py": "a change has happened, whatever the newest window holds",
    "engine/reason/advisor.py": "the names of resources and changes last as long as the incident",
    "engine/report.py": "a report has all facts, and says which are past",
    "cockpit/postmortem.py": "a postmortem tells the story",
    "cockpit/explanation_text.py": "who said what of which fact is the story",
    "cockpit/places.py": "Enter on any id leads there",
    "cockpit/screens/compare.py": "what one moment has and another hasn't",
    "cockpit/widgets/facts.py": "the pane lists every fact, and says which are past",
    "cockpit/widgets/describe_place.py": "what is past is listed last, and says so",
    "cockpit/widgets/runs.py": "a chart shows the last measurement where there is no newer one",
    "cockpit/widgets/symptom_cache.py": "a change has happened; symptoms are of now",
}
"""Who reads all facts of an incident, and why: whoever tells what is so now reads `current_facts`."""


def _reads_history(node: ast.AST) -> bool:
    """`state.facts.values()`, `islice(state.facts, ...)`, `for name in state.facts`, `state.facts_after(count)`."""
    match node:
        case ast.Call(func=ast.Attribute(attr="facts_after")):
            return True
        case ast.Attribute(value=ast.Attribute(attr="facts"), attr="values" | "items"):
            return True
        case ast.Call(func=ast.Name(id="islice" | "reversed" | "list" | "tuple" | "sorted"), args=[first, *_]):
            return _is_of_state(first)
        case ast.For(iter=iterated) | ast.comprehension(iter=iterated):
            return _is_of_state(iterated)
        case _:
            return False


def _is_of_state(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="state") | ast.Attribute(attr="state"), attr="facts"):
            return True
        case _:
            return False


def test_what_is_so_now_is_read_from_the_current_facts() -> None:
    readers = {
        _name(path) for path in _sources("engine", "cockpit") for node in ast.walk(_tree(path)) if _reads_history(node)
    }
    assert readers == set(HISTORY), "read `current_facts`, or say above why the history is meant"
