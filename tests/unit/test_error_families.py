"""Families of messages are grammar: a complaint in the words of unrelated systems, and what only looks like one."""

from __future__ import annotations

import pytest

from primitives.analysis.error_families import family_of
from primitives.analysis.http_status import status_in

COMPLAINTS = {
    "out_of_memory": ["Killed process 4711 (worker)", "insufficient memory to sort", "fork: Cannot allocate memory",
                      "memory limit exceeded: would use 9.31 GiB", "container ran out of memory"],
    "disk_full": ["flood stage disk watermark [95%] exceeded on [n1]", "archive log is full", "not enough free space",
                  "filesystem /var is almost full", "tablespace exhausted",
                  "could not extend: No space left on device"],
    "no_addresses": ["no free addresses in subnet lan-4", "failed to allocate an IP for the pod",
        "address pool exhausted"],
    "too_many_connections": [
        "768 worker_connections are not enough", "max number of clients reached", "session limit exceeded",
        "QueuePool limit of size 5 overflow 10 reached", "no free connections", "timed out acquiring a connection",
        "remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "connect: cannot assign requested address",
    ],
    "too_many_files": ["accept: too many open files", "ran out of file descriptors"],
    "too_many_threads": ["unable to create new native thread", "thread pool is exhausted", "no free workers",
                         "server reached max_children setting (5), consider raising it"],
    "failover": ["node-2 promoted to primary", "raft: lost quorum", "rejected: no leader", "failing over to standby"],
    "replication_lag": ["standby is 300 s behind the primary", "replication lag of 42 s", "follower is lagging"],
    "certificate": ["certificate has expired", "tls handshake failure", "PKIX path building failed"],
    "dns": ["lookup billing on 10.0.0.10:53: no such host", "Temporary failure in name resolution",
        "UnknownHostException"],
    "connection_refused": ["dial tcp 10.2.0.9:5432: connect: connection refused", "ECONNREFUSED 10.0.0.8:6379"],
    "unreachable": ["no healthy upstream", "could not connect to broker", "failed to reach ledger",
        "No route to host"],
    "connection_reset": ["socket hang up", "MySQL server has gone away", "read: connection reset by peer"],
    "rate_limited": ["429 Too Many Requests", "api returned 429", "Rate exceeded", "HTTP 429 from maps"],
    "quota": ["exceeded quota: team, requested: pods=1", "monthly limits reached: account limit exceeded",
        "quota exhausted"],
    "authentication": ["wrong password", "HTTP 401", "token has expired", "invalid API key",
        "Login failed for user sa"],
    "permission": ["permission denied", "status code: 403", "AccessDenied", "lacks permission to list"],
    "missing_configuration": ["MAIL_HOST must be set", "missing required option 'dsn'", "KeyError: 'DB_URL'"],
    "invalid_configuration": ["unknown directive in the config", "failed to parse configuration file",
        "invalid flag -x"],
    "incompatible_version": ["unsupported protocol 7", "NoSuchMethodError: a.b()", "schema mismatch"],
    "host_reclaimed": ["spot interruption notice", "instance will be terminated in 120 s"],
    "device_failed": ["Buffer I/O error on dev sdb", "Hardware Error: machine check"],
    "packet_loss": ["12 % packet loss to 10.0.0.1", "%CDP-4-DUPLEX_MISMATCH: duplex mismatch discovered on Gi0/3",
                    "port 7: 41 late collisions"],
    "queue_full": ["queue is full, dropping oldest", "sent to dead-letter after 5 tries", "export buffer exhausted"],
    "timeout": ["context deadline exceeded", "timeout of 5000ms exceeded", "read timed out", "timed out after 30 s"],
    "slow_query": ["duration: 4810.2 ms  statement: SELECT 1", "slow query: 12 s"],
    "overloaded": ["server is too busy", "load shedding", "request rejected", "concurrency limit of 100 reached"],
    "unavailable": ["GET /a returned 503", '"GET /a HTTP/1.1" 502 17', "code = Unavailable",
        "mailer is not responding"],
    "server_error": ["POST /pay 500 31ms", "status=500", "Internal Server Error"],
    "call_failed": ["failed to call ledger", "could not fetch rates", "rpc error"],
    "crash": ["Segmentation fault", "panic: index out of range"],
    "exception": ["java.lang.IllegalStateException: order", "ValueError: bad amount"],
}  # fmt: skip
CALM = [
    "order 401 shipped", "GC pause 503 ms", "wrote 429 rows", "returned 503 rows", "port 500 opened", "line 403: ok",
    "checkout: CSRF token missing", "CSRF token from the form incorrect",
    "0 errors, 12 notes", "errors=0 failed: 0", "finished without errors", "error: null", "retries: false",
    "timeout: 30s", "query timeout (ms): 500, timeout policy: return", "lock level=Row timeout=5000",
    "with a timeout of 30 s", "max_connections = 200", "duration: 35ms", "exit code 0", "exiting with code 1",
    "read-only mode is disabled",
    "invalid token at position 3 of the expression", "connection restored", "    at com.shop.Cart.add(Cart.java:12)",
    "--- End of inner exception stack trace ---", 'File "/app/cart.py", line 12, in add', "handled request",
    "user 12 logged in", "opened session 3 for ann", "reserved 3 seats", "the file is full of orders? no: 3 orders",
]  # fmt: skip


@pytest.mark.parametrize(("family", "message"), [(name, text) for name, texts in COMPLAINTS.items() for text in texts])
def test_a_complaint_is_of_its_family_in_any_systems_words(family: str, message: str) -> None:
    assert family_of(message) == family


@pytest.mark.parametrize("message", CALM)
def test_what_only_looks_like_a_complaint_is_of_no_family(message: str) -> None:
    assert family_of(message) is None


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("returned 503", 503), ("HTTP/1.1 404", 404), ("status=500 path=/a", 500), ("failed with 429: slow", 429),
        ("503 from upstream", None), ("answered 503 to the caller", 503), ("exit code 443", None),
            ("got 500 items", None),
        ("code: 4010", None), ("PUT /a 502", 502), ("error 404.5", None), ("", None),
    ],
)  # fmt: skip
def test_a_number_is_a_status_only_where_the_text_says_so(text: str, status: int | None) -> None:
    assert status_in(text) == status


@pytest.mark.parametrize(
    ("message", "family"),
    [
        ("invalid_client: the client secret is expired", "authentication"),
        ("AADSTS7000222: The provided client secret keys for app 'a-b-c' are expired.", "authentication"),
        ("bind: An attempt was made to access a socket in a way forbidden by its access permissions", "port_in_use"),
        ("pool-1: Connection is not available; nested: FATAL: password authentication failed for user \"x\"",
         "authentication"),
        ("no connection from pool: all in use, too many connections; Caused by: connection refused",
         "connection_refused"),
        # What looks like these.
        ("HikariPool-1 - Connection is not available, request timed out after 30000ms", "too_many_connections"),
        ("403 forbidden: no access permissions", "permission"),
        ("hash collision in bucket 7", None),
        ("the secret recipe has expired links", None),
        ("duplex printing enabled", None),
    ],
)  # fmt: skip
def test_whose_reason_a_message_tells(message: str, family: str | None) -> None:
    assert family_of(message) == family


@pytest.mark.parametrize(
    ("message", "family"),
    [
        ("page.goto: net::ERR_NAME_NOT_RESOLVED", "dns"),
        ("check failed: ERR_CERT_DATE_INVALID", "certificate"),
        ("net::ERR_EMPTY_RESPONSE", "connection_reset"),
        ("net::ERR_ADDRESS_UNREACHABLE", "unreachable"),
        ("curl error CURLE_COULDNT_RESOLVE_HOST", "dns"),
        ("status: TOO_MANY_REQUESTS", "rate_limited"),
        ("response SERVICE_UNAVAILABLE from upstream-1", "unavailable"),
        ("code OUT_OF_MEMORY", "out_of_memory"),
        ("consumer: GROUP_AUTHORIZATION_FAILED", "permission"),
        ("produce: REQUEST_TIMED_OUT", "timeout"),
        ("builtins.ConnectionRefusedError", "connection_refused"),
        ("request failed: TooManyRequestsException", "rate_limited"),
        ("auth: TokenExpiredError", "authentication"),
        ("oauth: invalid_grant", "authentication"),
        ("urllib3.exceptions.NameResolutionError", "dns"),
        ("java.lang.IllegalStateException caused by com.x.DiskFullException", "disk_full"),
        # The name of a setting, of a business rule, of a class that is called.
        ("MAX_CONNECTIONS=100", None),
        ("TOO_MANY_REQUESTS_RETRY=3 read", None),
        ("order refused: OUT_OF_STOCK", None),
        ("CARD_EXPIRED", None),
        ("export OUT_OF_MEMORY=kill", None),
        ("uses ConnectionRefusedException()", "exception"),
    ],
)
def test_the_name_of_an_error_says_what_its_words_say(message: str, family: str | None) -> None:
    assert family_of(message) == family
