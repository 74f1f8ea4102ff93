"""The task, and the classes of the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.errors import Problem
from schemas.names import listed, those_there
from sluicegate.tables.cells import are_integers, are_numbers
from sluicegate.tables.columns.columns import is_mostly_numbers
from sluicegate.tables.columns.left_out_classes import number_of, setting, texts_of
from sluicegate.tables.encoded import EncodedColumn, RawTable
from sluicegate.tables.places import Places
from sluicegate.tables.recognising import number_formats
from sluicegate.tables.source import Source
from sluicegate.tables.splits.splits import Assignment

MAX_INTEGER_CLASSES = 20
"""Whole numbers with more distinct values than this are taken for a quantity."""
MAX_CLASSES = 1000
_OBVIOUS = (("0", "1"), ("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"))
"""Pairs (negative, positive) that need no guess."""


@dataclass(frozen=True)
class Label:
    """task : "binary", "multiclass" or "regression".  classes : texts, the positive one last; () for regression."""

    task: str
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def settle_label(
    column: EncodedColumn, source: Source, domain: tuple[str, ...], places: Places
) -> tuple[Label, list[Problem]]:
    """What the label's values make of the task, and what stands against it.

    column : texts, or a Parquet file's numbers.

    domain : the classes that the schema lists, or (); a value outside it is an error, a class without rows is none.
    """
    problems = _gaps(column, places)
    values = texts_of(column)
    written = None if domain else _written_numbers(column, source)
    if written:
        return Label("regression"), [*problems, written]
    task, notes = _task(column, source, max(len(values), len(domain)))
    if task is None:
        return Label("multiclass"), [
            *problems,
            Problem(
                f"column {column.name!r} (label)",
                f"{len(values)} distinct values, not all of them numbers",
                f"at most {MAX_CLASSES} classes, or numbers",
                "set task, or correct label",
            ),
        ]
    if task == "regression":
        return Label(task, (), notes), problems + _regression_problems(column, source, values, places)
    outside = [value for value in values if domain and value not in domain]
    if outside:
        place = places.of(column.first_row(values.index(outside[0])), column.name)
        return Label(task, domain), [
            *problems,
            Problem(
                place,
                f"labels {listed(outside, 5)}",
                f"the schema's {listed(domain)}",
                "correct the labels, or add the class to the schema and train anew",
            ),
        ]
    classes = tuple(sorted(domain or values, key=class_order(domain or values)))
    problems += _class_problems(column, source, task, classes, len(values))
    if problems or task == "multiclass":
        return Label(task, classes, notes), problems
    ordered, why = _positive_last(column, source, classes)
    return Label(task, ordered, notes + why), problems


def without_gaps(table: RawTable, source: Source) -> RawTable:
    """The table without the rows that have no label, where the settings drop them, and a note that counts them.

    With no label at all the table stays as it is: `settle_label` refuses it.
    """
    column = table.columns.get(source.label)
    missing = column.missing() if column else 0
    if source.label_missing != "drop" or column is None or not 0 < missing < len(column.codes):
        return table
    note = (
        f"{missing:,} of {len(column.codes):,} rows were dropped, because they have no label '{source.label}' "
        "(label.missing: drop)."
    )
    found = table.of_rows(column.codes >= 0)
    return replace(found, notes=(*found.notes, note))


def as_classes_of(column: EncodedColumn, domain: tuple[str, ...]) -> EncodedColumn:
    """The label with numbers written as the schema's classes are: a gap in a file makes 1.0 of 1, and both are one class."""
    import pyarrow as pa

    texts = texts_of(column)
    by_number = {number: known for known in domain if (number := number_of(known)) is not None}
    if len(by_number) < len(domain) or all(text in domain for text in texts):
        return column
    found = [text if text in domain else by_number.get(number_of(text), text) for text in texts]  # type: ignore[arg-type]
    return replace(column.with_values(pa.array(found, pa.string())), declared=None)


def split_problems(column: EncodedColumn, splits: Assignment) -> list[Problem]:
    """What no training can mend: one class only in train, or an eval or a test of which most rows have classes that train lacks.

    A class of few rows that the splits put elsewhere is no fault of the table; `unlearned_note` says it.
    """
    values, in_train = texts_of(column), column.counts(splits.rows("train"))
    learned = [value for value, rows in zip(values, in_train, strict=True) if rows]
    place, remedy = (
        f"column {column.name!r} (label), split ",
        "split the rows otherwise, or bring train rows of these classes",
    )
    if len(learned) == 1:
        got = f"one class only: {listed(learned)}; all rows: {_rows_of(values, column.counts())}"
        return [Problem(f"{place}train", got, "at least two classes", remedy)]
    problems = []
    for split in ("eval", "test"):
        counts = column.counts(splits.rows(split))
        strange = counts * (in_train == 0)
        if strange.sum() > counts.sum() / 2:
            got = (
                f"{strange.sum():,} of {counts.sum():,} rows have labels that train lacks: {_rows_of(values, strange)}"
            )
            problems.append(Problem(f"{place}{split}", got, f"the classes of train: {listed(learned)}", remedy))
    return problems


def unlearned_note(column: EncodedColumn, source: Source, splits: Assignment) -> tuple[str, ...]:
    """Classes that eval or test hold and train lacks, with their rows, and what can be done."""
    values, in_train = texts_of(column), column.counts(splits.rows("train"))
    elsewhere = {split: column.counts(splits.rows(split)) * (in_train == 0) for split in ("eval", "test")}
    found = "; ".join(f"{split} {_rows_of(values, rows)}" for split, rows in elsewhere.items() if rows.any())
    if not found:
        return ()
    names = [value for code, value in enumerate(values) if any(rows[code] for rows in elsewhere.values())]
    return (
        f"Train lacks classes of the label '{column.name}' that other splits hold (rows): {found}. A model cannot learn them, so "
        "these rows count as errors. Merge such a class with another, bring more rows, or leave its rows out: "
        f"{setting(source, names)}.",
    )


def _rows_of(values: Sequence[str], counts: Any, most: int = 5) -> str:
    """As in: 'lynx' (2), 'otter' (1)"""
    found = [f"'{value}' ({rows:,})" for value, rows in zip(values, counts, strict=True) if rows]
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")


def class_order(values: tuple[str, ...] | list[str]) -> Any:
    """The sort key of classes: by number when all are numbers, otherwise by text."""
    try:
        numbers = {value: float(value) for value in values}
    except ValueError:
        return str
    return lambda value: (numbers[value], value)


def _task(column: EncodedColumn, source: Source, count: int) -> tuple[str | None, tuple[str, ...]]:
    import pyarrow.compute as pc

    if source.task != "auto":
        return source.task, ()
    if count <= 2:
        return "binary", (f"Task: binary, because the label '{column.name}' has two values.",)
    if count > MAX_INTEGER_CLASSES and is_mostly_numbers(column):
        return "regression", (f"Task: regression, because the label '{column.name}' has {count} distinct numbers.",)
    if not pc.all(are_numbers(column.values)).as_py():
        why = f"Task: multiclass, because the label '{column.name}' has {count} values that are texts."
        return ("multiclass", (why,)) if count <= MAX_CLASSES else (None, ())
    if count <= MAX_INTEGER_CLASSES and pc.all(are_integers(column.values)).as_py():
        return "multiclass", (
            f"Task: multiclass, because the label '{column.name}' has {count} distinct whole numbers.",
        )
    return "regression", (f"Task: regression, because the label '{column.name}' has {count} distinct numbers.",)


def _written_numbers(column: EncodedColumn, source: Source) -> Problem | None:
    """A label such as 14,700 in which nobody should see classes."""
    import pyarrow.compute as pc

    if source.task not in ("auto", "regression") or (
        source.task == "auto" and len(column.values) <= MAX_INTEGER_CLASSES
    ):
        return None
    guess = number_formats.guessed(column)
    if guess is None or pc.all(are_numbers(column.values)).as_py():
        return None
    return Problem(
        f"column {column.name!r} (label)",
        f"{len(column.values):,} distinct texts such as {guess.example!r}, which are numbers written with signs",
        "numbers such as 1471.46, or a word on how they are written",
        "write "
        + " or ".join(number_formats.setting(column.name, form) for form in guess.formats)
        + ", or task: multiclass if they are classes",
    )


def _gaps(column: EncodedColumn, places: Places) -> list[Problem]:
    missing = column.missing()
    if not missing:
        return []
    return [
        Problem(
            places.of(column.first_row(-1), column.name),
            f"the label is missing in {missing} of {len(column.codes)} rows",
            "a label in every row",
            "write `missing: drop` under `label:` to leave these rows out, or fill in their labels",
        )
    ]


def _regression_problems(column: EncodedColumn, source: Source, values: list[str], places: Places) -> list[Problem]:
    import pyarrow.compute as pc

    place, numbers = f"column {column.name!r} (label)", are_numbers(column.values).to_pylist()
    if source.positive is not None:
        return [Problem("label.positive", repr(source.positive), "nothing: regression has no classes", "drop it")]
    wrong = [value for value, is_number in zip(values, numbers, strict=True) if not is_number]
    if wrong:
        why = "task is regression" if source.task == "regression" else "nearly all labels are"
        return [
            Problem(
                places.of(column.first_row(values.index(wrong[0])), column.name),
                f"texts such as {listed(wrong, 3)}; {len(wrong)} of {len(values)} distinct values are such",
                f"numbers, because {why}",
                "correct the labels, or add the text to data.missing and remove the rows, or set task: multiclass",
            )
        ]
    infinite = [value for value in values if not abs(float(value)) < float("inf")]
    if infinite:
        return [
            Problem(
                place,
                f"values {listed(infinite, 3)}",
                "finite numbers",
                "remove these rows, or add the value to data.missing",
            )
        ]
    constant = int(pc.count_distinct(column.values).as_py()) < 2
    return [Problem(place, f"one value only: {listed(values)}", "at least two", "check label")] if constant else []


def _class_problems(
    column: EncodedColumn, source: Source, task: str, classes: tuple[str, ...], seen: int
) -> list[Problem]:
    place = f"column {column.name!r} (label)"
    if seen < 2:
        return [
            Problem(
                place,
                f"one class only: {listed(texts_of(column))}" if seen else "no values at all",
                "at least two classes",
                "check label, or bring rows of the other classes",
            )
        ]
    problems = []
    if task == "binary" and len(classes) != 2:
        problems.append(
            Problem(
                place,
                f"{len(classes)} classes: {listed(classes)}",
                "two classes, because task is binary",
                "set task: multiclass, or correct the values",
            )
        )
    if task == "multiclass" and len(classes) > MAX_CLASSES:
        problems.append(
            Problem(
                place,
                f"{len(classes)} classes",
                f"at most {MAX_CLASSES}",
                "set task: regression, or check label",
            )
        )
    if source.positive is not None and task == "multiclass":
        problems.append(
            Problem("label.positive", repr(source.positive), "nothing: only a binary task has one", "drop it")
        )
    elif source.positive is not None and _as_class(source.positive, classes) is None:
        problems.append(
            Problem(
                "label.positive",
                repr(source.positive),
                those_there(source.positive, classes, "classes"),
                "name one of the classes",
            )
        )
    return problems


def _positive_last(
    column: EncodedColumn, source: Source, classes: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    positive = _as_class(source.positive, classes) if source.positive is not None else None
    why: tuple[str, ...] = ()
    if positive is None:
        positive = _obvious(classes)
        if positive is not None:
            why = (f"Positive class: '{positive}'.",)
        else:
            counts = dict(zip(texts_of(column), column.counts(), strict=True))
            positive = min(reversed(classes), key=lambda value: counts.get(value, 0))
            why = (
                f"Positive class: '{positive}', the rarer one ({counts.get(positive, 0)} of {len(column.codes)} rows); "
                "label.positive names another.",
            )
    return (*(value for value in classes if value != positive), positive), why


def positive_said(source: Source, classes: tuple[str, ...]) -> str | None:
    """The positive one of two classes, as far as it can be told without their rows."""
    named = _as_class(source.positive, classes) if source.positive is not None else None
    return named or _obvious(classes)


def _obvious(classes: tuple[str, ...]) -> str | None:
    pair = sorted(map(_plainly, classes))
    obvious = next((known[1] for known in _OBVIOUS if list(known) == pair), None)
    return next((value for value in classes if obvious and _plainly(value) == obvious), None)


def _plainly(text: str) -> str:
    """In small letters, and 0.000 as 0."""
    number = number_of(text)
    return text.lower() if number is None or number not in (0.0, 1.0) else f"{number:.0f}"


def _as_class(positive: str, classes: tuple[str, ...]) -> str | None:
    """The class that the settings mean: YAML turns `true` and `1` into other types, so case is forgiven."""
    wanted = str(positive).strip()
    return next((value for value in classes if value == wanted), None) or next(
        (value for value in classes if value.lower() == wanted.lower()), None
    )
