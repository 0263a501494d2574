"""Redaction rules for statements about a secret: `the password of ... is ...`, `with password ...`, `unseal it with the key ...`.

What is said of a password in so many words is the password, also where it looks like a name in parts (`Violet.Sky8`):
between the noun and the verb stand only words that say whose password it is, never another noun (`password policy is`).
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.marks import MARK
from primitives.redact.rules import Rule, Span, make_rule
from primitives.redact.values import is_code, is_no_secret, is_uuid

__all__ = ["STATEMENT_RULES"]

_NOUN: Final = (
    r"(?:pass(?:words?|wds?|phrases?|codes?)|pwd?|pswd|kennwort|zugangscode|(?:[\w-]{1,20}-?)?passwort|passord(?:et)?|contraseñas?|"
    r"contrasena|senha|wachtwoord|hasło|hasła|heslo|salasana|lösenord(?:et)?|adgangskoden?|şifre(?:si|niz|miz)?|парол[ьяю]|"
    r"密码|口令|パスワード|비밀번호|jelszó|jelszava|lozinka|parol[aă]|mots?\sde\spasse|mdp|kata\ssandi|mật\skhẩu|"
    r"clave\s(?:secreta|de\sacceso)|clé\s(?:secrète|d'accès)|chiave\s(?:segreta|d'accesso)|(?:wi-?fi|wlan)[ -](?:key|schlüssel))"
)
_OTHER_NOUN: Final = (
    r"(?:secrets?|tokens?|(?:api|access|secret|signing|encryption|shared|deploy|webhook|master|recovery|unseal|private|licen[cs]e)"
    r"[ -]?keys?|(?:zugangs|api-?)schlüssel)"
)
# Whose, which, where, or a clause that belongs to the noun.
_WHOSE: Final = (
    r"(?:(?:'s)?\s(?:for|of|on|to|from|between|at|in|into|within|we|you|i|they|he|she|that|which|für|von|vom|des|der|zum|zur|auf|"
    r"im|am|beim|de|du|pour|sur|del|la|le|do|da|dos|das|para|em|no|na|di|della|dello|dei|per|su|van|voor|op|dla|z|w|till|för|på|"
    r"hos|til|fra|от|для|к|на|администратора|пользователя|root|admin)(?:\s[^\s.:;?!,\"'`]{1,30}){0,7}?)?"
)
_IS: Final = (
    r"(?:\s(?:is|was|will\sbe|should\sbe|must\sbe|has\sbeen|ist|lautet|war|heißt|es|era|est|sera|é|è|luidt|jest|to|brzmi|je|är|er|"
    r"olarak|este|adalah|là|это)(?!\w)(?:\s(?:now|again|still|currently|just|simply|back|jetzt|ab\ssofort|nun|ora|ahora|maintenant|"
    r"désormais|agora|nu|teraz|теперь|not|nicht)(?!\w))?(?:\s(?:set|changed|reset|rotated)\s(?:from|to))?"
    r"|(?:\s(?:was|is|has\sbeen))?\s(?:changed|reset|rotated|switched|updated)\s(?:from|to)(?!\w)"
    r"|\s(?:wurde|wird|a\sété|été|foi|fue|ha\ssido|è\sstata|è\sstato|is|was|has\sbeen)(?:\s\w{3,14})?\s(?:auf|en|à|a|para|por|in|to|naar|til)(?!\w)"
    r"|\s?(?::(?=\s)|\s=(?=\s)|->|=>|→)|是|为|は|：|은|는|을|를)"
)
_OPEN: Final = r"\s{0,2}[\"'`(«„“*]{0,2}"
_VALUE: Final = r"(?P<secret>[^\s\"'`,;()<>\[\]{}「」。、，]{6,200}+)"
# A noun begins a word, or ends a German one.
_BEGINS: Final = r"(?:(?<![A-Za-z0-9_/.-])|(?<=[A-Za-zäöüß-])(?=passwort|kennwort))"
_GIVEN: Final = lazy_pattern(
    r"(?:\b(?:and|or|und|et|y|e|en|i|och|og|ve|with|mit|avec|con|com|met|using|its|the|supplied|sent|got|expected|wrong|initial|"
    r"temporary|default|dem|das|le|la)|,|/)\s(?:[\w-]{1,12}\s)?$",
    re.IGNORECASE,
)
_DIGIT_OR_SIGN: Final = lazy_pattern(r"(?=[^A-Za-z]{0,60}[A-Za-z])(?=[^0-9!#@$%^&*+~]{0,60}[0-9!#@$%^&*+~]).+")
# Of letters and numbers by turns, as no name of a thing is.
_BY_TURNS: Final = lazy_pattern(r"(?:[a-z]{1,12}[0-9]{1,6}){2,}[a-z]{0,12}|(?:[0-9]{1,6}[a-z]{1,6}){2,}[0-9]{0,6}")
_MIXED: Final = lazy_pattern(r"(?=[^0-9]{0,60}[0-9])(?=[^a-z]{0,60}[a-z])(?=[^A-Z]{0,60}[A-Z])[\w+/=.~!#*-]{8,}")
_HEX: Final = lazy_pattern(r"(?:0x)?(?:[0-9a-f]{8,}|[0-9A-F]{8,})")
_FOUR_WORDS: Final = lazy_pattern(r"[a-z]{3,12}(?:-[a-z]{3,12}){3,}")
# Names, places, numbers with units, techniques.
_NO_NOUN: Final = lazy_pattern(
    r"[0-9][0-9.,:/_+-]*[a-z%]{0,3}|v?[0-9]+\.[0-9]+.*|--?[a-z].*|[~./$%].*|.*[/\\|<>=].*|[\w.+-]+@[\w-]+\.\w.*|\w+:\S.*"
    r"|[a-z0-9]+(?:[-.:][a-z0-9]+)+|[A-Z][A-Z0-9]*(?:[-_][A-Z0-9]+)+|[A-Za-z]{1,10}-[0-9.-]+[a-z]?|[\w.-]+\.(?:[a-z]{2,4}|java)"
    r"|(?i:sha|md|aes|rsa|des|base|utf|ed|x|scram|argon|pbkdf|bcrypt|tls|ssl|http|oauth|version|type|kind|level|step|stage|field|"
    r"user|node|host|server|worker|line|page|attempt|phase|slot|port|disk|option|case|policy|hash|part|word|len|pos|col|row|arg|"
    r"param|item|rule|group|role|file|class|table|column|vault|ticket|issue|bug|auth|hashed|encrypted)[-_.]?[0-9].*"
    r"|[A-Z]?[a-z]+(?:[A-Z][a-z]+)+[0-9]?|[a-z]+(?:_[a-z]+)+|[A-Za-z]+[!?*:]+|[a-z]+[0-9]?|[\w-]+\$"
)
_GOES_ON: Final = lazy_pattern(
    r"[\"'`)]?[-\s](?:encoded|encrypted|hashed|bits?|bytes|char\w*|times|days|hours|minutes|managed|policy|policies|auth\w*|rounds)\b",
    re.IGNORECASE,
)


def _trimmed(match: re.Match[str]) -> tuple[str, Span, bool]:
    value = match["secret"].rstrip(".:?\\*»“”")
    start = match.start("secret")
    return value, (start, start + len(value)), match.string[start - 1 : start] in ("'", '"', "`", "(", "“", "„", "«")


def _may_be(value: str) -> bool:
    return len(value) >= 6 and not is_no_secret(value) and not is_code(value) and not is_uuid(value)


def _said(match: re.Match[str]) -> Span | None:
    """What is said to be the password."""
    value, span, quoted = _trimmed(match)
    if not _may_be(value) or _GOES_ON.match(match.string, span[1]):
        return None
    if _FOUR_WORDS.fullmatch(value):
        return span
    if not _DIGIT_OR_SIGN.fullmatch(value):
        return None
    if _BY_TURNS.fullmatch(value) and value.isalnum():
        return span
    if quoted and value.isalnum():
        return span
    return None if _NO_NOUN.fullmatch(value) else span


def _given(match: re.Match[str]) -> Span | None:
    """What directly follows the noun: a name in parts needs a sign or a capital letter as well."""
    if not _GIVEN.search(match.string[max(match.start() - 30, 0) : match.start()]):
        return None
    span = _said(match)
    return span if span and not re.fullmatch(r"[a-z]+[0-9]{1,2}", match.string[slice(*span)]) else None


def _quoted_or_drawn(match: re.Match[str]) -> Span | None:
    value, span, quoted = _trimmed(match)
    if not _may_be(value) or _HEX.fullmatch(value) or len(value) < 8:
        return None
    if _BY_TURNS.fullmatch(value) and (quoted or len(value) >= 10 or _TURNS.match(value)):
        return span
    return span if _MIXED.fullmatch(value) and not _NO_NOUN.fullmatch(value.rstrip("=")) else None


_TURNS: Final = lazy_pattern(r"[a-z]{1,4}[0-9]{1,4}[a-z]{1,4}[0-9]")


def _with_key(match: re.Match[str]) -> Span | None:
    value, span, _ = _trimmed(match)
    if len(value) < 10 or not _may_be(value):
        return None
    if _HEX.fullmatch(value):
        # A signature names its key by so short a number.
        return span if len(value) >= 32 and len(value) != 40 else None
    return span if _MIXED.fullmatch(value) or _BY_TURNS.fullmatch(value) else None


def _listed(match: re.Match[str]) -> Span | None:
    """One more of the secrets that a sentence lists."""
    value, span, _ = _trimmed(match)
    return span if _may_be(value) and (_MIXED.fullmatch(value) or _CODES.fullmatch(value)) else None


def _of_cookie(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    return match.span("secret") if len(value) >= 10 and not value.isalpha() and _may_be(value) else None


_CODES: Final = lazy_pattern(
    r"(?=[a-z-]*[0-9])(?=[0-9-]*[a-z])[a-z0-9]{3,6}(?:-[a-z0-9]{3,6}){1,5}|(?:[a-z]{1,6}[0-9]{1,6}){2,}[a-z]{0,6}"
)
_NOUNS: Final = (
    "password", "passwords", "passwd", "passphrase", "passcode", "pw", "pwd", "pswd", "*kennwort", "zugangscode", "*passwort", "passord",
    "passordet", "contraseña", "contrasena", "senha", "wachtwoord", "hasło", "hasła", "heslo", "salasana", "lösenord", "lösenordet",
    "adgangskode", "adgangskoden", "şifre", "şifresi", "şifreniz", "пароль", "пароля", "*密码", "*口令", "*パスワード", "*비밀번호", "jelszó",
    "jelszava", "lozinka", "parola", "parolă", "mot de passe", "mots de passe", "mdp", "kata sandi", "mật khẩu", "clave", "clé", "chiave", "wifi", "wi-fi", "wlan",
)  # fmt: skip

_AS: Final = r"(?:try|tried|use|used|enter|entered|typed?|with|using|set|took|gave|put)"

STATEMENT_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "password",
        ("as",),
        rf"\b{_AS}\s[\"'`]?{_VALUE}[\"'`]?\sas\s(?:(?:the|a|an|your|his|her|their|my|our|its)\s)?(?:[\w-]{{1,20}}\s)?{_NOUN}(?![\w-])",
        _said,
        keyed=True,
    ),
    make_rule(
        "password",
        ("from", "von", "de", "da", "van", "z", "с"),
        rf"\b(?:from|von|de|da|van|z|с)\s[\"'`]?{MARK}[\"'`]?\s(?:to|auf|a|à|en|in|para|naar|na|на)\s[\"'`]?{_VALUE}",
        _said,
        begins="mark",
    ),
    make_rule(
        "password",
        _NOUNS,
        rf"{_BEGINS}{_NOUN}(?![\w-]){_WHOSE}{_IS}{_OPEN}{_VALUE}",
        _said,
        keyed=True,
        begins="trigger",
    ),
    make_rule("password", _NOUNS, rf"{_BEGINS}{_NOUN}\s[\"'`(«„“]?{_VALUE}", _given, keyed=True, begins="trigger"),
    make_rule(
        "password",
        ("şifre", "şifresi", "*パスワード", "*비밀번호", "*密码"),
        rf"{_NOUN}[はをが은는을를이가]?\s?{_VALUE}(?=\s?(?:olarak|oldu|です|に変更|に設定|にし|だ|でした|입니다|로\s))",
        _said,
    ),
    make_rule(
        "token",
        ("secret", "secrets", "token", "tokens", "key", "keys", "*schlüssel"),
        rf"(?<![A-Za-z0-9_/.-]){_OTHER_NOUN}(?![\w-]){_WHOSE}{_IS}{_OPEN}{_VALUE}",
        _quoted_or_drawn,
        keyed=True,
    ),
    make_rule(
        "token",
        ("secret", "token", "key", "signature"),
        r"\b(?:expected|expecting|got|received|sent|supplied|provided|presented|unknown|invalid|wrong|bad|incorrect|rejected|stale|old|"
        rf"new|using|with|the|found)\s(?:(?:session|access|refresh|api|shared|signing|client)\s){{0,2}}(?:secret|token|key|signature)\s[\"'`]?{_VALUE}",
        _quoted_or_drawn,
        keyed=True,
    ),
    make_rule(
        "key",
        ("key", "keys", "share", "shares"),
        r"\b(?:(?:un)?seal|sign|encrypt|decrypt|unlock|authenticat|open)\w{0,5}(?:\s[\w.-]{1,30}){0,4}?\s(?:with|using|by|via)\s"
        rf"(?:(?:the|this|its|our|a|an)\s)?(?:[\w-]{{1,12}}\s)?(?:keys?|key\sshares?)\s[\"'`]?{_VALUE}",
        _with_key,
        keyed=True,
    ),
    make_rule(
        "value",
        ("and", "or", "*,", "und", "et", "y", "but", "by"),
        MARK + r"[\"'`)]?(?:,\s(?:and\s|or\s)?|\s(?:and|or|und|et|y)\s)[\"'`(]?" + _VALUE,
        _listed,
        begins="mark",
    ),
    make_rule(
        "value",
        ("but", "by", "to"),
        MARK
        + r"[\"'`)]?,?\s(?:(?:leaked|expired)\s(?:and\s)?)?(?:but\s(?:\w{1,12}\s){0,3}?(?:sent|got|received|found|was|is|used|saw)|but|(?:(?:was|has\sbeen|is)\s)?replaced\s(?:by|with))\s[\"'`]?"
        + _VALUE,
        _listed,
        begins="mark",
    ),
    make_rule(
        "pin",
        ("pin", "puk", "otp", "passcode", "code", "codes", "password"),
        r"(?<!gpio\s)(?<![\w/.-])(?:pin|puk|otp|passcode|one-time\s(?:password|code|pin)|(?:pin|access|door|gate|safe|verification|security|2fa|mfa|login|unlock|"
        r"recovery|confirmation)[ -](?:code|pin))(?:\s(?:for|of|to|für|zum|we|you|i|that)(?:\s[\w'-]{1,20}){1,5}?)?(?:\s?[:=]|\s(?:is|was|lautet|ist)(?:\snow)?)"
        r"\s{0,2}[\"'`]?(?P<secret>[0-9]{4,8})(?![\w%:/-]|[.,][0-9]|\s(?:ms|s|bytes|bits|digits|times|seconds|minutes)\b)",
        keyed=False,
    ),
    make_rule(
        "pin",
        ("otp", "pin", "passcode", "totp", "code"),
        r"[?&;](?:otp|pin|passcode|totp|(?:mfa|2fa|otp|sms|verification)_?code)=(?P<secret>[0-9]{4,8})(?![\w.-])",
        needs="=",
    ),
    make_rule(
        "cookie",
        ("cookie",),
        rf"\b(?:session|auth|login|sid)\scookie(?:\svalue)?(?:\s(?:is|was)|\s?[:=])\s[\"'`]?{_VALUE}",
        _of_cookie,
        keyed=True,
    ),
)
