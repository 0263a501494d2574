"""Sources: configured, named, chosen, checked; where one kind of them may be named in the code."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cockpit.configuration import parse_configuration
from cockpit.settings import load_settings
from primitives.backends.registry import SourceSettings, backends
from primitives.clock import SystemClock
from primitives.errors import SourceDenied, SourceTimeout, UsageError
from primitives.sources import (
    NO_SOURCES,
    SourceDefinition,
    SourceDirectory,
    check_sources,
    define_source,
    discover_sources,
    open_source,
)
from primitives.telemetry import BackendStatus, Question

ROOT = Path(__file__).parents[2]
PASSWORD = "hunter-two"


def configured(text: str) -> SourceDirectory:
    return parse_configuration(Path("config.yaml"), text).directory


def test_several_sources_of_one_kind_are_configured_by_name() -> None:
    directory = configured(
        "sources:\n  prod: {kind: prometheus, url: 'http://a:1'}\n  eu: {kind: prometheus, url: 'http://b:2'}\n"
    )
    assert directory.choose(()) == ("prod", "eu")
    assert directory.choose(("eu", "eu")) == ("eu",)
    assert directory.definitions["eu"].settings["url"] == "http://b:2"


def test_a_source_may_state_its_cluster_or_its_account_and_region() -> None:
    directory = configured(
        "sources:\n"
        "  a: {kind: prometheus, url: 'http://a:1', cluster: prod-eu}\n"
        "  b: {kind: prometheus, url: 'http://b:2', account: 123456789012, region: eu-west-1}\n"
        "  c: {kind: prometheus, url: 'http://c:3'}\n"
    )
    opened = [open_source(name, definition, SystemClock()) for name, definition in directory.definitions.items()]

    assert [source.scope for source in opened] == ["kubernetes://prod-eu/", "aws://123456789012/eu-west-1/", ""]
    words = [definition.scope_words for definition in directory.definitions.values()]
    assert words == ["cluster prod-eu", "account 123456789012, region eu-west-1", ""]


def test_the_old_key_is_a_source_of_that_name() -> None:
    directory = configured("prometheus: {url: 'http://a:1'}")
    assert directory.choose(()) == ("prometheus",)
    assert directory.definitions["prometheus"].kind == "prometheus"


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("sources: 3", "sources: ", "expected a mapping of names to settings"),
        ("sources: [a]", "sources: ", "expected a mapping of names to settings"),
        ("prometheus: http://a:1", "prometheus: ", "expected settings, such as `url:"),
        ("- sources", "the file: ", "expected keys with values"),
        ("sources: {a: 3}", "sources.a", "settings with a `kind`"),
        ("sources: {a: {url: x}}", "sources.a.kind", "known kinds are"),
        ("sources: {a: {kind: promeths}}", "sources.a.kind", "known kinds are aws, jaeger, kubernetes, loki"),
        ("sources: {a: {kind: prometheus}}", "sources.a.url", "is required"),
        ("sources: {a: {kind: prometheus, url: 3}}", "sources.a.url", "string"),
        ("sources: {a: {kind: prometheus, url: 'ftp://x'}}", "sources.a.url", "http://HOST:9090"),
        ("sources: {a: {kind: prometheus, url: 'http://x', more: 1}}", "sources.a.more", "url, token, token_variable"),
        ("sources: {'a b': {kind: prometheus, url: 'http://x'}}", "sources.a b", "letters, digits"),
        ("sources: {recorded: {kind: prometheus, url: 'http://x'}}", "sources.recorded", "no name for a source"),
        ("sources: {1: {kind: prometheus, url: 'http://x'}}", "sources", "string"),
        ("prometheus: {url: 3}", "prometheus.url", "string"),
        (
            "sources: {a: {kind: prometheus, url: 'http://x', cluster: \"a\\nb\"}}",
            "sources.a.cluster", "kubectl context",
        ),
        ("sources: {a: {kind: prometheus, url: 'http://x', cluster: 3}}", "sources.a.cluster", "string"),
        ("sources: {a: {kind: prometheus, url: 'http://x', account: 12}}", "sources.a.account", "12 digits"),
        ("sources: {a: {kind: prometheus, url: 'http://x', region: 'EU 1'}}", "sources.a.region", "eu-west-1"),
        ("sources: {a: {kind: prometheus, url: 'http://x', cluster: c, region: r}}", "sources.a", "not both"),
        (
            "prometheus: {url: 'http://x'}\nsources: {prometheus: {kind: prometheus, url: 'http://x'}}",
            "prometheus", "configured too",
        ),
    ],
)  # fmt: skip
def test_a_source_that_is_wrong_is_one_line_that_names_file_key_and_what_is_expected(
    text: str, key: str, expected: str
) -> None:
    with pytest.raises(UsageError) as caught:
        configured(text)
    message = str(caught.value)
    assert message.startswith(f"config.yaml: {key}")
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("sources:\n  prod: {kind: prometheus, url: 'http://a:1'}\n  prod: {}", 3, "prod"),
        ("theme: cloudops-dark\ntheme: cloudops-light", 2, "theme"),
        ("sources: {a: {kind: prometheus, url: 'http://a:1', url: 'http://b:1'}}", 1, "url"),
    ],
)  # fmt: skip
def test_a_key_that_is_there_twice_is_refused_with_its_line(text: str, line: int, key: str) -> None:
    with pytest.raises(UsageError) as caught:
        configured(text)
    assert str(caught.value).startswith(f"config.yaml:{line}: the key '{key}' is here twice; ")


def test_sources_without_a_name_are_none() -> None:
    assert configured("sources:\n") == configured("sources: {}") == configured("") == NO_SOURCES


def test_a_message_about_settings_repeats_no_credential() -> None:
    with pytest.raises(UsageError) as caught:
        define_source("a", {"kind": "prometheus", "url": f"http://u:{PASSWORD}@h:99999", "token": 7}, {})
    assert PASSWORD not in str(caught.value)
    definition = define_source("a", {"kind": "prometheus", "url": f"http://u:{PASSWORD}@h"}, {})
    assert PASSWORD not in repr(SourceDirectory(definitions={"a": definition}))
    source = open_source("a", definition, SystemClock())
    assert source.secrets == (PASSWORD,)
    assert PASSWORD not in repr(source)


def test_a_token_comes_from_the_environment_of_whoever_configured_the_source() -> None:
    document = {"kind": "prometheus", "url": "http://h", "token_variable": "EU_TOKEN"}
    environment = {"EU_TOKEN": "token-of-eu", "CLOUDOPS_PROMETHEUS_TOKEN": "another"}
    definition = define_source("eu", document, environment)
    sent = SourceDefinition.model_validate_json(definition.model_dump_json())
    assert open_source("eu", sent, SystemClock()).secrets == ("token-of-eu",)


def test_the_environment_is_a_source_only_where_none_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDOPS_PROMETHEUS_URL", "http://found:1")
    assert load_settings(None, None).directory().choose(()) == ("prometheus",)
    path = tmp_path / "config.yaml"
    path.write_text("sources: {prod: {kind: prometheus, url: 'http://a:1'}}")
    assert load_settings(None, path).directory().choose(()) == ("prod",)
    chosen = load_settings(None, path, chosen=("prometheus",)).directory()
    assert chosen.definitions["prometheus"].discovered_by == "CLOUDOPS_PROMETHEUS_URL"
    assert chosen.choose(()) == ("prod",)
    monkeypatch.setenv("CLOUDOPS_PROMETHEUS_URL", "nonsense")
    with pytest.raises(UsageError, match="CLOUDOPS_PROMETHEUS_URL"):
        discover_sources({"CLOUDOPS_PROMETHEUS_URL": "nonsense"})


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="there is no source x: none is configured"):
        NO_SOURCES.choose(("x",))
    with pytest.raises(UsageError, match="there is no source to ask"):
        NO_SOURCES.choose(())
    with pytest.raises(UsageError, match="no source x: configured are prod"):
        configured("sources: {prod: {kind: prometheus, url: 'http://a:1'}}").choose(("prod", "x"))


class Fake:
    """A backend whose check does what it is told."""

    questions: frozenset[Question] = frozenset({"series"})

    def __init__(self, name: str, fate: Exception | float | str) -> None:
        self.name = name
        self.fate = fate

    async def ask(self, query: Any) -> Any:
        raise NotImplementedError

    async def check(self) -> BackendStatus:
        if isinstance(self.fate, Exception):
            raise self.fate
        if isinstance(self.fate, float):
            await asyncio.sleep(self.fate)
        return BackendStatus(self.name, "reachable", str(self.fate), ("series",))

    async def close(self) -> None:
        return None


async def test_a_check_that_fails_or_hangs_leaves_out_its_source_alone() -> None:
    fakes = [
        Fake("well", f"as {PASSWORD}\x1b[31m"),
        Fake("hangs", 60.0),
        Fake("hangs too", 60.0),
        Fake("refuses", SourceDenied("refuses", "no permission")),
        Fake("late", SourceTimeout("late", "took too long")),
        Fake("broken", RuntimeError(f"bug with {PASSWORD}\nand a second line")),
    ]
    async with asyncio.timeout(5):
        checks = await check_sources(fakes, (PASSWORD,), deadline_s=0.2)
    assert [(check.name, check.status) for check in checks] == [
        ("well", "reachable"), ("hangs", "unreachable"), ("hangs too", "unreachable"), ("refuses", "denied"),
        ("late", "unreachable"), ("broken", "unreachable"),
    ]  # fmt: skip
    assert checks[1].detail == "no answer within 0.2 s"
    for check in checks:
        assert check.detail.isprintable()
        assert PASSWORD not in check.detail


def test_no_code_outside_of_its_folder_names_prometheus_but_for_the_shorthand() -> None:
    allowed = {"cockpit/options.py", "cockpit/configuration.py"}
    allowed |= {
        f"cockpit/commands/{name}.py" for name in ("attach", "doctor", "investigate", "judge", "record", "remediate")
    }
    # They look for it by name: among a cluster's services, and where a person is asked for its address.
    allowed |= {"primitives/backends/kubernetes/examine.py", "cockpit/setting_up.py"}
    # Its alerts' other sender, and the format that it reads: neither is it as a source.
    allowed |= {
        "primitives/alert_payloads/alertmanager.py",
        "primitives/alert_payloads/severity_words.py",
        "engine/serve/metrics.py",
    }
    # It measures a live investigation of one.
    allowed.add("benchmarks/live_sizes.py")
    # They record a test cluster with what its own Prometheus measured; nothing of the product uses them.
    allowed |= {"benchmarks/cluster_faults.py", "benchmarks/cluster_recording.py", "benchmarks/cluster_sequence.py"}
    named = set()
    for package in ("cockpit", "engine", "primitives", "themes", "benchmarks"):
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("primitives/backends/prometheus/") and "prometheus" in path.read_text().lower():
                named.add(name)
    assert named <= allowed


def test_every_registered_backend_says_what_it_needs() -> None:
    assert "prometheus" in backends()
    for name, kind in backends().items():
        assert kind.name == name
        assert issubclass(kind.settings, SourceSettings)
        assert kind.title
        assert kind.questions
