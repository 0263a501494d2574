"""Phrasings of each family of errors from unrelated products, and ordinary lines of the same products."""

from __future__ import annotations

import pytest

from primitives.analysis.error_families import family_of

PHRASINGS = {
    "out_of_memory": """
memory resource limit alarm set on node rabbit@mq-1
CircuitBreakingException: [parent] Data too large
java.lang.OutOfMemoryError: GC overhead limit exceeded
Out of memory: Killed process 4021 (mysqld) total-vm:8123456kB
FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
OOM command not allowed when used memory > 'maxmemory'.
fatal error: runtime: out of memory
MemoryError: Unable to allocate 7.45 GiB for an array with shape (1000000000,)
ORA-04031: unable to allocate 4160 bytes of shared memory
Container killed by YARN for exceeding memory limits. 5.5 GB of 5.5 GB physical memory used
System.OutOfMemoryException: Exception of type 'System.OutOfMemoryException' was thrown.
vm_memory_high_watermark set. Memory used:858993459 allowed:838860800
[parent] Data too large, data for [<http_request>] would be larger than the limit of [1020054732/972.7mb]
""",
    "disk_full": """
ERROR 1114 (HY000): The table 'invoices' is full
could not extend file "base/16384/24576": No space left on device
ORA-01653: unable to extend table APP.ORDERS by 128 in tablespace USERS
index blocked, disk usage exceeded flood-stage watermark
high disk watermark [90%] exceeded on [node-2], shards will be relocated away from this node
Free disk space alarm set: disk_free_limit reached on node rabbit@mq-1
[ERROR] Disk is full writing './binlog.000131' (Errcode: 28). Waiting for someone to free space...
etcdserver: mvcc: database space exceeded
The DiskSpace quota of /user/etl is exceeded: quota = 1099511627776 B
MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. No space left on device
The transaction log for database 'crm' is full due to 'LOG_BACKUP'.
write /var/lib/docker/tmp/GetImageBlob12: no space left on device
Insufficient disk space to write 5368709120 bytes
""",
    "too_many_connections": """
User app already has more than 'max_user_connections' active connections
MongoWaitQueueFullException: Too many threads are already waiting for a connection
FATAL: sorry, too many clients already
FATAL: remaining connection slots are reserved for non-replication superuser connections
ERROR 1040 (HY000): Too many connections
ORA-00020: maximum number of processes (300) exceeded
ERR max number of clients reached
HikariPool-1 - Connection is not available, request timed out after 30001ms.
Timeout expired. The timeout period elapsed prior to obtaining a connection from the pool.
768 worker_connections are not enough
Too many connections from /10.2.0.8 - max is 60
QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30
connect() failed (99: Cannot assign requested address) while connecting to upstream
no more connections allowed (max_client_conn)
""",
    "too_many_threads": """
java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached
server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting
[pool www] server reached pm.max_children setting (20), consider raising it
RejectedExecutionException: Task rejected from ThreadPoolExecutor[Running, pool size = 200, active threads = 200]
fork: retry: Resource temporarily unavailable
All threads (200) are currently busy, waiting. Increase maxThreads (200)
pthread_create failed: Resource temporarily unavailable
ThreadPool starvation detected: 412 work items queued
worker pool exhausted, request waits
""",
    "too_many_files": """
accept4() failed (24: Too many open files)
java.net.SocketException: Too many open files
accept: too many open files; retrying in 1s
EMFILE: too many open files, open '/srv/app/views/index.html'
file descriptor limit reached: 65536
out of file descriptors: Too many open files in system; release and retry
VFS: file-max limit 98304 reached
OSError: [Errno 24] Too many open files: '/dev/null'
""",
    "read_only": """
ERROR: cannot execute INSERT in a read-only transaction
The MySQL server is running with the --read-only option so it cannot execute this statement
READONLY You can't write against a read only replica.
blocked by: [FORBIDDEN/12/index read-only / allow delete (api)]
NotWritablePrimary: not primary
ORA-16000: database or pluggable database open for read-only access
index [orders] blocked by: [FORBIDDEN/8/index write (api)]
touch: cannot touch 'x': Read-only file system
Name node is in safe mode. Cannot create file /tmp/x
cluster is in read-only mode, writes are refused
""",
    "failover": """
raft: rpc error: No cluster leader
NOT_LEADER_OR_FOLLOWER
mnesia_event got {inconsistent_database, running_partitioned_network, rabbit@b}
blocked by: [SERVICE_UNAVAILABLE/2/no master]
database system is ready: server promoted to primary
etcdserver: no leader
raft: lost leader 8211f1d0f64f3269 at term 4
Leader election started for group orders, term 12
No quorum of voters available, cluster partitioned
stepping down from primary, because a new term has begun: 14
not synced / no primary server available
Multi-AZ instance failover started
+switch-master cache 10.0.0.2 6379 10.0.0.3 6379
Patroni: promoted self to leader by acquiring session lock
""",
    "replication_lag": """
Replica is 912 seconds behind the primary
replication lag of standby is 2.1 GB
Replica lag exceeded 120 s, removed from rotation
slave is 4000 seconds behind master
Follower 2 is too far behind the leader, needs a snapshot
secondary lagging: optime is 340 s old
Shrinking ISR for partition orders-3 from 1,2,3 to 1
ORA-01555-like: standby delayed by 640 s
""",
    "deadlock": """
ERROR: deadlock detected
ERROR 1205 (HY000): Lock wait timeout exceeded; try restarting transaction
ORA-00060: deadlock detected while waiting for resource
canceling statement due to lock timeout
Transaction (Process ID 61) was deadlocked on lock resources with another process
could not obtain lock on row in relation "accounts"
could not serialize access due to concurrent update
process 1211 still waiting for ShareLock on transaction 5561 after 1000.092 ms
WriteConflict error: this operation conflicted with another operation
Unable to acquire lock within the specified wait time
""",
    "certificate": """
x509: certificate has expired or is not yet valid
tls: failed to verify certificate: x509: certificate signed by unknown authority
javax.net.ssl.SSLHandshakeException: PKIX path building failed
SSL_do_handshake() failed (SSL: error:0A000086:SSL routines::certificate verify failed)
[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1007)
Error: unable to verify the first certificate
UNABLE_TO_VERIFY_LEAF_SIGNATURE
remote error: tls: bad certificate
The remote certificate is invalid according to the validation procedure: RemoteCertificateNameMismatch
hostname 'db' doesn't match 'postgres.internal': certificate is not valid for it
TLSV1_ALERT_UNKNOWN_CA
""",
    "dns": """
lookup orders on 10.96.0.10:53: read udp 10.1.0.3:53: i/o timeout
java.nio.channels.UnresolvedAddressException
name resolver error: produced zero addresses
getaddrinfo ENOTFOUND orders-db
dial tcp: lookup billing on 10.96.0.10:53: no such host
java.net.UnknownHostException: kafka-0.kafka
could not translate host name "pg-main" to address: Name or service not known
host not found in upstream "backend" in /etc/nginx/conf.d/default.conf:3
Temporary failure in name resolution
getaddrinfo EAI_AGAIN redis
DNS resolution failed for search:9200
Couldn't resolve host 'registry.internal'
lookup api on 10.0.0.2:53: server misbehaving
No resolvable bootstrap urls given in bootstrap.servers
""",
    "authentication": """
no pg_hba.conf entry for host "10.0.0.4", user "app", no encryption
MongoServerError: command find requires authentication
UserNotFound: Could not find user "svc" for db "crm"
role "app" does not exist
FATAL: password authentication failed for user "app"
Access denied for user 'app'@'10.0.0.5' (using password: YES)
ORA-01017: invalid username/password; logon denied
WRONGPASS invalid username-password pair or user is disabled.
NOAUTH Authentication required.
MongoServerError: Authentication failed.
SASL authentication failed: invalid credentials with SASL mechanism SCRAM-SHA-512
LDAP: error code 49 - 80090308: AcceptSecurityContext error
ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN
The security token included in the request is expired
""",
    "permission": """
ERROR: permission denied for table payments
ORA-01031: insufficient privileges
User: arn:aws:sts::1:assumed-role/app is not authorized to perform: s3:GetObject
pods is forbidden: User "system:serviceaccount:x:y" cannot list resource "pods"
SELECT command denied to user 'app'@'10.0.0.5' for table 'orders'
NOPERM this user has no permissions to run the 'config' command
not authorized on admin to execute command
Not authorized to access topics: [orders]
Permission denied: user=etl, access=WRITE, inode="/data"
security_exception: action [indices:data/write/bulk] is unauthorized for user [svc]
""",
    "rate_limited": """
ThrottlingException: Rate exceeded
ProvisionedThroughputExceededException: the level of configured provisioned throughput is exceeded
429 Too Many Requests
upstream request limited: local_rate_limited
limiting requests, excess: 20.4 by zone "api"
SlowDown: Please reduce your request rate.
code = ResourceExhausted desc = grpc: received message after quota
RequestLimitExceeded: Request limit exceeded.
API rate limit exceeded for installation
toomanyrequests: You have reached your pull rate limit
""",
    "timeout": """
context deadline exceeded
java.net.SocketTimeoutException: Read timed out
upstream timed out (110: Connection timed out) while reading response header from upstream
canceling statement due to statement timeout
ETIMEDOUT 10.0.0.4:5432
Operation timed out - received only 1 responses.
TimeoutException: Expiring 12 record(s) for orders-0:120001 ms has passed since batch creation
etcdserver: request timed out
i/o timeout
No response after 5000 ms, giving up
""",
    "queue_full": """
dropping message because queue is full
Consumer lag of group billing is 120000 and growing
BufferExhaustedException: Failed to allocate memory within the configured max blocking time: buffer full
sending queue is full, dropping data
possible SYN flooding on port 443, listen queue overflow
channel queue capacity exceeded
message moved to dead-letter queue after 5 attempts
nf_conntrack: table full, dropping packet
""",
    "connection_refused": """
dial tcp 10.0.0.3:6379: connect: connection refused
java.net.ConnectException: Connection refused
connect ECONNREFUSED 10.1.2.3:27017
connect() failed (111: Connection refused) while connecting to upstream
No connection could be made because the target machine actively refused it.
psycopg2.OperationalError: could not connect to server: Connection refused
Error 111 connecting to cache:6379. Connection refused.
ORA-12541: TNS:no listener
""",
    "unreachable": """
ConnectTimeoutError: Connect timeout on endpoint URL
Bootstrap broker kafka:9092 (id: -1 rack: null) disconnected
[WARNING] Server api/web1 is DOWN, reason: Layer4 timeout
dial tcp 10.0.0.3:443: connect: no route to host
All host(s) tried for query failed
MongoServerSelectionError: Server selection timed out after 30000 ms: no reachable servers
Communications link failure: The last packet sent successfully to the server was 0 milliseconds ago
NoBrokersAvailable
Connection to node 2 could not be established. Broker may not be available.
no healthy upstream
backend orders has no server available!
Can't connect to MySQL server on 'db' (113)
no live upstreams while connecting to upstream
Can't contact LDAP server
""",
    "incompatible_version": """
/lib/libc.so.6: version `GLIBC_2.34' not found
Invalid featureCompatibilityVersion document found
FATAL: database files are incompatible with server
DETAIL: The data directory was initialized by PostgreSQL version 12, which is not compatible with this version 14.5
Cannot downgrade from version 6.0 to 4.4
java.lang.UnsupportedClassVersionError: App has been compiled by a more recent version: unsupported class version 61
exec format error
Unsupported redo log format (v1). The redo log was created before MySQL 5.7.9
unknown method Charge for service payments.Payment
NoSuchMethodError: com.acme.Cart.total()
""",
    "invalid_configuration": """
Failed to bind properties under 'server.port' to int
yaml: line 12: did not find expected key
Invalid maximum heap size: -Xmx4gg
nginx: [emerg] unknown directive "proxy_passs" in /etc/nginx/nginx.conf:12
initdb: error: directory "/data/pg" exists but is not empty
data directory "/data/pg" has invalid permissions
Error: unknown flag: --retension
mysqld: unknown variable 'max_conections=200': unrecognized option
Fatal config file error: invalid configuration at line 12
[ALERT] parsing [/etc/haproxy.cfg:9]: unknown option 'balance2'
unable to parse config /etc/app.yaml: mapping values are not allowed
""",
    "slow_disk": """
slow fdatasync took 1.2 s, expected-duration 1 s
apply request took too long: 412 ms
fsync took 3.1 s on journal 4
""",
    "garbage_collection": """
[gc] GC(41) Pause Full (Allocation Failure) 3988M->3981M(4096M) 2210.117ms
12.3: [Full GC (Ergonomics) 1023M->1022M(1024M), 4.21 secs]
[gc][612] overhead, spent 3.4s collecting in the last 4.1s: gc spent 3400 ms in the last
""",
    "feature_flag": """
checkout failed: feature flag newTaxEngine is on
Feature flag slowSearch active: injecting delay
""",
    "missing_object": """
ORA-00942: table or view does not exist
Unknown column 'o.totl' in 'field list'
Invalid object name 'dbo.Orders'.
relation "ledger" does not exist
""",
    "missing_file": """
ModuleNotFoundError: No module named 'requests'
Error: Could not find or load main class com.acme.Main
exec: "srv": executable file not found in $PATH
System.IO.FileNotFoundException: Could not load file or assembly
""",
    "exception": """
ERROR: syntax error at or near "FORM"
duplicate key value violates unique constraint "orders_pkey"
TypeError: Cannot read properties of undefined (reading 'id')
System.NullReferenceException: Object reference not set to an instance of an object.
""",
    "crash": """
Exception in thread "main" java.lang.IllegalStateException: no context
fatal error: all goroutines are asleep - deadlock!
*** Error in `app': double free or corruption (out)
process exited with code 139
""",
    "clock": """
Request's timestamp is too far in the future
time correction of 3600 seconds exceeds sanity limit
RequestTimeTooSkewed: The difference between the request time and the current time is too large.
NTP: system clock is unsynchronized, offset 48 s
Clock skew too great
etcd: prober found high clock drift
Signature not yet current: check your system time
clock of node-2 is ahead by 12000 ms
ID generator refused: clock moved backwards by 5 ms
chronyd: System clock wrong by 12.5 seconds
token used before issued
""",
}

ORDINARY = """
feature flag newTaxEngine is on
GC(12) Pause Young (Normal) 212M->40M(512M) 3.1ms
fsync completed
process exited with code 0
leader elected: node-2
server api/web1 is UP, reason: Layer7 check passed
user "app" exists
loaded module orders
table orders has 12 rows
checkpoint complete: wrote 4290 buffers (26.2%); write=29.9 s, sync=0.003 s
pool statistics: total=10, active=3, idle=7, waiting=0
Connection pool restored after maintenance
memory limit set to 512Mi
Allocated 4 GiB of memory for the cache
disk usage is 41% of 200GB
starting worker 3 of 8
listening on 0.0.0.0:8080
GET /api/clients 200 12ms
order 401 shipped, 503 items left in stock
GC pause 503 ms
wrote 429 rows to archive
new session started for user 403
retrying is disabled
Loaded certificate valid until 2031-01-01
token refreshed for service account
permission check passed
replica caught up with primary
replication started for slot standby_1
leader is healthy
database system is ready to accept connections
queue orders declared with max length 10000
lock released after 3 ms
resolved db to 10.0.0.5
dns cache warmed with 120 names
timeout: 30s, retries: 3
clock synchronized to 10.0.0.1, offset 0.0002 s
read-only mode is disabled
thread pool started with 200 threads
rate limit configured: 100 requests per second
full table backup completed
joining the cluster as follower
password changed for user 12
file handles in use: 120
"""


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("family", "message"), [(family, line) for family, text in PHRASINGS.items() for line in lines_of(text)]
)
def test_each_product_speaks_of_the_family_in_its_own_words(family: str, message: str) -> None:
    assert family_of(message) == family


@pytest.mark.parametrize("message", lines_of(ORDINARY))
def test_ordinary_lines_are_of_no_family(message: str) -> None:
    assert family_of(message) is None
