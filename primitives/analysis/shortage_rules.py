"""The patterns of the families of messages that say that something ran out: the specific before the general.

Sources: errno(3), the messages of Linux, JVM, Go, Node.js and Python runtimes, of PostgreSQL, MySQL, Redis, RabbitMQ
and Elasticsearch, and of connection pools.
"""

from __future__ import annotations

from typing import Final

from primitives.analysis.error_grammar import short_of, unable

__all__ = ["SHORTAGES"]

_MEMORY: Final = r"memory|heap(?: space)?|ram|swap(?: space)?|metaspace"
_DISK: Final = (
    r"disks?|(?:free |disk |storage )?space|storage(?: space)?|inodes?|file ?systems?|table ?spaces?|wal|"
    r"(?:redo|transaction|binary|archive) logs?|data director(?:y|ies)"
)
_CONNECTIONS: Final = (
    r"(?:connection|session|client)s?(?: slots?| pools?)?|sockets|slots|"
    r"(?<!address )(?<!thread )(?<!worker )(?<!task )pool|(?:ephemeral|source|local) ports?"
)
_THREADS: Final = (
    r"(?:native |worker |pool )?threads?|workers?(?: threads?| processes)?|executors?|(?:thread|worker|task) pools?|"
    r"process(?:es)?|pids?|children|fibers?"
)
_FILES: Final = r"open files?|file (?:descriptors?|handles?)|fds?|handles"
_ADDRESSES: Final = r"(?:ip |ipv[46] |private |pod )?(?:ip|ips|address|addresses)|address pools?|subnets?"

SHORTAGES: Final = (
    # The JVM reports it as an OutOfMemoryError, and means the threads.
    ("too_many_threads", r"unable to create (?:new )?(?:native )?threads?\b"),
    (
        "out_of_memory",
        r"outofmemory|\bmemory ?error\b|oom[- ]?kill|\boom\b|memory cgroup|killed process \d|"
        r"memory_high_watermark (?:set|exceeded)|memory resource limit alarm|data too large,|"
        r"\[(?:parent|request|fielddata|in_?flight\w{0,12})\] data too large|to-space exhausted|"
        r"concurrent mode failure|unable to allocate [\d.]{1,20} (?:[kmgt]i?b|bytes) (?:of|for)\b|"
        + short_of(_MEMORY) + r"|(?<!bufferexhaustedexception: )(?:" + unable("allocate|reserve|commit", _MEMORY) + ")",
    ),
    (
        "disk_full",
        r"enospc|no space left|disk ?(?:space )?quota\b[^;\n]{0,60}\bexceeded|unable to extend (?:table|index|"
        r"segment|lob)|"
        r"disk (?:space |resource )?(?:free |limit )?(?:limit|alarm) (?:reached|set)|disk_free_limit reached|"
        r"\bthe table \S{1,80} is full|(?:transaction|redo|archive) log\b[^.;\n]{0,60}\bis full|"
        r"(?:volume|device|partition)(?: \S{1,40})? (?:is |are |has become |almost |nearly ){0,2}full|"
        r"(?:volume|disk|device|partition|file ?system|storage|claim)s?\b[^.;\n]{0,60}\b(?:filling(?: up)?\b|"
        r"(?:only|just) "
        r"(?:\d{1,2}(?:\.\d{1,4})?) ?% (?:\w{1,12} )?(?:free|left|available))|"
        + short_of(_DISK),
    ),
    (
        "too_many_connections",
        r"waitqueuefull|already waiting for a connection|more than 'max_user_connections'|"
        r"maximum number of (?:processes|sessions) \(\d{1,9}\) exceeded|prior to obtaining a connection|"
        r"pool (?:is |was )?(?:empty|timed? ?out)|connection is not available|cannot assign requested address|"
        r"eaddrnotavail|pool[^\s]{0,12} limit of size|limit of size \d+ overflow|"
        r"(?:reach|approach|exceed|hit|over|above)\w{0,4} (?:the )?max_?connections|"
        r"max_?connections (?:limit|reached|exceeded)|"
        + short_of(_CONNECTIONS) + "|" + unable("acquir(?:e|ing)|obtain(?:ing)?|get|check(?:ing)? ?out|"
        "borrow(?:ing)?",
                                                  r"(?:an? |new |the )?(?:\w{1,40} )?connections?(?!.{0,80}\b(?:failed|"
        r"unable|could not|cannot|can't) (?:to )?connect\b)") + "|"
        r"(?:acquir(?:e|ing)|borrow(?:ing)?) (?:an? )?(?:\w{1,20} )?connection",
    ),
    (
        "no_addresses",
        r"insufficientfreeaddresses|ip ?exhaust|" + short_of(_ADDRESSES) + "|"
        + unable("allocate|assign|reserve|obtain|acquire", r"(?:an? )?(?:ip|ips|address|addresses)"),
    ),
    ("too_many_files", r"emfile|enfile|file-max limit \d{1,12} reached|" + short_of(_FILES)),
    (
        "too_many_threads",
        r"rejectedexecution|max_?(?:children|(?:request)?_?workers|threads) (?:setting|reached|limit|exceeded)|"
        r"all (?:\w{1,20} )?(?:threads?|workers?)(?: \(\d{1,9}\))? (?:are |were )?(?:currently )?busy|"
        r"thread ?pool starvation|resource temporarily unavailable|"
        + short_of(_THREADS) + "|" + unable("create|spawn|start|fork|launch", r"(?:new |native )*threads?|"
        r"process(?:es)?"),
    ),
)  # fmt: skip
