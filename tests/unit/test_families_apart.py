"""Words of one family that stand in messages of another: who limits whom, roles, verdicts, clients that went away."""

from __future__ import annotations

import pytest
from incident_facts import SEEN, found, graph, opened

from engine.reason.complaints import accused, is_outward
from engine.reason.fact_index import FactIndex
from engine.reason.mechanisms import _log_families
from engine.reason.outside_hosts import outside_host
from primitives.analysis.announcements import announced_family
from primitives.analysis.error_families import family_of
from primitives.analysis.rate_limits import limiter_of
from primitives.facts import LogPattern

SHOP = graph({"gate": "service", "till": "service", "stock-db": "database"}, ("gate", "till"), ("till", "stock-db"))


def said(resource: str, text: str) -> LogPattern:
    return LogPattern(
        resource=resource, template=text, example=text, severity="ERROR", family=family_of(text), count=20,
        baseline_count=0.0, trust="reported", **SEEN,
    )  # fmt: skip


def blamed(fact: LogPattern) -> set[tuple[str, str | None]]:
    """The causes and resources that a message speaks for."""
    case = FactIndex(opened(), None, found(SHOP, fact))
    return {(claim.key.cause_id, claim.key.resource) for claim in _log_families(case) if claim.weight > 0}


@pytest.mark.parametrize(
    ("text", "limiter"),
    [
        ("botocore: An error occurred (ThrottlingException) when calling GetParameter: Rate exceeded", "provider"),
        ("GitHub: API rate limit exceeded for user ID 77", "provider"),
        ("response 429 Too Many Requests from https://maps.example", "provider"),
        ("Rate limit exceeded", "provider"),
        ("client rate limiter Wait returned an error: rate: Wait(n=1) would exceed context deadline", "own"),
        ("RequestNotPermitted: RateLimiter 'mail' does not permit further calls", "own"),
        ('limiting requests, excess: 5.1 by zone "one", client: 10.1.1.1', "callers"),
        ("rate limit exceeded for client 10.4.0.9", "callers"),
        ("throttling tenant 17: 900 requests in 60 s, rate limit is over", "callers"),
        ("Too many requests from 203.0.113.4, rejected", "callers"),
    ],
)
def test_who_limits_whom(text: str, limiter: str) -> None:
    assert family_of(text) == "rate_limited"
    assert limiter_of(text) == limiter


def test_who_refuses_callers_is_not_limited_itself() -> None:
    assert blamed(said("till", "rate limit exceeded for client 10.4.0.9")) == {("traffic_surge", "till")}
    told = blamed(said("till", "An error occurred (ThrottlingException) when calling GetParameter: Rate exceeded"))
    assert ("rate_limited", "till") in told
    assert not any(cause_id == "traffic_surge" for cause_id, _ in told)


@pytest.mark.parametrize("text", ["RequestNotPermitted: RateLimiter 'mail' does not permit further calls",
                                  "rate: Wait(n=1) would exceed context deadline, client rate limiter"])  # fmt: skip
def test_ones_own_limiter_is_not_what_it_calls(text: str) -> None:
    own = said("till", text).model_copy(update={"points_at": "stock-db"})
    assert {place for _, place in blamed(own)} == {"till"}


@pytest.mark.parametrize(
    "text",
    [
        "rate limit configured: 50 requests per second",
        "Rate limiter initialized with burst 20",
        "loaded rate limit rules from disk",
        "rate limit is 100 per minute",
        "x-ratelimit-remaining: 42",
        "Waited for 1.19s due to client-side throttling, not priority and fairness, request: GET:https://10.0.0.1/api",
        "CPU throttling is 12 % for container web",
        "compaction may slow down reads",
        "failover mode off",
        "standby mode is disabled",
        "Failover policy loaded for pool blue",
    ],
)
def test_a_limit_or_mode_that_is_set_is_no_trouble(text: str) -> None:
    assert family_of(text) is None


@pytest.mark.parametrize(
    ("text", "family"),
    [("Rate limit exceeded for tenant 9", None), ("API call limit exceeded", None), ("request limit reached", None),
     ("vCPU limit exceeded in this region", "quota"), ("instance quota reached", "quota"),
     ("Automatic failover is disabled", None), ("Multi-AZ instance failover completed", "failover")],
)  # fmt: skip
def test_a_platform_that_tells_of_a_rate_tells_of_no_quota(text: str, family: str | None) -> None:
    assert announced_family(text) == family


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("orchestrator: dead master, no candidate yet", "failover"),
        ("replica set has no primary", "failover"),
        ("no primary available for writes", "failover"),
        ("dropped dead primary key constraint orders_pk", None),
        ("no master key is set for the vault", None),
        ("the sort column is not the primary key", None),
        ("statement refused: this node is not the primary", "read_only"),
        ("no leader in cluster blue", "failover"),
        ("index on primary key rebuilt", None),
    ],
)
def test_a_role_is_no_attribute_of_a_key(text: str, family: str | None) -> None:
    assert family_of(text) == family


@pytest.mark.parametrize(
    ("text", "family"),
    [
        # What was decided counts.
        ("token is expired: unexpected EOF", "authentication"),
        ("could not connect to db: password authentication failed for user app", "authentication"),
        ("request failed: api key was revoked, connection closed", "authentication"),
        ("failed to connect to /run/podman.sock: permission denied", "permission"),
        ("connection to broker failed: access denied", "permission"),
        # An attempt decides nothing.
        ("token introspection failed: i/o timeout", "timeout"),
        ("could not refresh token: connection refused", "connection_refused"),
        ("login failed: unexpected EOF", "connection_reset"),
        ("password reset mail not sent: connection reset by peer", "connection_reset"),
        # A piece of a text, and a coordinator's session.
        ("json: invalid token in body: unexpected EOF", "connection_reset"),
        ("parse error: invalid token: broken pipe", "connection_reset"),
        ("Unable to reconnect, session 0x1a has expired, connection closed", "connection_reset"),
    ],
)
def test_what_was_decided_counts_more_than_how_the_conversation_ended(text: str, family: str) -> None:
    assert family_of(text) == family


@pytest.mark.parametrize(
    ("text", "of_client"),
    [
        ("could not receive data from client: Connection reset by peer", True),
        ("Aborted connection 12 to db: 'a' user: 'b' (Got timeout reading communication packets)", True),
        ("closing AMQP connection <0.1.0>: missed heartbeats from client, timeout: 60s", True),
        ("client unexpectedly closed TCP connection, connection aborted", True),
        ("*79 client prematurely closed connection, so upstream connection is closed too", True),
        ("reset because the client closed the connection", True),
        ("net/http: request canceled (Client.Timeout exceeded while awaiting headers)", False),
        ("redis client: connection reset by peer", False),
        ("etcd-client: connection closed", False),
        ("upstream prematurely closed connection, client: 10.0.0.9", False),
    ],
)
def test_a_client_that_went_away_says_nothing_of_its_server(text: str, of_client: bool) -> None:
    fact = said("till", text)
    assert fact.family is not None
    assert (blamed(fact) == set()) is of_client
    if of_client:
        assert not is_outward(fact)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Error: NOT_LEADER_OR_FOLLOWER on partition 3", ("stock-db",)),
        ("rejected: no leader", ("stock-db",)),
        ("BusyLoadingError: Redis is loading the dataset in memory", ("stock-db",)),
        ("FATAL: the database system is starting up", ("stock-db",)),
        ("SqlException: Execution Timeout Expired", ("stock-db",)),
        ("mount: Remounting filesystem read-only", ()),
        ("open /data/x: read-only file system", ()),
        ("cannot execute UPDATE in a read-only transaction", ("stock-db",)),
        ("failed to renew lease: leader election lost, no leader", ()),
        ("worker 3 is starting up: service unavailable", ()),
    ],
)
def test_what_only_a_store_says_of_itself_is_the_stores(text: str, meant: tuple[str, ...]) -> None:
    fact = said("till", text)
    assert fact.family in ("failover", "unavailable", "timeout", "read_only")
    assert accused(FactIndex(opened(), None, found(SHOP, fact)), fact) == meant


def test_the_only_server_that_is_called_showed_the_certificate_that_is_refused() -> None:
    for text, meant in (
        ("The remote certificate is invalid: NotTimeValid", ("stock-db",)),
        ("server certificate has expired", ("stock-db",)),
        ("certificate has expired", ()),
        ("remote error: tls: expired certificate", ()),
    ):
        fact = said("till", text)
        assert fact.family == "certificate"
        assert accused(FactIndex(opened(), None, found(SHOP, fact)), fact) == meant


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("Code: 503. Errors: none given", "unavailable"),
        ("exit code 503", None),
        ("fsync of the journal is taking too long", "slow_disk"),
        ("task worker:77 blocked for more than 120 seconds", "slow_disk"),
        ("task list blocked by a review", None),
        ("waited 241 s for the semaphore", "deadlock"),
        ("semaphore created with 4 permits", None),
        ("Detected pause in JVM or host machine (eg GC): pause of approximately 5213ms", "garbage_collection"),
        ("local pause of 6223442123ns", "garbage_collection"),
        ("playback pause of 3 s", None),
        ("read udp 10.0.0.4:999->10.0.0.2:53: i/o timeout", "dns"),
        ("read udp 10.0.0.4:999->10.0.0.2:5353: i/o timeout", "timeout"),
        ("delayed connect error: 111", "connection_refused"),
        ("connect error at line 1110", None),
        ("poll timeout of the consumer has expired", "timeout"),
        ("consumer poll timeout has expired", "consumer_stopped"),
        ("web.service: Start request repeated too quickly.", "crash"),
        ("worker entered FATAL state, too many start retries too quickly", "crash"),
        ("the tests start too quickly for me to read", None),
        ("consumer group billing lag is 900 on topic a", "queue_full"),
        ("consumer group billing lag is 0", None),
        ("Volume claim is only 2.1% free", "disk_full"),
        ("disk is 40% free", None),
        ("Clock on n1 is not synchronising", "clock"),
        ("the clock on the page is not shown", None),
        ("25% of the api targets are down", "unavailable"),
        ("replicas went down to 3: service down to 3", None),
        ("upload size limit exceeded", None),
        ("driver: connection 12 to 10.3.0.8:27017 closed", "connection_reset"),
        ("lost TCP streaming connection with remote peer", "connection_reset"),
        ("shop closed for the day", None),
        ("Suspect web-2 has failed, no acks received", "unreachable"),
        ("no acks needed for this topic", None),
        ("git: authentication required", "authentication"),
        ("authentication is required for admins", None),
        ("the application is starting up", None),
        ("server is shutting down", None),
        ("still loading plugins", None),
        ("Shutting the server down", None),
        ("taking node down for an upgrade", None),
        ("PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'a'", "invalid_configuration"),
        ('Loop (127.0.0.1:5595 -> :53) detected for zone "."', "invalid_configuration"),
        ("rewrite or internal redirection cycle while processing /a", "invalid_configuration"),
        ("event loop started, no lag detected", None),
        ("no cycle in the graph detected", None),
        ("Runtime exited with error: signal: killed", "crash"),
        ("Assertion failure: row0.cc:12 triggered thread 9", "crash"),
        ("12 unassigned shards", "unavailable"),
        ("all shards assigned", None),
        ("We have insufficient capacity in this zone: InsufficientInstanceCapacity", "unavailable"),
        ("capacity of the list is 16", None),
        ("master not discovered or elected yet", "failover"),
        ("have 1 vote, which is not a quorum", "failover"),
        ("statement ended by a conflict with recovery", "deadlock"),
        ("failed to resolve ref registry/a:1: pull access denied", "permission"),
        ("failed to resolve registry.example", "dns"),
        ("Certificate for a.example expires in 3 days", "certificate"),
        ("Certificate for a.example expires in 300 days", None),
        ("LimitExceededException: too many", "rate_limited"),
    ],
)
def test_a_family_is_grammar_and_its_look_alike_is_not_of_it(text: str, family: str | None) -> None:
    assert family_of(text) == family


@pytest.mark.parametrize(("host", "outside"), [("10.1.0.3", False), ("192.168.4.7", False), ("8.8.8.8", True),
                                               ("rates.example.com", True)])  # fmt: skip
def test_an_address_of_a_private_network_is_not_outside(host: str, outside: bool) -> None:
    fact = said("till", f"upstream prematurely closed connection: http://{host}:8080/a")
    case = FactIndex(opened(), None, found(SHOP, fact))
    assert (outside_host(case, fact) == host) is outside
