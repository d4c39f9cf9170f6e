"""Our templates: HTML is escaped, Markdown cells lose what would be more than text, and secrets are taken out."""

from functools import cache
from typing import TYPE_CHECKING, Any

from pake_pipelines.redaction import redact
from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.strangers import cell, coded, shown, spoken

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> str:
    """Render one of the templates of this room with `values`."""
    return redact(_environment().get_template(template).render(**values))


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("pake_pipelines.reports"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(cell=cell, coded=coded, shown=shown, spoken=spoken, amount=amount)
    return environment
