"""Messages of products, as they write them, and what only looks like one of them."""

from __future__ import annotations

import pytest

from primitives.analysis.error_families import family_of

MESSAGES = {
    "unavailable": [
        "FATAL: the database system is not accepting connections",
        "LOADING Redis is loading the dataset in memory",
        "NOREPLICAS Not enough good replicas to write.",
        "haproxy[88120]: 10.1.1.1:43667 [03/Sep/2026:07:09:10.444] fe_https be_trade/<NOSRV> 0/-1/-1/-1/0 503 217",
        "ORA-01033: ORACLE initialization or shutdown in progress",
    ],
    "connection_reset": [
        "FATAL: terminating connection due to administrator command",
        "AH01102: error reading status line from remote server 10.0.0.1:8080",
        "[proxy:error] AH00898: Error reading from remote server returned by /leaderboard",
        "org.apache.http.NoHttpResponseException: api:8080 failed to respond",
        "An existing connection was forcibly closed by the remote host",
        "Npgsql.NpgsqlException: Exception while reading from stream ---> System.IO.EndOfStreamException: Attempt",
        "driver: bad connection",
        "invalid connection",
        "http2: server sent GOAWAY and closed the connection",
        "ORA-03113: end-of-file on communication channel",
        "The specified network name is no longer available.",
        "KeeperErrorCode = ConnectionLoss for /brokers",
        "org.apache.zookeeper.KeeperException$SessionExpiredException: KeeperErrorCode = Session expired",
        "upstream sent no valid HTTP/1.0 header",
    ],
    "connection_refused": [
        "org.postgresql.util.PSQLException: Connection to db01:5432 refused. Check that the hostname and port are",
        "ERROR 2003 (HY000): Can't connect to MySQL server on 'db' (111)",
    ],
    "disk_full": [
        "Got error 28 from storage engine",
        "Error: 9002, Severity: 17, State: 2.",
        "Could not allocate space for object 'dbo.t' in database 'x' because the 'PRIMARY' filegroup is full.",
        "ORA-01653: unable to extend table APP.ORDERS by 128 in tablespace USERS",
        "ORA-00257: Archiver error. Connect AS SYSDBA only until resolved.",
        "Storage backend has reached its minimum free drive threshold. Please delete a few objects to proceed.",
        "HEALTH_ERR 1 full osd(s)",
    ],
    "timeout": [
        "operation exceeded time limit",
        "A connection attempt failed because the connected party did not properly respond after a period of time",
        "ORA-12170: TNS:Connect timeout occurred",
        "route-planner did not answer within 00:00:10",
    ],
    "missing_object": [
        "NOT_FOUND - no queue 'orders' in vhost '/'",
        "manifest for registry/app:v9 not found: manifest unknown",
    ],
    "failover": [
        "master_not_discovered_exception",
    ],
    "unreachable": [
        "AH01114: HTTP: failed to make connection to backend: 10.0.0.1",
        "java.net.NoRouteToHostException: No route to host (Host unreachable)",
        "A network-related or instance-specific error occurred while establishing a connection to SQL Server.",
        "java.sql.SQLRecoverableException: IO Error: The Network Adapter could not establish the connection",
        "LDAP server ldaps://ldap01.example unreachable",
        "%BGP-5-ADJCHANGE: neighbor 10.0.0.1 Down BGP Notification sent",
        "%OSPF-5-ADJCHG: Process 1, Nbr 10.0.0.2 on Vlan10 from FULL to DOWN, Neighbor Down: Dead timer expired",
    ],
    "crash": [
        "WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL)",
        "The LabBridge service terminated unexpectedly.  It has done this 1 time(s).",
        "systemd[1]: Failed to start image-resizer.service - Image derivatives.",
    ],
    "queue_full": [
        'uwsgi: *** listen queue of socket "127.0.0.1:8000" (fd: 3) full !!! (101/100) ***',
        "neighbour: arp_cache: neighbor table overflow!",
    ],
    "certificate": [
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        "certificate /etc/haproxy/certs/old/desk-2025.pem (CN=desk.example, serial 04:9a:11) has expired",
        "Peer certificate cannot be authenticated with given CA certificates",
        "The certificate chain was issued by an authority that is not trusted",
    ],
    "device_failed": [
        "NETDEV WATCHDOG: eth0 (igb): transmit queue 0 timed out",
        "megaraid_sas: Battery needs replacement - SOH Bad",
        "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down",
        "%LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/1, changed state to down",
        "%PM-4-ERR_DISABLE: bpduguard error detected on Gi0/2, putting Gi0/2 in err-disable state",
        "Lost access to volume 5f1 (datastore1) due to connectivity issues. Recovery attempt is in progress",
        "multipathd: sdb: path down",
        "connection1:0: detected conn error (1011)",
        "HEALTH_WARN 1 osds down",
        "pool 'tank' state: DEGRADED",
    ],
    "authentication": [
        'Unable to locate credentials. You can configure credentials by running "aws configure".',
        "ORA-01017: invalid username/password; logon denied",
        "ORA-28001: the password has expired",
        "lookup failed: 401 invalid_token",
        "The trust relationship between this workstation and the primary domain failed.",
        "AADSTS700016: Application with identifier was not found in the directory",
    ],
    "too_many_connections": [
        "ORA-00020: maximum number of processes (300) exceeded",
        "ORA-12519, TNS:no appropriate service handler found",
    ],
    "deadlock": [
        "ORA-00060: deadlock detected while waiting for resource",
        "database is locked",
    ],
    "invalid_configuration": [
        "unbound: /etc/unbound/unbound.conf:14: error: unknown keyword 'tls-upstream-cert'",
    ],
    "overloaded": [
        "plugin/errors: 2 a.prod.internal. AAAA: concurrent queries exceeded maximum 150",
    ],
    "permission": [
        "Access to the path 'D:\\data' is denied.",
        "System.UnauthorizedAccessException: Access to the path '/data' is denied.",
        'User "system:serviceaccount:shop:api" cannot list resource "pods" in API group',
    ],
    "out_of_memory": [
        "Insufficient system resources exist to complete the requested service.",
    ],
    "rate_limited": [
        "450 4.7.1 Error: too many messages",
    ],
    "slow_disk": [
        "osd.3 has slow ops, oldest one blocked for 33 sec",
    ],
    "missing_file": [
        "Stale file handle",
    ],
    "clock": [
        "NTP: time stepped by -34.2 s",
    ],
    "incompatible_version": [
        "Unknown magic byte!",
    ],
    "too_many_threads": [
        "All 200 worker threads are busy",
    ],
    "replication_lag": [
        "requested WAL segment 000000010000000A has already been removed",
    ],
    "garbage_collection": [
        "Detected JVM pause (8.1 s)",
    ],
}
ORDINARY = [
    "user 4711 cannot resource the order",
    "connection to reports was not refused: 200",
    "the loading redis dashboard is open",
    "table orders is not full",
    "battery level 81 %",
    "error: 3, severity: low",
    "state: degraded performance of the forecast model was reviewed",
    "ora-et-labora opened the meeting",
    "invalid connection string format was corrected",
    "answered within 20 ms",
    "3 osds are up",
    "time step 4 of 9 done",
    "server eu-1 is reachable",
    "certificate for cn=api renewed, the old one has been archived",
    "worker exited normally",
    "service terminated as planned",
    "the manifest is known",
]


@pytest.mark.parametrize(
    ("family", "message"), [(family, message) for family, messages in MESSAGES.items() for message in messages]
)
def test_a_message_of_a_product_is_of_its_family(family: str, message: str) -> None:
    assert family_of(message) == family


@pytest.mark.parametrize("message", ORDINARY)
def test_what_only_has_such_words_is_of_no_family(message: str) -> None:
    assert family_of(message) is None
