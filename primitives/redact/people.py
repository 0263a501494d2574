"""Redaction rules for what people write to each other: chats, tickets, notes of a handover.

A candidate is a word that no language has; what stands before and behind it says whether it is a secret: that it is the
value of something whose name stands earlier, that somebody is to log in with it, that the secret was changed to it. Of a
sentence that somebody wrote to somebody (`I`, `you`, `please`) about a secret, a random word alone is enough.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.marks import without_marks
from primitives.redact.pieces import Pieces
from primitives.redact.rules import Rule, Span, make_rule
from primitives.redact.values import is_code, is_no_secret, is_uuid

__all__ = ["PEOPLE_RULES"]

_BEFORE: Final = 160
_AFTER: Final = 90
# Words for a password: what a sentence says of one is seldom about anything else.
_STRONG: Final = (
    r"(?:pass(?:words?|wds?|phrases?|codes?)|pswd|kennwort|zugangscode|(?:[\w-]{1,20}-?)?passwort|passord(?:et)?|contraseñas?|contrasena|senha|wachtwoord|"
    r"hasło|hasła|heslo|salasana|lösenord(?:et)?|adgangskoden?|şifre(?:si|niz|miz)?|парол[ьяю]|密码|口令|パスワード|비밀번호|jelszó|jelszava|lozinka|parol[aă]|"
    r"mots?\sde\spasse|mdp|kata\ssandi|mật\skhẩu)"
)
_ANY_LANGUAGE: Final = (
    r"(?:(?:[\w-]{1,20}-?)?passwort|kennwort|contraseñas?|senha|wachtwoord|hasło|hasła|heslo|salasana|lösenord(?:et)?|adgangskoden?|şifre(?:si|niz|miz)?|парол[ьяю]|密码|口令|パスワード|비밀번호"
    r"|jelszó|lozinka|mots?\sde\spasse|mật\skhẩu|jeton|clave|schlüssel)"
)
_NOUN: Final = (
    r"(?:pass(?:words?|wds?|phrases?|codes?|wort|wörter|ord|(?=\s))|pwd?|pw[sd]|pswd|kennwort|zugangscode|contraseñas?|contrasena|clave|senha|wachtwoord|"
    r"parol[aă]|hasło|hasła|heslo|salasana|lösenord(?:et)?|adgangskoden?|passordet|şifre(?:si|niz|miz)?|парол[ьяю]|密码|口令|パスワード|비밀번호|jelszó|jelszava|lozinka|"
    r"mots?\sde\spasse|mdp|kata\ssandi|mật\skhẩu|κωδικός|סיסמה|पासवर्ड|รหัสผ่าน|"
    r"tokens?|jetons?|secrets?|pat|otp|creds?|credentials?|connection\sstring|licen[cs]e\s(?:key|code)|(?:unlock|recovery|backup|access|door|gate|safe|login|verification|2fa|mfa|one-time)\scodes?|"
    r"(?:[\w-]{2,20}[\s-])?(?:api|access|secret|encryption|signing|service|account|ssh|vpn|wi-?fi|wlan|deploy|webhook|shared|master|admin|storage|recovery|unseal|private|root|license|client|auth|integration|ingest|new|old)[\s-]?keys?"
    r"|(?:zugangs|api-?|geheime?r?\s)schlüssel|clé\s(?:api|d'api|d'accès|secrète)|clave\s(?:de\s)?api|chiave\s(?:api|segreta))"
)
# After these stands what something is ...
_IS: Final = (
    r"(?:\s(?:is|was|will\sbe|should\sbe|must\sbe|has\sbeen|remains?|stays?|became|becomes|equals?|reads?|set\sto|changed\sto|reset\sto|rotated\sto"
    r"|ist|lautet|war|heißt|es|era|est|sera|é|è|luidt|jest|to|brzmi|je|är|er|olarak|este|это|теперь|είναι)"
    r"(?:\s(?:now|again|still|currently|just|simply|actually|back|temporarily|set\sto|ab\ssofort|jetzt|ora|ahora|maintenant|agora|nu|teraz|теперь))?"
    r"|\s?(?::|=|->|=>|→|—|–)|是|为|は|：|은|는|가|이)"
)
# ... and after these, much else as well.
_MAY_BE: Final = r"(?:\s(?:as|with|on|are|be|into|now|still|just|from|auf|a|à|en|na|на|of|value|using))"
_WORD: Final = r"(?:\s[^\s.:;?!]{1,30})"
_SAID: Final = lazy_pattern(
    rf"(?<![A-Za-z0-9_/.-]){_NOUN}(?:'s)?(?:[,)]?{_WORD}){{0,14}}?{_IS}\s{{0,2}}[\"'`(*]{{0,3}}$", re.IGNORECASE
)
_SAID_OF_RANDOM: Final = lazy_pattern(
    rf"(?:(?<![A-Za-z0-9_/.-]){_NOUN}(?:'s)?(?:(?:[,)]?{_WORD}){{0,9}}?{_MAY_BE}|\s)|(?:^|(?:the|our|my|your|a)\s(?:\w{{1,20}}\s)?)keys?{_WORD}{{0,6}}?\s(?:is|was)(?:\s(?:now|still))?)\s?[\"'`(*]{{0,3}}$",
    re.IGNORECASE,
)
# In the same sentence, and nothing between says that the word is the name of something else.
_IN_SENTENCE: Final = lazy_pattern(
    rf"(?<![A-Za-z0-9_/.-]){_STRONG}(?![\w-])[^.!?\n]{{0,70}}\s[\"'`(*“«„]{{0,3}}$", re.IGNORECASE
)
_ANY_SENTENCE: Final = lazy_pattern(rf"(?<![A-Za-z0-9_/.-]){_ANY_LANGUAGE}", re.IGNORECASE)
_ANSWER: Final = lazy_pattern(
    rf"(?<![A-Za-z0-9_/.-]){_NOUN}{_WORD}{{0,6}}?\s?(?:\?[\"'”]?\s(?:A:\s|(?:—|–|-)\s)?|,\s|\s(?:here|there):\s)[\"'`(“]?$",
    re.IGNORECASE,
)
_ENTERED: Final = lazy_pattern(
    r"(?:\b(?:log|sign|get|got|let|lets|go|came)(?:ged|ging|ting|s)?(?:\s[\w@.-]{1,40}){0,3}?\s?in(?:to)?(?:\s[\w@.-]{1,40}){0,4}?\s(?:with|using|by)|\b(?:attempts?|tries)\swith|\bu:\s?\S{1,40}[\s,]{1,2}p:)\s[\"'`(]?$",
    re.IGNORECASE,
)
_HEX: Final = lazy_pattern(r"(?=[a-f]{0,40}[0-9])[0-9a-f]{16,200}|(?=[A-F]{0,40}[0-9])[0-9A-F]{16,200}")
_PAIR: Final = lazy_pattern(
    r"(?:\b(?:log|sign|connect|authenticate|get|got)(?:ged|s|ing|ging)?\s?(?:in|on|into)?(?:to)?(?:\s\S{1,40}){0,5}?\s(?:with|as|using|via|by|mit|als|con|como|avec|comme|met)\s|\btry\s"
    r"|(?<![\w/.-])(?:user(?:name)?|account|login|benutzer|usuario|utilisateur|utente|gebruiker)(?![\w-])(?:\s(?:is|name|called))?\s?:?\s{0,2}(?!name\b|id\b|type\b)"
    r"|(?<![\w/.-])(?:creds?|credentials?|logins?|zugangsdaten|zugang|identifiants|credenciales|credenziali|inloggegevens)(?![\w-])(?:\s[\w.-]{1,20}){0,5}\s?[(:]?\s?)"
    r"[\"'`]?[\w.@\\+-]{1,60}[\"'`]?(?:,?\s(?:and|und|y|et|e|en|with|mit|con|avec|plus|then)\s|\s?(?://|[/|:,+&])\s?)"
    rf"(?:(?:the|das|la|le)\s)?(?:{_NOUN}\s?(?:is\s|of\s|:\s?)?)?[\"'`(]?$",
    re.IGNORECASE,
)
_IT: Final = lazy_pattern(
    r"(?:\b(?:it|this|that|these|one|them|mine|ours|both|es|das|lo|la|le|het|ją|его)(?:'s)?\s(?:(?:back|over|again|now|straight|right)\s){0,2}(?:to|is|was|are|as|with|auf|a|à|en|naar|на)(?:\s(?:now|still|just))?"
    r"|\b(?:now|instead|afterwards|since|currently)(?:\s(?:is|it's|use))?|\b(?:it|that|here|there)'s(?:\s(?:now|still|just))?|\b(?:new|old|current|latest|other)\s(?:one|value)(?:\s(?:is|was))?"
    r"|\b(?:changed|rotated|reset|set|switched|updated|moved|replaced)(?:\s\w{1,20}){0,2}\s(?:to|by|with|from)|\b(?:here|there)\s(?:you\sgo|it\sis|goes))"
    r"\s?[:=]?\s{0,2}[\"'`(]?$",
    re.IGNORECASE,
)
_VERB: Final = lazy_pattern(
    r"\b(?:us[ae][drnt]{0,2}|using|use|enter(?:ed)?|tr(?:y|ied)|typed?|paste|put|send|gave|give|supply|provide|add|pick|took|take|set|with|try\sit\swith|nimm|nehmt|benutze|nutze|verwende|utilise[zr]?|mets|usa|usar|usen|gebruik|użyj|используй(?:те)?)"
    r"(?:\s(?:this|the|in|just|simply|please|bitte))?:?\s[\"'`(]?$",
    re.IGNORECASE,
)
_AFTER_VERB: Final = lazy_pattern(rf"[\"'`),]{{0,3}}{_WORD}{{0,7}}?\s(?:{_NOUN}|prompt|login)(?![\w-])", re.IGNORECASE)
_BEHIND: Final = lazy_pattern(
    r"[\"'`)]{0,3},?\s(?:(?:—|–|-|<-|<--|=)\s)?(?:(?:is|was|as|be|being|remains|works\sas|ist|war|als|est|es|é|è|jest|to|como|come|comme)\s)?(?:still\s|now\s|noch\s|not\s)?"
    rf"(?:(?:for|as|für|pour|para|per)\s)?(?:(?:the|a|an|our|my|your|their|his|her|that|das|der|die|dein|mein|unser|le|la|el|il|mon|notre|mi|il|het)\s)(?:[\w'-]{{1,20}}\s){{0,4}}?{_NOUN}(?![\w-])",
    re.IGNORECASE,
)
_ABOUT: Final = lazy_pattern(rf"(?<![A-Za-z0-9_/.-]){_NOUN}(?![\w-])", re.IGNORECASE)
_PERSONAL: Final = lazy_pattern(
    r"(?<![\w'-])(?:(?-i:I)|i'm|i'll|i've|we|you|me|us|my|mine|our|your|yours|please|pls|plz|hi|hey|hello|thanks|thx|cheers|fyi|btw|let's|don't|dont|can't"
    r"|ich|wir|du|ihr|mir|dir|uns|bitte|hallo|danke|mein|dein|je|j'ai|nous|vous|moi|toi|merci|salut|yo|tú|hola|gracias|mi|nuestr[oa]|eu|você|meu|obrigad[oa]|io|noi|ciao|grazie|mio"
    r"|ik|jij|wij|jullie|hoi|ja|proszę|cześć|я|мы|ты|вы|привет|мой|наш)(?![\w'/-])",
    re.IGNORECASE,
)
# What a word that looks random is the name of.
_NAMED: Final = lazy_pattern(
    r"(?:\b(?:commit|sha|sha1|sha256|md5|rev|revision|build|trace|span|request|req|ticket|issue|bug|case|id|ids|uid|uuid|hash|digest|checksum|image|pod|container|version|node|instance|host|server|branch|tag|release"
    r"|pr|merge|patch|job|run|order|fingerprint|model|part|serial|firmware|kernel|package|port|error|exception|status|event|message|volume|disk|cluster|namespace|bucket|table|column|file|path|page|section|chapter"
    r"|option|flag|algorithm|cipher|protocol|format|charset|encoding|(?<!just )(?<!then )(?<!please )(?<!to )(?<!and )(?<!^)type|class|function|method|variable|field|hotel|flight|room|user|username|login|thread|process|worker|shard|partition|session|named|called|keyid|key\sid)s?"
    r"\b[\s:#=\"'`(]{0,3}|#)$",
    re.IGNORECASE,
)
# Names of techniques, numbers with units, dates: what a sentence about secrets has beside them.
_TECHNICAL: Final = lazy_pattern(
    r"(?i:base(?:16|32|64)\w{0,10}|utf-?(?:8|16|32)\w*|sha-?\d[\w-]*|md[245]|aes-?\d+(?:-\w+)*|rsa-?\d*|ed25519\w*|x25519|x86\S*|x\.?509\S*|ip-?v?[46]|http[23s]?|oauth-?[12]\S*|log4j\d?|neo4j|k[38]s"
    r"|i18n|l10n|p\d\d|(?:python|java|php|windows?|win|node|pg|mysql|postgres|perl|ruby)-?\d[\d.]*|tls-?v?\d\S*|ssl-?v?\d|pkcs-?#?\d+\S*|rfc-?\d+|iso-?\d\S*|fips-?\d\S*|cve-\S*"
    r"|bcrypt\d?|argon2\w*|\w*argon2\S*|pbkdf2\S*|scrypt\d?|[hrep]s\d{3}|\d?password|c\+\+\d*|[a-z]+\+[a-z]+|covid\S*|y2k|fy\d+|v\d[\d.]*|q[1-4]"
    r"|\d+(?:\.\d+)?-?(?:k|kb|kib|mb|mib|gb|gib|tb|b|ms|us|ns|s|m|min|h|d|x|w|y|st|nd|rd|th|am|pm|bits?|bytes?|chars?|ways?|days?|hours?|minutes?|seconds?|weeks?|px|pt|em|mm|cm|hz|mhz|ghz|v|p|des\w*)"
    r"|(?:mon|tues?|wednes|thurs|fri|satur|sun)day\S*|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[-/]?\d{1,4})"
    r"|[A-Za-z]{1,10}-[0-9.-]+[a-z]?|[\w.-]+\$|[0-9][0-9.,:/_+-]*[a-z%]{0,3}|[A-Za-z][a-z]*[!?*]+|[A-Z]?[a-z]+(?:[A-Z][a-z]{2,})+\d?|(?:[A-Z]{0,3}[a-z]{2,}+\d{0,5}+){2,5}"
)
# Paths, flags, names in parts, places in programs.
_SHAPED: Final = lazy_pattern(
    r".*[/\\|^<>].*|~.*|--?[a-z].*|[$%@&#*+].*|.*=.*|[\w.+-]+@[\w-]+\.\w.*|[\w.+-]+://.*|[\w-]+(?:\.[\w-]+)*\.[a-z]{1,5}[0-9]?[:.]?|\w+:[\w.-]*"
    r"|[a-z0-9]+_[a-z0-9_]+|[A-Z0-9]+_[A-Z0-9_]+|(?:[A-Za-z]+[0-9]{0,4}|[0-9]{1,8}[a-z]?)(?:[-._:#](?:[A-Za-z]+[0-9]{0,4}|[0-9]{1,8}[a-z]?))+|[a-z]+[0-9]{0,2}"
)
_RANDOM: Final = lazy_pattern(
    r"(?=[^0-9]{0,60}[0-9])(?=[^a-z]{0,60}[a-z])(?=[^A-Z]{0,60}[A-Z])[\w!#*+^~.@%$&?=-]{8,200}"  # three kinds of characters
    r"|(?=[^0-9]{0,60}[0-9])(?=[^A-Za-z]{0,60}[A-Za-z])(?=[\w.-]{0,60}[!#*+^~@%$&?])[\w!#*+^~.@%$&?=-]{7,200}"  # and a sign
    r"|(?=(?:[a-z]{0,9}[0-9]{1,9}){3})[a-z0-9]{10,200}|(?=(?:[A-Z]{0,9}[0-9]{1,9}){3})[A-Z0-9]{10,200}"  # by turns
)
_MIXED: Final = lazy_pattern(
    r"(?=[^A-Za-z]{0,60}[A-Za-z])(?=[^0-9!#*+@$&?%^]{0,60}[0-9!#*+@$&?%^])[\w!#*+^~.@%$&?-]{5,200}"
)
_IN_PARTS: Final = lazy_pattern(
    r"#?(?:[A-Z]?[a-z]+[0-9]{0,4}|[A-Z]+[0-9]{0,4}|[0-9]{1,8})(?:[-._:#](?:[A-Z]?[a-z]+[0-9]{0,4}|[A-Z]+[0-9]{0,4}|[0-9]{1,8}))+"
)
_HUNTER: Final = lazy_pattern(r"[A-Za-z]{3,20}[0-9]{1,6}[!?#*]{0,3}")


def _of_people(match: re.Match[str]) -> Span | None:
    """What somebody says is a secret."""
    start = match.start("secret")
    value = match["secret"].rstrip(".:!?\\*") if match["secret"][-1:] in ".:?\\*" else match["secret"]
    if len(value) < 5 or not _MIXED.fullmatch(value) or is_no_secret(value) or is_code(value) or is_uuid(value):
        return None
    if _TECHNICAL.fullmatch(value) or match.string.startswith("(", start + len(value)):
        return None
    is_random = _RANDOM.fullmatch(value) is not None and not _IN_PARTS.fullmatch(value)
    if not is_random and _SHAPED.fullmatch(value) and (not _HUNTER.fullmatch(value) or _is_technical(value)):
        return None
    span = start, start + len(value)
    return span if _is_told(match.string, span, is_random=is_random) else None


# A piece, in lower case, of each word of ASCII that the patterns above need, and beginnings of the short ones.
_STEMS: Final = Pieces((
    "pass", "pswd", "kennwort", "zugang", "contras", "senha", "wachtwoord", "parol", "hesl", "salasana", "adgangskod", "jelsz",
    "lozinka", "kata sandi", "token", "jeton", "secret", "cred", "connection string", "licen", "key", "clave", "chiave", "user",
    "account", "login", "connect", "authenticate", "benutzer", "usuario", "utilisateur", "utente", "gebruiker", "identifiant",
))  # fmt: skip
_BEGINNING: Final = lazy_pattern("(?<![a-z0-9])(?:pw|mdp|pat|otp|code|log|sign|get|go|try|let|came|attempt|tries)")


def _speaks_of_one(before: str, after: str) -> bool:
    """Whether a text around a word may say that it is a secret: a quick look, where a line has hundreds of such words."""
    around = f"{before} {after}"
    if not around.isascii() and not (around := without_marks(around)).isascii():
        return True
    lower = around.lower()
    return _STEMS.are_in(lower) or "u:" in lower or _BEGINNING.search(lower) is not None


_WORDS_WITH_DIGITS: Final = lazy_pattern(
    r"(?i:base|utf|sha|md|aes|rsa|ed|ipv|http|oauth|log|win|python|java|php|mysql|postgres|tls|ssl|sslv|tlsv|pkcs|rfc|iso|cve|bcrypt|argon|scrypt|step|part|level|phase|version|node|host|server|web|db|app|pod|user|test|line|page|"
    r"figure|table|section|chapter|slot|eth|port|disk|vol|volume|zone|cluster|shard|worker|thread|cpu|core|gpu|file|item|type|class|rev|build|bug|issue|key|token|secret|pass|group|role|ver|release|sda|nvme|dev|stage|prod|fips|latin|iso|unicode|ascii|bit|"
    r"sprint|week|day|month|quarter|round|option|case|example|note|appendix|python|perl|ruby|debian|ubuntu|fedora|rhel|centos|sles|alpine|bookworm|gtk|qt|libssl|openssl|gcc|clang|clause)[0-9.]+[!?]?"
)


def _is_technical(value: str) -> bool:
    return _WORDS_WITH_DIGITS.fullmatch(value) is not None or len(value) < 6


def _is_told(text: str, span: Span, *, is_random: bool) -> bool:
    start, end = span
    line = text.rfind("\n", max(start - _BEFORE, 0), start) + 1
    before = text[max(line, start - _BEFORE) : start]
    is_drawn = is_random or _HEX.fullmatch(text, start, end) is not None
    after = text[end : end + _AFTER].partition("\n")[0]
    if not _speaks_of_one(before, after):
        return False
    if _NAMED.search(before):
        return False
    if _SAID.search(before) or _PAIR.search(before) or (is_random and _SAID_OF_RANDOM.search(before)):
        return True
    if (_VERB.search(before) and _AFTER_VERB.match(after)) or _ANSWER.search(before) or _ENTERED.search(before):
        return True
    if is_drawn and (_IN_SENTENCE.search(before) or _ANY_SENTENCE.search(before) or _ANY_SENTENCE.search(after)):
        return True
    if _BEHIND.match(after) and (is_random or not (said := before.rstrip(" \"'`(")) or said[-1] in ".:,"):
        return True
    is_random = is_random or is_drawn
    if not _ABOUT.search(before) and not _ABOUT.search(after):
        return False
    return _IT.search(before) is not None or (
        is_random and (_PERSONAL.search(before) is not None or _PERSONAL.search(after) is not None)
    )


_CANDIDATE: Final = r"(?=[^\s\"'`,;()<>\[\]{}]{0,40}[0-9!#*+@$&?%^])(?=[^A-Za-z\s]{0,40}[A-Za-z])(?P<secret>[!#-&*+\--:=?-Z\\^_a-z|~]{5,200}+)"

PEOPLE_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "password",
        (
            "password", "passwords", "passwd", "passwort", "passphrase", "passcode", "passord", "passordet", "pw", "pwd", "pws", "pswd", "kennwort",
            "zugangscode", "contraseña", "contraseñas", "contrasena", "clave", "senha", "wachtwoord", "parola", "parolă", "hasło", "hasła", "heslo", "salasana",
            "lösenord", "lösenordet", "adgangskode", "adgangskoden", "şifre", "şifresi", "пароль", "пароля", "*密码", "*口令", "*パスワード", "*비밀번호", "jelszó", "jelszava",
            "lozinka", "passe", "mdp", "sandi", "khẩu", "κωδικός", "סיסמה", "*पासवर्ड", "*รหัสผ่าน", "token", "tokens", "jeton", "secret", "secrets",
            "otp", "pat", "pass", "cred", "creds", "credential", "credentials", "string", "key", "keys", "code", "codes", "schlüssel", "clé", "chiave", "login", "log",
            "logged", "sign", "account", "zugangsdaten", "zugang", "identifiants", "credenciales", "credenziali", "inloggegevens",
        ),
        # In a sentence a word stands behind a space.
        r"(?<!\S)[\"'`(*]?" + _CANDIDATE,
        _of_people,
        keyed=True,
    ),
    make_rule(
        "password",
        ("*密码", "*口令", "*パスワード", "*비밀번호", "*पासवर्ड", "*รหัสผ่าน"),
        r"(?<=[^\x00-\x7f])[\"'`(*]?" + _CANDIDATE,
        _of_people,
    ),
)  # fmt: skip
