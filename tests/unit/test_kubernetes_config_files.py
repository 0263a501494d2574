"""Addresses in mounted files, connection strings and URLs with a redacted password that lead nowhere."""

from __future__ import annotations

import pytest
from kubernetes_objects import WEB, Case, check, client, config_map, container, findings, owned, pod, service


def mounting(files: dict[str, str]) -> tuple[dict, ...]:
    """A pod that mounts a ConfigMap with these files, and the ConfigMap."""
    mount = container(volumeMounts=[{"name": "settings", "mountPath": "/etc/web"}])
    volumes = [{"name": "settings", "configMap": {"name": "web-settings"}}]
    web = pod("web-1", owner="StatefulSet/web", labels={"app": "web"}, containers=[mount], spec={"volumes": volumes})
    return web, config_map("web-settings", files)


CASES = [
    Case(
        "no such host in a URL whose password is redacted",
        owned(client(DATABASE_URL="postgres://app:[redacted:password:39e9d3]@postgre:5432/shop"), service("postgres")),
        "EnvHostUnknown",
        WEB,
        details={"host": "postgre", "port": 5432, "similar": ["postgres"]},
    ),
    Case(
        "no such host in a mounted file",
        owned(
            *mounting(
                {"application.yaml": "spring:\n  datasource:\n    url: jdbc:postgresql://postgre:5432/shop # main\n"}
            ),
            service("postgres"),
        ),
        "EnvHostUnknown",
        WEB,
        details={"variable": "url", "host": "postgre", "port": 5432},
    ),
    Case(
        "wrong port in a mounted nginx.conf",
        owned(*mounting({"nginx.conf": "location / {\n  proxy_pass http://api:9090;\n}\n"}), service(), pod()),
        "EnvPortMismatch",
        WEB,
        details={"host": "api", "port": 9090},
    ),
    Case(
        "no such host in a connection string",
        owned(
            client(ConnectionStrings__Db="Host=postgre;Port=5432;Password=[redacted:value:603bcc]"), service("postgres")
        ),
        "EnvHostUnknown",
        WEB,
        details={"host": "postgre", "port": 5432},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_address_that_leads_nowhere_is_found(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "content",
    [
        "# url: http://nobody:80\n",
        "host: nobody\n",
        "greeting: hello nobody:80 and all\n",
        "image: nobody:80\n",
        "server_name shop.example;\n",
        "log_format main '$remote_addr nobody:80';\n",
        "url: [redacted:value:603bcc]\n",
    ],
)
def test_what_is_no_address_in_a_mounted_file_is_left_alone(content: str) -> None:
    states = {finding.state for finding in findings(Case("", owned(*mounting({"web.conf": content}), service()), ""))}
    assert not states & {"EnvHostUnknown", "ServiceMissing", "SharedHostUnknown"}
