"""Freeze windows: when nothing may be changed, by weekday and hour or by date, in a time zone, with exceptions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = ["Calendar", "Dates", "Weekly"]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = 24 * 60


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


def _minutes(value: Any) -> Any:
    """`HH:MM` as minutes of the day. YAML 1.1 reads 22:00 without quotes as the number of minutes already."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _DAY:
        return value
    hours, colon, minutes = str(value).partition(":")
    if colon and hours.isascii() and hours.isdigit() and len(minutes) == 2 and minutes.isascii() and minutes.isdigit():
        total = 60 * int(hours) + int(minutes)
        if int(minutes) < 60 and total <= _DAY:
            return total
    raise ValueError('expected a time of the day, such as "22:00" (up to "24:00")')


class Weekly(_Frozen):
    """Some hours of some weekdays; `to` before `from` is on the day after. Without `days` every day."""

    days: tuple[Weekday, ...] = Field(_WEEKDAYS, min_length=1)
    start: int = Field(0, alias="from")
    end: int = Field(_DAY, alias="to")

    _times = field_validator("start", "end", mode="before")(_minutes)

    def covers(self, local: datetime) -> bool:
        """Whether the local time is in it."""
        minute = 60 * local.hour + local.minute
        today = _WEEKDAYS[local.weekday()] in self.days
        if self.start < self.end:
            return today and self.start <= minute < self.end
        yesterday = _WEEKDAYS[(local - timedelta(days=1)).weekday()] in self.days
        return (today and minute >= self.start) or (yesterday and minute < self.end)


class Dates(_Frozen):
    """From one date to another, both included; of a single date both are the same."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")

    @model_validator(mode="before")
    @classmethod
    def _a_single_date(cls, value: Any) -> Any:
        return {"from": value, "to": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _in_order(self) -> Dates:
        if self.end < self.start:
            raise ValueError("`to` is before `from`")
        return self

    def covers(self, local: datetime) -> bool:
        """Whether the local time's date is in it."""
        return self.start <= local.date() <= self.end


class Calendar(_Frozen):
    """When something holds: in any of `weekly` and `dates`, except on the dates of `except`. Without both, always."""

    time_zone: str = "UTC"
    weekly: tuple[Weekly, ...] = Field((), max_length=100)
    dates: tuple[Dates, ...] = Field((), max_length=1000)
    exceptions: tuple[Dates, ...] = Field((), alias="except", max_length=1000)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("there is no such time zone; expected a name such as Europe/Berlin or UTC") from None
        return name

    def covers(self, now: datetime) -> bool:
        """Whether `now` is in it, by the clocks of its time zone."""
        local = now.astimezone(UTC).astimezone(ZoneInfo(self.time_zone))
        if any(dates.covers(local) for dates in self.exceptions):
            return False
        if not self.weekly and not self.dates:
            return True
        return any(span.covers(local) for span in self.weekly) or any(dates.covers(local) for dates in self.dates)
