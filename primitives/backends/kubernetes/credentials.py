"""`python -m primitives.backends.kubernetes.credentials`: what kubectl would use to reach a cluster, as JSON.

Kubernetes' own client reads the kubeconfig with all that it may ask for: exec plugins (AWS, Google, Azure), OIDC,
client certificates, the pod's service account. It runs in a process of its own: a plugin that hangs or asks on the
terminal is ended from outside, and 0.4 s of imports stay out of the cockpit's process. The request comes on standard
input, the answer goes to standard output: an `error`, or the server's address with its credentials.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

__all__ = ["main"]


def main() -> int:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    # Plugins and libraries print warnings; the answer alone goes to the real output.
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        answer = _answer(request)
    json.dump(answer, sys.stdout)
    return 0


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    said = _Said()
    logging.getLogger().addHandler(said)
    try:
        from kubernetes import client, config

        configuration = client.Configuration()
        namespace = ""
        if request["in_cluster"]:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            namespace = _text("/var/run/secrets/kubernetes.io/serviceaccount/namespace") or ""
        else:
            files, context = request["files"] or None, request["context"] or None
            config.load_kube_config(  # type: ignore[no-untyped-call]
                files, context=context, client_configuration=configuration, persist_config=False
            )
            contexts, current = config.list_kube_config_contexts(files)  # type: ignore[no-untyped-call]
            chosen = next((entry for entry in contexts if entry["name"] == context), current)
            namespace = chosen["context"].get("namespace") or ""
    except Exception as error:  # Whatever a plugin or a file makes the library raise is told to the parent in words.
        return {"error": f"{type(error).__name__}: {error}"}
    authorization = _authorization(configuration)
    if said.problems and not authorization and not configuration.cert_file:
        # A login plugin's failure is only logged, and the user would be nobody.
        return {"error": said.problems[0]}
    return {
        "server": configuration.host,
        "namespace": namespace,
        "authorization": authorization,
        "verify": bool(configuration.verify_ssl),
        "server_name": getattr(configuration, "tls_server_name", None) or "",
        "authority": _text(configuration.ssl_ca_cert),
        "certificate": _text(configuration.cert_file),
        "key": _text(configuration.key_file),
        "proxy": configuration.proxy or "",
    }


class _Said(logging.Handler):
    """Keeps what the library has logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.problems: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.problems.append(record.getMessage())


def _authorization(configuration: Any) -> str:
    """The value of the header: a bearer token with its prefix, or the basic credentials."""
    settings = configuration.auth_settings().values()
    header = next((entry["value"] for entry in settings if entry["key"] == "authorization" and entry["value"]), "")
    return str(header or (configuration.get_basic_auth_token() if configuration.username else ""))


def _text(path: str | None) -> str | None:
    return Path(path).read_text() if path and Path(path).is_file() else None


if __name__ == "__main__":
    sys.exit(main())
