"""Connection strings name hosts by keywords, as their drivers document it; passwords in them are redacted by then."""

from __future__ import annotations

import pytest

from primitives.kubernetes.connection_strings import hosts_in

HIDDEN = "[redacted:value:603bcc]"


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        (f"Host=ledger.data.svc;Port=5432;Database=l;Password={HIDDEN};Timeout=15", [("ledger.data.svc", 5432)]),
        (f"Server=tcp:sql01,1433;User Id=app;Password={HIDDEN};", [("sql01", 1433)]),
        ("Data Source=sql01.corp.example;Initial Catalog=Park", [("sql01.corp.example", None)]),
        ("server=maria;port=3307;database=shop", [("maria", 3307)]),
        ("Driver={MySQL};Server=maria;Port=3306;Option=3", [("maria", 3306)]),
        (f"host=pg-1,pg-2 port=5432 dbname=x password={HIDDEN}", [("pg-1", 5432), ("pg-2", 5432)]),
        ("jdbc:oracle:thin:@ora-scan:1521/ERP", [("ora-scan", 1521)]),
        ("jdbc:oracle:thin:@//ora-scan:1521/ERP", [("ora-scan", 1521)]),
        ("jdbc:sqlserver://sql01:1433;databaseName=Park", [("sql01", 1433)]),
        ("jdbc:sqlserver://sql01;databaseName=Park", [("sql01", None)]),
        # What isn't one: a setting, an address of its own form, a sentence, a host that was redacted.
        ("host=ledger", []),
        ("postgres://app:x@ledger:5432/l?a=1&host=2", []),
        ("run the host = ledger game; it = fun.", []),
        (f"Host={HIDDEN};Port=5432", []),
        ("", []),
    ],
)
def test_the_hosts_of_a_connection_string(value: str, hosts: list[tuple[str, int | None]]) -> None:
    assert hosts_in(value) == hosts
