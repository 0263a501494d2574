"""Service Quotas: how much of a quota is used, of the quotas whose use CloudWatch counts.

https://docs.aws.amazon.com/servicequotas/latest/userguide/configure-cloudwatch.html. Each is a paid metric:
a hundred of them cost a tenth of a cent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from primitives.backends.aws.fields import items, mapping, number, text
from primitives.backends.aws.look import Look
from primitives.backends.aws.metrics.samples import MetricQuery
from primitives.identity import typed_id

__all__ = ["read"]

_SERVICES: Final = ("lambda", "fargate", "ec2")
_MOST: Final = 40
_PERIOD_S: Final = 300
_LENGTH: Final = timedelta(minutes=30)


async def read(look: Look) -> None:
    """The quotas of what runs code, each with its use, as the configuration of the service."""
    listed = await asyncio.gather(
        *(look.list("service-quotas", "ListServiceQuotas", "Quotas", most=500, ServiceCode=code) for code in _SERVICES)
    )
    for code, quotas in zip(_SERVICES, listed, strict=True):
        counted = [quota for quota in quotas if mapping(quota, "UsageMetric", "MetricDimensions")][:_MOST]
        if counted:
            await _usage(look, code, counted)


async def _usage(look: Look, code: str, quotas: list[Mapping[str, Any]]) -> None:
    queries = [_query(f"q{place}", quota) for place, quota in enumerate(quotas)]
    look.paid_metrics += len(queries)
    answer = await look.ask(
        "cloudwatch", "GetMetricData", MetricDataQueries=queries, StartTime=look.end - _LENGTH, EndTime=look.end
    )
    used = {text(each, "Id"): _greatest(each) for each in items(answer, "MetricDataResults")}
    resource = typed_id(code, "AWS::ServiceQuotas::Service")
    document: dict[str, Any] = {}
    for place, quota in enumerate(quotas):
        use, limit = used.get(f"q{place}"), number(quota, "Value")
        if use is not None and limit:
            document[text(quota, "QuotaName")] = {"quota": limit, "used": use}
    if document:
        look.add_resource(resource, "other")
        look.add_snapshot(resource, "service_quotas", document)


def _query(identifier: str, quota: Mapping[str, Any]) -> dict[str, Any]:
    usage = mapping(quota, "UsageMetric")
    pairs = mapping(usage, "MetricDimensions").items()
    dimensions = tuple((str(name), str(value)) for name, value in pairs)
    query = MetricQuery(text(usage, "MetricNamespace"), text(usage, "MetricName"), dimensions, "Maximum")
    return query.document(identifier, _PERIOD_S)


def _greatest(result: Mapping[str, Any]) -> float | None:
    values = [float(value) for value in result.get("Values") or () if isinstance(value, int | float)]
    return max(values, default=None)
