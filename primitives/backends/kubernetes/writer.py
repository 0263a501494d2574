"""The writing side of a cluster: looks, dry runs and single requests, with the identity that may act.

A request that changes something is sent once and never retried. What became of it is one of three: the server took it,
it certainly didn't, or nobody knows (https://kubernetes.io/docs/reference/using-api/api-concepts/: dry run, patch,
`resourceVersion`; a time-out says nothing of whether the request was carried out).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from primitives.actions.execution import Dispatch
from primitives.actions.kubernetes import InCluster
from primitives.actions.kubernetes_objects import Access, ObjectRef, Request, TargetChanged
from primitives.actions.proposal import ActionArguments
from primitives.actions.rbac import access_of
from primitives.backends.kubernetes.client import CONCURRENT_REQUESTS, MAX_ANSWER_BYTES, Absent, KubernetesClient
from primitives.errors import SourceDenied, SourceError, SourceTimeout, SourceUnreachable
from primitives.examination import Examination
from primitives.http_requests import Received, receive
from primitives.remediations.registry import permissions_of
from primitives.side_by_side import outcomes, side_by_side

if TYPE_CHECKING:
    from primitives.backends.kubernetes import KubernetesSettings

__all__ = ["KubernetesWriter"]

_REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_DRY: Final = {"dryRun": "All"}
_TIMEOUT_S: Final = 30.0
"""An API server ends a request after a minute; a person waits for this long."""


class KubernetesWriter:
    """Acts on one cluster as the context and user that the settings name for it."""

    def __init__(self, name: str, settings: KubernetesSettings) -> None:
        self.name = name
        self.separate = bool(settings.act_as or (settings.act_context and settings.act_context != settings.context))
        self._settings = settings.model_copy(update={"context": settings.act_context or settings.context})
        headers = {"Impersonate-User": settings.act_as} if settings.act_as else {}
        self._client = KubernetesClient(self._settings, source=name, headers=headers)
        where = self._settings.context or ("this pod's service account" if settings.in_cluster else "the current one")
        self.identity = f"kubectl context {where}" + (f" as {settings.act_as}" if settings.act_as else "")
        self.place = {"context": settings.context, "cluster": settings.cluster}
        self.secrets: tuple[str, ...] = ()
        self._slots = asyncio.Semaphore(CONCURRENT_REQUESTS)

    def serves(self, arguments: ActionArguments) -> bool:
        """Whether the arguments' kubectl context is this cluster's; where they name none, it is."""
        context = arguments.context if isinstance(arguments, InCluster) else None
        return not context or context in (self._settings.cluster, self.place["context"])

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def get(self, path: str) -> Mapping[str, Any] | None:
        """The object or list at `path`; None where there is none. Raises `SourceError`."""
        try:
            document: Mapping[str, Any] = await self._client.get(path)
        except Absent:
            return None
        self.secrets = (await self._client.access()).secrets
        return document

    async def may(self, access: Access, ref: ObjectRef) -> tuple[bool, str]:
        """Whether this identity may do that, and the server's reason. Raises `SourceError`."""
        attributes = {
            "verb": access.verb, "group": access.group, "resource": access.resource, "namespace": ref.namespace,
            "name": ref.name, "subresource": access.subresource,
        }  # fmt: skip
        asked = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        body = {**asked, "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}}}
        answer = self._document(await self._exchange(Request("POST", _REVIEWS, body)))
        status = answer.get("status")
        status = status if isinstance(status, Mapping) else {}
        return status.get("allowed") is True, self._client.clean(str(status.get("reason") or ""))

    async def examine(self) -> Examination:
        """Ask the server for each permission that an action takes whether this identity has it.

        Raises `SourceError`, also where the user may not be impersonated.
        """
        tasks = await side_by_side([self._lacks(permission) for permission in permissions_of("kubernetes")])
        lacking, failures = outcomes(tasks)
        if failures:
            raise failures[0]
        return Examination(who=self.identity, missing=tuple(filter(None, lacking)))

    async def _lacks(self, permission: str) -> str:
        """The permission, where this identity hasn't got it, in the first namespace that is read; else empty."""
        access = access_of(permission)
        chosen = self._settings.namespaces[:1] if access.resource != "nodes" else ()
        async with self._slots:
            allowed, _ = await self.may(access, ObjectRef("", "", "", "".join(chosen), ""))
        return "" if allowed else permission

    async def dry_run(self, request: Request) -> Mapping[str, Any]:
        """What the server says that it would store. Raises `SourceError`, also for what it would refuse."""
        if request.method == "DELETE":
            # A deletion with a body has its options there: the server doesn't look at those of the URL.
            request = replace(request, body={**(request.body or {}), "dryRun": ["All"]})
        return self._document(await self._exchange(request, _DRY))

    async def send(self, request: Request) -> Dispatch:
        """Send the request, once. Never raises for what became of it."""
        import httpx2

        try:
            answer = await self._exchange(request)
        except (SourceDenied, _NotSentError) as error:
            return Dispatch(outcome="refused", detail=f"it was not sent: {error.problem}")
        except (SourceError, httpx2.HTTPError) as error:
            detail = error.problem if isinstance(error, SourceError) else self._client.clean(str(error))
            return Dispatch(outcome="unknown", detail=detail or type(error).__name__)
        return self._outcome(answer)

    def _outcome(self, answer: Received) -> Dispatch:
        audit = self._client.clean(answer.headers.get("Audit-Id") or "")
        if 200 <= answer.status < 300:
            return Dispatch(outcome="accepted", request_id=audit)
        why = self._why(answer)
        if answer.status >= 500 or answer.status < 400:
            return Dispatch(outcome="unknown", request_id=audit, detail=why)
        if answer.status == 409:
            why = f"the target has changed since it was looked at: {why}"
        return Dispatch(outcome="refused", request_id=audit, detail=why)

    def _document(self, answer: Received) -> Mapping[str, Any]:
        if not 200 <= answer.status < 300:
            kinds = {401: SourceDenied, 403: SourceDenied, 409: TargetChanged}
            raise kinds.get(answer.status, SourceUnreachable)(self.name, self._why(answer))
        try:
            document = orjson.loads(answer.body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise SourceUnreachable(self.name, "what it answers is not from a Kubernetes API: check the address")
        return document

    def _why(self, answer: Received) -> str:
        try:
            message = orjson.loads(answer.body).get("message")
        except (ValueError, AttributeError):
            message = None
        said = self._client.clean(message)[:300] if isinstance(message, str) else ""
        return f"HTTP {answer.status}{f': {said}' if said else ''}"

    async def _exchange(self, request: Request, params: Mapping[str, str] | None = None) -> Received:
        """One request and its answer. Raises `_NotSentError` where it certainly didn't go out, else `SourceError`."""
        import httpx2

        access = await self._client.access()
        http = await self._client.connection()
        extensions = {"sni_hostname": access.server_name} if access.server_name else {}
        built = http.build_request(
            request.method, access.server + request.path, params={**(params or {}), "fieldManager": "cloudops"},
            content=orjson.dumps(request.body) if request.body is not None else None,
            headers={"Accept": "application/json", "Content-Type": request.content_type}, extensions=extensions,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await receive(http, built, MAX_ANSWER_BYTES)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise _NotSentError(self.name, self._client.clean(str(error)) or type(error).__name__) from None
        except (TimeoutError, httpx2.TimeoutException):
            raise SourceTimeout(self.name, f"no answer within {_TIMEOUT_S:g} s") from None
        except httpx2.HTTPError as error:
            raise SourceUnreachable(self.name, self._client.clean(str(error)) or type(error).__name__) from None


class _NotSentError(SourceUnreachable):
    """There was no connection to send it on."""
