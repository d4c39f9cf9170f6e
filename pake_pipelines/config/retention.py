"""Typed form of `logs` and `retention` in `maintenance.yaml`: how long files and rows stay."""

from typing import Literal

from pydantic import Field

from pake_pipelines.config.section import Faults, Section


class Logs(Section):
    """Log files in the data directory's `logs` (LOG-01, LOG-05, C-26)."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "text"] = "json"
    gzip_after_days: float = Field(7, gt=0)
    delete_after_days: float = Field(30, gt=0)

    def faults(self) -> Faults:
        """Yield a log that would go before it is packed."""
        if self.delete_after_days <= self.gzip_after_days:
            yield ("delete_after_days",), f"must be more than gzip_after_days ({self.gzip_after_days:g})"


class Retention(Section):
    """How long what was read stays before it moves into an archive file (ING-16, MNT-41), and how long files stay."""

    enabled: bool = True
    days: int = Field(365, ge=1, description="older items move into the archive")
    max_items_per_source: int = Field(
        1000, ge=1, description="beyond it the oldest archived or rejected items move, too"
    )
    # whoever writes waits meanwhile: 0.8 s for 500 items with texts of 4,000 characters on a busy machine
    batch: int = Field(200, ge=1, description="items in one archive file and transaction")
    lake_days: int | None = Field(
        None, ge=1, description="raw bytes that nothing refers to go after so long; none: never"
    )
    report_days: int = Field(90, ge=1, description="older reports are packed into an archive")
    temp_hours: float = Field(24, gt=0, description="temporary files that nobody has open go after so long")
