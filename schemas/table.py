"""What inspection found in the user's table: the plain values that settings, `init` and schema inference share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from schemas.roles import Roles

TYPES = ("int", "float", "text")
KINDS = ("number", "category", "date")
MAX_DOMAIN = 100
"""More distinct categories than this are a vocabulary, not a domain: the schema does not list them."""


@dataclass(frozen=True)
class Column:
    """One column that is kept.

    type : "int", "float" or "text".  kind : "number", "category" or "date".  role : "feature", "label", "weight", "id".
    distinct, missing : counts over all splits.
    missing_in_train : count.
    values : the distinct categories of the train split, sorted, when there are at most MAX_DOMAIN; otherwise ().
    low, high : the least and greatest finite number of the train split; None for texts.
    date_format : strftime's pattern of a date's texts, "unix_seconds" of its whole numbers; None for other kinds.
    leading_zeros : whether digits such as "01234" were read as numbers, so that the zero is lost.
    """

    name: str
    type: str
    kind: str
    role: str = "feature"
    distinct: int = 0
    missing: int = 0
    missing_in_train: int = 0
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    date_format: str | None = None
    leading_zeros: bool = False


@dataclass(frozen=True)
class Unsaid:
    """Something that the table decided, because settings and schema do not say it, or say otherwise.

    key : of the settings that would say it, such as ("columns", "types", "zip").  value : what stands there then.
    said : what settings and schema say in words, "nothing" where they are silent.
    """

    key: tuple[str, ...]
    value: str | float | tuple[str, ...]
    said: str


@dataclass(frozen=True)
class TableProfile:
    """A table that can be used, and what was decided about it.

    rows : rows per split.
    digest : sha256 in hex of the file's bytes, or of the lines "<sha256>  <name>" of the files, sorted.
    notes : one sentence for each thing that was decided automatically.
    files : paths relative to the source's folder, sorted.
    label_rows : split to class to rows; {} of a regression.
    unsaid : what the settings would have to say for a graph that is built without this table.
    """

    roles: Roles
    columns: tuple[Column, ...]
    rows: Mapping[str, int]
    digest: str
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = field(default=())
    label_rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unsaid: tuple[Unsaid, ...] = ()

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        return {column.name: column for column in self.columns}[name]

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns a model may look at."""
        return tuple(column for column in self.columns if column.role == "feature")

    def to_json(self) -> str:
        return json.dumps(
            {**asdict(self), "roles": json.loads(self.roles.to_json())}, sort_keys=True, ensure_ascii=False
        )

    @classmethod
    def from_json(cls, text: str) -> TableProfile:
        content: dict[str, Any] = json.loads(text)
        columns = tuple(Column(**{**entry, "values": tuple(entry["values"])}) for entry in content.pop("columns"))
        roles = Roles.from_json(json.dumps(content.pop("roles")))
        notes, files = tuple(content.pop("notes")), tuple(content.pop("files"))
        unsaid = tuple(_unsaid(entry) for entry in content.pop("unsaid", ()))
        return cls(roles=roles, columns=columns, notes=notes, files=files, unsaid=unsaid, **content)


def _unsaid(entry: dict[str, Any]) -> Unsaid:
    value = entry["value"]
    return Unsaid(tuple(entry["key"]), tuple(value) if isinstance(value, list) else value, entry["said"])
