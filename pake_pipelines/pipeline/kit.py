"""The kit: everything that stages work with, put together once per run and handed in."""

from dataclasses import dataclass
from functools import cached_property

from pake_pipelines.config.loading import load_quality, load_sources
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.pipeline.embedder import Embedder, MiniLmEmbedder
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import addresses
from pake_pipelines.store.lake import Lake


@dataclass(frozen=True)
class Kit:
    """Settings, configuration, database address, archive and embedding model of one project."""

    settings: Settings
    embedder: Embedder

    @classmethod
    def of(cls, settings: Settings) -> "Kit":
        """Return the kit of the project that `settings` describe; loads neither configuration nor model yet."""
        return cls(settings, MiniLmEmbedder(settings.embedding_model))

    @cached_property
    def sources(self) -> SourcesConfig:
        """The sources. Raises ConfigError."""
        return load_sources(self.settings.configs)

    @cached_property
    def quality(self) -> QualityConfig:
        """The quality rules. Raises ConfigError."""
        return load_quality(self.settings.configs)

    @cached_property
    def lake(self) -> Lake:
        """The raw archive."""
        return Lake(self.settings.lake)

    @property
    def database(self) -> str:
        """URL of the knowledge database."""
        return addresses(self.settings).knowledge
