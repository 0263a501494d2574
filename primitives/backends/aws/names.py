"""Identifiers of AWS resources: ARNs, and plain names with a CloudFormation type where an ARN doesn't hold the name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from primitives.backends.aws.client import Place
from primitives.identity import arn_id, typed_id

__all__ = ["Identity", "arn_of", "dimensioned", "typed", "whole"]

Identity = Callable[[Mapping[str, str], Place], str]
"""What a metric is about, by its dimensions."""


def arn_of(place: Place, service: str, *names: str, kind: str = "", joint: str = "/") -> str:
    """The ARN of what is in the source's account and region."""
    return arn_id(
        service, *names, kind=kind, joint=joint, account=place.account, region=place.region, partition=place.partition
    )


def dimensioned(service: str, *dimensions: str, kind: str = "", joint: str = "/") -> Identity:
    """An ARN whose names are the values of these dimensions."""
    return lambda values, place: arn_of(place, service, *(values[name] for name in dimensions), kind=kind, joint=joint)


def typed(dimension: str, cloudformation: str) -> Identity:
    """A plain name with its type."""
    return lambda values, _: typed_id(values[dimension], cloudformation)


def whole(dimension: str) -> Identity:
    """A dimension that is the ARN itself."""
    return lambda values, _: values[dimension]
