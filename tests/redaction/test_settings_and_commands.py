"""Commands that store secrets, settings of network gear, other languages' words, addresses without a host: `§` is the secret."""

from __future__ import annotations

import pytest

from primitives.redact import Redactor

SECRETS = ["Trm7Vq2kWz9", "zebQxLmTrowvan", "Vq3-IMiX.QxV2o"]
SHAPES = [
    "vault kv put secret/app user=bob password=§ token=y1",
    "vault kv put secret/app a=§ b=§ c=§",
    "vault kv patch -mount=secret app api=§",
    "kubectl create secret generic db --from-literal=user=bob --from-literal=x=§ -n prod",
    "kubectl create secret docker-registry r --docker-server=h --docker-username=u --docker-password=§ --docker-email=e",
    "az keyvault secret set --vault-name v --name n --value §",
    "gh secret set NAME -b §",
    'gh secret set NAME --body "§" --repo a/b',
    "gh secret set -b § NAME",
    "aws ssm put-parameter --name /a/b --value § --type SecureString",
    "aws ssm put-parameter --type SecureString --name /a/b --value §",
    'aws ssm put-parameter --name /a/b --value "§" --overwrite --type "SecureString"',
    "aws secretsmanager create-secret --name x --secret-string §",
    'aws secretsmanager put-secret-value --secret-id x --secret-string \'{"k":"§"}\'',
    "enable secret 5 $1$mERr$§",
    "enable secret §",
    "enable password 7 0822455D0A16§",
    "snmp-server community § RO",
    "snmp-server host 10.0.0.1 version 2c §",
    "neighbor 10.0.0.1 password 7 §",
    'set system login user bob authentication encrypted-password "$6$§"',
    'set security ike policy p pre-shared-key ascii-text "$9$§"',
    "set snmp community § authorization read-only",
    "crypto isakmp key § address 1.2.3.4",
    " ip ospf message-digest-key 1 md5 7 §",
    " pre-shared-key local §",
    "username bob password 0 §",
    "username admin privilege 15 secret 9 $9$§",
    "radius-server host 10.0.0.1 auth-port 1812 key §",
    " key 7 §",
    "super password level 15 cipher §",
    "local-user bob password irreversible-cipher §",
    "snmp-agent community read cipher §",
    "set psksecret ENC §",
    "set password ENC §",
    "/ppp secret add name=u password=§ service=l2tp",
    "wpa-psk ascii 0 §",
    "postgres://u:§@/db",
    "postgresql://u:§@/db?host=/tmp",
    "redis://:§@/0",
    "amqp://u:§@",
    "export TOK=§",
    "CIRCLE_TOK=§",
    "BEARER=§",
    "JWT=§",
    "clave_api=§",
    "SMTP_PASSWORT=§",
    'mot_de_passe: "§"',
    "chiave_segreta = §",
    "token: klyuch=§",
    "sekretnyj_klyuch=§",
    "geheime_sleutel: §",
    "haslo: §",
]
IN_URLS = [
    "https://x/s?t=6b703a4f1739a4a63c7e258ca9eec0ff",
    "https://x/s?p=Zb703a4f1739a4a63c7e258ca9eec0ff",
    "https://x/s?sv=1&sig=a%2Bb703a4f1739a4a63c7e258ca9eec0ff%3D",
    "wss://x/socket?jwt=6b703a4f1739a4a63c7e258ca9eec0ff",
]
LOOK_ALIKES = [
    "kubectl create secret generic db --from-file=./key.pem",
    "vault kv get -field=password secret/app",
    "vault write auth/approle/role/app token_ttl=20m",
    "aws ssm put-parameter --name /a/b --value on --type String",
    "gh secret set NAME --env prod < key.txt",
    "neighbor 10.0.0.1 remote-as 65000",
    "snmp-server location rack-12",
    "snmp-server enable traps",
    "username bob privilege 15",
    "enable password required",
    "key chain ospf-keys",
    "postgres://db.example.com/shop",
    "https://example.com/s?t=1768200000&p=3",
    "https://example.com/s?t=4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
    "clave: primary",
    "Schlüssel: id",
    "the cle is under the mat",
    'value "5" of variable REPLICAS',
    "Use the following command: kubectl get pods",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_secret_goes(shape: str, secret: str) -> None:
    redacted = Redactor().redact(shape.replace("§", secret))
    assert secret not in redacted
    assert Redactor().redact(redacted) == redacted


@pytest.mark.parametrize("url", IN_URLS)
def test_a_token_in_a_short_parameter_goes(url: str) -> None:
    assert "703a4f1739a4" not in Redactor().redact(url)


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_looks_like_them_stays(text: str) -> None:
    assert Redactor().redact(text) == text
