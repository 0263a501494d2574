"""Credentials that vendors gave a recognisable form: a prefix of their own and an alphabet of known length.

Each entry is (kind, trigger, pattern). `trigger` is a literal that every match contains, in lower case: a plain
substring search for it decides whether the pattern is run at all. The forms are from the vendors' own documentation of
their tokens; further ones are in vendor_rules.json, taken over from a maintained scanner by `make secret-rules`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.pieces import Pieces

__all__ = ["ENDINGS", "MARKERS", "STARTS", "VendorRule", "rules_for", "without_escapes"]

_SHORTEST: Final = 20
"""No form is shorter, and none has whitespace in it: shorter words are skipped."""

VendorRule = tuple[str, str, re.Pattern[str]]

_W = "[A-Za-z0-9_-]"
# As gitleaks' rules and the vendors' pages describe them.
_GITLAB: Final = ("dt", "rt", "cbt", "ptt", "ft", "soat", "imt", "agent", "oas")
_LESS_COMMON: Final[tuple[tuple[str, str, str], ...]] = (
    ("vault", "s.", "s\\.(?=[A-Za-z]{0,23}[0-9])[A-Za-z0-9]{24}"),
    ("bitbucket", "atbb", "ATBB[A-Za-z0-9]{32}"),
    ("bitbucket", "bbdc-", "BBDC-[A-Za-z0-9+/_-]{40,}"),
    ("atlassian", "atctt3", f"ATCTT3{_W}{{50,}}=?[A-F0-9]{{0,8}}"),
    ("notion", "ntn_", "ntn_[A-Za-z0-9]{40,}"),
    ("notion", "secret_", "secret_[A-Za-z0-9]{43}"),
    ("figma", "figd_", f"figd_{_W}{{40,}}"),
    ("contentful", "cfpat-", f"CFPAT-{_W}{{43}}"),
    ("duffel", "duffel_", f"duffel_(?:live|test)_{_W}{{40,}}"),
    ("intercom", "ico-", "ico-[A-Za-z0-9]{32}"),
    ("artifactory", "akcp", "AKCp[A-Za-z0-9]{60,}"),
    ("artifactory", "cmvmd", "cmVmd[A-Za-z0-9+/=]{50,}"),
    ("aliyun", "ltai", "LTAI[A-Za-z0-9]{12,26}"),
    ("tencent", "akid", "AKID[A-Za-z0-9]{32}"),
    ("sourcegraph", "sgp_", "sgp_(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}"),
    ("frameio", "fio-u-", f"fio-u-{_W}{{60,}}"),
    ("onepassword", "ops_eyj", f"ops_eyJ{_W}{{100,}}=*"),
    ("onepassword", "a3-", "A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}"),
    ("slack", "xoxe", "xoxe(?:\\.xox[bp])?-[0-9]-[A-Za-z0-9]{100,}"),
    ("nuget", "oy2", "oy2[a-z0-9]{43}"),
    ("crates", "cio", "cio[A-Za-z0-9]{32}"),
    ("circleci", "ccip", "ccip(?:at|rj)_[A-Za-z0-9]{22}_[a-f0-9]{40}"),
    ("buildkite", "bkua_", "bkua_[a-f0-9]{40}"),
    ("posthog", "phc_", "phc_[A-Za-z0-9]{40,}"),
    ("posthog", "phx_", "phx_[A-Za-z0-9]{40,}"),
    ("supabase", "sbp_", "sbp_(?:v[0-9]_)?[a-f0-9]{40}"),
    ("render", "rnd_", "rnd_[A-Za-z0-9]{28,}"),
    ("fly", "fo1_", f"fo1_{_W}{{43}}"),
    ("fly", "fm1", "fm1[ar]_[A-Za-z0-9+/=]{80,}"),
    ("fly", "fm2_", "fm2_[A-Za-z0-9+/=]{80,}"),
    ("cloudflare", "v1.0-", "v1\\.0-[a-f0-9]{24}-[a-f0-9]{146}"),
    ("langsmith", "lsv2_", "lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    ("wakatime", "waka_", "waka_[A-Za-z0-9-]{36,}"),
    ("paddle", "pdl_", "pdl_(?:live|sdbx)_apikey_[a-z0-9]{26}_[A-Za-z0-9]{22}_[A-Za-z0-9]{3}"),
    ("easypost", "ezak", "EZAK[A-Za-z0-9]{54}"),
    ("easypost", "eztk", "EZTK[A-Za-z0-9]{54}"),
    ("shippo", "shippo_", "shippo_(?:live|test)_[a-f0-9]{40}"),
    ("mercadopago", "app_usr-", "APP_USR-[0-9]{16}-[0-9]{6}-[a-f0-9]{32}-[0-9]{8,10}"),
    ("mercadopago", "test-", "TEST-[0-9]{16}-[0-9]{6}-[a-f0-9]{32}-[0-9]{8,10}"),
    ("kong", "kong_pat_", "kong_pat_[A-Za-z0-9]{40,}"),
    ("zuplo", "zpka_", "zpka_[A-Za-z0-9]{32}_[A-Za-z0-9]{8}"),
    ("netlify", "nfp_", "nfp_[A-Za-z0-9]{36}"),
    ("mongodb", "mdb_sa_sk_", f"mdb_sa_sk_{_W}{{40}}"),
    ("xai", "xai-", "xai-[A-Za-z0-9]{60,}"),
    ("perplexity", "pplx-", "pplx-[A-Za-z0-9]{40,}"),
    ("replicate", "r8_", "r8_[A-Za-z0-9]{37}"),
    ("together", "tgp_v1_", f"tgp_v1_{_W}{{43}}"),
    ("brevo", "xkeysib-", "xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("brevo", "xsmtpsib-", "xsmtpsib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("stripe", "pk_live_", "pk_live_[A-Za-z0-9]{20,}"),
    ("google", "1//0", f"1//0{_W}{{40,}}"),
    ("aws-key", "absk", "ABSK[A-Za-z0-9+/=]{100,}"),
    ("newrelic", "nrii-", f"NRII-{_W}{{32}}"),
    ("facebook", "eaa", "EAA[A-Z][A-Za-z0-9]{60,}"),
    ("square", "eaaa", f"EAAA{_W}{{60}}"),
    ("yandex", "aqvn", f"AQVN{_W}{{34,}}"),
    ("yandex", "y0_", f"y0_{_W}{{50,}}"),
    ("yandex", "t1.", f"t1\\.{_W}{{80,}}\\.{_W}{{86}}"),
    ("paseto", ".local.", f"v[1-4]\\.local\\.{_W}{{40,}}"),
    ("sonarqube", "squ_", "squ_[a-f0-9]{40}"),
    ("sonarqube", "sqa_", "sqa_[a-f0-9]{40}"),
    ("sonarqube", "sqp_", "sqp_[a-f0-9]{40}"),
    ("dropbox", "sl.", f"sl\\.(?:u\\.)?{_W}{{130,}}"),
    ("heroku", "hrku-", "HRKU-(?:[0-9a-fA-F-]{36}|AA[A-Za-z0-9_-]{58})"),
    ("rootly", "rootly_", "rootly_[a-f0-9]{64}"),
    ("typeform", "tfp_", "tfp_[A-Za-z0-9_=.-]{59}"),
    ("prefect", "pnu_", "pnu_[a-z0-9]{36}"),
    ("readme", "rdme_", "rdme_[a-z0-9]{70}"),
    ("scalingo", "tk-us-", f"tk-us-{_W}{{48}}"),
    ("airtable", "pat", "pat[A-Za-z0-9]{14}\\.[a-f0-9]{64}"),
    ("clojars", "clojars_", "CLOJARS_[a-z0-9]{60}"),
    ("defined", "dnkey-", f"dnkey-{_W}{{26}}-{_W}{{52}}"),
    ("flutterwave", "flwseck", "FLWSECK(?:_TEST)?-[a-h0-9]{32}-X"),
    ("gocardless", "live_", f"live_{_W}{{40}}"),
    ("harness", "pat.", "pat\\.[A-Za-z0-9_-]{22}\\.[0-9a-fA-F]{24}\\.[A-Za-z0-9]{20}"),
    ("octopus", "api-", "API-[A-Z0-9]{26}"),
    ("openshift", "sha256~", f"sha256~{_W}{{43}}"),
    ("plaid", "access-", "access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("adobe", "p8e-", "p8e-[A-Za-z0-9]{32}"),
    ("gitlab", "glffct-", f"glffct-{_W}{{20,}}"),
    ("fireworks", "fw_", "fw_[A-Za-z0-9]{24}"),
    ("digitalocean", "dor_v1_", "dor_v1_[a-f0-9]{64}"),
)
_FORMS: Final[tuple[tuple[str, str, str], ...]] = (
    ("aws-key", "akia", "AKIA[A-Z2-7]{16}"),
    ("aws-key", "asia", "ASIA[A-Z2-7]{16}"),
    ("github", "ghp_", "ghp_[A-Za-z0-9]{30,255}"),
    ("github", "gho_", "gho_[A-Za-z0-9]{30,255}"),
    ("github", "ghu_", "ghu_[A-Za-z0-9]{30,255}"),
    ("github", "ghs_", "ghs_[A-Za-z0-9._-]{30,700}"),
    ("github", "ghr_", "ghr_[A-Za-z0-9]{30,255}"),
    ("github", "github_pat_", "github_pat_[A-Za-z0-9_]{22,255}"),
    ("gitlab", "glpat-", f"glpat-{_W}{{20,}}(?:\\.[A-Za-z0-9.]+)?"),
    *(("gitlab", f"gl{of}-", f"gl{of}-{_W}{{20,}}") for of in _GITLAB),
    ("slack", "xox", "xox[abeoprs](?:\\.xox[bp])?-[A-Za-z0-9-]{10,}"),
    ("slack", "xapp-", "xapp-[0-9]-[A-Za-z0-9-]{10,}"),
    ("webhook", "hooks.slack.com/", "hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_+-]{20,}"),
    ("webhook", "/api/webhooks/", f"discord(?:app)?\\.com/api/webhooks/[0-9]+/{_W}{{30,}}"),
    ("webhook", "webhook.office.com/", "webhook\\.office\\.com/webhookb2/[A-Za-z0-9@/_-]{30,}"),
    ("anthropic", "sk-ant-", f"sk-ant-{_W}{{16,}}"),
    ("openai", "sk-", f"sk-(?:proj|svcacct|admin|None|or-v1)-{_W}{{16,}}|sk-[A-Za-z0-9]{{20,}}"),
    ("google", "aiza", f"AIza{_W}{{35}}"),
    ("google", "ya29.", f"ya29\\.{_W}{{20,}}"),
    ("google", "gocspx-", f"GOCSPX-{_W}{{20,}}"),
    ("sendgrid", "sg.", f"SG\\.{_W}{{16,32}}\\.{_W}{{16,64}}"),
    ("npm", "npm_", "npm_[A-Za-z0-9]{36}"),
    ("huggingface", "hf_", "hf_[A-Za-z0-9]{30,}"),
    *(("digitalocean", f"do{of}_v1_", f"do{of}_v1_[a-f0-9]{{64}}") for of in "op"),
    ("pypi", "pypi-", f"pypi-{_W}{{40,}}"),
    *(("stripe", f"{of}k_{on}_", f"{of}k_{on}_[A-Za-z0-9]{{10,}}") for of in "sr" for on in ("live", "test")),
    ("stripe", "whsec_", "whsec_[A-Za-z0-9+/=]{20,}"),
    *(("twilio", f"sk{first}", f"SK{first}[0-9a-f]{{31}}") for first in "0123456789abcdef"),
    ("mailgun", "key-", "key-[0-9a-f]{32}"),
    ("mailchimp", "-us", "[0-9a-f]{32}-us[0-9]{1,2}"),
    ("shopify", "shp", "shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    ("square", "sq0", f"sq0(?:atp|csp)-{_W}{{22,}}"),
    ("databricks", "dapi", "dapi[0-9a-f]{32}(?:-[0-9])?"),
    ("terraform", ".atlasv1.", f"[A-Za-z0-9]{{14}}\\.atlasv1\\.{_W}{{60,}}"),
    *(("vault", f"hv{of}.", f"hv{of}\\.{_W}{{20,}}") for of in "sbr"),
    ("newrelic", "nrak-", "NRAK-[A-Z0-9]{27}"),
    ("grafana", "glsa_", "glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    ("grafana", "glc_", "glc_[A-Za-z0-9+/=]{32,}"),
    ("linear", "lin_api_", "lin_api_[A-Za-z0-9]{32,}"),
    ("postman", "pmak-", "PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    ("doppler", "dp.", "dp\\.(?:pt|st|ct|sa|scim|audit)\\.(?:[a-z0-9_-]+\\.)?[A-Za-z0-9]{40,}"),
    ("age", "age-secret-key-1", "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    ("planetscale", "pscale_", "pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{30,}"),
    ("docker", "dckr_", f"dckr_(?:pat|oat)_{_W}{{20,}}"),
    ("sentry", "sntry", "sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
    ("atlassian", "atatt3", f"ATATT3{_W}{{50,}}=?[A-F0-9]{{0,8}}"),
    ("rubygems", "rubygems_", "rubygems_[a-f0-9]{48}"),
    ("tailscale", "tskey-", f"tskey-[a-z]+-{_W}{{10,}}"),
    ("azure", "8q~", "[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}"),
    ("dynatrace", "dt0", "dt0[a-z][0-9]{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}"),
    ("telegram", ":aa", f"[0-9]{{8,10}}:AA{_W}{{32,33}}"),
    ("groq", "gsk_", "gsk_[A-Za-z0-9]{40,}"),
    ("pulumi", "pul-", "pul-[a-f0-9]{40}"),
    *_LESS_COMMON,
)

# What stands before a form: no letter or digit, or an escape that ends in one.
_BEFORE: Final = (
    r"(?:(?<![A-Za-z0-9_-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\x[0-9A-Fa-f]{2})"
    r"|(?<=\[[0-9]m)|(?<=\[[0-9]{2}m)|(?<=;[0-9]m)|(?<=;[0-9]{2}m)|(?<=--)|(?<=__))"
)
_ESCAPE: Final = re.compile(r"%[0-9a-f]{2}|\\(?:[nrt]|[ux][0-9a-f]{2,4})|\[[0-9;]{1,8}m")
# Ordinary words end like these.
_LIKE_WORDS: Final = frozenset(
    {"key-", "api-", "test-", "live_", "rnd_", "pat.", "access-", "waka_", "secret_", "-us", "msg."}
)
_DISTINCT: Final = frozenset({
    "akia", "asia", "aiza", "hf_", "dapi", "ltai", "ezak", "eztk", "atbb", "atatt3", "atctt3", "akcp", "xox", "sntry", "gocspx-",
})  # fmt: skip
_TAKEN_OVER: Final = Path(__file__).with_name("vendor_rules.json")
_START: Final = 3
# Not what a quantifier follows.
_LITERAL: Final = re.compile(r"[A-Za-z0-9_-]*(?![?*+{])")
_PART: Final = re.compile(r"\\.|\[(?:\\.|[^\[\]\\])+\]|[()|]")
_FIRST_WORD: Final = re.compile("[a-z][a-z0-9]*")


def _is_distinct(marker: str) -> bool:
    """Whether what begins with `marker` is a vendor's form even directly behind a letter."""
    ends = len(marker) >= 4 and marker[-1] in "_-." and marker[0].isalpha()
    return marker in _DISTINCT or (ends and marker not in _LIKE_WORDS)


def _ahead(before: str, form: str) -> str:
    """`before` with the letters ahead that the form begins with: quicker where they are none, which is nearly everywhere."""
    begin = _LITERAL.match(form.removeprefix("(?:"))
    if not before or begin is None or not begin[0] or _is_choice(form):
        return before
    return f"(?={begin[0]}){before}"


def _is_choice(form: str) -> bool:
    """Whether a form, or the group that it begins with, has several ways to begin."""
    depth, top = 0, 1 if form.startswith("(?:") else 0
    for part in _PART.findall(form):
        depth += (part == "(") - (part == ")")
        if part == "|" and depth <= top:
            return True
    return False


def _own() -> Iterator[tuple[VendorRule, bool]]:
    for kind, trigger, form in _FORMS:
        begins = form.replace("\\", "").lower().startswith(trigger)
        before = "" if begins and _is_distinct(trigger) else _BEFORE
        yield (kind, trigger, lazy_pattern(f"{_ahead(before, form)}(?:{form})(?![A-Za-z0-9])")), begins


def _taken_over() -> Iterator[tuple[VendorRule, bool]]:
    """The forms that `make secret-rules` took over, once for each marker."""
    for rule in json.loads(_TAKEN_OVER.read_text("utf-8"))["rules"]:
        form = rule["form"].removeprefix("(?:").replace("\\", "").lower()
        for marker in rule["markers"]:
            # `gh[pousr]_...` begins with each of its markers, and with nothing else.
            several = form[:2].isalnum() and all(other.startswith(form[:2]) for other in rule["markers"])
            begins = several if len(rule["markers"]) > 1 else form.startswith(marker)
            distinct = begins and all(map(_is_distinct, rule["markers"]))
            before = "" if distinct else _BEFORE
            yield (rule["kind"], marker, lazy_pattern(_ahead(before, rule["form"]) + rule["form"])), begins


def _sorted() -> tuple[dict[str, list[VendorRule]], dict[str, list[VendorRule]], list[VendorRule]]:
    """The rules by the first letters of a word that they need, or its last ones; and those whose marker may be anywhere."""
    by_start: dict[str, list[VendorRule]] = {}
    by_end: dict[str, list[VendorRule]] = {}
    others: list[VendorRule] = []
    for rule, begins in (*_own(), *_taken_over()):
        first = _FIRST_WORD.match(rule[1])
        if begins and first and _is_distinct(rule[1]):
            ended = len(first[0]) >= _START and first[0] != rule[1]
            (by_end.setdefault(first[0][-_START:], []) if ended else others).append(rule)
        elif begins and first and (len(first[0]) >= _START or first[0] != rule[1]):
            by_start.setdefault(first[0][:_START], []).append(rule)
        else:
            others.append(rule)
    return by_start, by_end, others


_BY_START, _BY_END, _OTHERS = _sorted()
_STARTS: Final = frozenset(_BY_START)
_ENDS: Final = frozenset(_BY_END)
STARTS: Final = tuple(rule[1] for rules in _BY_START.values() for rule in rules)
# Mailchimp's go on with a digit: no other word that begins so is meant.
MARKERS: Final = tuple(f"-us{digit}" for digit in range(10)) + tuple(rule[1] for rule in _OTHERS if rule[1] != "-us")
ENDINGS: Final = tuple(rule[1] for rules in _BY_END.values() for rule in rules)
"""A text that has a vendor's form has one of `MARKERS` in lower case, a word that begins with one of `STARTS`, or one that
ends with the letters that one of these begins with."""
_ANY_OTHER: Final = Pieces(rule[1] for rule in _OTHERS)
_LONG_WORD: Final = re.compile(f"[a-z0-9_.~/:@+-]{{{_SHORTEST},}}")


def without_escapes(lower: str) -> str:
    """A text in lower case with spaces for escapes that end in a letter or a digit, which the next word seems to begin with."""
    return _ESCAPE.sub(" ", lower) if "%" in lower or "\\" in lower or "\x1b" in lower else lower


def rules_for(lower: str, words: Iterable[str]) -> Iterable[VendorRule]:
    """The rules whose marker is in a long word of `lower`, a text in lower case that has these runs of letters and digits."""
    rules = [rule for start in _STARTS.intersection([w[:_START] for w in words]) for rule in _BY_START[start]]
    rules += [rule for end in _ENDS.intersection([w[-_START:] for w in words]) for rule in _BY_END[end]]
    rules = [rule for rule in rules if rule[1] in lower]
    markers = set(_ANY_OTHER.of(lower))
    if markers:
        rules += [rule for rule in _OTHERS if rule[1] in markers]
    if not rules:
        return ()
    long = "\n".join(_LONG_WORD.findall(lower))
    return [rule for rule in rules if rule[1] in long]
