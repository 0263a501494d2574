"""Which store a client's message is about, where the topology knows only how things run."""

from __future__ import annotations

import pytest
from incident_facts import SEEN, found, graph, log, opened

from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex
from engine.reason.stores import is_store
from primitives.facts import ConfigurationDifference, Dependencies, Fact, LogPattern

QUAY = Dependencies(
    resources={
        "quay/deployment/crane": "workload", "quay/service/manifest-mysql": "network",
        "quay/statefulset/manifest-mysql": "workload", "quay/deployment/mysql-exporter": "workload",
        "quay/deployment/tide": "workload", "mill/statefulset/belts-redis": "workload",
    },
    edges=(
        ("quay/deployment/crane", "quay/service/manifest-mysql", "calls"),
        ("quay/deployment/crane", "quay/deployment/tide", "calls"),
        ("quay/service/manifest-mysql", "quay/statefulset/manifest-mysql", "depends"),
    ),
    **SEEN,
)  # fmt: skip
MILL = Dependencies(
    resources={
        "mill/deployment/gears": "workload", "mill/statefulset/grain-rabbitmq": "workload",
        "mill/statefulset/flour-postgres": "workload",
    },
    edges=(),
    **SEEN,
)  # fmt: skip


def said(writer: str, family: str, example: str) -> LogPattern:
    return log(writer, family).model_copy(update={"template": example, "example": example})


def meant(known: Dependencies, fact: LogPattern, *others: LogPattern) -> tuple[str, ...]:
    return accused(FactIndex(opened(), None, found(known, fact, *others)), fact)


@pytest.mark.parametrize(
    ("family", "example"),
    [
        ("deadlock", "Lock wait timeout exceeded; try restarting transaction"),
        ("read_only", "The server is running with the --read-only option"),
        ("too_many_connections", "SqlError 1040: Too many connections"),
        ("timeout", "Query execution was interrupted, maximum statement execution time exceeded"),
    ],
)
def test_what_a_store_refuses_is_the_store_s_also_behind_its_service(family: str, example: str) -> None:
    assert meant(QUAY, said("quay/deployment/crane", family, example)) == ("quay/statefulset/manifest-mysql",)


def test_a_statement_that_its_client_gives_up_may_be_anybodys() -> None:
    assert meant(QUAY, said("quay/deployment/crane", "timeout", "job took too long, timed out")) == ()


def test_a_pool_without_a_free_connection_is_its_owner_s() -> None:
    words = "HikariPool-1 - Connection is not available, too many connections wait for the pool"
    assert meant(QUAY, said("quay/deployment/crane", "too_many_connections", words)) == ()


def test_the_product_that_the_message_names_is_meant_where_no_call_is_known() -> None:
    words = "org.postgresql.util.PSQLException: cannot execute INSERT in a read-only transaction"
    assert meant(MILL, said("mill/deployment/gears", "read_only", words)) == ("mill/statefulset/flour-postgres",)


def test_without_a_product_the_store_beside_it_is_meant_that_says_the_same() -> None:
    client = said("mill/deployment/gears", "disk_full", "publish timed out: connection.blocked: low on disk")
    broker = said("mill/statefulset/grain-rabbitmq", "disk_full", "disk resource limit alarm set")
    assert meant(MILL, client, broker) == ("mill/statefulset/grain-rabbitmq",)
    assert meant(MILL, client) == ()


def test_a_store_of_another_namespace_or_of_two_alike_is_not_guessed() -> None:
    words = "MISCONF Redis is configured to save RDB snapshots, but is unable to persist to disk"
    assert meant(QUAY, said("quay/deployment/tide", "disk_full", words)) == ()
    twins = MILL.model_copy(update={"resources": {**MILL.resources, "mill/statefulset/bran-postgres": "workload"}})
    words = "PSQLException: cannot execute UPDATE in a read-only transaction"
    assert meant(twins, said("mill/deployment/gears", "read_only", words)) == ()


@pytest.mark.parametrize(
    ("resource", "stores"),
    [
        ("quay/statefulset/manifest-mysql", True),
        ("quay/service/manifest-mysql", False),
        ("quay/deployment/mysql-exporter", False),
        ("quay/deployment/crane", False),
    ],
)
def test_a_workload_is_a_store_by_its_name(resource: str, stores: bool) -> None:
    assert is_store(FactIndex(opened(), None, found(QUAY)), resource) is stores


def test_a_kind_that_says_what_it_does_is_believed() -> None:
    known = FactIndex(opened(), None, found(graph({"ledger": "database", "mysql": "service"})))
    assert is_store(known, "ledger")
    assert not is_store(known, "mysql")


def test_of_two_stores_alike_the_one_is_meant_that_is_not_named_after_another_workload() -> None:
    more = {"mill/statefulset/scaledb-postgres": "workload", "mill/statefulset/scale": "workload"}
    known = MILL.model_copy(update={"resources": {**MILL.resources, **more}})
    words = "PSQLException: cannot execute UPDATE in a read-only transaction"
    assert meant(known, said("mill/deployment/gears", "read_only", words)) == ("mill/statefulset/flour-postgres",)
    assert meant(MILL, said("mill/deployment/gears", "read_only", words)) == ("mill/statefulset/flour-postgres",)


def test_a_store_that_is_called_and_is_of_another_product_is_not_meant() -> None:
    known = MILL.model_copy(update={"edges": (("mill/deployment/gears", "mill/statefulset/grain-rabbitmq", "calls"),)})
    words = "PSQLException: cannot execute UPDATE in a read-only transaction"
    assert meant(known, said("mill/deployment/gears", "read_only", words)) == ("mill/statefulset/flour-postgres",)


PROXIED = graph(
    {"till": "service", "maxscale-1": "gateway", "ledger-db1": "database", "ledger-db2": "database"},
    ("till", "maxscale-1"), ("maxscale-1", "ledger-db1"), ("maxscale-1", "ledger-db2"),
)  # fmt: skip
REFUSED = said("till", "read_only", "The MariaDB server is running with the --read-only option")


def setting(resource: str, path: str, after: object) -> ConfigurationDifference:
    return ConfigurationDifference(resource=resource, kind="my.cnf", path=path, before=None, after=after, **SEEN)


def meant_with(*facts: Fact) -> tuple[str, ...]:
    return accused(FactIndex(opened(), None, found(PROXIED, REFUSED, *facts)), REFUSED)


def test_a_store_is_found_behind_its_proxy_and_the_one_that_was_set_read_only_is_meant() -> None:
    assert meant_with() == ("ledger-db1", "ledger-db2")
    assert meant_with(setting("ledger-db2", "mysqld.read_only", 1)) == ("ledger-db2",)
    assert meant_with(setting("ledger-db2", "mysqld.read_only", 0)) == ("ledger-db1", "ledger-db2")
    assert meant_with(setting("ledger-db2", "mysqld.read_only_user", 1)) == ("ledger-db1", "ledger-db2")
