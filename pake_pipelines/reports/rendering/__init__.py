"""Renderers of a `Document`: page, text, data and sheets, and a place for those of your own."""

from collections.abc import Callable
from typing import Final

from pake_pipelines.reports.document import Document
from pake_pipelines.reports.rendering.data import json_text
from pake_pipelines.reports.rendering.page import html
from pake_pipelines.reports.rendering.sheets import csv_tables
from pake_pipelines.reports.rendering.text import markdown

Renderer = Callable[[Document], str]

RENDERERS: Final[dict[str, Renderer]] = {}
"""Format -> a function of your own that renders a document in it; the format is the ending of the file, too (REP-13).

HTML, Markdown, JSON and CSV are always made, and need no entry.
"""

__all__ = ["RENDERERS", "Renderer", "csv_tables", "html", "json_text", "markdown"]
