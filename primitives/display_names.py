"""What a resource is called on screen: the shortest name that nothing else in this incident could mean as well.

`checkout-api`, not `checkout/deployment/checkout-api`; where two things share that, `checkout-api (deployment)` and
`checkout-api (service)`; where that isn't enough either, `checkout/checkout-api`, and so on up to the identifier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from primitives.identity import ResourceId, parse_id, qualified
from primitives.patterns import lazy_pattern

__all__ = ["DisplayNames", "NameOf", "full_name"]

NameOf = Callable[[str], str]
"""Gives what to call a resource, by its identifier."""

# A scope with any other character could be mistaken for a part of another name.
_PLAIN_SCOPE: Final = lazy_pattern(r"[\w.:/-]+")
_MOST_COMPARED: Final = 2_000
"""Names among which one is cut so that it stays clear: a screen waits for it."""
_ADDRESS: Final = lazy_pattern(r"[0-9.]+|[0-9a-f]*:[0-9a-f:.]*")


def full_name(resource: str) -> str:
    """The whole identifier: the naming where nothing is known of the other resources."""
    return resource


class DisplayNames:
    """The display names of the resources of one incident; call it with an identifier.

    Add each resource as it becomes known: a name gets longer when something else turns up that shares it. What was
    never added is called by its identifier. Adding costs little, and a name is worked out when first asked for.
    """

    def __init__(self, resources: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._sharing: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}
        self._like: dict[str, tuple[str, ...]] = {}
        self.add_all(resources)

    def __call__(self, resource: str) -> str:
        """What to call `resource`."""
        if resource not in self._known:
            return resource
        name = self._names.get(resource)
        if name is None:
            self._work_out(parse_id(resource).short)
            name = self._names[resource]
        return name

    def __len__(self) -> int:
        return len(self._known)

    def add(self, resource: str) -> None:
        """Take in a resource."""
        self.add_all((resource,))

    def add_all(self, resources: Iterable[str]) -> None:
        """Take in resources; of thousands most are known, so that each must cost as little as a look."""
        known = self._known
        new = [resource for resource in dict.fromkeys(resources) if resource not in known]
        if not new:
            return
        known.update(new)
        for resource in new:
            self._sharing.setdefault(parse_id(resource).short, []).append(resource)
        # Any name may have to change for the new ones; each is worked out again when it is asked for.
        self._names.clear()
        self._like.clear()

    def knows(self, short: str) -> bool:
        """Whether it is the short name of a resource."""
        return short in self._sharing

    def like(self, name: str) -> tuple[str, ...]:
        """The short names of others that a cut `name` could be taken for; nothing where they are too many to tell."""
        known = self._like.get(name)
        if known is None:
            few = len(self._sharing) <= _MOST_COMPARED
            known = tuple(each for each in self._sharing if each[:1] == name[:1] and each != name) if few else ()
            self._like[name] = known
        return known

    def resource_called(self, name: str) -> str | None:
        """The resource whose display name it is, as a person reads it off the screen; None where it is nobody's."""
        candidates = [*self._sharing.get(name, ()), *self._known]
        return next((resource for resource in candidates if self(resource) == name), None)

    def _work_out(self, short: str) -> None:
        sharing = self._sharing[short]
        if len(sharing) == 1:
            self._names[sharing[0]] = self._alone(sharing[0], short)
            return
        forms = {resource: _forms(parse_id(resource)) for resource in sharing}
        # A name must be nobody else's, not even of those that are called by a longer one themselves.
        fitting = Counter(name for names in forms.values() for name in names)
        for resource, names in forms.items():
            clear = (name for name in names if name == resource or (fitting[name] == 1 and self._is_free(name)))
            self._names[resource] = next(clear, resource)

    def _alone(self, resource: str, short: str) -> str:
        """The name of what shares its short one with nothing; a bare address doesn't say what it is of."""
        kind = parse_id(resource).kind_words
        name = _with(short, kind) if kind and _ADDRESS.fullmatch(short) else short
        return name if name == short or self._is_free(name) else resource

    def _is_free(self, name: str) -> bool:
        return name not in self._known and name not in self._sharing


def _forms(known: ResourceId) -> tuple[str, ...]:
    """The names to try where the short one is shared, shortest first."""
    short, kind, namespace = known.short, known.kind_words, known.namespace
    spaced = qualified(namespace, short) if namespace else short
    forms = [_with(short, kind), spaced, _with(spaced, kind)]
    scope = known.cluster or ", ".join(part for part in (known.account, known.region) if part)
    if scope and all(_PLAIN_SCOPE.fullmatch(part) for part in scope.split(", ")):
        forms += [_with(short, scope), _with(spaced, scope), _with(spaced, f"{kind}, {scope}" if kind else "")]
    return tuple(dict.fromkeys([*forms, str(known)]))


def _with(name: str, words: str) -> str:
    return f"{name} ({words})" if words else name
