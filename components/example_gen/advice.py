"""What `init` and `init --check` say about a table: one key of the settings, what to write there, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
        value = "" if self.value is None else f": {self.value}"
        return (
            f"{self.key}.{self.column}{value}, because {self.why}."
            if self.column
            else f"{self.key}{value}, because {self.why}."
        )
