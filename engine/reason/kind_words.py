"""Words in names that say what kind of thing something is, or where it runs, and not which one it is.

Two names that share one of them need not be of the same thing. Practice: DNS labels and resource names (Kubernetes,
"Recommended Labels": component, part-of, environment).
"""

from __future__ import annotations

from typing import Final

__all__ = ["KIND_WORDS"]

KIND_WORDS: Final = frozenset(
    """
    service services server client api app backend database cache queue topic store storage cluster proxy gateway
    external internal host node cloud system local global public private example prod production staging test dev main
    primary replica secondary error errors http https request response connection timeout data message
    """.split()  # noqa: SIM905 - a list of words reads as words
)
