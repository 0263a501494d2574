"""Settings in the files that a container mounts from ConfigMaps: properties, YAML, INI, TOML, nginx' and the like.

Of each line that gives a key a value, the two; lists and nesting are left out, since only addresses are looked for
(Kubernetes documentation, "Configure a Pod to Use a ConfigMap").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster, PodSource
from primitives.kubernetes.fields import maps, strings, text
from primitives.patterns import lazy_pattern

__all__ = ["file_settings"]

_LONGEST: Final = 20_000
_MOST_LINES: Final = 500
_LINE: Final = lazy_pattern(r"\s{0,40}(?:- )?[\"']?([A-Za-z][\w.-]{0,100})[\"']?(?: ?[:=] ?| {1,20})(\S.{0,490})")
_COMMENTS: Final = ("#", ";", "//", "<!--")
# Behind a value: a comment; what ends a statement or an item, and quotes.
_COMMENT: Final = lazy_pattern(r"\s[#;].*")
_BEHIND: Final = " ;,"


def file_settings(cluster: Cluster, source: PodSource, container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each key and value in the ConfigMaps that `container` mounts and that were dumped."""
    mounted = {text(mount, "name") for mount in maps(container, "volumeMounts")}
    for volume in maps(source.spec, "volumes"):
        name = text(volume, "configMap", "name")
        item = cluster.get("ConfigMap", source.namespace, name) if name and text(volume, "name") in mounted else None
        for content in strings(item.raw, "data").values() if item is not None else ():
            yield from _settings_in(content)


def _settings_in(content: str) -> Iterator[tuple[str, str]]:
    for line in content[:_LONGEST].splitlines()[:_MOST_LINES]:
        match = None if line.lstrip().startswith(_COMMENTS) else _LINE.fullmatch(line)
        if match is not None:
            yield match[1], _COMMENT.sub("", match[2]).rstrip(_BEHIND).strip("\"'")
