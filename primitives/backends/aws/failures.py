"""What went wrong with a call, in one line that says what to do.

Error codes: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html and "Common Errors" of each service's
API reference.
"""

from __future__ import annotations

from typing import Any, Final

from primitives.errors import SourceDenied, SourceError, SourceThrottled, SourceTimeout, SourceUnreachable
from primitives.text import safe_line

__all__ = ["AwsForbidden", "AwsMissing", "explain"]

_OVER: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_REFUSED: Final = frozenset({
    "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId",
    "MissingAuthenticationToken", "IncompleteSignature", "InvalidToken", "InvalidIdentityToken",
})  # fmt: skip
_SKEWED: Final = frozenset({"RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"})
_FORBIDDEN: Final = frozenset({
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
    "AuthorizationErrorException", "UnauthorizedException", "Forbidden", "ForbiddenException", "NotAuthorized",
})  # fmt: skip
_THROTTLED: Final = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException",
    "RequestThrottled", "RequestThrottledException", "LimitExceededException", "SlowDown", "PriorRequestNotComplete",
})  # fmt: skip
_SSO: Final = frozenset({"SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError",
                         "LoginRefreshRequired", "LoginTokenLoadError", "SSOError", "LoginError",
                         "NoAuthTokenError"})  # fmt: skip
_CONFIGURATION: Final = frozenset({"CredentialRetrievalError", "RefreshWithMFAUnsupportedError", "InvalidConfigError",
                                   "InfiniteLoopConfigError", "ConfigParseError",
                                   "UnknownCredentialError"})  # fmt: skip
_DNS: Final = ("NameResolution", "Name or service", "getaddrinfo", "nodename", "name resolution")
# AWS Health without a support plan that has it, AWS Config without a recorder: nobody keeps what is asked for.
_MISSING: Final = (
    "NotFound", "NoSuch", "DoesNotExist", "NonExistent", "SubscriptionRequired", "NoAvailableConfigurationRecorder",
)  # fmt: skip


class AwsForbidden(SourceDenied):
    """This one call may not be made with these credentials."""


class AwsMissing(SourceError):
    """What was asked about isn't there: deleted meanwhile, or never was."""


def explain(error: BaseException, source: str, action: str, profile: str = "") -> SourceError:
    """The error of a call of `action` (such as `rds:DescribeEvents`) as one of ours."""
    if isinstance(error, SourceError):
        return error
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return _of_code(response, source, action, profile)
    return _of_kind(error, source, action, profile)


def _of_code(response: dict[str, Any], source: str, action: str, profile: str) -> SourceError:
    stated = response.get("Error")
    stated = stated if isinstance(stated, dict) else {}
    code = str(stated.get("Code") or "").rpartition("#")[2]
    metadata = response.get("ResponseMetadata")
    status = metadata.get("HTTPStatusCode") if isinstance(metadata, dict) else None
    if code in _OVER:
        return SourceDenied(source, f"the credentials ran out{_log_in(profile)}")
    if code in _REFUSED:
        return SourceDenied(source, f"the credentials were refused ({code}): check profile, account and region")
    if code in _SKEWED:
        return SourceDenied(
            source, f"the signature was refused ({code}): check the secret key and this machine's clock"
        )
    if code in _FORBIDDEN or status == 403:
        return AwsForbidden(source, f"not allowed: {action}")
    if code in _THROTTLED or status == 429:
        return SourceThrottled(source, f"{action} was throttled: try again in a minute")
    if any(word in code for word in _MISSING) or status == 404 or _is_no_such(stated):
        return AwsMissing(source, f"{action}: what it asked about isn't there ({safe_line(code, limit=80) or status})")
    what = safe_line(code, limit=80) or f"HTTP {status}"
    return SourceUnreachable(source, f"{action} failed ({what})")


def _is_no_such(stated: dict[str, Any]) -> bool:
    """CloudFormation and Auto Scaling say so in words: "Stack for api does not exist"."""
    return stated.get("Code") == "ValidationError" and "does not exist" in str(stated.get("Message"))


def _log_in(profile: str) -> str:
    named = f" --profile {profile}" if profile else ""
    return f": log in again, such as with `aws sso login{named}`"


def _of_kind(error: BaseException, source: str, action: str, profile: str) -> SourceError:
    name = type(error).__name__
    if name == "NoCredentialsError":
        return SourceDenied(
            source, "there are no AWS credentials: set `profile`, or run `aws configure` or `aws sso login`"
        )
    if name == "PartialCredentialsError":
        return SourceDenied(source, "the AWS credentials are half there: give key and secret, or a profile")
    if name in _SSO:
        return SourceDenied(source, f"the SSO session is over{_log_in(profile)}")
    if name == "ProfileNotFound":
        return SourceDenied(
            source, f"there is no AWS profile {safe_line(profile, limit=60)}: see `aws configure list-profiles`"
        )
    if name in ("NoRegionError", "InvalidRegionError", "UnknownRegionError"):
        return SourceUnreachable(source, "no AWS region is known: set `region`, or AWS_REGION")
    if name in _CONFIGURATION:
        return SourceDenied(
            source, f"the AWS configuration gives no credentials ({name}): try `aws sts get-caller-identity`"
        )
    return _of_network(error, name, source, action)


def _of_network(error: BaseException, name: str, source: str, action: str) -> SourceError:
    if name in ("ConnectTimeoutError", "ReadTimeoutError", "TimeoutError"):
        return SourceTimeout(source, f"{action} took too long: check the network, the VPN and the proxy")
    if name == "SSLError":
        return SourceUnreachable(source, "its certificate isn't trusted: set AWS_CA_BUNDLE where a proxy has its own")
    if name == "ProxyConnectionError":
        return SourceUnreachable(source, "the proxy can't be reached: check HTTPS_PROXY and NO_PROXY")
    if name == "EndpointConnectionError" and _is_dns(error):
        return SourceUnreachable(source, "its name isn't known to DNS: check `region`, the network and the VPN")
    if name in ("EndpointConnectionError", "ConnectionClosedError", "HTTPClientError", "ConnectionError"):
        return SourceUnreachable(source, "can't be reached: check the network and the VPN")
    if name in (
        "EndpointProviderError",
        "EndpointResolutionError",
        "UnknownEndpointError",
        "InvalidEndpointConfigurationError",
    ):
        return SourceUnreachable(source, f"there is no address for {action.partition(':')[0]} there: check `region`")
    return SourceUnreachable(source, f"what {action} answers can't be read ({safe_line(name, limit=60)})")


def _is_dns(error: BaseException) -> bool:
    cause = getattr(error, "kwargs", {}).get("error") if hasattr(error, "kwargs") else None
    words = f"{cause} {error}"
    return any(word in words for word in _DNS)
