"""Messages that one product has for one failure, which no grammar of failures reads, by their families.

Sources: the lists of error codes and messages of each product, as named beside its lines. For text in lower case.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["vendor_family"]

# What every one of them holds, and the whole pattern. The first that matches counts.
_MESSAGES: Final[tuple[tuple[str, str, str], ...]] = (
    # PostgreSQL: error codes, class 57 (operator intervention); pgjdbc; write-ahead log of a standby.
    ("unavailable", "not accepting connections", r"database system is not accepting connections"),
    ("connection_reset", "administrator command", r"terminating connection due to administrator command"),
    ("connection_refused", " refused", r"\bconnection to \S{1,120} refused\b"),
    ("replication_lag", "wal segment", r"requested wal segment \S{1,40} has already been removed"),
    # SQLite: SQLITE_BUSY.
    ("deadlock", "database is locked", r"\bdatabase is locked\b"),
    # MySQL: server error messages (ER_GET_ERRNO), client ones (CR_CONN_HOST_ERROR), go-sql-driver.
    ("disk_full", "error 28 from storage", r"got error 28 from storage engine"),
    ("connection_refused", "mysql server on", r"\bmysql server on \S{1,120} \(111\b"),
    ("connection_reset", "bad connection", r"\bdriver: bad connection\b"),
    ("connection_reset", "invalid connection", r"(?:^|[:\"'=] ?)invalid connection\b(?! string)"),
    # Redis: errors of a replica and of a restart.
    ("unavailable", "loading", r"\bloading redis is loading the dataset"),
    ("unavailable", "noreplicas", r"\bnoreplicas\b"),
    # MongoDB: MaxTimeMSExpired. ZooKeeper: KeeperException.
    ("timeout", "exceeded time limit", r"\boperation exceeded time limit"),
    ("connection_reset", "keepererrorcode", r"keepererrorcode = (?:connectionloss|session expired)"),
    # RabbitMQ: channel exceptions. Elasticsearch: no master. Kafka clients: a record that has another format.
    ("missing_object", "not_found - no ", r"not_found - no (?:queue|exchange|binding)\b"),
    ("failover", "master_not_discovered", r"master_not_discovered"),
    ("incompatible_version", "unknown magic byte", r"\bunknown magic byte\b"),
    # SQL Server: error numbers with severity; ADO.NET, Npgsql.
    ("disk_full", "severity", r"\berror: (?:9002|1105|1101), severity"),
    ("deadlock", "severity", r"\berror: 1205, severity"),
    ("out_of_memory", "severity", r"\berror: (?:701|802|8645), severity"),
    ("authentication", "severity", r"\berror: (?:18456|18452|18470|18487), severity"),
    ("device_failed", "severity", r"\berror: 82[345], severity"),
    ("disk_full", "filegroup is full", r"\bfilegroup is full\b"),
    ("unreachable", "sql server", r"network-related or instance-specific error"),
    ("connection_reset", "reading from stream", r"exception while reading from stream"),
    # Oracle Database: error messages ORA-, TNS-.
    ("disk_full", "ora-", r"\bora-(?:00257|0165[2-9]|01688|1980[49]|19815|16038|30036)\b"),
    ("too_many_connections", "ora-", r"\bora-(?:00018|00020|12516|12519|12520)\b"),
    ("authentication", "ora-", r"\bora-(?:01017|01005|2800[01])\b"),
    ("unavailable", "ora-", r"\bora-(?:01033|01034|01089|01090|12528|12514|12505)\b"),
    ("connection_reset", "ora-", r"\bora-(?:00028|03113|03114|03135|12537|12547)\b"),
    ("deadlock", "ora-", r"\bora-(?:00054|00060|30006)\b"),
    ("timeout", "ora-", r"\bora-(?:12170|12535|12606|12609)\b"),
    ("unreachable", "ora-", r"\bora-(?:12543|12545|12560)\b"),
    ("out_of_memory", "ora-", r"\bora-(?:0403[01])\b"),
    ("crash", "ora-", r"\bora-(?:00600|07445)\b"),
    ("unreachable", "network adapter", r"network adapter could not establish the connection"),
    # Apache httpd: mod_proxy; HttpComponents. HAProxy: a request that no server took.
    ("unreachable", "connection to backend", r"failed to make connection to backend"),
    ("connection_reset", "from remote server", r"error reading (?:status line )?from remote server"),
    ("connection_reset", "nohttpresponse", r"nohttpresponseexception"),
    ("connection_reset", "no valid http", r"upstream sent no valid http/"),
    ("unavailable", "<nosrv>", r"/<nosrv> "),
    # Windows: system error codes, service control manager (events 7031 and 7034), Winsock.
    ("timeout", "connected party did not", r"connected party did not properly respond after a period of time"),
    ("connection_reset", "forcibly closed", r"forcibly closed by the remote host"),
    ("connection_reset", "network name", r"specified network name is no longer available"),
    ("out_of_memory", "system resources", r"insufficient system resources exist to complete"),
    ("authentication", "trust relationship", r"trust relationship between .{1,80} failed"),
    ("crash", "terminated unexpectedly", r"\bservice terminated unexpectedly"),
    ("permission", "access to the path", r"access to the path .{1,300} is denied"),
    # systemd: a unit whose start fails. Python's multiprocessing and Celery: a worker that was killed.
    ("crash", "failed to start", r"\bsystemd\[\d{1,7}\]: failed to start "),
    ("crash", "worker exited prematurely", r"\bworker exited prematurely"),
    # uWSGI: the kernel's queue of connections. Linux: neighbour table, transmit watchdog, stale NFS handles.
    ("queue_full", "listen queue of socket", r"listen queue of socket .{1,120}\bfull\b"),
    ("queue_full", "neighbor table overflow", r"\bneighbor table overflow"),
    ("device_failed", "netdev watchdog", r"\bnetdev watchdog: "),
    ("missing_file", "stale file handle", r"\bstale (?:nfs )?file handle\b"),
    ("device_failed", "detected conn error", r"\bdetected conn error \("),
    # Disks and what joins them: RAID controllers, multipath-tools, Ceph health checks, ZFS, VMware ESXi.
    ("device_failed", "battery", r"\bbattery needs replacement|\bbbu disabled"),
    ("device_failed", "path", r"\bmultipathd?\b.{0,80}\bpath (?:is )?(?:down|failed)"),
    ("device_failed", "lost access to volume", r"\blost access to volume\b"),
    ("disk_full", "full osd", r"\b\d{1,6} (?:near|backfill)?full osd"),
    ("device_failed", "osd", r"\b\d{1,6} osds? down\b"),
    ("slow_disk", "slow ops", r"\bslow ops\b.{0,40}\bblocked for|\b\d{1,6} slow ops\b"),
    ("device_failed", "state: ", r"\bpool\b.{0,80}\bstate: (?:degraded|faulted)\b"),
    ("disk_full", "free drive threshold", r"minimum free drive threshold"),
    # Cisco IOS: system messages by facility, severity and mnemonic.
    ("device_failed", "changed state to down", r"%(?:link|lineproto)-\d-updown: .{1,160} changed state to down"),
    ("device_failed", "err_disable", r"%pm-\d-err_disable"),
    ("unreachable", "-adjch", r"%(?:bgp|ospf|ospfv3|dual|clns)-\d-(?:nbrchange|adjchange|adjchg).{1,200}\bdown\b"),
    # CoreDNS: forward's max_concurrent. Unbound, BIND and others: a file that they can't read.
    ("overloaded", "exceeded maximum", r"concurrent (?:queries|requests) exceeded maximum"),
    ("invalid_configuration", "error", r"\berror: unknown keyword\b|\berrors? in configuration file\b"),
    # Certificates and tokens: curl, OpenSSL, SqlClient, Node.js; RFC 6750, section 3.1; SDKs that find no credentials.
    ("certificate", "certificate", r"certificate cannot be authenticated|certificate chain was issued by an authority"),
    ("certificate", "certificate", r"\bcertificate\b[^\n;]{0,120}\bhas expired\b"),
    ("certificate", "issuer_cert", r"unable_to_get_issuer_cert"),
    ("authentication", "invalid_token", r"\binvalid_token\b"),
    ("certificate", "common name invalid", r"\bcertificate common name invalid\b"),
    ("authentication", "credentials", r"\b(?:unable to|could not|cannot) (?:locate|load|find) (?:\w{1,9} )?credential"),
    ("authentication", "default credentials", r"\bdefault credentials were not found\b"),
    ("authentication", "aadsts", r"\baadsts(?:7000\d{2,3}|700016|50\d{2,4}|90002)\b"),
    # Registries: what isn't there. HTTP/2: an end that a server announces. Clients that say how long they waited.
    ("missing_object", "manifest unknown", r"\bmanifest unknown\b"),
    ("connection_reset", "goaway", r"\bserver sent goaway\b"),
    ("timeout", "within", r"\b(?:did(?: not|n't)|no) (?:answer|respon[ds]e?|reply) within\b"),
    ("unreachable", " unreachable", r"\b(?:server|host|node|peer|broker) \S{1,120} (?:is )?unreachable\b"),
    ("rate_limited", "too many messages", r"\btoo many messages\b"),
    ("clock", "time stepped", r"\btime (?:was )?stepped by [-+]?\d"),
    ("garbage_collection", "jvm pause", r"\bdetected (?:a )?jvm pause\b"),
    ("too_many_threads", "worker", r"\ball \d{1,6} worker (?:threads|processes) (?:are )?busy"),
    ("permission", "cannot ", r"\buser \"[^\"\n]{1,200}\" cannot \w{1,20} resource\b"),
)  # fmt: skip
_PATTERNS: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = tuple(
    (family, stem, lazy_pattern(pattern)) for family, stem, pattern in _MESSAGES
)


def vendor_family(text: str) -> str | None:
    """The family of a message that is a product's own, in lower case; None for any other."""
    return next((family for family, stem, pattern in _PATTERNS if stem in text and pattern.search(text)), None)
