"""Credentials that vendors gave a recognisable form: a prefix of their own and an alphabet of known length.

Each entry is (kind, trigger, pattern). `trigger` is a literal that every match contains, in lower case: a plain
substring search for it decides whether the pattern is run at all. The forms are from the vendors' own documentation of
their tokens; further ones are in vendor_rules.json, taken over from a maintained scanner by `make secret-rules`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["SHORTEST", "VENDOR_RULES", "VendorRule"]

SHORTEST: Final = 20
"""No form is shorter, and none has whitespace in it: shorter words are skipped."""

VendorRule = tuple[str, str, re.Pattern[str]]

_W = "[A-Za-z0-9_-]"
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
    ("gitlab", "gl", f"gl(?:dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-{_W}{{20,}}"),
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
    ("digitalocean", "_v1_", "do[opr]_v1_[a-f0-9]{64}"),
    ("pypi", "pypi-", f"pypi-{_W}{{40,}}"),
    ("stripe", "k_live_", "[sr]k_live_[A-Za-z0-9]{10,}"),
    ("stripe", "k_test_", "[sr]k_test_[A-Za-z0-9]{10,}"),
    ("stripe", "whsec_", "whsec_[A-Za-z0-9+/=]{20,}"),
    ("twilio", "sk", "SK[0-9a-f]{32}"),
    ("mailgun", "key-", "key-[0-9a-f]{32}"),
    ("mailchimp", "-us", "[0-9a-f]{32}-us[0-9]{1,2}"),
    ("shopify", "shp", "shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    ("square", "sq0", f"sq0(?:atp|csp)-{_W}{{22,}}"),
    ("databricks", "dapi", "dapi[0-9a-f]{32}(?:-[0-9])?"),
    ("terraform", ".atlasv1.", f"[A-Za-z0-9]{{14}}\\.atlasv1\\.{_W}{{60,}}"),
    ("vault", "hv", f"hv[sbr]\\.{_W}{{20,}}"),
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
)

_WORD_BEFORE: Final = "(?<![A-Za-z0-9_-])"
_TAKEN_OVER: Final = Path(__file__).with_name("vendor_rules.json")


def _own() -> Iterator[VendorRule]:
    for kind, trigger, form in _FORMS:
        yield kind, trigger, lazy_pattern(f"{_WORD_BEFORE}(?:{form})(?![A-Za-z0-9])")


def _taken_over() -> Iterator[VendorRule]:
    """The forms that `make secret-rules` took over, once for each marker."""
    for rule in json.loads(_TAKEN_OVER.read_text("utf-8"))["rules"]:
        pattern = lazy_pattern(_WORD_BEFORE + rule["form"])
        for marker in rule["markers"]:
            yield rule["kind"], marker, pattern


VENDOR_RULES: Final[tuple[VendorRule, ...]] = (*_own(), *_taken_over())
