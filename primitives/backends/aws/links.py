"""Who depends on whom, by what settings name: addresses, queues' URLs, ARNs, tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from primitives.backends.aws.look import Look, Mention
from primitives.patterns import lazy_pattern
from primitives.resolver import host_of, is_address

__all__ = ["link"]

_TOKEN: Final = lazy_pattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]{2,250}")
_URL_HOST: Final = lazy_pattern(r"[a-z][a-z0-9+.-]{1,20}://(?:[^\s/@]{0,200}@)?([A-Za-z0-9.-]{3,250})")
_ADDRESS: Final = lazy_pattern(r"(?i)host|url|endpoint|addr|server|broker|uri")
_PLAIN_HOST: Final = lazy_pattern(r"([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})(?::\d{1,5})?")
_ATTRIBUTES: Final = ("endpoint", "dns", "queue_url", "name")


def link(look: Look) -> None:
    """Add an edge for each mention of something known, and for each address of something unknown."""
    index = dict(_index(look))
    for mention in look.mentions:
        named = set(_named(mention, look, index))
        for resource in named:
            look.add_edge(mention.resource, resource)
        if not named and (host := _host(mention)):
            look.add_resource(host, "external")
            look.add_edge(mention.resource, host)


def _index(look: Look) -> Iterator[tuple[str, str]]:
    for resource in look.resources.values():
        for key in _ATTRIBUTES:
            value = resource.attributes.get(key)
            if isinstance(value, str) and value:
                yield value.casefold(), resource.id
                if key == "queue_url":
                    # Its host has several forms; account and name are the same in all.
                    yield urlsplit(value).path.casefold(), resource.id


def _named(mention: Mention, look: Look, index: dict[str, str]) -> Iterator[str]:
    value = mention.value
    if value in look.resources:
        yield value
    elif value.casefold() in index:
        yield index[value.casefold()]
    else:
        if queue := index.get(_path(value)):
            yield queue
        for token in _TOKEN.findall(value):
            # A bare word is a table's name by accident; an address isn't.
            if "." in token and token.casefold() in index:
                yield index[token.casefold()]


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.casefold() if "://" in url else ""
    except ValueError:
        return ""


def _host(mention: Mention) -> str:
    """The host in an address of something that no service knows."""
    match = _URL_HOST.match(mention.value) or (_ADDRESS.search(mention.name) and _PLAIN_HOST.fullmatch(mention.value))
    host = host_of(match[1]).casefold() if match else ""
    return host if "." in host and not is_address(host) and not host.endswith(".amazonaws.com") else ""
