"""Small tables for the tests of example_gen."""

from __future__ import annotations

from pathlib import Path

from sluicegate.tables.source import Source

ROWS = 200


def rows(count: int = ROWS) -> list[list[str]]:
    """age, city, income, label: no two rows alike, nothing missing."""
    return [
        [str(20 + i % 50), f"city{i % 7}", f"{i * 1.5 + 0.25}", "yes" if i % 3 == 0 else "no"] for i in range(count)
    ]


HEADER = ["age", "city", "income", "label"]


def write(path: Path, lines: list[list[str]] | None = None, header: list[str] | None = None) -> Path:
    """A comma-separated file; cells are written as they are."""
    lines = rows() if lines is None else lines
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(",".join(cells) for cells in [header or HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def source(path: Path, **changes: object) -> Source:
    return Source(**{"path": str(path), "label": "label", **changes})  # type: ignore[arg-type]
