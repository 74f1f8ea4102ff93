"""What a column that became a category may have been meant to be, with the line that says so."""

from __future__ import annotations

from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.recognising import missing_words, number_formats
from sluicegate.tables.source import Source


def of_text(column: EncodedColumn, source: Source) -> tuple[str, ...]:
    """Numbers written in a format, or numbers among which a word stands; nothing for any other texts.

    column : distinct texts as they are kept, a category that nobody asked for.
    """
    found = missing_words.stray(column)
    if found:
        return (_stray(found, column, source),)
    guess = number_formats.guessed(column)
    return (_written(column.name, guess),) if guess else ()


def _stray(found: missing_words.Stray, column: EncodedColumn, source: Source) -> str:
    shown = ", ".join(f"'{word}'" for word in found.words[:3]) + (" and others" if len(found.words) > 3 else "")
    line = missing_words.setting(source, column, found.words[:3])
    return (
        f"Column '{found.column}' is a category, though {found.share:.0%} of its values are numbers: {found.rows:,} rows hold "
        f"{shown}. If that means no value, write {line}."
    )


def _written(name: str, guess: number_formats.Guess) -> str:
    lines = " or ".join(number_formats.setting(name, form) for form in guess.formats)
    all_of = "its texts" if guess.share == 1 else f"{guess.share:.1%} of its texts"
    which = "; both fit, so it is yours to say" if len(guess.formats) > 1 else ""
    return (
        f"Column '{name}' is a category, though {all_of}, such as '{guess.example}', are numbers: write {lines}{which}."
    )
