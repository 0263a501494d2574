"""The resolver joins no two things that one source holds apart, and an object's identifier stays what it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from primitives.identity import is_kubernetes, kubernetes_id
from primitives.resolver import Alias, Resolver, host_of, is_address

NOW = datetime(2026, 3, 10, tzinfo=UTC)
_PLAIN = st.sampled_from(("api", "web", "db", "shop/api", "api.shop", "arn:aws:rds:eu:1:db:db", "10.0.0.1", "10.0.0.2"))
_OBJECT = st.builds(
    kubernetes_id, st.sampled_from(("deployment", "pod", "node")), st.just("shop"), st.sampled_from("abc")
)
_NAME = st.one_of(_PLAIN, _OBJECT)
_RULE = st.sampled_from(("arn", "address", "dns", "owner", "service", "name", "label", "selector"))
_MOMENT = st.one_of(st.none(), st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours)))
_ALIAS = st.builds(Alias, name=_NAME, resource=_NAME, rule=_RULE, start=_MOMENT, end=_MOMENT)
_KNOWN = st.dictionaries(st.sampled_from(("metrics", "cluster", "trail")), st.sets(_NAME, max_size=6), max_size=3)


@given(_KNOWN, st.lists(_ALIAS, max_size=12))
def test_two_identifiers_of_one_source_are_never_joined(known: dict[str, set[str]], aliases: list[Alias]) -> None:
    resolver = Resolver(known, aliases)

    for source, names in known.items():
        held = [name for name in names if not is_address(host_of(name))]
        meant = [resolver.resolve(name, source=source).resource or name for name in held]
        assert len(set(meant)) == len(held)


@given(_KNOWN, st.lists(_ALIAS, max_size=12), _NAME, _MOMENT)
def test_a_name_means_itself_or_what_an_alias_says_then(
    known: dict[str, set[str]], aliases: list[Alias], name: str, at: datetime | None
) -> None:
    found = Resolver(known, aliases).resolve(name, source="metrics", at=at)

    if is_kubernetes(name):
        assert found.resource == name
    if found.resource not in (None, name):
        assert any(alias.name == name and alias.holds(at) for alias in aliases)
        assert any(alias.resource == found.resource and alias.holds(at) for alias in aliases)
    if found.status == "ambiguous":
        assert found.resource is None
        assert len(found.candidates) > 1


@given(_KNOWN, st.lists(_ALIAS, max_size=8), st.randoms())
def test_the_order_of_the_aliases_changes_nothing(
    known: dict[str, set[str]], aliases: list[Alias], random: object
) -> None:
    shuffled = list(aliases)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Resolver(known, aliases), Resolver(known, shuffled)

    for name in {alias.name for alias in aliases}:
        first, second = (resolver.resolve(name, source="metrics") for resolver in (one, other))
        assert (first.resource, first.candidates) == (second.resource, second.candidates)
