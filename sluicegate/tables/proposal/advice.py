"""What `init` and `init --check` say about a table: one key of the settings, what to write there, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.reading import NumberFormat
from sluicegate.tables.recognising import missing_words, number_formats


@dataclass(frozen=True)
class Advice:
    """key : dotted, such as "columns.ids" or "data.missing".
    column : the column it is about; "" for the whole table.
    value : what to write: a kind, a NumberFormat, a tuple of words, "drop"; None where the column's name is all.
    why : the reason, a clause without a full stop.
    active : whether `init` writes it as a value, because a reader would hardly object; else it stands as a comment.
    """

    key: str
    column: str
    why: str
    value: Any = None
    active: bool = False

    def __str__(self) -> str:
        """As in: columns.ids: row, because it counts the rows from 0 to 99."""
        value = number_formats.in_braces(self.value) if isinstance(self.value, NumberFormat) else self.value
        value = missing_words.in_brackets(value) if isinstance(value, tuple) else value
        if not self.column:
            return f"{self.key}: {value}, because {self.why}."
        if value is None:
            return f"{self.key}: {self.column}, because {self.why}."
        if self.key == "data.missing":
            return f"{self.key} and column {self.column}: {value}, because {self.why}."
        return f"{self.key}.{self.column}: {value}, because {self.why}."
