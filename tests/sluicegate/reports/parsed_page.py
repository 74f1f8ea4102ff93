"""A page read as HTML: its text, its links, what it would load, and whether its elements close."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

_VOID = {"meta", "link", "br", "img", "wbr", "hr", "input", "base", "source", "embed", "col", "area", "track"}
_APART = {"dt", "dd", "p", "li", "td", "th", "div", "h1", "h2", "h3", "br", "span"}  # words do not join across these
_LOADS = {"src", "srcset", "poster", "data", "background", "action", "formaction", "ping", "manifest"}


class Page(HTMLParser):
    """words : the text of the page, whitespace collapsed.  links : href of each <a>.  loads : what is not a link."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.source = path.read_text(encoding="utf-8")
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self._texts: list[str] = []
        self.feed(self.source)
        self.close()
        assert not self._open, f"{path.name}: not closed: {self._open}"
        self.words = " ".join("".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in _APART and self._open:
            self.handle_data(" ")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name.endswith("href"):
                (self.links if tag == "a" else self.loads).append(value or "")
            elif name in _LOADS or name.startswith("on"):
                self.loads.append(value or "")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"{self.path.name}: {tag} closes nothing"
        assert self._open[-1] == tag, f"{self.path.name}: {tag} closes {self._open[-1]}"
        self._open.pop()
        if tag in _APART:
            self._texts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] in ("style", "title"):
            return
        self._texts.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    def row(self, *start: str) -> list[str]:
        """The cells of the one table row whose first cells are `start`, whitespace collapsed."""
        rows = [[" ".join(cell.split()) for cell in row] for row in self.rows]
        found = [row for row in rows if row[: len(start)] == list(start)]
        assert len(found) == 1, f"{len(found)} rows start with {start}"
        return found[0]
