"""The patterns of the families of error messages, the specific before the general: the first that matches counts.

Sources: errno(3), the messages of Linux, JVM, Go, Node.js and Python runtimes, of PostgreSQL, MySQL, Redis and etcd, of
Envoy and nginx, gRPC status codes, and the error codes of AWS.
"""

from __future__ import annotations

from typing import Final

from primitives.analysis.access_rules import OF_ACCESS
from primitives.analysis.error_grammar import short_of
from primitives.analysis.shortage_rules import SHORTAGES
from primitives.analysis.store_rules import OF_STORES

__all__ = ["RULES"]

_QUEUES: Final = (
    r"(?:message|task|work|request|event|send|write|export\w{0,12}|log)? ?(?:queue|buffer|mailbox|inbox|backlog)s?"
)
_QUOTAS: Final = r"quotas?|(?:usage|plan|account|service|monthly|daily|resource) limits?"
RULES: Final = (
    *SHORTAGES,
    *OF_STORES,
    (
        "certificate",
        (
            r"x509|(?:unable to|could not|cannot) verify the (?:first |leaf )?certificate|"
            r"certificate\b[^;\n]{0,60}\bexpir(?:es|ing|e) (?:soon|in (?:\d|1[0-4]) days?|in \d{1,4} ?(?:h|hours?|"
            r"m|minutes?))\b|"
            r"unable_to_verify_|tlsv1_alert_|alert unknown ca|certificate (?:\S{1,60} )?(?:has |is |"
            r"was )?(?:expired|verify|not (?:yet )?(?:valid|trusted)|signed|invalid|revoked|"
            r"unknown|rejected|required)|certificate_|expired certificate|tls handshake(?! time)|"
            r"ssl(?:handshake)?(?:exception|error)|handshake fail|pkix path|certpathvalidator|\bcert_\w{1,40}|"
            r"self.?signed certificate|unable to get local issuer|(?:bad|unknown|invalid) certificate"
        ),
    ),
    (
        "dns",
        (
            r"\b(?:read|write|dial) (?:udp|tcp)\b[^\n]{0,120}:53: |(?<![a-z])enotfound|unresolvedaddress|"
            r"produced zero addresses|"
            r"\blookup \S{1,200}(?: on \S{1,60})?: (?:read|dial|write) udp|"
            r"eai_again|eai_noname|getaddrinfo|name or service not known|no such host|name resolution|"
            r"name not resolved|unknown ?host\b|"
            r"unknownhost|(?:un|in)able to resolve (?!placeholder)|(?:could not|cannot|couldn't|failed to|"
            r"failure to) resolve "
            r"(?!placeholder|dependenc|symbol|type|import|module|ref(?:erence)?\b|revision|version|tag\b|image)|"
            r"nxdomain|servfail|host not found|"
            r"no resolvable|\blookup \S{1,200}(?: on \S{1,60})? server misbehaving|"
            r"dns (?:lookup|query|resolution|request|server|error|name)s?[^.;\n]{0,24}(?:fail|timed? ?out|error|"
            r"refused|not exist|unreachable)|no address associated with hostname|nodename nor servname"
        ),
    ),
    ("connection_refused", (r"connection refused|econnrefused|\bconnect(?:\(\))? (?:error|errno|"
        r"failed)[ :=(]{1,3}111\b|"
    r"\bno listener\b|actively refused|"
    r"refused (?:the |our )?connection")),
    (
        "connection_reset",
        (
            r"missed heartbeats? from|prematurely closed connection|"
            r"connection (?:(?:\d{1,12}|to \S{1,80}|with \S{1,80}) ){0,2}(?:was |is |has been |unexpectedly )?"
            r"(?:reset|closed|aborted|terminated|dropped)|"
            r"\b(?:client|server|peer|remote (?:end|host|side)) (?:has )?(?:unexpectedly |prematurely |abruptly )?"
            r"(?:closed|dropped|reset) (?:the |its )?(?:tcp |network )?connection|lost (?:\w{1,12} ){0,2}connection|"
            r"econnreset|econnaborted|"
            r"broken pipe|epipe|unexpected eof|server (?:has )?(?:closed the connection|gone away)|(?:lost|"
            r"connection lost)\b.{0,24}connection|"
            r"connection lost|empty reply (?:from|or)\b|^empty response$|reset by peer|"
            r"reset reason: (?:connection termination|remote reset|local reset|"
            r"protocol error)|"
            r"disconnect/reset before headers(?!. reset reason: (?:remote |local )?connection failure|"
            r". reset reason: overflow)|socket hang ?up|connection termination"
        ),
    ),
    (
        "unreachable",
        (
            r"\bbrokers? \S{1,80}(?: \([^)\n]{1,60}\))? disconnected|\bserver \S{1,80} is down\b|"
            # SWIM and the like: a member that acknowledges no ping (A. Das et al., 2002).
            r"\bno acks? received\b|"
            r"no route to host|hosts? (?:is |are )?(?:unreachable|down)\b|network (?:is )?(?:unreachable|down)\b|"
            r"\baddress (?:is )?unreachable|"
            r"ehostunreach|enetunreach|"
            r"(?:could not|cannot|can't|couldn't|unable to|failed to|failure to|error) (?:dial(?:ing)?|"
            r"connect(?:ing)?|reach(?:ing)?|contact(?:ing)?)\b|"
            # A SYN that nobody answers: the host is gone or what is between drops it (RFC 9293, section 3.8.3).
            r"connect(?: to \S{1,120})?(?: |: )(?:etimedout|timed out)|connect: connection timed out|"
            r"dial tcp \S{1,120}: i/o timeout|connect ?timeout ?(?:exception|error)|"
            r"timed? ?out (?:while |when )?connecting to|"
            r"upstream connect error|connection (?:error|failure|failed|could not be (?:established|made))|"
            r"connect failed|communications? link failure|broker may not be available|"
            r"no (?:available|reachable|healthy|live|living|active) (?:connections?|hosts?|servers?|nodes?|brokers?|"
            r"upstreams?|endpoints?|instances?|backends?|targets?)|"
            r"no ?(?:brokers?|hosts?|servers?|nodes?|endpoints?|instances?|backends?) ?available|"
            r"server selection (?:timeout|error)|"
            r"all (?:hosts?|servers?|nodes?|brokers?|backends?|upstreams?)(?:\(s\))? (?:tried|failed|unavailable|"
            r"are down|are unavailable)"
        ),
    ),
    # AWS Lambda: invocation error codes (TooManyRequestsException and its reasons); Google Cloud Functions.
    (
        "concurrency",
        (r"concurrent ?(?:invocation|execution|request|function)s?[ _]?limit ?(?:exceeded|reached)|"
        r"concurrency limit (?:was |is |has been )?(?:exceeded|reached|hit)|"
        r"(?:exceed(?:s|ed)?|reached|hit)[^.;\n]{0,24}concurren(?:cy|t (?:execution|invocation)s?) limit"),
    ),
    (
        "quota",
        (
            r"exceeded quota|over ?quota|quotaexceeded|quota[^.;\n]{0,16}exceeded|"
            # What an account may have (Amazon EC2: error codes; Azure: quota errors; Google Cloud: allocation quotas).
            r"(?<![a-z])(?:max|spot|v?cpu|db|instance|volume|snapshot|vpc|subnet|security|load|cluster|node|table|bucket|"
            r"function|stack|rule|resource)\w{0,24}limitexceeded|quota allows for|"
            r"\bmore [a-z -]{2,40} than (?:your|the) current [a-z -]{0,30}(?:limit|quota)\b|"
            r"\bexceed(?:s|ing|ed)?\b[^.;\n]{0,60}\bquota\b|" + short_of(_QUOTAS)
        ),
    ),
    (
        "rate_limited",
        (
            # A limit by itself is a setting: something ran into it, or was told of it.
            r"rate.?limited\b|rate.?limit(?:er|ing|s)?(?:exceeded|error|exception)|"
            r"rate.?limit(?:er|ing|s)?\b[^.;\n]{0,60}\b(?:exceed|reach|hit\b|breach|block|reject|refus|den(?:y|ied)|"
            r"drop|throttl|does not permit|error|fail|retry|violat|exhaust)|"
            r"\b(?:exceed|hit|hitting|reach|over|breach|block|reject|refus|den(?:y|ied)|throttl|due to|because of|"
            r"error|"
            r"code|reason|status)\w{0,4}\b[^.;\n]{0,40}\brate.?limit|"
            r"(?:limiting|delaying|throttling) requests?\b(?! took)|throughput\w{0,3}exceeded|too many requests|"
            # What a processor or a device is held back by is no limit of requests (Linux: cgroup cpu.max).
            r"(?<!cpu )(?<!cpu_)(?<!clock )(?<!thermal )(?<!i/o )(?<!disk )throttl(?!\w{0,5} (?:of )?(?:the "
            r")?(?:cpu|processor|"
            r"high\b))|rate exceeded|"
            # Amazon S3: SlowDown asks its client to; what "may slow down" is anything.
            r"\bslow ?down\b[:.]? (?:please|reduce)|\bslowdown\b[^\n]{0,60}\b(?:request|rate|503)|"
            r"\(slowdown\)|(?:reduce|lower) your (?:request )?rate|"
            r"resource.?exhausted|requests? per (?:second|minute)[^.;\n]{0,16}exceeded|"
            r"(?:rate|requests?|calls?|api|throughput|traffic|bandwidth|messages?|transactions?|quer(?:y|ies)|[tqr]ps)"
            r"[ _-]?limit ?exceeded|limitexceeded|(?:^|[:(] ?)limit exceeded"
        ),
    ),
    *OF_ACCESS,
    (
        "port_in_use",
        (r"address already in use|eaddrinuse|port \S{0,60} ?(?:is |was )?already (?:in use|allocated|taken)|"
        r"\bport in use\b|"
        # Winsock: WSAEACCES (10013), of bind: another holds the port exclusively, or Windows reserved its range.
        r"only one usage of each socket|\bsocket in a way forbidden by its access permissions|wsaeacces"),
    ),
    (
        "missing_object",
        (
            r"table or view does not exist|invalid (?:object|column) name|"
            r"(?:relation|table|column|database|schema|index|key ?space|topic|queue|bucket|collection|stream|"
            r"partition|view) \S{1,200} (?:does not|doesn't) exist|"
            r"no such (?:table|column|index|collection|bucket|topic|queue|key)|unknown (?:column|table|database|"
            r"topic)|undefined_(?:table|column)|nosuchbucket|nosuchkey|index_not_found|unknown_topic|nonexistentqueue"
        ),
    ),
    (
        "missing_configuration",
        (
            r"required key \S{1,80} missing|property \S{1,120} is required|"
            r"(?:missing|required|undefined|unset|no) (?:environment variable|env(?:ironment)? var|config\w{0,12}|"
            r"setting|property|secret|(?:\w{1,20} )?flag|(?:\w{1,20} )?option)|"
            r"(?:environment variable|env var|config\w{0,12}|secret|property|configmap|setting|variable|"
            r"flag) \S{1,200} (?:is |was )?(?:not (?:set|found|"
            r"defined|configured|specified|provided)|missing|required|undefined|unset|empty)|"
            r"could not resolve placeholder|\S{3,60} must be (?:set|configured|specified|provided)\b|"
            r"keyerror: ['\"][a-z][a-z0-9]{1,40}_|must (?:specify|set|provide) [a-z0-9]{1,40}_[a-z0-9_]{1,60}|"
            r"password is not specified"
        ),
    ),
    (
        "invalid_configuration",
        (
            r"failed to bind properties|\byaml: (?:line \d|unmarshal)|invalid (?:maximum|initial) heap size|"
            r"unrecogni[sz]ed vm option|"
            r"directory\b[^;\n]{0,80}\b(?:exists but is not empty|has (?:wrong ownership|invalid permissions|"
            r"group or world "
            r"access))|"
            r"(?:invalid|malformed|bad|wrong|illegal|incorrect|unsupported|unknown|unrecogni[sz]ed|unexpected) "
            r"(?:\w{1,20} )?(?:config\w{0,12}|configuration|settings?|option|flag|directive|property|parameter|"
            r"argument|command.line)\b|"
            r"(?:failed|unable|cannot|can't|could not|error) (?:to )?(?:load(?:ing)?|pars(?:e|ing)|read(?:ing)?|"
            r"validat(?:e|ing)|apply(?:ing)?) "
            r"(?:\S{1,40} ){0,2}?(?:config\w{0,12}|settings?|properties)\b(?! of (?:null|undefined))|"
            r"config\w{0,12}(?: file)?(?: \S{1,60})? (?:is invalid|test failed|error|could not be|failed)|"
            r"flag provided but not defined|unknown (?:shorthand |long )?flag|unknown directive|"
            # AMQP 0-9-1: 406 PRECONDITION_FAILED; what is declared differs from what is there.
            r"\binequivalent arg\b|"
            # What forwards to itself, or includes itself, was set so (CoreDNS: loop; nginx: rewrite cycle).
            r"\b(?<!no )\b(?:loop|cycle)\b[^,;\n]{0,60}\bdetected|\bredirection cycle\b|"
            r"is not a valid (?:section|directive|option|setting)|bootstrap checks? fail"
        ),
    ),
    ("missing_file", (r"no module named|executable file not found|could not find or load main class|"
        r"no such file or directory|enoent|filenotfound|file not found|cannot find (?:the )?(?:file|"
    r"module|package)|module not found")),
    (
        "incompatible_version",
        (
            r"version ['`]glibc\w{0,2}_|invalid featurecompatibilityversion|"
            r"files are incompatible with (?:the )?server|initiali[sz]ed by [^;\n]{1,40}version|"
            r"not compatible with this version|"
            r"unsupported (?:redo log|data file) (?:format|version)|cannot downgrade|"
            r"version (?:conflict|mismatch|skew)|incompatible (?:\w{1,40} )?(?:version|runtime|protocol|schema|type|"
            r"client|change)|nosuchmethoderror|nosuchfielderror|noclassdeffound|classnotfound|undefined symbol|"
            r"duplicate registration|"
            r"unsupported (?:protocol|version|class|api|message|schema)|unknown (?:field|method|service|enum)\b|"
            r"unimplemented\b|(?:schema|type|protocol|api|checksum) mismatch|no longer (?:supported|exists)|"
            r"deseriali[sz]ation (?:error|fail)|exec format error|wrong architecture"
        ),
    ),
    # IEEE 802.3: the half-duplex end of such a link sees collisions where there are none.
    ("packet_loss", (r"duplex[ _-]mismatch\b|\blate collisions?\b|packets? (?:loss|lost|dropped)|"
        r"dropp(?:ed|ing) packets|retransmi(?:t|"
        r"ssion)\w{0,12} (?:timeout|"
    r"limit|exceeded|high)")),
    (
        "device_failed",
        (
            r"(?<!time )\bi/o error\b|input/output error|\beio\b|bad sector|medium error|uncorrectable|"
            r"crc mismatch|(?:ext4|xfs)[^\n]{0,40}\b(?:error|corruption)\b|"
            r"hardware error|machine check|kernel panic|"
            # IPMI 2.0, table 42-3 (sensor types): temperature, fan, power supply, power unit.
            r"thermal ?trip|over-?temp(?:erature)?\b[^.;\n]{0,24}\b(?:assert|shut ?down|critical|trip)|"
            r"(?:power supply|psu|fan)\b[^.;\n]{0,24}\b(?:fail(?:ed|ure)|lost|stopped)|predictive failure|"
            r"link (?:is )?down|remounting filesystem read-only|data ?corrupt(?:ion|ed)|checksum (?:error|"
            r"verification failed)"
        ),
    ),
    (
        "host_reclaimed",
        (
            r"spot (?:instance )?(?:interruption|termination|reclaim)|(?:instance|host|node|vm) (?:is |was |"
            r"will be |being |scheduled for )"
            r"(?:terminated|termination|preempt\w{0,12}|reclaimed|retired|retirement|evicted)|preempt(?:ed|"
            r"ion) (?:notice|event|signal)|"
            r"(?:instance|host) (?:status check|health check)s? failed|underlying hardware"
        ),
    ),
    (
        "queue_full",
        short_of(_QUEUES) + r"|(?:queue|buffer)s? overflow|table full, dropping|bufferexhausted|possible syn flood|"
        r"consumer (?:group )?(?:\S{1,60} )?(?:lag|lags|lagging)\b(?!(?: is| of|:|=){0,2} ?0\b)|"
        r"(?:queue|backlog) (?:is )?(?:growing|piling up|not drain\w{0,12})|messages? (?:are )?piling up|"
        r"dead.?letter|dropp(?:ed|ing) (?:\d+ )?(?:messages?|events?|spans?|logs?|records?|data)\b",
    ),
    # Who should take messages out of a queue doesn't any more (RabbitMQ: consumers; JMS, IBM MQ: listeners, readers).
    (
        "consumer_stopped",
        (
            r"\b(?:consumer|reader|listener|subscriber|poller|message pump)s?\b(?: \S{1,60}){0,3}? "
            r"(?:has |have |was |were |is |are )?(?:ended|stopped|died|terminated|dead|not running|cancelled by)\b|"
            # Apache Kafka: max.poll.interval.ms; who doesn't ask in time is put out of its group.
            r"\b(?:consumer|subscriber|reader|member)\b[^.\n]{0,24}\bpoll (?:timeout|"
            r"interval)\b[^.\n]{0,24}\b(?:expired|"
            r"exceeded|elapsed)|"
            r"\bno (?:active |running )?(?:consumers|readers|listeners|subscribers)\b"
        ),
    ),
    # etcd: frequently asked questions (slow disks); PostgreSQL: checkpoints. What writes waits for its disk.
    (
        "slow_disk",
        (r"slow (?:fdatasync|fsync|disk|write|sync)\b|(?:fsync|fdatasync|sync duration)[^\n]{0,24}(?:took|of) \d|"
        r"apply (?:request|entries) took too long|"
        # Redis: AOF; MongoDB: journal; Linux: hung tasks wait for their disk (kernel documentation, "hung_task").
        r"\b(?:fsync|fdatasync|flush|journal\w{0,4}|sync)\b(?: \w{1,12}){0,2} (?:too long|taking long)|"
        r"\btask \S{1,80} blocked for more than \d"
        r"|"
        r"\b(?:disks?|drives?|volumes?|block device)(?: \S{1,80})? (?:is|are) (?:likely |too ){0,2}slow\b|"
        r"failed to send out heartbeat on time"),
    ),
    # Java: garbage collector logs (JEP 271). The whole heap is collected where it is nearly full.
    ("garbage_collection", (r"\bpause full\b|\bfull gc\b[^\n]{0,80}\d|gc overhead|"
        r"gc[^\n]{0,20} spent \[?\d[^\n]{0,24} in the last|"
        # Cassandra: local pause; Hadoop: JvmPauseMonitor. A process that stood still.
        r"\b(?:local|jvm|host machine|process)\b[^;\n]{0,40}\bpause of \D{0,16}\d")),
    # What fails because a flag tells it to (OpenFeature: flag evaluation).
    (
        "feature_flag",
        (r"\bfail\w{0,4}\b[^\n]{0,40}\bfeature[ _-]?flag|\bfeature[ _-]?flag\b[^\n]{0,60}\b(?:fail|error|simulat|"
        r"inject)"),
    ),
    (
        "timeout",
        (
            r"no (?:response|reply|answer) (?:after|within|in) \d|"
            r"time[ds]?[- ]?out|(?<!progress)deadline.?exceeded|etimedout|exceeded \d+ ?ms|"
            r"exceeded (?:the )?deadline|took too long|time limit exceeded|"
        r"not (?:completed|finished|answered|acknowledged) (?:with)?in \d"),
    ),
    (
        "slow_query",
        (r"slow (?:query|sql|statement)|long.running (?:query|transaction|statement)|"
        r"duration: [\d.]+ ms +(?:statement|execute|parse|bind|plan)|"
        r"(?:query|statement|sql) (?:execution )?took"),
    ),
    ("cancelled", (r"context canceled|(?:request|operation|call|query|statement) (?:was )?cancell?ed|"
    r"client (?:closed|disconnected)")),
    (
        "overloaded",
        (
            r"messages were dropped in last|too many (?:parts|simultaneous)\b|bulkhead[^\n]{0,60}is full|"
            r"overload(?:ed|ing)?\b|load.?shed|too busy|server (?:is )?busy|concurrency limit|at capacity|"
            r"too many (?:in.?flight|pending|concurrent|outstanding|queued) |"
            r"(?:request|task|execution|query|write|operation)s? (?:was |were |is |are |has been |"
            r"being )?(?:rejected|shed|dropped)\b|rejected (?:by|execution|request)|reserved concurren"
        ),
    ),
    (
        "unavailable",
        (
            r"not enough replicas|all shards failed|\bunassigned shards?\b|"
            # A provider has none left of what is asked (EC2: InsufficientInstanceCapacity; Azure: AllocationFailed).
            r"insufficient ?(?:\w{1,20} ?)?capacity|allocationfailed|"
            r"service ?unavailable|temporarily unavailable|\bunavailable\b|bad gateway|not ready|"
            r"circuit.?(?:breaker )?(?:\S{1,40} )?(?:is )?(?:now )?open(?:ed)?\b|gateway time-?out|(?:is|are|was|"
            r"were) (?:down|"
            r"offline|not responding)\b(?! to \d)|(?<!ing )(?<!ing the )(?:target|instance|server|service|node|"
            r"endpoint|site|backend|job|pod|"
            r"broker|member|database|cluster)s? down\b(?! (?:to|by|from|scal))|"
            # It says itself that it doesn't serve yet, or any more (PostgreSQL: 57P03; Redis: LOADING; Vault: sealed).
            r"(?:fatal|error|exception|fail(?:ed)?|refused|rejected|cannot)\b[^\n]{0,60}\b(?:is|still) (?:loading|"
            r"starting(?: up)?|shutting down|initiali[sz]ing|in recovery(?: mode)?)\b|\bis (?:sealed|fenced)\b|"
            r"(?:not|isn't|stopped) (?:responding|answering)|no response from"
        ),
    ),
    (
        "crash",
        (
            r"(?<!http: )\bpanic(?:ked)?\b(?! recovered)|segmentation fault|segfault|sigsegv|sigabrt|sigbus|sigill|"
            r"core dumped|fatal (?:error|exception)|crashloopbackoff|stack ?overflow|"
            r"exception in thread \"?main|double free or corruption|exited with (?:exit )?(?:code|status):? [1-9]|"
            r"un(?:handled|caught) ?(?:exception|promise|rejection|error)|terminate called|abort(?:ed)? \(core|"
            # z/OS and CICS: a program that ends abnormally.
            r"\babend(?:ed|s)?\b|terminated by signal|received signal (?:4|6|7|8|9|11)\b|"
            # Container runtimes give 128 and the signal's number, systemd its name.
            # systemd.service(5): results, and the limit of starts; supervisord(1): FATAL.
            r"failed with result '(?:exit-code|core-dump|signal|watchdog|timeout|oom-kill)'|"
            r"main process exited, code=(?:killed|dumped|exited, status=[1-9])|"
            r"\b(?:restart(?:ed|ing|s)?|request repeated|start retries|respawn(?:ed|ing)?) too (?:quickly|often|"
            r"fast|many times)|"
            r"\bexited too quickly|"
            r"\bexited with error: (?:signal|exit status)|\b\w{1,20} ?assertion failure\b|\bassertion failure: |"
            r"exit ?code[\"']?\s?[:=]\s?[\"']?13(?:[2-6]|9)\b|"
            r"code=(?:dumped|killed), ?status=\d+/(?:abrt|segv|bus|ill|fpe|sys|trap)"
        ),
    ),
    ("server_error", r"internal ?(?:server ?)?error"),
    # What a language throws for a mistake in the program itself (Java Language Specification 11.1.1: unchecked
    # exceptions; Python: built-in exceptions): it names the writer's code, whatever request stumbled over it.
    (
        "exception",
        (
            r"syntax error at or near|error in your sql syntax|duplicate (?:key value|entry)|"
            r"violates (?:unique|foreign key|not-null|check) constraint|"
            r"(?:null ?pointer|nil pointer|classcast|indexoutofbounds|illegal(?:argument|state)|nosuchelement|"
            r"concurrentmodification|numberformat|arithmetic)(?:exception| dereference)|"
            r"\b(?:type|key|index|attribute|zerodivision|assertion|unboundlocal)error\b|index out of range|"
            r"cannot read propert(?:y|ies) of (?:null|undefined)|is not a function|divi(?:de|sion) by zero"
        ),
    ),
    (
        "call_failed",
        (
            r"(?:fail(?:ed|ure|s)?|unable|error|cannot|can't|could not|couldn't)(?: to| while| when| in)? "
            r"(?:call(?:ing)?|invok(?:e|ing)(?! \S{1,99}\()|request(?:ing)?|fetch(?:ing)?|retriev(?:e|ing)|"
            r"quer(?:y|ying)|get(?:ting)?|send(?:ing)?|"
            r"publish(?:ing)?|talk(?:ing)? to|load(?:ing)?)\b|(?:call|request|rpc|publish|lookup|fetch)(?: (?:to|of|"
            r"for) \S{1,80})? (?:has )?failed|rpc error|upstream error|downstream error"
        ),
    ),
    # What a request stumbles over: the process lives on unless something else says that it ended.
    (
        "exception",
        (
            r"exception\b|(?<=\w)error:|traceback \(most recent|nil pointer|null ?pointer|"
            r"http: panic serving|recovered from panic|panic recovered|null reference|assertion (?:failed|error)"
        ),
    ),
)  # fmt: skip
