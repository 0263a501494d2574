"""Spans of X-Ray: what is broken costs itself only, and what was not read is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from primitives.backends.aws.client import Listing, Place
from primitives.backends.aws.fields import number
from primitives.backends.aws.look import Look
from primitives.backends.aws.traces.spans import ask_spans
from primitives.errors import SourceDenied, SourceError, SourceTimeout
from primitives.questions import Answer, SpansQuery
from primitives.records import Span, Window

START = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:send-mail"


def segment(name: str, **more: Any) -> str:
    began = START.timestamp() + 600
    return json.dumps({"id": name, "name": "send-mail", "resource_arn": FUNCTION, "origin": "AWS::Lambda::Function",
                       "start_time": began, "end_time": began + 1, **more})  # fmt: skip


class XRay:
    """Two traces a slice of the window, named by its number; the slices in `unlisted` fail, and the last batch may."""

    source = "prod"

    def __init__(self, documents: list[str], **more: Any) -> None:
        self.documents = documents
        self.more = more
        self.slices = 0
        self.unlisted: dict[int, SourceError] = {}
        self.unread: SourceError | None = None

    async def pages(self, *_: Any, **__: Any) -> Listing:
        self.slices += 1
        if error := self.unlisted.get(self.slices):
            raise error
        return Listing([{"Id": f"1-{self.slices}{letter}"} for letter in "ab"])

    async def call(self, *_: Any, **params: Any) -> dict[str, Any]:
        if self.unread is not None and "1-6b" in params["TraceIds"]:
            raise self.unread
        segments = [{"Document": document} for document in self.documents]
        return {"Traces": [{"Id": name, "Segments": segments} for name in params["TraceIds"]], **self.more}

    async def spans(self) -> Answer[Span]:
        place = Place("123456789012", "eu-west-1", "aws", "ann")
        look = Look(self, place, START + timedelta(hours=1), START)  # type: ignore[arg-type]
        look.add_resource(FUNCTION, "function")
        query = SpansQuery(window=Window(start=START, end=START + timedelta(hours=1)))
        return await ask_spans(self, look, query)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["NaN", "Infinity", "9" * 400, "-1"])
async def test_a_broken_status_costs_itself_only(status: str) -> None:
    broken = segment("a", http={"response": {"status": 0}}).replace('"status": 0', f'"status": {status}')
    answer = await XRay([broken, segment("b", http={"response": {"status": 503}})]).spans()
    codes = {span.span_id: span.attributes.get("http.response.status_code") for span in answer.records}
    assert codes == {"a": None, "b": 503}
    assert answer.completeness == "complete"


async def test_a_broken_time_costs_its_segment_only() -> None:
    broken = segment("a").replace('"end_time": ', f'"end_time": {"9" * 400}')
    assert {span.span_id for span in (await XRay([broken, segment("b")]).spans()).records} == {"b"}


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), 10**400, True, "1", None])
def test_what_is_no_finite_number_is_none(value: Any) -> None:
    assert number({"a": value}, "a") is None


async def test_a_listing_or_a_batch_that_fails_leaves_the_other_traces_and_the_answer_cut() -> None:
    xray = XRay([segment("a")])
    xray.unlisted[2] = SourceTimeout("prod", "xray:GetTraceSummaries took too long")
    xray.unread = SourceError("prod", "xray:BatchGetTraces failed")
    answer = await xray.spans()
    assert {span.trace_id for span in answer.records} == {"1-1a", "1-1b", "1-3a", "1-3b", "1-4a"}
    assert answer.completeness == "cut"
    assert "took too long" in answer.left_out
    assert "BatchGetTraces failed" in answer.left_out


async def test_traces_that_x_ray_did_not_process_are_left_out() -> None:
    answer = await XRay([segment("a")], UnprocessedTraceIds=["1-9"]).spans()
    assert (answer.completeness, answer.left_out) == ("cut", "traces that X-Ray did not process")


@pytest.mark.parametrize("error", [SourceDenied("prod", "not allowed"), SourceError("prod", "it is down")])
async def test_where_every_listing_fails_the_failure_is_raised(error: SourceError) -> None:
    xray = XRay([segment("a")])
    xray.unlisted = dict.fromkeys(range(1, 7), error)
    with pytest.raises(SourceError, match=error.problem):
        await xray.spans()


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"error": True}, "unset"),
        ({"error": True, "throttle": True}, "error"),
        ({"fault": True}, "error"),
        ({"error": True, "namespace": "remote"}, "error"),
        ({}, "ok"),
    ],
)
async def test_an_answer_of_4xx_is_no_error_of_the_server(more: dict[str, Any], status: str) -> None:
    assert {span.status for span in (await XRay([segment("a", **more)]).spans()).records} == {status}
