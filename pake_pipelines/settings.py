"""The environment (`PAKE_*`), read once per process. Secrets are `SecretStr` and never printed.

Everything else that a user decides stands in `configs/*.yaml`; here is only what differs from machine to machine.

The environment is read with pydantic alone: importing pydantic-settings took 7 % of the time in which a code location
starts, for files and clouds that are not read here.
"""

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from pake_pipelines.redaction import know

PACKAGE_HOME = Path(__file__).resolve().parent.parent
PREFIX: Final = "PAKE_"
_MARKERS = ("dagster.yaml", "configs")
# field -> a further variable, by the name that the guides have for it
FURTHER: Final = {"automation_enabled": "AUTOMATION_ENABLED", "metrics_enabled": "METRICS_ENABLED"}


def find_home(start: Path) -> Path:
    """Return the project directory: the nearest one at or above `start` with dagster.yaml and configs/.

    Falls back to the checkout that this package stands in, then to `start` itself.
    """
    for candidate in (start, *start.parents, PACKAGE_HOME):
        if all((candidate / marker).exists() for marker in _MARKERS):
            return candidate
    return start


def _absolute(value: object) -> object:
    return Path(value).expanduser().absolute() if isinstance(value, str | Path) else value


AbsolutePath = Annotated[Path, BeforeValidator(_absolute)]


class SettingsError(Exception):
    """The environment cannot be used; the message names every variable at fault, and no value: some are secrets."""


def variables(name: str) -> tuple[str, ...]:
    """Return the environment variables that set the field `name`; the first that is there counts."""
    own = PREFIX + name.upper()
    return (own, FURTHER[name]) if name in FURTHER else (own,)


class Settings(BaseModel):
    """Paths, addresses and switches of this machine; every field that is not given is read from `PAKE_<NAME>`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    home: AbsolutePath = Field(default_factory=lambda: find_home(Path.cwd()))
    data_dir: AbsolutePath | None = None
    database_url: SecretStr | None = None
    dagster_url: SecretStr | None = None
    lake_url: str | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 3000
    embedding_model: str = "all-MiniLM-L6-v2"
    spacy_model: str = "en_core_web_sm"
    automation_enabled: bool = True
    metrics_enabled: bool = True
    connect_attempts: Annotated[int, Field(ge=1)] = 30
    connect_retry_seconds: Annotated[float, Field(gt=0)] = 2.0

    @model_validator(mode="before")
    @classmethod
    def _from_environment(cls, given: dict[str, Any]) -> dict[str, Any]:
        wanted = (name for name in cls.model_fields if name not in given)
        read = {name: [os.environ[one] for one in variables(name) if one in os.environ] for name in wanted}
        return {**{name: found[0] for name, found in read.items() if found}, **given}

    @model_validator(mode="after")
    def _have_secrets_redacted(self) -> Self:
        for secret in (self.database_url, self.dagster_url):
            if secret is not None:
                know(secret.get_secret_value())
        return self

    @property
    def configs(self) -> Path:
        """Directory of the user's configuration files."""
        return self.home / "configs"

    @property
    def data(self) -> Path:
        """Directory of run-time state: database, lake, reports, logs."""
        return self.data_dir or self.home / "data"

    @property
    def lake(self) -> str:
        """fsspec URL of the raw archive."""
        return self.lake_url or str(self.data / "lake")

    @property
    def pages(self) -> str:
        """Address of Dagster's pages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@cache
def get_settings() -> Settings:
    """Return the settings of this process, read from the environment at the first call. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        faults = (f"{variables(str(one['loc'][0]))[0]}: {one['msg']}" for one in error.errors())
        raise SettingsError("\n".join(faults)) from None


def environment_for_children(settings: Settings) -> dict[str, str]:
    """Return this process's environment with home and port made explicit, for processes that start elsewhere."""
    explicit = {"PAKE_HOME": settings.home, "PAKE_DATA_DIR": settings.data, "PAKE_PORT": settings.port}
    return {**os.environ, **{name: str(value) for name, value in explicit.items()}}
