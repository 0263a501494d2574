"""Reads an earlier run: what `cloudops evaluate --json` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from primitives.errors import UsageError

__all__ = ["Earlier", "EarlierCase", "read_earlier"]

_WANTED: Final = "give a file that `cloudops evaluate --json` wrote"
_LARGEST: Final = 256 * 1024 * 1024
_Rank = Annotated[int, Field(ge=1)] | None
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Known(BaseModel):
    """The fields that are read; a newer version may have written more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EarlierCase(_Known):
    """One incident's scores in the earlier run."""

    id: str
    rank: _Rank
    resource_rank: _Rank
    top: str | None
    confidence: Annotated[float, Field(ge=0, le=1)] | None
    duration_s: _Seconds
    cpu_s: _Seconds | None = None
    dataset: str | None = None

    @property
    def right(self) -> bool:
        """Whether the best hypothesis was right."""
        return self.rank == 1

    @property
    def stated(self) -> float:
        """The best hypothesis' confidence; 0 where there was none."""
        return self.confidence or 0.0


class Earlier(_Known):
    """An earlier evaluation."""

    schema_: Literal["cloudops-evaluation/1"] = Field(alias="schema")
    cases: tuple[EarlierCase, ...]


def read_earlier(path: Path) -> Earlier:
    """The evaluation in the file at `path`. Raises `UsageError` where there is none that can be read."""
    try:
        # A device or a pipe may never end; a file that grows without end is none of ours either.
        if not path.is_file():
            raise UsageError(f"{path}: {'is no file' if path.exists() else 'there is no such file'}; {_WANTED}")
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path}: is larger than {_LARGEST // 1024**2} MiB; {_WANTED}")
        return Earlier.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); {_WANTED}") from error
    except ValidationError as error:
        raise UsageError(f"{path}: is no evaluation ({_first_problem(error)}); {_WANTED}") from error


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
