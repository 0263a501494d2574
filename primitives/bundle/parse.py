"""A file's bytes into plain values: UTF-8, JSON, JSON lines, YAML and times, with errors that name the line."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import orjson
import yaml

from primitives.clock import FIRST_YEAR, LAST_YEAR
from primitives.dataclass import dataclass
from primitives.errors import BundleError
from primitives.patterns import lazy_pattern
from primitives.quoting import quoted

__all__ = [
    "MAX_DEPTH",
    "MAX_LINES",
    "MAX_LINE_BYTES",
    "MAX_YAML_VALUES",
    "DuplicateKey",
    "LargeYaml",
    "TooDeepYaml",
    "YamlDocument",
    "decode",
    "format_time",
    "json_problem",
    "lines_of",
    "load_yaml",
    "no_constant",
    "number_problem",
    "parse_json",
    "parse_lines",
    "parse_time",
    "parse_yaml",
    "shown",
    "type_name",
    "wrong_byte",
]

MAX_DEPTH: Final = 100
"""The levels of nesting that are read. PyYAML builds its tree by recursion in C, where a deep one ends the process."""
MAX_LINES: Final = 2_000_000
"""The lines of one JSON-lines file that are read."""
MAX_LINE_BYTES: Final = 16 << 20
"""The bytes of a line that are read."""
MAX_YAML_VALUES: Final = 500_000
"""The keys, values and collections of one YAML file that are read: each takes up to 1 kB and 10 µs."""
_MAX_YAML_NODES: Final = 1_000_000
_HUGE: Final = lazy_pattern("-?0x[0-9a-f]{17,}")
_EXAMPLE: Final = "ISO 8601 in UTC with Z, such as 2026-11-23T03:10:00Z"

_Location = Sequence[str | int]


def shown(value: object) -> str:
    """A value of any type, as one short piece of an error message."""
    if _is_huge(value):
        return "a number of over 19 digits"
    text = repr(value) if isinstance(value, str | int | float | bool) or value is None else type_name(value)
    return quoted(text)


def _is_huge(value: object) -> bool:
    """Whether it is an integer of over 64 bits: nobody reads its digits. Cleaned, such a number is a text."""
    if isinstance(value, str):
        return _HUGE.fullmatch(value) is not None
    return isinstance(value, int) and abs(value) >= 2**64


def type_name(value: object) -> str:
    """What a person who writes YAML or JSON calls the type of `value`."""
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)


def decode(data: bytes, where: str) -> str:
    """UTF-8 with or without a byte order mark. Raises `BundleError` with the line of the first wrong byte."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BundleError(f"{where}:{line}", wrong_byte(data, error)) from error


def wrong_byte(data: bytes, error: UnicodeDecodeError) -> str:
    """What is wrong with `data`, the beginning of a file or a line of it, that isn't UTF-8."""
    hint = " (UTF-16?)" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ""
    return f"byte 0x{data[error.start]:02x} is not UTF-8{hint}; save the file as UTF-8"


def parse_time(value: object, where: str, field: str) -> datetime:
    """An aware time in UTC. Raises `BundleError` for anything but ISO 8601 with `Z`."""
    if isinstance(value, str) and value[-1:] == "Z" and value[10:11] == "T":
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if FIRST_YEAR <= time.year <= LAST_YEAR:
                return time
            problem = f"field '{field}' is {shown(value)}; expected a year from {FIRST_YEAR} to {LAST_YEAR}"
            raise BundleError(where, problem)
    raise BundleError(where, f"field '{field}' is {shown(value)}; expected a time: {_EXAMPLE}")


def parse_json(data: bytes, where: str) -> Any:
    """One JSON value. Raises `BundleError`."""
    try:
        return _loads(decode(data, where))
    except json.JSONDecodeError as error:
        raise BundleError(f"{where}:{error.lineno}", json_problem(error.msg, error.colno)) from error


def lines_of(chunks: Iterable[bytes], where: str) -> Iterator[bytes]:
    """The lines of a file that is read in `chunks`, each with the line feed at its end; no byte order mark.

    Raises `BundleError` for a line of over `MAX_LINE_BYTES`.
    """
    begun: list[bytes] = []
    size = number = 0
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            number += 1
            yield _without_mark(b"".join((*begun, line, b"\n")), number)
            begun, size = [], 0
        size += len(rest)
        if size > MAX_LINE_BYTES:
            problem = f"is longer than {MAX_LINE_BYTES >> 20} MiB; cut it to the incident's time"
            raise BundleError(f"{where}:{number + 1}", problem)
        if rest:
            begun.append(rest)
    if begun:
        yield _without_mark(b"".join(begun), number + 1)


def _without_mark(line: bytes, number: int) -> bytes:
    return line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def parse_lines(chunks: Iterable[bytes], where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON-lines file with their line numbers; blank lines are skipped. Raises `BundleError`."""
    for number, line in enumerate(lines_of(chunks, where), start=1):
        if number > MAX_LINES:
            raise BundleError(where, f"has over {MAX_LINES:,} lines; no more are read: cut it to the incident's time")
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            if not line.strip():
                continue
            record = _slow_line(line, f"{where}:{number}", last=not line.endswith(b"\n"))
        if type(record) is not dict:
            raise BundleError(f"{where}:{number}", f"is {type_name(record)}; expected one JSON object a line")
        yield number, record


def _slow_line(line: bytes, where: str, *, last: bool) -> Any:
    try:
        return _loads(line.decode())
    except UnicodeDecodeError as error:
        raise BundleError(where, wrong_byte(line, error)) from error
    except json.JSONDecodeError as error:
        problem = json_problem(error.msg, error.colno)
        if last:
            raise BundleError(where, f"the last line ends in the middle ({problem}); remove it") from error
        raise BundleError(where, f"{problem}; expected one JSON object a line") from error


def _loads(text: str) -> Any:
    """JSON as the standard has it, halves of surrogate pairs and large integers included, NaN and Infinity not."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError):
        try:
            return json.loads(text, parse_constant=no_constant)
        except RecursionError:
            raise json.JSONDecodeError("nested too deeply", text, 0) from None
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            raise json.JSONDecodeError(number_problem(error), text, 0) from None


def number_problem(error: ValueError) -> str:
    """What a `ValueError` says of a text, without Python's advice about numbers that it doesn't read."""
    return "a number has over 4,300 digits" if "4300 digits" in str(error) else str(error)


def no_constant(name: str) -> NoReturn:
    """Refuse what `json` takes for a number beyond the standard. Raises `ValueError`."""
    raise ValueError(f"{name} is no JSON value; leave the key out or write null")


def json_problem(problem: str, column: int) -> str:
    """The message about a text that isn't JSON."""
    return f"isn't JSON: {quoted(problem, 500)} at column {column}"


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A parsed YAML file; `line_of` finds the line of a value by its keys and indices."""

    value: Any
    line_of: Callable[[_Location], int]


class DuplicateKey(yaml.constructor.ConstructorError):
    """A mapping has a key twice."""


class TooDeepYaml(yaml.composer.ComposerError):
    """The text is nested deeper than anything that a person writes."""


class LargeYaml(yaml.composer.ComposerError):
    """The text has more values than anything that a person writes."""


class UniqueKeyLoader(yaml.CSafeLoader):
    """YAML 1.1 as PyYAML has it, but times stay text (one reader of times for all files) and no key counts twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    problem = f"the key '{quoted(key.value)}' is here twice"
                    raise DuplicateKey(None, None, problem, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def parse_yaml(data: bytes, where: str) -> YamlDocument:
    """One YAML document, its aliases limited to what a person may write. Raises `BundleError`."""
    text = decode(data, where)
    try:
        _check_size(text)
        loader = UniqueKeyLoader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return YamlDocument(None, lambda _: 1)
            if "*" in text:
                _check_expansion(root, where)
            return YamlDocument(loader.construct_document(root), lambda location: _line(root, location))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = where if mark is None else f"{where}:{mark.line + 1}"
        raise BundleError(place, f"isn't valid YAML: {quoted(error.problem or str(error), 500)}") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise BundleError(where, f"isn't valid YAML: {quoted(_yaml_problem(error), 500)}") from error
    except RecursionError as error:
        raise BundleError(where, "is nested too deeply") from error


def _yaml_problem(error: Exception) -> str:
    return number_problem(error) if isinstance(error, ValueError) else str(error)


def load_yaml(text: str) -> Any:
    """The value of one YAML document, with the same limits as `parse_yaml`. Raises `yaml.YAMLError`."""
    _check_size(text)
    loader = UniqueKeyLoader(text)
    try:
        root = loader.get_single_node()
        if root is not None and "*" in text:
            _check_expansion(root, "it")
        return None if root is None else loader.construct_document(root)
    except BundleError as error:
        raise LargeYaml(None, None, str(error)) from None
    except ValueError as error:
        raise LargeYaml(None, None, number_problem(error)) from None
    finally:
        loader.dispose()


def _check_size(text: str) -> None:
    """Refuse deep nesting and very many values. libyaml's parser yields events without recursion: it is asked first.

    It takes a sixth of the time of a whole load. Raises `yaml.YAMLError`.
    """
    depth = values = 0
    for event in _yaml_events(text):
        if isinstance(event, yaml.NodeEvent):
            values += 1
            if values > MAX_YAML_VALUES:
                raise LargeYaml(None, None, f"it has over {MAX_YAML_VALUES:,} values", event.start_mark)  # type: ignore[arg-type]
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise TooDeepYaml(None, None, f"it is nested over {MAX_DEPTH} levels deep", event.start_mark)  # type: ignore[arg-type]
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _yaml_events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, yaml.CSafeLoader)
    except yaml.scanner.ScannerError as error:
        # From 6.0.4 on libyaml's scanner, which reads ahead, has a limit of its own: 1,000 levels.
        if "nesting depth" not in (error.problem or ""):
            raise
        raise TooDeepYaml(None, None, f"it is nested over {MAX_DEPTH} levels deep", error.problem_mark) from error


def _check_expansion(root: yaml.Node, where: str) -> None:
    """Refuse aliases that, written out, would be over a million values (a "billion laughs"), or contain themselves."""
    sizes: dict[int, int] = {}
    entered: set[int] = set()

    def size(node: yaml.Node) -> int:
        known = sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in entered:
            raise BundleError(f"{where}:{node.start_mark.line + 1}", "an alias contains itself")
        entered.add(id(node))
        total = 1 + sum(size(child) for child in _children(node))
        if total > _MAX_YAML_NODES:
            raise BundleError(
                f"{where}:{node.start_mark.line + 1}", f"aliases expand to over {_MAX_YAML_NODES:,} values"
            )
        sizes[id(node)] = total
        return total

    size(root)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _line(root: yaml.Node, location: _Location) -> int:
    """The line of the value at `location`, or of the innermost one on the way that is there."""
    node = root
    for step in location:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            child = next((value for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            child = node.value[step]
        if child is None:
            break
        node = child
    return int(node.start_mark.line) + 1


def format_time(time: datetime) -> str:
    """As bundles write times: ISO 8601 in UTC with `Z`, without a fraction of zero."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
