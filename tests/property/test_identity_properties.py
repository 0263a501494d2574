"""Identifiers round trip whatever they hold, and display names are unique in any set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from primitives.display_names import DisplayNames
from primitives.identity import kubernetes_id, parse_id, with_scope

_LABEL = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,5}[a-z0-9])?", fullmatch=True)
_KIND = st.sampled_from(("deployment", "service", "pod", "rollout", "node", "namespace"))
# Pieces from which texts come that look like one form and are another.
_PIECES = st.sampled_from(
    ("a", "b", "node", "deployment", "/", "//", ":", "::", "://", "kubernetes://", "aws://", "arn:aws:", "%2F", "%",
     " (", ")", "service", "AWS", "_", ".", "1", "é", "\n", " ")
)  # fmt: skip
_TEXT = st.one_of(st.text(max_size=30), st.lists(_PIECES, max_size=9).map("".join))
_SCOPE = st.text(min_size=1, max_size=8)
_OBJECT = st.builds(kubernetes_id, _KIND, _LABEL, _LABEL)
_ARN = st.builds(
    "arn:aws:{}:{}:{}:{}".format,
    st.sampled_from(("rds", "lambda", "s3")),
    st.sampled_from(("eu-west-1", "us-east-1", "")),
    st.sampled_from(("1", "2", "")),
    st.builds("{}{}".format, st.sampled_from(("db:", "function:", "")), _LABEL),
)
_RESOURCE = st.one_of(
    _OBJECT,
    _ARN,
    _LABEL,
    _TEXT,
    st.builds(lambda text, cluster: with_scope(text, cluster=cluster), _OBJECT, st.sampled_from(("a", "b", "a b"))),
    st.builds(lambda text, region: with_scope(text, region=region), _LABEL, st.sampled_from(("r", "s", "a, b"))),
    st.builds("{} ({})".format, _LABEL, _KIND),
    st.builds("{}/{}".format, _LABEL, _LABEL),
)


@given(_TEXT)
def test_any_text_round_trips(text: str) -> None:
    assert str(parse_id(text)) == text


@given(_RESOURCE)
def test_every_form_round_trips(text: str) -> None:
    assert str(parse_id(text)) == text


@given(_KIND, _LABEL, _LABEL, _SCOPE, _SCOPE)
def test_two_clusters_never_collide(kind: str, namespace: str, name: str, one: str, other: str) -> None:
    first = kubernetes_id(kind, namespace, name, cluster=one)
    second = kubernetes_id(kind, namespace, name, cluster=other)

    assert (first == second) == (one == other)
    assert parse_id(first).cluster == one
    assert parse_id(first).name == name
    assert with_scope(kubernetes_id(kind, namespace, name), cluster=one) == first


@given(_LABEL, _SCOPE, _SCOPE)
def test_an_account_and_a_region_are_read_back(name: str, account: str, region: str) -> None:
    known = parse_id(with_scope(name, account=account, region=region))

    assert (known.name, known.account, known.region, known.platform) == (name, account, region, "aws")


@given(st.lists(_RESOURCE, max_size=25, unique=True))
def test_display_names_are_unique_in_any_set(resources: list[str]) -> None:
    names = DisplayNames(resources)
    shown = [names(resource) for resource in resources]

    assert len(set(shown)) == len(shown)
    # Nor is anything called by what is another's identifier.
    assert all(name == resource or name not in resources for name, resource in zip(shown, resources, strict=True))


@given(st.lists(_RESOURCE, max_size=12, unique=True), st.randoms())
def test_display_names_do_not_depend_on_the_order_of_arrival(resources: list[str], random: object) -> None:
    shuffled = list(resources)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = DisplayNames(resources), DisplayNames()
    for resource in shuffled:
        second.add(resource)
        second(resource)

    assert {one: first(one) for one in resources} == {one: second(one) for one in resources}
