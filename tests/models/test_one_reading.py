"""Python's reading (ingest, predict, the server) and the graph's (Transform, both signatures) are one, cell by cell."""

import calendar

import numpy as np
import pyarrow as pa
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models import dates, raw_columns
from schemas.reading import DATE_ORDERS, Reading
from sluicegate.tables import cells
from sluicegate.tables.cells import Offence

MISSING = ("?", "NA", "N/A", "nan", r"\N", "<NA>", "a.b")
BLANK = st.text(st.sampled_from(" \t\n\r\u00a0\u2003\u3000\u200b\ufeff\x1f"), max_size=3)
#: Small, so that TensorFlow builds few graphs.
ROWS = 8


def texts(words):
    """Words with blanks around them, one in ten a word for no value or nothing at all."""
    cell = st.one_of(words, words, words, st.sampled_from([*MISSING, "", "a\nb", "é", "e\u0301", "ǅ", "falſe"]))
    return st.lists(st.builds(lambda a, b, c: a + b + c, BLANK, cell, BLANK), min_size=ROWS, max_size=ROWS)


WORDS = st.one_of(
    st.text(max_size=6).filter(lambda text: "\x00" not in text),
    st.sampled_from(
        ["TRUE", "False", "tRuE", "39", "39.0", "+5", "9007199254740993", "1e5", "inf", "Yes", "ß", "0123"]
    ),
)


@given(texts(WORDS), st.booleans(), st.sampled_from([(), MISSING]))
@settings(max_examples=150, deadline=None)
def test_a_text_is_read_alike(column, boolean, missing):
    reading = Reading(missing=missing, boolean=boolean)
    ours = [text or "" for text in cells.read(pa.array(column), reading).to_pylist()]
    assert graph_texts(column, reading) == ours
    # What was read reads the same again, so that a cleaned table and a client's own cells cannot differ.
    assert graph_texts(ours, reading) == ours
    assert [text or "" for text in cells.read(pa.array(ours), reading).to_pylist()] == ours


def graph_texts(column, reading):
    found = raw_columns.read_texts(tf.constant(column)[:, None], [reading])
    return [text.decode() for text in found.numpy()[:, 0]]


@st.composite
def named_days(draw, day, year):
    """With the month's name, or what is nearly one."""
    name = draw(st.sampled_from([*calendar.month_name[1:], *calendar.month_abbr[1:], "Sept", "Mai", "Janu", "Smarch"]))
    name = draw(st.sampled_from([name, name.upper(), name.lower(), f"{name}."]))
    start = draw(st.sampled_from(["", "", "Wed, ", "Sunday ", "Noday "]))
    nth = draw(st.sampled_from(["", "", "st", "th"]))
    mark = draw(st.sampled_from(["-", "/", " ", "", "--"]))
    first = f"{day}{nth}{mark}{name}{mark}{year:04}"
    return start + draw(
        st.sampled_from(
            [first, f"{day:02} {name}, {year:04}", f"{name} {day}{nth}, {year:04}", f"{name} {day} {year:04}"]
        )
    )


@st.composite
def date_texts(draw):
    """Mostly dates in one of the forms that the grammar knows; some days, hours and offsets that do not exist."""
    year, month, day = draw(st.integers(1, 9999)), draw(st.integers(0, 13)), draw(st.integers(0, 32))
    between = draw(st.sampled_from("-/."))
    order = draw(st.sampled_from(["ymd", "ymd", "dmy", "mdy"]))
    pad = draw(st.booleans())
    parts = {"y": f"{year:04}", "m": f"{month:02}" if pad else str(month), "d": f"{day:02}" if pad else str(day)}
    text = between.join(parts[letter] for letter in order)
    if draw(st.sampled_from([True, False, False])):
        text = draw(named_days(day, year))
    if draw(st.booleans()):
        text += draw(st.sampled_from("T tx")) + draw(
            st.sampled_from(
                ["10:00", "9:05 PM", "12:00 am", "00:00 AM", "24:00:00", "24:00:01", "23:59:60", "23:59:61", "20:15:30.25"]
            )
        ) if draw(st.booleans()) else f" {draw(st.integers(0, 25)):02}:{draw(st.integers(0, 60)):02}:{draw(st.integers(0, 61)):02}"  # fmt: skip
        text += draw(st.sampled_from(["", ".5", ",123456789", ".000"]))
        text += draw(
            st.sampled_from(["", "Z", " Z", " UTC", "+00", "-05:00", "+0530", " +14:00", "+24:00", "+1", "-23:59"])
        )
    return text


@given(texts(date_texts()), st.sampled_from(DATE_ORDERS))
@settings(max_examples=200, deadline=None)
def test_a_date_is_read_alike(column, order):
    reading = Reading(missing=MISSING, date=order)
    read = [cells.read(pa.array([text]), reading) for text in column]
    ours = ["" if isinstance(one, Offence) or one[0].as_py() is None else one[0].as_py() for one in read]
    in_graph = dates.parse(tf.constant(graph_texts(column, reading)), order)
    again = dates.parse(tf.constant(ours), order)
    for part, other in zip(in_graph, again, strict=True):
        np.testing.assert_array_equal(part.numpy(), other.numpy())
    stamps = [np.datetime64(text) if text else np.datetime64("NaT") for text in ours]
    days = np.array(stamps, "datetime64[us]") - np.datetime64("1970-01-01")
    np.testing.assert_allclose(in_graph.day.numpy(), days / np.timedelta64(1, "D"), rtol=0, atol=1e-9)
    months = [int(text[5:7]) if text else 0 for text in ours]
    assert in_graph.month.numpy().tolist() == months
    assert [text or "" for text in cells.read(pa.array(ours), Reading(date=order)).to_pylist()] == ours


NUMBERS = st.one_of(
    st.integers(-(2**64), 2**64).map(float),
    st.integers(-(2**40), 2**40).map(float),
    st.floats(allow_nan=True),
    st.sampled_from([2.0**63, -(2.0**63), 38.7, float("inf"), 39.0, 5e-324, -2.2e-313]),
)


@given(st.lists(NUMBERS, min_size=ROWS, max_size=ROWS))
@settings(max_examples=100, deadline=None)
def test_a_whole_number_is_read_alike_and_what_is_none_is_missing_in_the_graph(column):
    reading = Reading("int")
    in_graph = raw_columns.as_stored(tf.constant(column, tf.float64), reading).numpy()
    for value, found in zip(column, in_graph, strict=True):
        ours = cells.read(pa.array([value]), reading)
        if isinstance(ours, Offence) or ours[0].as_py() is None:
            assert np.isnan(found)
        else:
            assert int(found) == ours[0].as_py()


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)).map(repr), min_size=1))
@settings(max_examples=100, deadline=None)
def test_numbers_as_texts_are_the_numbers(column):
    found = cells.read(pa.array(column), Reading("float"))
    assert found.to_pylist() == [float(text) for text in column]
    whole = [text for text in column if "." not in text and "e" not in text and "inf" not in text]
    assert cells.read(pa.array(whole, pa.string()), Reading("int")).to_pylist() == [int(text) for text in whole]
