"""Pieces of the names of keys whose values are secret: a name that has none of them needs no closer look."""

from __future__ import annotations

from typing import Final

from primitives.redact import languages
from primitives.redact.pieces import Pieces

__all__ = ["ANY_KEY_PIECE", "KEY_PIECES"]

KEY_PIECES: Final = (
    "pass", "key", "secret", "tok", "auth", "pwd", "cred", "pw", "sig", "private", "saml", "userdata", "user_data", "user-data",
    "psk", "plaintext", "sensitive", "cookie", "mdp", "kty", "login", "securestr", "pat", "sas", "salt", "seed", "sess", "pswd",
    "sandi", "khau", "acceso", "phrase", "pepper", "hec", "kek", "sk", "community", "licen", "sid", "bearer", "jwt", "stringdata", "dockerc", *languages.PIECES,
)  # fmt: skip
"""In lower case and of ASCII alone; also those of kinds of objects whose values are all secret."""
ANY_KEY_PIECE: Final = Pieces(KEY_PIECES)
