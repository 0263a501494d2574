"""Redaction rules for pairs of a name and a value, for headers that carry signatures, and the rules of each kind of text."""

from __future__ import annotations

from typing import Final

from primitives.redact.clients import CLIENT_RULES
from primitives.redact.files import FILE_RULES
from primitives.redact.network_gear import NETWORK_RULES
from primitives.redact.people import PEOPLE_RULES
from primitives.redact.prose import PROSE_RULES
from primitives.redact.rules import Rule, filled_group, keyed_group, make_rule
from primitives.redact.sql import SQL_RULES
from primitives.redact.statements import STATEMENT_RULES

__all__ = ["COMMAND_RULES"]

_QUOTE: Final = r"\\{0,7}[\"']?"


COMMAND_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "value",
        ("*value",),
        rf"\b(?:name|key|parameter)\\?[\"']?[:=][ ]?{_QUOTE}(?P<key>[\w./:-]{{1,80}}){_QUOTE}(?:,|\s|/?>)\s{{0,40}}"
        rf"<?{_QUOTE}(?:old_?|new_?|string_?|default_?|parameter)?value{_QUOTE}[:=>][ ]?{_QUOTE}(?P<secret>[^\s\"'\\,}}<>]{{1,500}})",
        keyed_group,
    ),
    make_rule(
        "value",
        ("*value",),
        rf"\bvalue{_QUOTE}[:=][ ]?{_QUOTE}(?P<secret>[^\s\"'\\,}}<>]{{1,500}}){_QUOTE}(?:,|\s)\s{{0,40}}"
        rf"(?:{_QUOTE}(?:type|secure|sensitive){_QUOTE}:[ ]?{_QUOTE}\w{{1,20}}{_QUOTE},\s{{0,40}})?"
        rf"{_QUOTE}(?:name|key){_QUOTE}[:=][ ]?{_QUOTE}(?P<key>[\w./:-]{{1,80}})",
        keyed_group,
    ),
    make_rule(
        "value",
        ("env", "setenv", "arg", "param", "proxy"),
        r"\b(?:env|setenv|arg|fastcgi_param|uwsgi_param|proxy_set_header)[ \t]{1,8}(?P<key>[\w-]{1,80})[ \t]{1,8}"
        r"[\"']?(?P<secret>[^\s\"';=]{1,500})",
        keyed_group,
    ),
    make_rule(
        "value",
        ("\n",),
        r"(?<![\w.-])[\"']?(?P<key>[\w.-]{2,80})[\"']?:[ ]{0,4}(?:[|>][-+]?|!vault[ ]?\|)?[ ]{0,4}\n[ ]{1,40}(?:- |value: )?[\"']?"
        r"(?P<secret>[^\s\"':{}\[\]#]{4,500})(?=[\"']?[ ]{0,8}(?:\n|$))",
        keyed_group,
    ),
    # An explicit key of YAML, its value on the next line.
    make_rule(
        "value",
        ("*?",),
        r"(?:^|\n)[ \t+-]{0,40}\?[ ]{1,4}[\"']?(?P<key>[\w.-]{2,80})[\"']?[ ]{0,4}\r?\n[ \t+-]{0,40}:[ ]{1,4}[\"']?"
        r"(?P<secret>[^\s\"']{4,500})",
        keyed_group,
        needs="\n",
        keyed=True,
    ),
    *CLIENT_RULES,
    *SQL_RULES,
    *FILE_RULES,
    *NETWORK_RULES,
    *PROSE_RULES,
    *PEOPLE_RULES,
    *STATEMENT_RULES,
    make_rule(
        "value",
        ("*samlresponse", "*userdata", "user_data", "user-data"),
        r"\b(?:SAMLResponse|user_?-?data)(?:\\?[\"'])?\s?[:=]\s?\\?[\"']?(?P<secret>[A-Za-z0-9+/=%_-]{16,1000000})",
    ),
    # Browsers can send no header of their own with a WebSocket: the token is one of the protocols that are offered.
    make_rule(
        "bearer",
        ("websocket",),
        r"sec-websocket-protocol\\?[\"']?\s{0,2}[:=,]\s{0,3}\[?\\?[\"']?(?:[\w.-]{1,60},[ ]?){0,4}(?:bearer|auth|token|access_token|"
        r"authorization|base64url\.bearer\.authorization\.k8s\.io)[.,][ ]?(?P<secret>[\w.~+/=%-]{12,4000})",
    ),
    make_rule(
        "value",
        ("*jsonpath",),
        r"\bsecrets?\b[^\n]{0,200}?jsonpath=[^\n]{0,100}?\.data\b[^\n]{0,100}?[\"'}][ ]{0,4}(?:=>|->|:|\r?\n)\s{0,4}(?P<secret>[\w+/=-]{8,100000})",
        filled_group,
    ),
    make_rule("authorization", ("sharedkey",), r"\bSharedKey(?:Lite)?\s[\w-]{1,64}:(?P<secret>[\w+/=]{16,200})"),
    make_rule("authorization", ("digest",), r"\bdigest\s[^\n]{0,400}?\bresponse=\"(?P<secret>[0-9a-f]{16,128})\""),
    make_rule(
        "authorization", ("oauth_",), r"\boauth_(?:token|signature|consumer_key)=\\?\"(?P<secret>[^\"\\]{6,300})"
    ),
)
