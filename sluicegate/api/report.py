"""A run's report, as a notebook shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from schemas.errors import MachineError, Problem
from sluicegate.api.names import unknown


@dataclass(frozen=True, repr=False)
class Report:
    """The pages of a run's report; each is a file that is whole in itself.

    path : the page's file.  In a notebook the page is shown within the cell; its links to the other pages need a browser.
    """

    path: Path

    @property
    def pages(self) -> tuple[str, ...]:
        """Names that `page` takes."""
        return tuple(sorted(file.stem for file in self.path.parent.glob("*.html")))

    def page(self, name: str) -> Report:
        """Another page, such as "fairness". Raises NoSuchName."""
        if name not in self.pages:
            raise unknown("page", name, self.pages, str(self.path.parent))
        return replace(self, path=self.path.with_name(f"{name}.html"))

    def open(self) -> None:
        """Opens the page in the browser."""
        import webbrowser

        webbrowser.open(self.path.resolve().as_uri())

    def __repr__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        page = escape(self.path.read_text(encoding="utf-8"), quote=True)
        where = escape(str(self.path))
        return (
            f'<iframe title="{where}" sandbox="" srcdoc="{page}" '
            'style="width:100%;height:40em;border:1px solid rgba(128,128,128,.35)"></iframe>'
            f"<p>{where}</p>"
        )


def of_page(path: Path, run_id: str) -> Report:
    """The report whose first page is `path`. Raises MachineError where it was not drawn."""
    if not path.is_file():
        raise MachineError(
            "This run has no report.",
            Problem(str(path), "no such file", "", f"draw it: sluicegate report --rebuild --run {run_id}"),
        )
    return Report(path)
