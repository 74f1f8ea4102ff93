"""What Score asks of the examples, which released model it compares with, and what it says when it cannot."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import DataError, ModelError, Problem, SettingsError
from schemas.file_names import MODEL_DESCRIPTION, SAVED_MODEL_GRAPH
from schemas.names import listed, those_there
from schemas.predictions import Answers, answers_of
from schemas.roles import Roles
from schemas.scored_rows import NO_RELEASE

SENSITIVE = "fairness.sensitive"


@dataclass(frozen=True)
class Sensitive:
    """A column whose groups are compared later.

    has_bins : its cells are then numbers, even where the examples hold them as text (ids stay as written).
    """

    column: str
    has_bins: bool = False


def read_sensitive(text: str) -> tuple[Sensitive, ...]:
    """From a JSON list of names or {"column": name, "bins": [...]}, as the settings write `fairness.sensitive`."""
    items = [{"column": item} if isinstance(item, str) else item for item in json.loads(text)]
    return tuple(Sensitive(item["column"], bool(item.get("bins"))) for item in items)


def write_sensitive(columns: Iterable[Sensitive]) -> str:
    """The shortest JSON that `read_sensitive` reads: where the bins lie does not change what is scored."""
    return json.dumps([{"column": c.column, "bins": True} if c.has_bins else c.column for c in columns])


@dataclass(frozen=True)
class Described:
    """What a model's own folder says.  inputs : names of the columns that it takes."""

    answers: Answers
    inputs: frozenset[str] = frozenset()


def described(folder: str | Path) -> Described | None:
    """None for a model of another origin, which says nothing."""
    path = Path(folder) / MODEL_DESCRIPTION
    if not path.is_file():
        return None
    try:
        return Described(answers_of(folder), frozenset(json.loads(path.read_text(encoding="utf-8")).get("inputs", ())))
    except KeyError:
        return None


def candidate_in(folder: str | Path, roles: Roles) -> Described:
    """The trained model. Raises ModelError where the folder holds none, or one of another task or classes."""
    headline = "The trained model cannot be scored."
    found = described(folder)
    if found is None or not (Path(folder) / SAVED_MODEL_GRAPH).is_file():
        lacks = SAVED_MODEL_GRAPH if found else MODEL_DESCRIPTION
        allowed = f"a SavedModel with {MODEL_DESCRIPTION} (task and classes)"
        raise ModelError(headline, Problem(str(folder), f"no usable {lacks}", allowed, "run again from the Trainer on"))
    if difference := _difference(Answers(roles.task, roles.classes), found.answers):
        wanted = f"the task and classes of the table: {_words(Answers(roles.task, roles.classes))}"
        raise ModelError(headline, Problem(str(folder), difference, wanted, "run again from the Trainer on"))
    return found


def why_no_baseline(candidate: Answers, folder: str | Path | None) -> str:
    """Why the released model in `folder` cannot answer on the same rows, or "" where it can."""
    if folder is None:
        return NO_RELEASE
    if not (Path(folder) / SAVED_MODEL_GRAPH).is_file():
        return f"the released model's folder has no {SAVED_MODEL_GRAPH}"
    found = described(folder)
    if found is None:
        return f"the released model has no {MODEL_DESCRIPTION}, so nothing says what its scores stand for"
    difference = _difference(candidate, found.answers)
    return f"the released model has {difference}, the new one {_words(candidate)}" if difference else ""


def unread(folder: str | Path, columns: Collection[str], version: int) -> str:
    """What to say where the released model in `folder` reads columns that are not among the examples' columns, else ""."""
    found = described(folder)
    lacking = sorted(found.inputs - set(columns)) if found else []
    if not lacking:
        return ""
    return (
        f"Version {version} reads columns that this run leaves out ({listed(lacking)}) and answered as if they were missing in every "
        "row; the comparison favours the new model."
    )


def refuse_absent(sensitive: Sequence[Sensitive], columns: Collection[str]) -> None:
    """Raises SettingsError for sensitive columns that are not among the examples' columns."""
    problems = [
        Problem(
            f"{SENSITIVE}: {one.column!r}",
            "no such column in the examples",
            those_there(one.column, sorted(columns)),
            "correct the name; if columns.leave_out names it, move it to columns.ids: an ids column is kept beside "
            "the predictions and is never a feature",
        )
        for one in sensitive
        if one.column not in columns
    ]
    if problems:
        raise SettingsError("A sensitive column is not in the examples.", *problems)


def refuse_words(words: Mapping[str, tuple[str, int]], split: str) -> None:
    """Raises DataError for columns with bins that hold words.  words : column to the first one and their number."""
    problems = [
        Problem(f"split {split!r}, column {name!r}", f"{first!r} ({count} rows hold no number)",
                f"numbers: {SENSITIVE} gives the column bins", f"take its bins out of {SENSITIVE}, or mend the table")
        for name, (first, count) in words.items()
    ]  # fmt: skip
    if problems:
        raise DataError("A sensitive column with bins holds words.", *problems)


def _difference(wanted: Answers, got: Answers) -> str:
    """The task or classes of `got` where they are others."""
    return "" if (got.task, got.classes) == (wanted.task, wanted.classes) else _words(got)


def _words(answers: Answers) -> str:
    return f"task {answers.task}" + (f" with classes {listed(answers.classes)}" if answers.classes else "")
