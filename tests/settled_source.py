"""A source that says all that its table decides, as settings do once the local runner has looked at the table."""

from dataclasses import replace
from typing import Any

from sluicegate.tables.inspecting import Source, inspect

NAMES = {"format": "format", "task": "task", "classes": "classes", "positive": "positive", "offset": "label_offset"}


def settled(source: Source, schema: Any = None) -> Source:
    for one in inspect(source, schema).unsaid:
        if one.key[0] == "columns":
            _, name, column = one.key
            changed: dict[str, Any] = {name: {**getattr(source, name), column: one.value}}
        else:
            changed = {NAMES[one.key[-1]]: one.value}
        source = replace(source, **changed)
    return source
