"""What people write beside a secret, and what they write that is none."""

from __future__ import annotations

import pytest

from primitives.redact import Redactor

SECRETS = ["Trm7Vq2kWz9x", "0f3a9b1c77de4421aa90"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "sentence",
    [
        "the password for the blue kettle in the second kitchen is now §",
        "please login with carol and §, thanks",
        "our shared key was rotated yesterday; it's § now",
        "when it asks for the passphrase, try §",
        "§ is what I set as the root password",
        "could you use § as the token?",
        "what was the wifi password? §",
        "das Passwort vom Kessel war bisher §",
        "он поменял пароль на §",
        "数据库的密码是§",
    ],
)
def test_what_somebody_says_is_a_secret_goes(sentence: str, secret: str) -> None:
    assert secret not in Redactor().redact(sentence.replace("§", secret))


@pytest.mark.parametrize(
    "sentence",
    [
        "you can sign in with OAuth2 and PKCS#11 tokens",
        "the password is hashed using SHA-512 with 5000 rounds",
        "I think the token of commit 5303261e80367400b3e044f984cd895d99ae1fa4 is fine",
        "the private key is on web-01.kitchen.example.com, port 8443",
        "password authentication failed for user carol from 10.0.3.17 port 51234",
        "Security ID: S-1-5-18 Account Name: worker7$ Logon ID: 0x3e7",
        'volume "login-token-e8iqq" : secret "feed-token-3g7s6" not found',
        "host 10-0-3-17 does not match the certificate 5303261e80367400b3e044f984cd895d99ae1fa4",
        "we keep 3 keys and 12 tokens since v2.14.1-rc2",
        "please read RFC2617 before you change the password policy of Win2022",
    ],
)
def test_what_else_a_sentence_about_secrets_has_stays(sentence: str) -> None:
    assert Redactor().redact(sentence) == sentence
