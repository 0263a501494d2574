"""The hosts that a connection string of keywords and values names.

Sources: ADO.NET (SqlConnection: Data Source, Server, Address, `tcp:host,port`), Npgsql and MySQL Connector/NET (Host,
Server, Port), ODBC (Server, Port), libpq (host, port; several hosts with commas between them), Oracle JDBC thin
(`@host:port`), JDBC of SQL Server (properties after `;`).
"""

from __future__ import annotations

from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["hosts_in"]

_HOST: Final = r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?"
_KEYED: Final = lazy_pattern(
    rf"(?i)(?:^|[;\s])(?:data source|server|host|hostname|addr|address|network address) ?= ?(?:tcp:)?"
    rf"({_HOST}(?:,{_HOST})*)(?:[,:](\d{{1,5}}))?(?=[;\s\\]|$)"
)
_PORT: Final = lazy_pattern(r"(?i)(?:^|[;\s])port ?= ?(\d{1,5})(?=[;,\s]|$)")
_ORACLE: Final = lazy_pattern(rf"(?i)jdbc:oracle:thin:[^@\s]{{0,100}}@(?://)?({_HOST}):(\d{{1,5}})")
_SQL_SERVER: Final = lazy_pattern(rf"(?i)jdbc:sqlserver://({_HOST})(?:\\[\w-]{{1,60}})?(?::(\d{{1,5}}))?(?:;|$)")
# A host alone is a setting of its own.
_OTHER: Final = lazy_pattern(
    r"(?i)(?:^|[;\s])(?:port|database|dbname|initial catalog|user(?: ?id|name)?|uid|password|pwd|driver|encrypt|"
    r"(?:connect(?:ion)? )?timeout|ssl ?mode|integrated security|trusted_connection|pooling) ?="
)


def hosts_in(value: str) -> list[tuple[str, int | None]]:
    """Each host with its port, None where none is given; none where `value` is no connection string."""
    for url in (_ORACLE, _SQL_SERVER):
        if match := url.match(value):
            return [(match[1], int(match[2]) if match[2] else None)]
    keyed = _KEYED.search(value)
    if keyed is None or "://" in value or not _OTHER.search(value):
        return []
    port = _PORT.search(value)
    number = keyed[2] or (port[1] if port else None)
    names = keyed[1].split(",")
    if names[-1].isdigit():
        number = number or names.pop()
    return [(name, int(number) if number else None) for name in names if not name.isdigit()]
