"""What the settings must say before a table seen for the first time reads right: missing words, number formats, ids, labels."""

from __future__ import annotations

from dataclasses import replace

from sluicegate.tables.cells import are_numbers, whole_numbers
from sluicegate.tables.columns.columns import MIN_NUMBER_SHARE, TypedColumn, Wishes, booleans_as_text, typed
from sluicegate.tables.columns.labels import MAX_INTEGER_CLASSES
from sluicegate.tables.encoded import EncodedColumn, RawTable
from sluicegate.tables.places import Places
from sluicegate.tables.proposal.advice import Advice
from sluicegate.tables.proposal.ids import id_advice
from sluicegate.tables.recognising import missing_words, number_formats
from sluicegate.tables.source import Source

MIN_CLASS_ROWS = 10
"""Of a class with fewer rows, the smaller splits hold one on average, or none."""
CODES = 0.8
"""A column with this share of two-letter values holds codes of countries or states."""


def settled(table: RawTable, source: Source) -> tuple[RawTable, Source, list[Advice]]:
    """The table and the settings after everything that is hardly a matter of taste was written into them, and why.

    What the settings say already is not said again, so that the same holds for a file that is checked.
    """
    advice: list[Advice] = []
    for step in (_missing, _label_gaps, _numbers, _task, _empty):
        found = step(table, source)
        advice += found
        table, source = _applied(table, source, found)
    found = _ids(table, source)
    return table, _applied(table, source, found)[1], advice + found


def _applied(table: RawTable, source: Source, advice: list[Advice]) -> tuple[RawTable, Source]:
    for one in advice:
        if not one.active:
            continue
        if one.key == "data.missing":
            source = replace(source, missing=tuple(one.value))
            columns = {name: _cleaned(column, source) for name, column in table.columns.items()}
            table = replace(table, columns=columns)
        elif one.key == "columns.numbers":
            source = replace(source, numbers={**source.numbers, one.column: one.value})
        elif one.key == "label.missing":
            source = replace(source, label_missing="drop")
        elif one.key == "task":
            source = replace(source, task=one.value)
        elif one.key == "columns.leave_out":
            source = replace(source, leave_out=(*source.leave_out, one.column))
        elif one.key == "columns.kinds":
            source = replace(source, kinds={**source.kinds, one.column: one.value})
        elif one.key == "columns.ids":
            source = replace(source, ids=(*source.ids, one.column))
    return table, source


def _cleaned(column: EncodedColumn, source: Source) -> EncodedColumn:
    return missing_words.without(column, missing_words.already(source, column.declared))


def _features(table: RawTable, source: Source) -> list[EncodedColumn]:
    apart = {source.label, *source.leave_out, *source.ids, source.split.column}
    return [column for name, column in table.columns.items() if name not in apart]


def _missing(table: RawTable, source: Source) -> list[Advice]:
    """One list for all columns, and a word per column that made it longer; words of the label's classes stay classes."""
    label = table.columns.get(source.label)
    classes = set(label.values.to_pylist()) if label is not None and not _is_numeric(label) else set()
    words: list[str] = []
    reasons, perhaps = [], []
    declared = None
    for column in [*_features(table, source), *([label] if label is not None and not classes else [])]:
        if column.name in source.kinds:
            continue
        found = missing_words.stray(column)
        technical = [word for word in missing_words.technical(column) if word not in classes]
        if found and found.is_known and not classes.intersection(found.words):
            words += found.words
            declared = column.declared
            shown = ", ".join(f"'{word}'" for word in found.words)
            reasons.append(
                f"{found.rows:,} rows of '{column.name}' hold {shown}, {found.share:.0%} of its values are numbers"
            )
        elif technical:
            words += technical
            declared = column.declared
            reasons.append(f"'{column.name}' holds {', '.join(technical)}")
        elif found and found.share >= MIN_NUMBER_SHARE and column is not label:
            # A run refuses such a column, because its texts may be mistakes; a first look must not end there.
            why = (
                f"{found.rows:,} rows hold '{found.words[0]}' and the like, which are no numbers; if they are mistakes, correct "
                "them and take this line out"
            )
            perhaps.append(Advice("columns.kinds", column.name, why, "category", active=True))
        elif found:
            shown = ", ".join(f"'{word}'" for word in found.words[:3])
            perhaps.append(
                Advice(
                    "data.missing",
                    column.name,
                    f"{found.rows:,} rows hold {shown}, and {found.share:.0%} of its values are "
                    "numbers, unless these words mean something",
                    found.words[:3],
                )
            )
    perhaps += _country_codes(table, source)
    if not words:
        return perhaps
    listed = (*missing_words.already(source, declared), *words)
    return [Advice("data.missing", "", "; ".join(reasons), tuple(dict.fromkeys(listed)), active=True), *perhaps]


def _country_codes(table: RawTable, source: Source) -> list[Advice]:
    """Columns of two letters in which NA, that is Namibia, was taken for no value."""
    import pyarrow.compute as pc

    advice = []
    for column in _features(table, source):
        rows = column.taken.get("NA", 0)
        if not rows or not _is_text(column) or not len(column.values):
            continue
        counts = column.counts()
        codes = pc.match_substring_regex(column.values, "^[A-Z]{2}$").to_numpy(zero_copy_only=False)
        if counts[codes].sum() >= CODES * counts.sum():
            words = tuple(word for word in source.missing if word != "NA")
            why = (
                f"{rows:,} rows of column '{column.name}' hold NA, which may be Namibia: then leave NA out of the list"
            )
            advice.append(Advice("data.missing", "", why, words))
    return advice[:1]


def _is_text(column: EncodedColumn) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.values.type))


def _is_numeric(column: EncodedColumn) -> bool:
    import pyarrow as pa

    if not pa.types.is_string(column.values.type):
        return True
    return (
        bool(are_numbers(column.values).to_numpy(zero_copy_only=False).mean() > 1 / 2) if len(column.values) else False
    )


def _label_gaps(table: RawTable, source: Source) -> list[Advice]:
    column = table.columns.get(source.label)
    missing = column.missing() if column is not None else 0
    if column is None or source.label_missing == "drop" or not 0 < missing < len(column.codes):
        return []
    return [
        Advice("label.missing", "", f"{missing:,} of {len(column.codes):,} rows have no label", "drop", active=True)
    ]


def _numbers(table: RawTable, source: Source) -> list[Advice]:
    label = table.columns.get(source.label)
    with_label = [label] if label is not None and len(label.values) > MAX_INTEGER_CLASSES else []
    advice = []
    for column in [*_features(table, source), *with_label]:
        if column.name in source.numbers or column.name in source.kinds:
            continue
        guess = number_formats.guessed(column)
        if guess is None:
            continue
        if guess.form is not None:
            why = f"its texts, such as {guess.example}, are numbers written so"
            advice.append(Advice("columns.numbers", column.name, why, guess.form, active=True))
        else:
            for form in guess.formats:
                why = f"{guess.share:.1%} of its texts, such as {guess.example}, could be numbers written so"
                advice.append(Advice("columns.numbers", column.name, why, form))
    return advice


def _task(table: RawTable, source: Source) -> list[Advice]:
    """Counts and ratings: whole numbers of which some are so rare that, as classes, train or test would lack them."""
    column = table.columns.get(source.label)
    if source.task != "auto" or column is None or not 2 < len(column.values) <= MAX_INTEGER_CLASSES:
        return []
    rarest = int(column.counts().min())
    if rarest >= MIN_CLASS_ROWS or whole_numbers(column.values).null_count:
        return []
    why = (
        f"the label's {len(column.values)} values are whole numbers and the rarest stands in {rarest} rows: as classes "
        "(task: multiclass) some split would lack it"
    )
    return [Advice("task", "", why, "regression", active=True)]


def _empty(table: RawTable, source: Source) -> list[Advice]:
    return [
        Advice("columns.leave_out", column.name, "no row has a value", active=True)
        for column in _features(table, source)
        if not len(column.values) and column.name != source.weight
    ]


def _ids(table: RawTable, source: Source) -> list[Advice]:
    """Never all that is left to learn from."""
    places = Places(table, source)
    features = [
        column
        for column in _features(table, source)
        if column.name not in (source.weight, *source.kinds, *source.numbers) and len(column.values)
    ]
    read = [typed(booleans_as_text(column), Wishes(), places) for column in features]
    found = [id_advice(one, table.files) for one in read if isinstance(one, TypedColumn)]
    advice = [one for one in found if one is not None]
    active = [one for one in advice if one.active]
    if len(active) == len(_features(table, source)):
        return [replace(one, active=False) for one in advice]
    return advice
