"""Made systems: services that call each other, with what calls really have: time-outs, retries, caches, fallbacks.

Nothing here knows how CloudOps reasons. Names are made of syllables, new ones for every seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from primitives.terms import ResourceKind

_ONSETS: Final = (
    "b",
    "br",
    "d",
    "f",
    "g",
    "gl",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "r",
    "s",
    "st",
    "t",
    "v",
    "z",
)
_VOWELS: Final = ("a", "e", "i", "o", "u", "ai", "eo")
_CODAS: Final = ("", "", "", "l", "n", "r", "s", "x")


@dataclass(frozen=True, slots=True)
class Call:
    """How a component calls another: `share` of its requests do, `times` one after another, `cached` of them don't."""

    target: str
    share: float = 1.0
    times: int = 1
    cached: float = 0.0
    timeout_s: float = 10.0
    retries: int = 0
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """`service_s` is its own median time, `tail` the sigma of its logarithm, `busy` its usual utilisation (0 to 1)."""

    name: str
    kind: ResourceKind = "service"
    service_s: float = 0.01
    tail: float = 0.5
    busy: float = 0.3
    error_ratio: float = 0.002
    host: str | None = None
    threads: float | None = None
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """The components by name; requests come in at `entry`, and at the entries of what is `unrelated` to it."""

    components: Mapping[str, Component]
    entry: str
    unrelated: tuple[str, ...] = ()

    def distances(self) -> dict[str, int]:
        """Everything that the entry's requests reach, with the number of calls that it takes, nearest first."""
        found = {self.entry: 0}
        queue = [self.entry]
        for name in queue:
            for call in self.components[name].calls:
                if call.target not in found:
                    found[call.target] = found[name] + 1
                    queue.append(call.target)
        return found

    def callers(self, name: str) -> list[str]:
        """Who calls `name`, itself not counted."""
        return [one.name for one in self.components.values()
                if one.name != name and any(call.target == name for call in one.calls)]  # fmt: skip

    def changed(self, *components: Component) -> System:
        """The same system with these components in place of their namesakes."""
        return replace(self, components={**self.components, **{one.name: one for one in components}})


class Names:
    """Pronounceable names that mean nothing, none twice."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._given: set[str] = set()
        self._joint = str(rng.choice(["-", "_", "", "."]))
        self._suffixed = bool(rng.random() < 0.5)

    def new(self, suffix: str = "") -> str:
        """A further name; some systems' names end in what the thing is, others' do not."""
        while True:
            count = int(self._rng.integers(2, 4))
            name = "".join(
                str(self._rng.choice(_ONSETS)) + str(self._rng.choice(_VOWELS)) + str(self._rng.choice(_CODAS))
                for _ in range(count)
            )
            if len(name) >= 5 and name not in self._given:
                break
        self._given.add(name)
        if not self._joint:
            return name.capitalize() + (suffix.capitalize() if self._suffixed else "")
        return name + (f"{self._joint}{suffix}" if suffix and self._suffixed else "")


def layered(rng: np.random.Generator, names: Names, *, depth: int = 3, width: int = 4) -> System:
    """An entry, `depth` layers of up to `width` services below it, stores at the bottom, and an unrelated stack."""
    layers = [[names.new("gateway")]]
    layers += [[names.new("svc") for _ in range(int(rng.integers(2, width + 1)))] for _ in range(depth - 1)]
    stores = [(names.new(kind), kind) for kind in _stores(rng)]
    found: dict[str, Component] = {}
    for level, layer in enumerate(layers):
        below = layers[level + 1] if level + 1 < len(layers) else [name for name, _ in stores]
        for name in layer:
            found[name] = _service(rng, name, _chosen(rng, below, 3), gateway=level == 0)
        _attach_orphans(rng, found, layer, below)
    for name in [one for layer in layers[1:] for one in layer]:
        if rng.random() < 0.35:
            known = {call.target for call in found[name].calls}
            further = [store for store, _ in stores if store not in known]
            if further:
                extra = _call(rng, str(rng.choice(further)))
                found[name] = replace(found[name], calls=(*found[name].calls, extra))
    for name, kind in stores:
        found[name] = _store(rng, name, kind)
    entry = found[layers[0][0]]
    # Something below the entry is always needed, or nothing there could be at fault.
    first = replace(entry.calls[0], share=1.0, optional=False)
    found[entry.name] = replace(entry, calls=(first, *entry.calls[1:]))
    apart = [names.new("svc"), names.new("svc"), names.new("db")]
    found[apart[0]] = _service(rng, apart[0], apart[1:2])
    found[apart[1]] = _service(rng, apart[1], apart[2:])
    found[apart[2]] = _store(rng, apart[2], "db")
    return System(found, layers[0][0], tuple(apart))


def chain(rng: np.random.Generator, names: Names, hops: int) -> System:
    """A layered system one of whose paths is `hops` calls long."""
    system = layered(rng, names, depth=2, width=3)
    above = system.components[system.entry].calls[0].target
    components = dict(system.components)
    for number in range(hops - 1):
        last = number == hops - 2
        name = names.new("db" if last and rng.random() < 0.5 else "svc")
        components[name] = _store(rng, name, "db") if last else _service(rng, name, [])
        caller = components[above]
        call = replace(_call(rng, name), share=float(rng.uniform(0.6, 1.0)), cached=0.0, optional=False)
        components[above] = replace(caller, calls=(*caller.calls, call))
        above = name
    return replace(system, components=components)


def with_cycle(rng: np.random.Generator, system: System) -> System:
    """Somebody far down calls back somebody further up, now and then."""
    far = system.distances()
    low = [name for name, hops in far.items() if hops >= 2 and system.components[name].kind == "service"]
    low = low or [name for name, hops in far.items() if hops >= 2]
    high = [name for name, hops in far.items() if hops == 1]
    source = system.components[str(rng.choice(low))]
    back = Call(str(rng.choice(high)), share=float(rng.uniform(0.02, 0.1)), timeout_s=2.0, optional=True)
    return system.changed(replace(source, calls=(*source.calls, back)))


def split_sides(rng: np.random.Generator, system: System) -> System:
    """Every service as two components: what takes its requests in, and what works on them."""
    outer, inner = [("{}", "{}-worker"), ("{}-proxy", "{}"), ("{}|server", "{}|app"), ("{}_client", "{}_server")][
        int(rng.integers(4))
    ]
    found: dict[str, Component] = {}

    def outside(name: str) -> str:
        return outer.format(name) if system.components[name].kind in ("service", "gateway") else name

    for one in system.components.values():
        calls = tuple(replace(call, target=outside(call.target)) for call in one.calls)
        if outside(one.name) == one.name and one.kind not in ("service", "gateway"):
            found[one.name] = replace(one, calls=calls)
            continue
        work = inner.format(one.name)
        found[work] = replace(one, name=work, calls=calls)
        handed = Call(work, timeout_s=30.0)
        found[outside(one.name)] = Component(
            outside(one.name), "other", service_s=0.0008, tail=0.3, busy=0.1, error_ratio=0.0005, calls=(handed,)
        )
    return System(found, outside(system.entry), tuple(name for name in found if _is_apart(name, system.unrelated)))


def on_hosts(rng: np.random.Generator, system: System, names: Names, count: int = 4) -> System:
    """The same system with its services spread over hosts."""
    hosts = [names.new("node") for _ in range(count)]
    placed = [replace(one, host=str(rng.choice(hosts))) for one in system.components.values() if one.kind == "service"]
    return system.changed(*placed)


def _is_apart(name: str, unrelated: Sequence[str]) -> bool:
    return any(name == one or name.startswith((f"{one}-", f"{one}|", f"{one}_")) for one in unrelated)


def _stores(rng: np.random.Generator) -> Iterator[str]:
    yield "db"
    for _ in range(int(rng.integers(1, 4))):
        yield str(rng.choice(["db", "cache", "db", "queue"]))


def _chosen(rng: np.random.Generator, below: Sequence[str], most: int) -> list[str]:
    count = min(len(below), int(rng.integers(1, most + 1)))
    return [str(name) for name in rng.choice(list(below), size=count, replace=False)]


def _attach_orphans(
    rng: np.random.Generator, found: dict[str, Component], layer: Sequence[str], below: Sequence[str]
) -> None:
    called = {call.target for name in layer for call in found[name].calls}
    for orphan in below:
        if orphan not in called:
            caller = found[str(rng.choice(list(layer)))]
            found[caller.name] = replace(caller, calls=(*caller.calls, _call(rng, orphan)))


def _call(rng: np.random.Generator, target: str) -> Call:
    return Call(
        target,
        share=float(rng.choice([1.0, 1.0, 0.8, 0.5, 0.25])),
        times=int(rng.choice([1, 1, 1, 2, 3])),
        cached=float(rng.choice([0.0, 0.0, 0.3, 0.7])),
        timeout_s=float(rng.choice([0.5, 1.0, 2.0, 5.0, 10.0])),
        retries=int(rng.choice([0, 0, 1, 2])),
        optional=bool(rng.random() < 0.15),
    )


def _service(rng: np.random.Generator, name: str, below: Sequence[str], *, gateway: bool = False) -> Component:
    return Component(
        name,
        "gateway" if gateway and rng.random() < 0.5 else "service",
        service_s=float(rng.lognormal(np.log(0.008), 0.8)),
        tail=float(rng.uniform(0.2, 0.9)),
        busy=float(rng.uniform(0.1, 0.5)),
        error_ratio=float(rng.choice([0.0, 0.001, 0.005])),
        # Some wait with a thread for each request under way: there a slow dependency makes them queue themselves.
        threads=float(rng.uniform(4, 10)) if rng.random() < 0.2 else None,
        calls=tuple(_call(rng, target) for target in below),
    )


def _store(rng: np.random.Generator, name: str, kind: str) -> Component:
    kinds: dict[str, ResourceKind] = {"db": "database", "cache": "cache", "queue": "queue"}
    return Component(
        name,
        kinds[kind],
        service_s=float(rng.lognormal(np.log(0.001 if kind == "cache" else 0.005), 0.5)),
        tail=float(rng.uniform(0.3, 1.0)),
        busy=float(rng.uniform(0.1, 0.5)),
        error_ratio=float(rng.choice([0.0, 0.0, 0.001])),
    )
