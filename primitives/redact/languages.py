"""Words for passwords, secrets, tokens and keys in other languages, as they are written in names of settings.

With and without the signs that ASCII lacks. A key may be public: behind `clave` alone a value must look random, behind
`clave secreta` it need not.
"""

from __future__ import annotations

from typing import Final

__all__ = ["KEYS", "PASSWORDS", "PIECES", "SECRETS", "SECRET_QUALIFIERS", "TOKENS"]

PASSWORDS: Final = (
    "passwort", "passwörter", "kennwort", "losungswort", "contraseña", "contrasena", "contrasenya", "contrasinal", "senha",
    "palavrapasse", "wachtwoord", "wachtzin", "salasana", "lösenord", "losenord", "passord", "adgangskode", "kodeord", "hasło",
    "haslo", "heslo", "geslo", "lozinka", "zaporka", "jelszo", "jelszó", "sifre", "şifre", "parola", "parool", "parole",
    "slaptazodis", "slaptažodis", "pasahitza", "lykilorð", "lykilord", "fjalekalimi", "пароль", "parol", "пароля", "лозинка",
    "парола", "密码", "密碼", "口令", "mima", "パスワード", "暗証番号", "パスフレーズ", "비밀번호", "암호", "סיסמה", "κωδικός", "συνθηματικό",
    "पासवर्ड", "รหัสผ่าน",
)  # fmt: skip
SECRETS: Final = frozenset({
    "geheimnis", "geheimni", "geheim", "losung", "zugangsdaten", "secreto", "credencial", "credenciale", "segreto", "credenziali", "segredo",
    "credenciai", "identifiant", "sekret", "секрет", "hemlighet", "hemmelighed", "hemmelighet", "tajemstvi", "titok", "rahasia",
    "gizli", "inloggegeven", "toegangscode", "zugangscode", "sicherheitscode", "dostep", "poswiadczenia",
})  # fmt: skip
TOKENS: Final = ("jeton", "gettone", "zeton", "żeton", "токен", "令牌", "토큰", "トークン", "merkki", "polet")
KEYS: Final = (
    "schluessel", "schlüssel", "schlussel", "clave", "llave", "cle", "clé", "clef", "chiave", "chave", "sleutel", "klucz",
    "klyuch", "kluch", "ключ", "klic", "klíč", "nyckel", "nøgle", "noegle", "nøkkel", "noekkel", "avain", "anahtar", "kulcs",
    "cheie", "kljuc", "ključ", "kunci", "密钥", "密鑰", "秘密鍵", "키",
)  # fmt: skip
SECRET_QUALIFIERS: Final = frozenset({
    "secreta", "secreto", "secrete", "secrète", "segreta", "privada", "privado", "privee", "privée", "privata", "acceso", "acces",
    "accès", "accesso", "acesso", "tajny", "tajn", "geheime", "geheimer", "gizli", "sekretnyj", "sekretny", "секретный", "hemlig",
    "hemmelig", "rahasia", "zugangs", "zugriff", "zugriffs", "toegangs", "prive", "api", "maestra", "d'accesso", "prywatny",
})  # fmt: skip
PIECES: Final = (
    "losung", "geheim", "kennwort", "contras", "senha", "palavra", "wacht", "salasana", "losen", "adgang", "kode", "haslo", "heslo",
    "geslo", "lozinka", "zaporka", "jelsz", "sifre", "parol", "paroo", "slapta", "pasahitza", "lykil", "fjale", "mima", "zugang",
    "credenc", "credenz", "segr", "identifiant", "sekret", "hemlig", "hemmel", "tajem", "titok", "rahasia", "gizli", "inlogg",
    "toegang", "sicherheitsc", "poswiad", "dostep", "jeton", "getton", "zeton", "merkki", "polet", "schlues", "schluss", "clave",
    "llave", "cle_", "_cle", "clef", "chiav", "chave", "sleutel", "klucz", "kluch", "klyuch", "klic", "nyckel", "noeg",
    "noekk", "avain", "anahtar", "kulcs", "cheie", "kljuc", "kunci",
)  # fmt: skip
"""Pieces, in lower case and of ASCII alone, of these words."""
