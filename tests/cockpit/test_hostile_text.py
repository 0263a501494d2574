"""Outside text is text: it is no markup, drives no terminal, breaks no line and hides nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from stage import Opened, settle, shown
from story import EXECUTION, StoryPort, after_confirmation, before_confirmation, events

from cockpit.start_modes import Replay
from cockpit.widgets.draw import Line, Styles, bar, cells, cut, draw, sanitised, wrap
from engine.events import FactFound, StepFinished
from primitives.facts import AlertState
from themes import PALETTES

ROOT = Path(__file__).parents[2]
HOSTILE = (
    "[@click=app.bell]click[/]",
    "[red]red[/red]",
    "\x1b]52;c;cm0gLXJmIC8=\x07clipboard",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[31mcleared",
    "abc\u202egpj.exe",
    "zero\u200bwidth\u2066isolate\u2069",
    "宽" * 200,
    "e\u0301" * 300,
    "x" * 10_000,
    "two\nlines\r\nand a\ttab",
)


def told(words: str) -> StoryPort:
    """The story with `words` wherever outside text can be."""
    story = [*before_confirmation(words), *after_confirmation()]
    fact = AlertState(name=words, state="firing", summary=words, source=words, observed_at=story[0][2].now)  # type: ignore[union-attr]
    finished = next(at for at, (_, _, body) in enumerate(story) if isinstance(body, StepFinished))
    who = story[finished][1]
    story.insert(finished, (0.0, who, FactFound(id="F99", step="S1", key="hostile", fact=fact)))
    story[finished + 1] = (0.1, who, StepFinished(step="S1", status="failed", summary=words, duration_s=1.0))
    return StoryPort(events(story), wait=False)


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: ascii(words)[:24])
async def test_hostile_text_is_shown_harmlessly_everywhere(opened: Opened, words: str) -> None:
    async with opened(port=told(words), size=(100, 30)) as (app, pilot):
        for keys in (("1", "1"), ("3",), ("2",), ("plus", "plus"), ("underscore", "underscore", "m")):
            await pilot.press(*keys)
            await settle(pilot)
            text = shown(app)
            assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text.replace("\n", ""))
            assert not set(text) & set("\u202e\u200b\u2066\u2069\x1b\x07")
            for line in app.screen._compositor.render_strips():
                for segment in line:
                    assert not (segment.style and (segment.style.link or "@click" in (segment.style.meta or {})))
        assert all("52;c" not in str(one.message) for one in app._notifications)


async def test_markup_in_a_title_stays_visible_as_it_is(opened: Opened) -> None:
    async with opened(port=told(HOSTILE[0])) as (app, _):
        assert HOSTILE[0] in shown(app)


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: ascii(words)[:24])
async def test_hostile_text_is_shown_harmlessly_in_a_replay(opened: Opened, words: str) -> None:
    async with opened(Replay(EXECUTION, "99"), port=told(words)) as (app, _):
        assert not set(shown(app)) & set("\u202e\u200b\x1b\x07")


@pytest.mark.parametrize("width", [1, 5, 20, 79, 80])
@pytest.mark.parametrize(
    "words", [*HOSTILE[7:10], "", "a 宽 b", "\ud800half a surrogate"], ids=lambda words: ascii(words)[:16]
)
def test_a_line_is_exactly_as_wide_as_it_should_be(words: str, width: int) -> None:
    styles = Styles(next(iter(PALETTES.values())))
    words = sanitised(words, 20_000)
    strip = draw(Line([(words, "text"), (words, "dim")], [("7 %", "bad")]), width, styles)
    assert strip.cell_length == width
    assert cells(cut(words, width)) <= width
    assert all(cells(line) <= width for line in wrap(words, max(width, 2)) if width >= 2)


@pytest.mark.parametrize(("share", "width", "drawn"), [(0, 8, ""), (1, 8, "█" * 8), (0.5, 3, "█▌"), (2, 2, "██")])
def test_a_bar_is_drawn_to_an_eighth_of_a_cell(share: float, width: int, drawn: str) -> None:
    assert bar(share, width) == drawn


def markup_of(source: str) -> list[str]:
    """Where a program hands text to something that reads markup."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        markup = keywords.get("markup")
        off = isinstance(markup, ast.Constant) and markup.value is False
        if markup is not None and not off:
            found.append(f"{node.lineno}: markup switched on")
        elif name in {"Static", "Label", "notify", "Button", "Digits"} and not off:
            found.append(f"{node.lineno}: {name}() without markup=False")
        elif name in {"from_markup", "Markdown", "RichLog"}:
            found.append(f"{node.lineno}: {name}()")
        elif name == "update" and node.args and not is_safe(node.args[0]):
            found.append(f"{node.lineno}: update() with a string")
    for node in ast.walk(ast.parse(source)):
        targets = node.targets if isinstance(node, ast.Assign) else []
        titles = [one for one in targets if isinstance(one, ast.Attribute) and one.attr.startswith("border_")]
        if titles and not is_safe(node.value):  # type: ignore[attr-defined]
            found.append(f"{node.lineno}: a border's title that is no Content")
    return found


def is_safe(value: ast.expr) -> bool:
    """Whether it is a Content object, a dictionary, or nothing."""
    if isinstance(value, ast.IfExp):
        return is_safe(value.body) and is_safe(value.orelse)
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in {"Content", "dict"}
    return (isinstance(value, ast.Constant) and value.value is None) or isinstance(value, ast.Dict)


def test_no_widget_of_ours_reads_markup() -> None:
    sources = sorted((ROOT / "cockpit").rglob("*.py"))
    assert len(sources) > 20
    found = [f"{path.name}:{where}" for path in sources for where in markup_of(path.read_text(encoding="utf-8"))]
    # `os.environ.update` is no widget's.
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "Static(title)",
        "Static(title, markup=True)",
        "Label('[b]x')",
        "self.notify(error)",
        "Content.from_markup(title)",
        "pane.border_title = f'{title}'",
        "query_one(Static).update(title)",
    ],
)
def test_a_way_in_for_markup_is_found(source: str) -> None:
    assert markup_of(source)


@pytest.mark.parametrize(
    "source",
    [
        "Static(title, markup=False)",
        "self.notify(x, markup=False)",
        "pane.border_title = Content(x)",
        "s.update(Content(x))",
    ],
)
def test_a_safe_way_is_not_complained_about(source: str) -> None:
    assert markup_of(source) == []
