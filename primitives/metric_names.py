"""What a metric's name says: its words, and what kind of metric it is where nobody described it.

Names are those of public collectors: node_exporter and its like, cAdvisor, OpenTelemetry's semantic conventions,
Micrometer, CloudWatch, Datadog, and the headings that people give to a spreadsheet ("CPU usage (%)").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.records import Metric
from primitives.terms import MetricKind, Statistic, Worse
from primitives.text import words_apart

__all__ = ["kind_of_metric", "metric_by_name", "metric_words"]

_WORD: Final = lazy_pattern(r"[a-z]+|\d+")
# The first that matches counts. "Free" before the thing that is free, errors before the requests that have them.
_KINDS: Final[tuple[tuple[MetricKind, Worse, str], ...]] = (
    ("availability", "lower", (r"success|availability|uptime|(?<!un)healthy|(?<!un)available (?:replicas|pods|nodes)|"
                              r"(?:replicas|pods|nodes) (?:un)?(?:available|ready)|ready (?:replicas|pods|nodes)|up")),
    ("other", "higher", (r"retransmi\w*|retrans|packets? loss|lost|loss|drop(?:s|ped)?|restarts?|lag|throttl\w*|"
                        r"(?:replica|replication) (?:\w+ )?(?:delay|behind)|seconds behind\b.*|oom|evict\w*|"
                        r"dead ?locks?|(?:rx|tx|receive|transmit|network)(?: packets)? err(?:or)?s?")),
    ("errors", "higher", (r"err(?:or)?s?|errs|fail\w*|faults?|[45] xx|5\d\d|exceptions?|time ?outs?|reject\w*|refused|"
                         r"unhealthy|panics?|crash\w*")),
    ("saturation", "lower", (r"free|freeable|remaining|headroom|avail|available|usable|left|credit balance|"
                            r"burst balance|hit (?:ratio|rate)")),
    ("latency", "higher", (r"latency|latencies|duration|response times?|elapsed|delay|rtt|ping|round trip|"
                          r"(?:request|query|service|processing|pause|wait|acquire) (?:time|seconds|ms)|await|"
                          r"p ?(?:50|75|90|95|99|999)")),
    ("saturation", "higher", (r"cpu|memory|mem|heap|rss|working set|swap|disk|storage|volume|file ?systems?|fs|inodes?|"
                             r"connections?|conns?|sockets?|sessions|queue\w*|backlog|depth|util\w*|usage|used|"
                              r"threads?|"
                             r"goroutines|pool|load|fds?|file descriptors?|open files|in use|pending|waiting|blocked|"
                             r"locks?|gc|pressure|io ?wait|busy|conntrack")),
    ("traffic", "either", (r"requests?|req|rate|throughput|calls|packets|bytes|received?|transmit\w*|sent|network|"
                          r"traffic|qps|rps|tps|ops|iops|messages|hits|queries|transactions|workload")),
)  # fmt: skip
_PATTERNS: Final = [(kind, worse, lazy_pattern(rf"\b(?:{words})\b")) for kind, worse, words in _KINDS]
_UNITS: Final = (
    ("%", r"percent|pct|percentage"), ("1", r"ratio|fraction|share"), ("ms", r"ms|millis|milliseconds|msec"),
    ("us", r"us|micros|microseconds"), ("s", r"seconds|secs?"), ("MBy", r"mb|mib|megabytes"), ("By", r"bytes"),
)  # fmt: skip
_UNIT_PATTERNS: Final = [(unit, lazy_pattern(rf"\b(?:{words})\b")) for unit, words in _UNITS]
_STATISTICS: Final[tuple[Statistic, ...]] = ("p50", "p90", "p95", "p99", "min", "max", "average", "sum", "count")


# What is counted of these is a request or a message; bytes and packets are none.
_REQUESTS: Final = lazy_pattern(r"\b(?:requests?|req|calls|qps|rps|tps|queries|transactions|workload|hits|messages)\b")


@lru_cache(maxsize=4096)
def metric_words(name: str) -> str:
    """The words of a metric's name in lower case with one space between: "CPUUtilization" is "cpu utilization"."""
    return " ".join(_WORD.findall(words_apart(name).lower()))


def kind_of_metric(name: str) -> tuple[MetricKind, Worse]:
    """What a metric measures, and the direction that hurts, by its name."""
    words = metric_words(name)
    return next(((kind, worse) for kind, worse, known in _PATTERNS if known.search(words)), ("other", "either"))


def metric_by_name(name: str) -> Metric:
    """The meaning of a metric that nobody described; what its name doesn't say is left open."""
    words = metric_words(name)
    kind, worse = kind_of_metric(name)
    unit = "%" if "%" in name else next((unit for unit, known in _UNIT_PATTERNS if known.search(words)), "1")
    if unit == "1" and kind == "traffic" and _REQUESTS.search(words):
        unit = "{request}"
    joined = words.replace(" ", "")
    statistic: Statistic = next((known for known in _STATISTICS if re.search(rf"{known}(?!\d)", joined)), "value")
    return Metric(name=name, kind=kind, unit=unit, statistic=statistic, worse=worse)
