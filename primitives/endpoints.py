"""The address of a source that is asked over HTTP, and its credentials.

Imports nothing heavy: settings are read before the first frame.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from primitives.dataclass import dataclass
from primitives.errors import UsageError

__all__ = ["Endpoint", "parse_url"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a source is. `base` holds no credentials."""

    base: str
    user: str | None = None
    password: str | None = None
    token: str | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen anywhere."""
        return tuple(secret for secret in (self.password, self.token) if secret)

    def __repr__(self) -> str:
        return f"Endpoint({self.base!r})"


def parse_url(url: str, token: str | None = None, *, product: str, port: int) -> Endpoint:
    """The endpoint that `url` names; without user-info in it, `token` is the bearer token.

    Raises `UsageError` when it is no http or https URL of a host. The message names the product and an example with its
    usual port, and never repeats the URL, which may hold a password.
    """
    advice = f"give it as http://HOST:{port} or https://USER:PASSWORD@HOST/PATH"
    try:
        parts = urlsplit(url.strip())
        host, own_port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:
        raise UsageError(f"the {product} URL can't be read: {advice}") from None
    if parts.scheme not in ("http", "https") or not host or not url.isprintable():
        raise UsageError(f"the {product} URL is no http or https URL of a host: {advice}")
    if parts.query or parts.fragment:
        raise UsageError(f"the {product} URL has a query or a fragment, which would get lost: {advice}")
    address = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme}://{address}{f':{own_port}' if own_port else ''}{parts.path.rstrip('/')}"
    user = unquote(parts.username) if parts.username is not None else None
    password = unquote(parts.password or "") if user is not None else None
    return Endpoint(base, user, password, None if user is not None else token or None)
