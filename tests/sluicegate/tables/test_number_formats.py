"""Which texts are taken for numbers, and when nobody can tell how they are meant."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from schemas.reading import NumberFormat
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.recognising.missing_words import stray
from sluicegate.tables.recognising.number_formats import Guess, guessed

COMMA, POINT, PLAIN = NumberFormat(".", ","), NumberFormat(",", "."), NumberFormat()


def column(*texts: str) -> EncodedColumn:
    encoded = pa.array(texts).dictionary_encode()
    return EncodedColumn("x", encoded.indices.to_numpy().astype(np.int32), encoded.dictionary)


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (("1.471,46", "555,33"), (POINT,)),
        (("1,471.46", "555.33"), (COMMA,)),
        (("$1,471.46", "$555.33"), (COMMA,)),
        (("(1,200)", "300"), (COMMA,)),
        (("1,23,456", "2,345"), (COMMA,)),  # India
        (("1.234.567", "12.345"), (POINT,)),
        (("14.2%", "28.1%"), (PLAIN,)),
        (("EUR 5", "EUR 7,50"), (NumberFormat(","),)),
        (("1 200,5", "3"), (NumberFormat(",", " "),)),
        (("1\u00a0200,5", "3"), (NumberFormat(",", " "),)),
        (("1'234.5", "2"), (NumberFormat(".", "'"),)),
        # A sign that both could be. Programs print decimals in one length, or without zeros at their end:
        (("14,700", "5,600", "700"), (COMMA,)),
        (("14,70", "5,60"), (NumberFormat(","),)),
        (("0,750", "1,125"), (NumberFormat(","),)),
        (("1500,125", "1,125"), (NumberFormat(","),)),
        (("14,700", "5,600"), (COMMA, NumberFormat(","))),
        (("14,725", "5,631", "7"), (COMMA, NumberFormat(","))),
    ],
)
def test_formats(texts: tuple[str, ...], formats: tuple[NumberFormat, ...]) -> None:
    guess = guessed(column(*texts))
    assert guess is not None
    assert guess.formats == formats
    assert (guess.form is not None) == (len(formats) == 1)


@pytest.mark.parametrize(
    "texts",
    [
        ("LAX747", "JFK123"), ("192.168.100.200", "10.10.100.200"), ("555 123 456", "444 999 111"), ("31.01.2024", "1.2.2024"),
        ("$5", "€6"), ("12%", "5"), ("12:30", "13:45"), ("1-2", "3-4"), ("90+", "1,200"), ("a", "1,2"), ("1.234", "5.678"),
        ("5'11", "6'2"), ("4 Park Av", "12 Mill Ln"), ("v1.2", "v1.3"), ("5 kg", "7 kg"),
    ],
)  # fmt: skip
def test_texts_that_are_no_numbers_and_numbers_that_are_plain(texts: tuple[str, ...]) -> None:
    assert guessed(column(*texts)) is None


def test_thousands_that_read_as_plain_numbers() -> None:
    """2.230 beside 875 was written by no program that means decimals; without such a zero a person must say."""
    odd = [f"{i}.{100 + 7 * i}" for i in range(1, 25) if 7 * i % 10]
    point = NumberFormat(",", ".")
    assert guessed(column(*odd, "2.230", "875")) == Guess((point,), 1, odd[0])
    assert guessed(column(*odd, "875")) == Guess((point, NumberFormat()), 1, odd[0])
    for plain in (
        [*odd, "2.230"],
        [*odd, "2.230", "1500"],
        [*odd, "2.23", "875"],
        [*odd, "0.230", "875"],
        ["2.230", "875"],
    ):
        assert guessed(column(*plain)) is None, plain


def test_words_among_numbers() -> None:
    among = stray(column("1", "2", "3", "4", "90+"))
    assert among is not None
    assert not among.is_known  # it says something
    assert stray(column("1", "2", "3", "many", "few")) is None
    dash = stray(column("1.471,46", "555,33", "-"))
    assert dash is not None
    assert (dash.words, dash.is_known) == (("-",), True)
    assert stray(column("1,471", "n/a", "red")) is None
