"""One line of `cloudops doctor`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Check"]


class Check(BaseModel):
    """One thing that was looked at; `detail` says what is and, where it isn't well, what to do."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name: str
    status: Literal["ok", "warning", "bad", "off"]
    detail: str
