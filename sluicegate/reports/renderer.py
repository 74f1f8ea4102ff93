"""The one Jinja environment: autoescaping on, undefined names are errors, the style sheet inlined."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sluicegate.reports import formatting, slice_plots, small_charts, story

_HERE = Path(__file__).parent


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "number",
        "brief",
        "count",
        "percent",
        "seconds",
        "quantity",
        "change",
        "signed",
        "label",
        "moment",
        "breakable",
        "is_endless",
        "tile_size",
    ):
        environment.filters[name] = getattr(formatting, name)
    environment.globals["story"] = story
    environment.globals["histogram"] = small_charts.histogram
    environment.globals["whisker"] = small_charts.whisker
    environment.globals["limit_bar"] = small_charts.limit_bar
    environment.globals["signed_bar"] = small_charts.signed_bar
    environment.globals["mark_of"] = slice_plots.mark_of
    environment.globals["in_words"] = slice_plots.in_words
    environment.globals["style"] = Markup((_HERE / "style.css").read_text(encoding="utf-8"))  # noqa: S704 our own file
    return environment


def write_page(template: str, path: Path, **context: Any) -> Path:
    """Renders `templates/<template>` into `path`.

    Text that UTF-8 cannot hold (half of a surrogate pair in a data value) is written as "?", so that one odd value in
    the table does not cost the whole report.
    """
    text = _environment().get_template(template).render(**context)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", errors="replace"))
    return path
