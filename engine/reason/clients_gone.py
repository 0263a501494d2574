"""Messages of a server whose client went away: they say nothing of the server, and hardly anything of the client.

A client that is stopped, that gave up waiting or that loses its way closes the connection, and the server tells that it
could not read from it (PostgreSQL: "could not receive data from client"; MySQL: "Aborted connection"; RabbitMQ: "client
unexpectedly closed TCP connection"; nginx: 499). The server was well enough to tell.
"""

from __future__ import annotations

import re
from typing import Final

from engine.reason.fact_index import COMPLAINTS
from primitives.facts import LogPattern
from primitives.patterns import lazy_pattern

__all__ = ["is_of_client"]

# "Client.Timeout" and "redis client" are the writer's own.
_CLIENT: Final = lazy_pattern(
    r"\b(?:from|to) (?:the |a )?client\b(?![.\w-])|"
    r"(?:(?<![a-z.-] )|\b(?:the|a|because|since|when|as) )\bclient (?:has |had )?(?:unexpectedly |prematurely |"
    r"abruptly )?(?:closed|disconnected|aborted|"
    r"hung up|"
    r"went away|timed out|reset)\b|"
    r"\b(?:could not|cannot|can't|unable to|failed to|error) \w{3,10} (?:\w{1,20} ){0,3}(?:from|to) client\b|"
    r"\baborted connection \d|\bcommunication packets\b",
    re.IGNORECASE,
)


def is_of_client(fact: LogPattern) -> bool:
    """Whether messages tell that a client of their writer went away."""
    return fact.family in COMPLAINTS and bool(_CLIENT.search(fact.example or fact.template))
