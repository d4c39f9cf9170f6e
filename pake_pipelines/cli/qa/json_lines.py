"""JSON lines of labels and scores: every line is checked before any of them is used."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from rich.markup import escape

from pake_pipelines.cli.console import err, fail
from pake_pipelines.reports.amounts import counted
from pake_pipelines.text.clean import clean_characters

_SHOWN: Final = 20
_BIGINT: Final = 2**63


def _as_boolean(given: Any) -> Any:
    return bool(given) if given in (0, 1) else given


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Good = Annotated[bool, BeforeValidator(_as_boolean)]  # 0 and 1 are as common as false and true
Words = Annotated[str, AfterValidator(clean_characters)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Line(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class LabelLine(_Line):
    """A label made elsewhere, on an item (its version in force) or on one version."""

    pake_id: UUID | None = None
    entry_id: Annotated[int, Field(ge=1, lt=_BIGINT)] | None = None
    good: Good
    note: Words | None = None

    @model_validator(mode="after")
    def _named_once(self) -> "LabelLine":
        if (self.pake_id is None) == (self.entry_id is None):
            raise ValueError("either pake_id or entry_id is needed")
        return self


class ScoreLine(_Line):
    """A score and its label, with what they can be split and compared by."""

    score: Share
    good: Good
    weight: Annotated[float, Field(gt=0.0, lt=float("inf"))] = 1.0
    source: Words = ""
    published: Annotated[datetime, AfterValidator(_aware)] | None = None
    authority: Share | None = None
    length: Annotated[int, Field(ge=0)] | None = None


Line = TypeVar("Line", bound=_Line)


def read_lines(file: Path, kind: type[Line]) -> list[tuple[int, Line]]:
    """Return the lines of `file` (- is stdin) with their numbers, or end with what is wrong in which of them."""
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror or error}", hint="give a file of JSON lines, or - for stdin")
    read: list[tuple[int, Line]] = []
    wrong: list[tuple[int, str]] = []
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            read.append((number, kind.model_validate_json(line)))
        except ValidationError as error:
            wrong.append((number, "; ".join(map(_said, error.errors()))))
    refuse_lines(file, wrong)
    if not read:
        fail(f"{file}: no lines")
    return read


def refuse_lines(file: Path, wrong: Iterable[tuple[int, str]]) -> None:
    """End with the lines that are wrong, if there are any."""
    told = sorted(wrong)
    for number, said in told[:_SHOWN]:
        err.print(f"[red]line {number}:[/] {escape(said)}", soft_wrap=True)
    if told:
        fail(f"{file}: {counted(len(told), 'line')} cannot be used, so none was", hint="correct them and try again")


def _said(error: Any) -> str:
    where = ".".join(map(str, error["loc"]))
    said = error["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
