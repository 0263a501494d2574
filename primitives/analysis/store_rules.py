"""The patterns of the families of messages of stores and clusters: roles, replication, locks, clocks.

Sources: the messages of PostgreSQL, MySQL, MongoDB, Redis, Kafka, RabbitMQ, Elasticsearch, etcd and Consul; Kerberos
(RFC 4120, KRB_AP_ERR_SKEW), AWS Signature Version 4, JWT (RFC 7519, nbf) and NTP for clocks.
"""

from __future__ import annotations

from typing import Final

__all__ = ["OF_STORES"]

# Behind "primary" and the like: it is the attribute of another thing, and no member's role.
_ROLE: Final = (
    r"\b(?! (?:keys?|index(?:es)?|constraints?|columns?|passwords?|passphrases?|secrets?|branch(?:es)?|data|"
    r"files?|pages?|"
    r"templates?|threads?|process(?:es)?|accounts?|e-?mails?|address(?:es)?|contacts?|languages?|colou?rs?)\b)"
)

OF_STORES: Final = (
    (
        "read_only",
        (
            r"read.?only (?:file ?system|transaction|replica|mode|database|table|index|user|connection)|"
            r"in a read-only|on a read-only directory|erofs|-read-only option|super[_-]read[_-]only|open for read-only|"
            # PostgreSQL: preventing transaction ID wraparound failures.
            r"not accepting commands (?:that|to avoid)|must be vacuumed within \d|"
            r"(?:index|table|database|file ?system|disk|volume|cluster|block(?:ed)?)\b[^.;\n]{0,24}\bread-only|"
            r"/index write \(api\)|\bis in safe ?mode\b|"
            r"(?:can(?:no|')t|unable to|refus\w{1,40} to) write (?:to|against) (?:an? )?(?:read-only|replica|standby|"
            rf"secondary)|not (?:the )?(?:primary|master|writable){_ROLE}|(?:notwritableprimary|notmaster)\b"
        ),
    ),
    (
        "failover",
        (
            r"not_?leader(?:_or_follower|orfollower)?|leader_?not_?available|inconsistent_database|partitioned_network|"
            rf"no (?:elected |cluster )?(?:leader|master|primary){_ROLE}(?! election| node)|no primary exists|"
            rf"dead ?(?:master|primary){_ROLE}|seen no (?:primary|leader|master){_ROLE}|old (?:master|"
            rf"primary) \S{1,120} seen again|topology_recovery: promoted|"
            r"\bfail(?:ing|ed)?[ -]?over\b|promot(?:ed|ing) (?:\S{1,40} )?to (?:be )?(?:the )?(?:new )?(?:primary|"
            rf"leader|master){_ROLE}|[+]switch-master|"
            r"(?:lost|no|without(?: a)?|missing) (?:the )?(?:quorum|leader(?:ship)?)\b|no (?:primary|"
            r"master) (?:server |node )?(?:available|found|elected)|"
            r"\b(?:leader|master|primary) not (?:\w{1,12} (?:or|nor|and) )?(?:discovered|elected|found|known)\b|"
            r"\bnot a quorum\b|"
            r"quorum (?:is |was )?(?:lost|not (?:reached|met|available))|step(?:ped|ping) down (?:as|"
            r"from) (?:the )?(?:leader|primary)|"
            r"leader(?:ship)? (?:changed|lost|election (?:started|timed))|election timeout"
        ),
    ),
    (
        "replication_lag",
        (
            r"(?:replica(?:tion)?|standby|secondary|follower|slave)\b[^.;\n]{0,32}\b(?:lag(?:s|ging|ged)?\b|behind|"
            r"delay(?:ed)?)|\bshrinking isr\b|"
            r"(?:lag(?:s|ging)?|falling|fell|far|too far) behind (?:the |its )?(?:primary|leader|master|source)"
        ),
    ),
    (
        "deadlock",
        (r"(?<!asleep - )deadlock|conflict with recovery|could not serialize access|write ?conflict\b|"
            r"still waiting for \w{1,40}lock\b|"
        r"lock wait timeout|could not obtain lock|lock\b.{0,20}timed out|lock timeout|"
        r"timed out waiting for (?:\w{1,40} )?lock|"
        r"(?:could not|cannot|unable to|failed to) (?:acquire|obtain|get) (?:\w{1,40} )?lock|"
        # MySQL: InnoDB monitors; SQL Server and Oracle: latch waits.
        r"\b(?:long|waited|waiting)\b[^\n]{0,80}\b(?:semaphore|mutex|rw-?lock|latch)\b|blocked by (?:another|"
        r"other) (?:transaction|session)"),
    ),
    # Kerberos (RFC 4120, KRB_AP_ERR_SKEW), AWS Signature Version 4, JWT (RFC 7519, nbf) and NTP speak of it.
    (
        "clock",
        (
            r"timestamp is too far in the (?:future|past)|exceeds sanity limit|token is not (?:yet|currently) valid|"
            r"(?:time|clock)[ _-]?(?:too ?)?skew(?:ed)?\b|request ?time ?too ?skewed|"
            r"clock\b[^.;\n]{0,60}\b(?:unsynchroni[sz]ed|(?:not |out of )(?:being )?sync(?:hroni[sz](?:ed|"
            r"ing))?)\b|clock (?:moved|jumped|went|stepped) back|"
            r"clock wrong by|high clock drift|clock (?:drift|skew|offset)[^.;\n]{0,24}(?:exceed|too (?:large|"
            r"great|high))|"
            r"clock of \S{1,80} is (?:ahead|behind)|not yet current|used before (?:issued|\d{4}-\d)|"
            r"(?:token|jwt)\b[^.;\n]{0,24}\b(?:used too early|issued in the future|not valid yet)|"
            r"check your system time"
        ),
    ),
)  # fmt: skip
