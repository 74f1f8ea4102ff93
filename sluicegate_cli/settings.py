"""sluicegate settings: every key of a settings file with its default, what it may be, and why it is there."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from schemas.errors import EXIT_DONE

if TYPE_CHECKING:
    from pipeline.settings.words import Shape


class Entry(NamedTuple):
    """One key.  default : "required" where there is none."""

    key: str
    default: str
    allowed: str
    unit: str
    why: str


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("settings", help="print every setting: default, range, unit, reason", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--markdown", action="store_true", help="print docs/settings.md")
    how.add_argument("--json", action="store_true", help="print a JSON list")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    found = entries()
    if arguments.json:
        print(json.dumps([entry._asdict() for entry in found], indent=1, ensure_ascii=False))
    else:
        print("\n".join(_markdown(found) if arguments.markdown else _text(found)))
    return EXIT_DONE


def entries() -> list[Entry]:
    """Every key in the order of pipeline/settings/types.py; the keys of a list's sections carry a * for the index."""
    from pipeline.settings import words as settings_words

    found = []
    for shape in settings_words.leaves():
        found.append(_entry(shape, shape.key))
        item = settings_words.item_of(shape)
        inner = settings_words.section_keys(item) if item else {}
        found += [_entry(inside, f"{shape.key}.*.{name}") for name, inside in inner.items()]
    return found


def _entry(shape: Shape, key: str) -> Entry:
    from pipeline.settings.words import allowed

    default = "required" if shape.required else json.dumps(shape.default, ensure_ascii=False)
    return Entry(
        key,
        str(shape.extra.get("without", "none")) if default == "null" else default,
        allowed(shape),
        shape.unit,
        shape.why,
    )


def _text(found: list[Entry]) -> list[str]:
    lines = ["A settings file is YAML. A dot below is a level of indentation there, a * the place in a list.", ""]
    for entry in found:
        lines.append(
            f"{entry.key}   (default: {entry.default})" if entry.default != "required" else f"{entry.key}   (required)"
        )
        lines += textwrap.wrap(f"{entry.allowed}. {entry.why}", 80, initial_indent="    ", subsequent_indent="    ")
    return lines


def _markdown(found: list[Entry]) -> list[str]:
    lines = [
        "# Settings",
        "",
        "Every key of a settings file; `make docs` writes this page from `pipeline/settings/types.py`.",
        "A dot is a level of indentation in the YAML, a `*` the place in a list.",
    ]
    section = None
    for entry in found:
        head = entry.key.split(".")[0] if "." in entry.key else ""
        if head != section:
            section = head
            lines += [
                "",
                f"## {head or 'Top level'}",
                "",
                "| key | default | may be | what for |",
                "| --- | --- | --- | --- |",
            ]
        cells = (f"`{entry.key}`", f"`{entry.default}`", entry.allowed, entry.why)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return lines
