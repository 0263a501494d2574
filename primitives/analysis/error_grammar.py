"""The grammar of complaints: how texts say that a thing ran out, that it could not be had, or that nothing happened.

The families of messages (`error_families`) are made of it. Gaps between words are bounded, so that no text takes long.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["CALM", "FRAME", "is_frame", "short_of", "unable", "without_calm"]

# Up to three words between a verb and its object, and the distance at which two words belong together.
_GAP: Final = r"(?:[^\s.;]{1,24} ){0,3}?"
_NEAR: Final = r"[^.;\n]{0,24}"


def short_of(things: str) -> str:
    """The ways to say that there is too little of `things`, or that their limit is reached."""
    thing = rf"(?<![a-z0-9])(?:{things})(?![a-z0-9])"
    measured = r"(?:[ _-](?:limit|count|usage|space|capacity|quota|slots?|size|number|budget))?"
    used_up = (
        r"(?:full|exhausted|depleted|exceeded|saturated|used up|over (?:its |the )?limit|"
        r"at (?:its |the )?(?:limit|capacity|maximum)|not enough|insufficient|(?:critically )?low)\b"
    )
    return (
        rf"{thing}{measured}(?: [\"'/\[]\S{{0,40}})?(?: (?:is|are|was|were|has been|have been|got|getting|now|almost|"
        rf"nearly)){{0,3}} {used_up}|"
        rf"\bno (?:free|more|remaining|spare|usable|unused) {_GAP}{thing}|"
        rf"\bno {thing} (?:left|available|remaining)\b|"
        r"\b(?:not enough|insufficient|too few|too many|(?:run(?:s|ning)?|ran) out of|out of|low on|short of|"
        r"shortage of|"
        rf"lack of|exhausted(?: all| its| the)?) {_GAP}{thing}|"
        rf"{thing}{_NEAR}\b(?:limit|quota|watermark|threshold|maximum){_NEAR}\b(?:exceeded|reached|hit|breached|"
        rf"crossed)|"
        r"\b(?:exceed(?:s|ed|ing)?|reach(?:es|ed|ing)?|hit(?:s|ting)?|breach(?:es|ed)|cross(?:es|ed)|approach(?:es|"
        r"ed|ing)?) "
        rf"{_GAP}(?:limit of |max\w{{0,12}} (?:number of )?(?:\w{{1,20}} )?)?{thing} "
        r"(?:limit|quota|watermark|threshold|maximum)|"
        rf"\bmax(?:imum)?(?: number of|[ _-](?:open|active|concurrent|user))?[ _-]{thing}"
        r"(?: (?:limit|is|are|has been|have been|already|was)){0,2} (?:exceeded|reached|hit|limit)\b|"
        rf"\b(?:remaining|last) {_GAP}{thing} (?:is|are) reserved|"
        rf"\b(?:reached|exceeded|exceeds|hit) (?:the )?max(?:imum)? (?:number|count|amount) of {_GAP}{thing}"
    )


def unable(verbs: str, things: str) -> str:
    """The ways to say that one of `things` could not be had."""
    return (
        r"\b(?:cannot|can't|can not|could not|couldn't|unable to|failed to|failure to|timed? ?out|error|"
        r"waited \S{1,12} to) "
        rf"(?:while |when |waiting to )?(?:{verbs}) {_GAP}(?:{things})(?![a-z0-9])"
    )


# A frame of a stack trace: the message stands above it. For text in lower case.
FRAME: Final = lazy_pattern(
    r"^\s*(?:at [\w.$<>/]{1,200}[( ]|\.\.\. \d+ (?:more|common)|-{2,} ?end of|file \"[^\"]{1,300}\", line \d)"
)
# The same where a collector made a record of each line: strict, since the line is left out. Forms of the JVM, .NET,
# Node and Python (those that Fluent Bit's and the OpenTelemetry Collector's multiline parsers put together).
_ALONE: Final = lazy_pattern(
    r"\s*(?:at (?=[^\s(]{0,200}\.)[\w.$<>/\[\]`]{1,200}\([^()\n]{0,300}\)|at .{1,300}:\d{1,6}:\d{1,6}\)?\s*$|"
    r"\.\.\. \d{1,5} (?:more|common frames)|File \"[^\"]{1,300}\", line \d)"
)


def is_frame(line: str) -> bool:
    """Whether a line is nothing but a frame of a stack trace."""
    return line.lstrip().startswith(("at ", "... ", 'File "')) and _ALONE.match(line) is not None


_CALM_STEMS: Final = ("err", "exception", "fail", "time", "panic", "crash", "lock", "retr", "loss", "throttl", "drop",
                      "reject", "read-only", "max", "pool", "connection", "oom")  # fmt: skip
# What says that nothing happened, or how something is set. A bound that was exceeded is no setting.
CALM: Final = lazy_pattern(
    r"\b(?:no|0|zero|without(?: any)?) (?:errors?|exceptions?|failures?|time-?outs?|panics?|crashes|deadlocks?|"
    r"retries|packet loss)\b|"
    r"(?:err(?:or)?s?|exceptions?|fail(?:ed|ures?)|time-?outs?|panics?|deadlocks?|throttled|dropped|"
    r"rejected|oom[-_ ]?killed)"
    r"[\w.-]{0,20}[\"']?\s?[:=]\s?(?:0|null|nil|none|false|\"\"|''|\[\]|\{\}|<nil>)(?![\w.])|"
    r"time[-_ ]?outs?[\w.-]{0,20}(?: ?\((?:ms|s|sec|seconds)\))?[\"']?\s?(?:[:=]| is |"
    r" set to )\s?[\"']?\d[\d.]{0,12} ?"
    r"(?:ns|us|ms|s|secs?|seconds?|m|mins?|minutes?|h)?(?![\w.])(?! ?(?:exceeded|expired|reached|elapsed|passed))|"
    r"time[-_ ]?outs? (?:policy|setting|value|configuration|parameter|option)s?\b|"
    r"(?:with|using|default|configured|a|an|the|of) (?:\d[\d.]{0,8} ?(?:ms|s|m|sec|seconds?) )?time-?out(?: of|"
    r" to)? \d[\d.]{0,8} ?(?:ms|s|m|sec|seconds?)"
    r"(?! ?(?:exceeded|expired|reached|elapsed|passed))|"
    r"read-only (?:mode )?(?:is )?(?:disabled|off|false)|connection (?:pool )?(?:was |is )?(?:restored|"
    r"re-?established)|"
    r"(?:max_?connections|max_?workers|max_?threads|pool_?size)\s?[:=]\s?\d+",
    re.IGNORECASE,
)
# The same of modes and of limits, each with what its text holds at least. For text in lower case.
_SET: Final = (
    (("standby", "recovery", "safe", "over", "maintenance"), lazy_pattern(
    r"(?:read-only|standby|recovery|safe|fail-?over|maintenance)(?: mode)?(?: is| was)?(?: |: ?|=)(?:disabled|off|"
    r"false|"
    r"none|not (?:configured|enabled|needed|required))\b|"
    r"\bfail-?over (?:is )?(?:polic(?:y|ies)|config\w{0,10}|settings?|groups?|priority|enabled|ready|targets?)\b"
    )),
    (("limit", "throttl"), lazy_pattern(
    # A limit that is set, what is left of it, and a wait for one's own limiter that was granted (client-go).
    r"(?:rate|request|api|bandwidth)[ _-]?limit(?:er|ing|s)?\b(?: [\w.-]{1,40}){0,3}? (?:is |was |are |has been )?"
    r"(?:configured|set|enabled|disabled|initiali[sz]ed|loaded|updated|applied|registered|created|started|changed|"
    r"lifted|removed)\b|"
    r"(?<!the )(?<!hit )(?<!exceeded )(?<!your )(?<!over )rate[ _-]?limit(?:s|er)?(?: (?:is|of|at|to))?[ :=]{1,2}\d"
    r"[\d.]{0,8}(?! ?(?:[\w/]{1,12} ){0,4}(?:exceeded|reached|hit))|"
    r"x?-?rate-?limit-(?:limit|remaining|reset)|"
    r"throttl\w{1,3} (?:request )?took \d|waited (?:for )?\d[\w.]{0,12} due to client-side throttling"
    )),
)  # fmt: skip


def without_calm(text: str) -> str:
    """A text in lower case without what says that nothing happened, or how something is set."""
    if any(stem in text for stem in _CALM_STEMS):
        text = CALM.sub(" ", text)
    for stems, pattern in _SET:
        if any(stem in text for stem in stems):
            text = pattern.sub(" ", text)
    return text
