"""Access is denied (ACCESS_FAILURE)."""

from __future__ import annotations

from engine.reason.catalogue import Cause
from primitives.terms import IncidentClass

_CLASS = IncidentClass.ACCESS_FAILURE

CAUSES = (
    Cause(
        "invalid_credentials", _CLASS, "{resource}'s credentials are refused", "RFC 9110 (401 Unauthorized)",
        states={"CredentialsRefused": 5.0}, families={"authentication": 2.6, "clock": 1.6}, diagnostic="analyze_logs",
        signals={"token expired": 1.2},
    ),
    Cause(
        "permission_denied", _CLASS, "{resource} lacks a permission",
        "RFC 9110 (403 Forbidden); AWS IAM: AccessDenied",
        states={"Forbidden": 3.8, "PermissionRefused": 5.0}, families={"permission": 2.6}, diagnostic="analyze_logs",
        signals={"port refused": 2.6, "account token missing": 1.4},
        blamed_for=("iam",),
    ),
    Cause(
        "certificate_expired", _CLASS, "A certificate that {resource} needs is not valid", "RFC 5280 (validity)",
        states={"CertificateInvalid": 5.0}, families={"certificate": 2.8, "clock": 0.6},
        metrics=r"cert(?:ificate)? (?:expir\w*|not after|valid|days).*|days to expiry",
        diagnostic="analyze_logs",
        caused_by_change=False,  # it expires by the calendar
        by_hand="renew",
        settings={"certificate_past": 4.2},
    ),
    Cause(
        "token_expired", _CLASS, "{resource}'s token has expired", "RFC 6750 (invalid_token)",
        states={"TokenExpired": 5.0}, families={"authentication": 0.8}, diagnostic="analyze_logs",
        signals={"token expired": 3.0}, caused_by_change=False,  # it expires by the calendar
        settings={"token_past": 4.0},
    ),
)  # fmt: skip
