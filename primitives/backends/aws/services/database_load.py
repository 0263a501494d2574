"""Performance Insights: what the sessions of a database run and wait for, where it is on.

https://docs.aws.amazon.com/performance-insights/latest/APIReference/API_DescribeDimensionKeys.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from primitives.backends.aws.fields import items, number, text
from primitives.backends.aws.look import Look

__all__ = ["read"]

_MOST_DATABASES: Final = 10
_MOST_KEYS: Final = 10
_LENGTH: Final = timedelta(hours=1)
_STATEMENT: Final = "db.sql_tokenized.statement"
_WAIT: Final = "db.wait_event"


async def read(look: Look) -> None:
    """The statements and wait events with the most load in the last hour, of each database that has it."""
    watched = sorted(look.watched_databases.items())[:_MOST_DATABASES]
    await asyncio.gather(*(_database(look, arn, identifier) for arn, identifier in watched))


async def _database(look: Look, arn: str, identifier: str) -> None:
    statements, waits = await asyncio.gather(
        _keys(look, identifier, "db.sql_tokenized"), _keys(look, identifier, _WAIT)
    )
    for key in items(statements, "Keys"):
        data = {"statement": text(key, "Dimensions", _STATEMENT), "db_load_avg": number(key, "Total")}
        if data["statement"]:
            look.observe(look.end, arn, "top_sql", data)
    for key in items(waits, "Keys"):
        look.observe(look.end, arn, "wait_event", _wait(key))


async def _keys(look: Look, identifier: str, group: str) -> Mapping[str, Any]:
    return await look.ask(
        "pi", "DescribeDimensionKeys", ServiceType="RDS", Identifier=identifier, StartTime=look.end - _LENGTH,
        EndTime=look.end, Metric="db.load.avg", GroupBy={"Group": group, "Limit": _MOST_KEYS},
    )  # fmt: skip


def _wait(key: Mapping[str, Any]) -> dict[str, Any]:
    """As `name` and `type`: `IO:DataFileRead` of `IO`."""
    name, kind = text(key, "Dimensions", f"{_WAIT}.name"), text(key, "Dimensions", f"{_WAIT}.type")
    return {"name": name, "type": kind, "db_load_avg": number(key, "Total")}
