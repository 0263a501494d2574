"""How a cluster is reached: the address, the credentials, and the TLS settings that a kubeconfig names."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from primitives.dataclass import dataclass
from primitives.errors import SourceDenied, SourceError, SourceTimeout, SourceUnreachable
from primitives.redact import Redactor
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.backends.kubernetes import KubernetesSettings

__all__ = ["Access", "load_access"]

LONGEST_S: Final = 15.0
"""A person's login plugin answers within seconds; one that waits for input never does."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API server is and what it is shown. `namespace` is the context's own, empty where it names none."""

    server: str
    namespace: str
    header: str
    context: ssl.SSLContext | None
    server_name: str
    proxy: str

    def __repr__(self) -> str:
        return "Access(...)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen anywhere."""
        return tuple(part for part in self.header.split() if len(part) > len("Bearer"))


async def load_access(source: str, settings: KubernetesSettings) -> Access:
    """Read the kubeconfig, as kubectl would, in a process of its own; at most `LONGEST_S` seconds.

    Raises `SourceError`: the file can't be read, the context isn't in it, a login plugin failed or hung.
    """
    request = {"files": settings.kubeconfig, "context": settings.context, "in_cluster": settings.in_cluster}
    answer = await _ask(source, json.dumps(request).encode())
    if "error" in answer:
        raise _refusal(source, settings, str(answer["error"]))
    try:
        return await asyncio.to_thread(_access, answer)
    except (KeyError, TypeError, ValueError, OSError, ssl.SSLError) as error:
        raise SourceUnreachable(
            source, f"its kubeconfig can't be used ({safe_line(str(error), limit=120)}): try `kubectl version`"
        ) from None


async def _ask(source: str, request: bytes) -> dict[str, Any]:
    output = await asyncio.to_thread(_run, source, request)
    try:
        answer = json.loads(output)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise SourceUnreachable(source, "its kubeconfig could not be read: try `kubectl version`")
    return answer


def _run(source: str, request: bytes) -> bytes:
    command = [sys.executable, "-m", "primitives.backends.kubernetes.credentials"]
    with subprocess.Popen(  # noqa: S603 - our own module, without arguments
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(),
        start_new_session=True,
    ) as child:  # fmt: skip
        try:
            output, _ = child.communicate(request, timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            raise SourceTimeout(
                source, f"its login plugin gave no credentials within {LONGEST_S:g} s: run `kubectl get ns` and log in"
            ) from None
        finally:
            # A plugin is a child of the child: both are of one session.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
    return output


def _environment() -> dict[str, str]:
    """This process' environment, in which the child finds the same packages."""
    root = str(Path(__file__).resolve().parents[3])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))}


def _refusal(source: str, settings: KubernetesSettings, error: str) -> SourceError:
    said = Redactor().redact(safe_line(error, limit=160))
    if settings.in_cluster:
        return SourceUnreachable(source, f"this is no pod with a service account ({said}): give a kubeconfig instead")
    if "exec:" in error or "exec plugin" in error.lower() or "process returned" in error:
        return SourceDenied(source, f"its login plugin failed ({said}): run `kubectl get ns` and log in")
    return SourceUnreachable(source, f"its kubeconfig can't be used ({said}): see `kubectl config get-contexts`")


def _access(answer: dict[str, Any]) -> Access:
    server = str(answer["server"]).rstrip("/")
    if not server.startswith(("https://", "http://")):
        raise ValueError("it names no server")
    return Access(
        server=server,
        namespace=str(answer["namespace"]),
        header=str(answer["authorization"]),
        context=_tls(answer) if server.startswith("https://") else None,
        server_name=str(answer["server_name"]),
        proxy=str(answer["proxy"]),
    )


def _tls(answer: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=answer["authority"] or None)
    if not answer["verify"]:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if answer["certificate"]:
        # The library takes a certificate from a file alone; it is gone again when this returns.
        with tempfile.TemporaryDirectory() as folder:
            pair = Path(folder, "pair.pem")
            pair.touch(mode=0o600)
            pair.write_text(f"{answer['certificate']}\n{answer['key'] or ''}\n")
            context.load_cert_chain(pair)
    return context
