"""The base of every part of an evaluation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Part"]


class Part(BaseModel):
    """Frozen data of the evaluation's JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")
