"""How a version reads each of its columns: as its model.json says it, or as an older release's can be guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from schemas.reading import FLOAT, INT, TEXT, Reading
from sluicegate.serving.rows import Input
from sluicegate.tables.cells import BOOLEANS

_TYPES = {"int64": INT, "float32": FLOAT, "string": TEXT}
#: models/vocabulary.py's file: a line per known value, its column's key in front.
_VOCABULARY = "assets/categories"


def inputs_of(
    path: Path, described: Mapping[str, Mapping[str, Any]], missing: Sequence[str] = (), unsaid: Sequence[str] = ()
) -> tuple[Input, ...]:
    """The columns of the version in `path`.

    described : the "inputs" of its model.json.  missing : words for no value beside those that it learned.
    unsaid : the words of a model of an older release, whose model.json says none.
    """
    if not all("reading" in one for one in described.values()):
        known = _known_values(path)
        return tuple(
            Input(name, one["input"], _guessed(one, known.get(one["input"], set()), (*unsaid, *missing)))
            for name, one in described.items()
        )
    found = {name: Reading.from_json(one["reading"]) for name, one in described.items()}
    return tuple(
        Input(name, described[name]["input"], replace(one, missing=tuple(dict.fromkeys([*one.missing, *missing]))))
        for name, one in found.items()
    )


def _guessed(one: Mapping[str, Any], known: set[str], missing: Sequence[str]) -> Reading:
    return Reading(_TYPES[one["example_dtype"]], tuple(missing), bool(known) and known <= set(BOOLEANS))


def _known_values(path: Path) -> dict[str, set[str]]:
    """The texts that each input's vocabulary knows; {} for a model that keeps it elsewhere."""
    file = path / _VOCABULARY
    found: dict[str, set[str]] = {}
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else ():
        key, _, value = line.partition("=")
        found.setdefault(key, set()).add(value)
    return found
