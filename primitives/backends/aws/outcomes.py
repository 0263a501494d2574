"""What became of a call that changes something and failed: refused for certain, or nobody knows.

Errors with a status under 500 are refusals (https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and
the like); 500 and above, a lost connection or an answer that can't be read say nothing of it.
"""

from __future__ import annotations

from typing import Final

from primitives.actions.execution import Dispatch
from primitives.backends.aws.fields import mapping
from primitives.redact import Redactor
from primitives.text import safe_line

__all__ = ["outcome_of", "refused_before"]

_NOT_SENT: Final = frozenset({
    "ParamValidationError", "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError",
    "TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "NoRegionError", "ProfileNotFound",
    "ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError", "SSLError", "EndpointProviderError",
    "EndpointResolutionError", "UnknownServiceError", "SourceDenied", "SourceTimeout",
})  # fmt: skip
"""botocore's errors of before anything was sent: https://github.com/boto/botocore/blob/develop/botocore/httpsession.py"""
_CHANGED: Final = frozenset({
    "PreconditionFailedException", "ConflictException", "ResourceConflictException", "ConcurrentModificationException",
    "ConcurrentUpdateException", "ResourceInUseException", "UpdateInProgressException",
})  # fmt: skip
_TIMED_OUT: Final = frozenset({"RequestTimeout", "RequestTimeoutException", "InternalFailure", "InternalError"})
_ASKED_TIME: Final = 408
_SERVER: Final = 500


def refused_before(error: Exception, problem: str) -> Dispatch | None:
    """That it was certainly not sent; None where it may have been."""
    of_role = getattr(error, "operation_name", "") == "AssumeRole"
    if of_role or type(error).__name__ in _NOT_SENT:
        return Dispatch(outcome="refused", detail=f"it was not sent: {problem}")
    return None


def outcome_of(error: Exception, problem: str) -> Dispatch:
    """What became of a call that was sent and failed."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return Dispatch(outcome="unknown", detail=problem)
    stated, metadata = mapping(response, "Error"), mapping(response, "ResponseMetadata")
    code, status = str(stated.get("Code") or "").rpartition("#")[2], metadata.get("HTTPStatusCode")
    request = safe_line(str(metadata.get("RequestId") or ""), limit=100)
    said = Redactor().redact(safe_line(str(stated.get("Message") or ""), limit=300))
    why = f"{problem}: {said}" if said and said != code else problem
    if not isinstance(status, int) or status >= _SERVER or status == _ASKED_TIME or code in _TIMED_OUT:
        return Dispatch(outcome="unknown", request_id=request, detail=why)
    if code in _CHANGED:
        why = f"the target has changed since it was looked at: {why}"
    return Dispatch(outcome="refused", request_id=request, detail=why)
