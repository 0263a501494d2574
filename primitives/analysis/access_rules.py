"""The patterns of the families of messages of refused access: who somebody is, and what they may.

Sources: RFC 9110 (401 and 403), RFC 6750, errno(3) (EACCES, EPERM), LDAP result codes, PostgreSQL's pg_hba.conf, AWS
and Redis error codes.
"""

from __future__ import annotations

from typing import Final

__all__ = ["OF_ACCESS"]

_AUTH: Final = (
    r"authenticat(?:ion|e|ed|or)|credentials?|passwords?|pass ?phrase|log[io]n|log ?on|"
    # A form's own token says nothing of who sends it (OWASP: Cross-Site Request Forgery Prevention).
    r"(?<!csrf[ _-])tokens?|jwt|api[ _-]?keys?|access keys?|security token|signature|sessions?|oauth|saml|kerberos"
)
_AUTH_FAILED: Final = (
    r"fail(?:ed|ure|s)?|invalid|expired?|refused|denied|rejected|wrong|bad|missing|incorrect|mismatch|revoked|"
    r"not (?:valid|accepted|recogni[sz]ed)|does ?n[o']t match|disabled|locked"
)

OF_ACCESS: Final = (
    (
        "authentication",
        (
            r"requires authentication|no pg_hba\.conf entry|(?:role|user) \"[^\"\n]{1,80}\" does not exist|"
            r"usernotfound|"
            r"could not find user\b|called without any password|"
            r"unauthenticated|(?<!no )authentication required|failed to authenticate|acceptsecuritycontext|"
            r"ldap[^\n]{0,30}error code 49|"
            r"token included in the request is expired|"
            # RFC 6749, section 5.2: what a token endpoint refuses with.
            r"\binvalid.(?:grant|client)\b|"
            # OAuth 2.0, `client_secret`: what an application shows ends on a date (Microsoft Entra: AADSTS7000222).
            r"\b(?:client|app|application|shared) secrets?\b(?: keys?)?[^.;\n]{0,80}\b(?:is|are|has|"
            r"have) (?:been )?expired|"
            r"\b(?:jwt|token|assertion)\b[^\n]{0,24}\bexp\b[^\n]{0,40}\bpast\b|"
            r"(?<!is )unauthori[sz]ed|access denied for user|wrongpass|\bnoauth\b|signaturedoesnotmatch|expiredtoken|"
            r"invalidclienttokenid|not logged in|no credentials|"
            rf"(?<![a-z0-9])(?:{_AUTH})(?![a-z0-9])[^.;,\n]{{0,24}}\b(?:{_AUTH_FAILED})\b|"
            rf"\b(?:{_AUTH_FAILED})(?: [a-z]{{1,12}}){{0,2}}? (?:{_AUTH})(?![a-z0-9])"
            r"(?!['\" ]{0,2}(?:at |in json|near|in line|while pars|<|\{))"
        ),
    ),
    (
        "permission",
        (
            r"permission.?denied|command denied to user|is unauthori[sz]ed for|operation not permitted|"
            r"access.?denied|forbidden(?! by its access permissions)|not (?:allowed|"
            r"permitted) to (?:perform|access|assume|read|write|connect|create|delete|use|execute|list|get|put)|"
            r"not authori[sz]ed|"
            # Kafka: protocol error codes.
            r"\b(?:topic|group|cluster|transactional id) authorization\b|"
            r"\beacces\b|\beperm\b|(?:insufficient|missing|lacks?|no) (?:\w{1,20} )?(?:privileges?|permissions?|"
            r"rights)|must be owner of|does(?: not|n't) have (?:\w{1,20} )?(?:permission|access|privilege)"
        ),
    ),
)  # fmt: skip
