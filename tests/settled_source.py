"""A source that says all that its table decides, as settings do once the local runner has looked at the table."""

from dataclasses import replace

from sluicegate.tables.inspecting import inspect

NAMES = {"format": "format", "task": "task", "classes": "classes", "positive": "positive", "offset": "label_offset"}


def settled(source, schema=None):
    for one in inspect(source, schema).unsaid:
        if one.key[0] == "columns":
            _, name, column = one.key
            source = replace(source, **{name: {**getattr(source, name), column: one.value}})
        else:
            source = replace(source, **{NAMES[one.key[-1]]: one.value})
    return source
