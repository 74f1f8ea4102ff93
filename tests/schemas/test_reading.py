"""What a cell is, for each way to read a column. tests/models/test_one_reading.py holds the graph to the same."""

import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reading import NumberFormat, Reading
from sluicegate.tables import cell_dates as dates
from sluicegate.tables import cells
from sluicegate.tables.cells import Offence


def read(value, reading, kind=None):
    found = cells.read(pa.array([value], kind), reading)
    return found if isinstance(found, Offence) else found[0].as_py()


@pytest.mark.parametrize(
    ("cell", "number"),
    [("39", 39), (" 39.0\u00a0", 39), ("+5", 5), ("4e1", 40), (39.0, 39), (39, 39), ("NA", None), ("\u3000", None),
     (str(2**63 - 1), 2**63 - 1), (str(-(2**63)), -(2**63)), ("9007199254740993.0", 9007199254740993)],
)  # fmt: skip
def test_whole_numbers(cell, number):
    assert read(cell, Reading("int", ("NA",))) == number


@pytest.mark.parametrize(
    "cell", ["38.7", "inf", "0x1F", "1,000", "1_000", str(2**63), "-9223372036854775809", "1e19", 38.7, 2.0**63, True]
)
def test_what_is_no_whole_number_is_refused(cell):
    found = read(cell, Reading("int"))
    assert isinstance(found, Offence)
    assert found.allowed == "a whole number of 64 bits"


def test_an_offence_names_the_first_place_and_how_many_there_are():
    found = cells.read(pa.array(["1", None, "x", "y"]), Reading("float"))
    assert found == Offence(2, "x", 2, "a number")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" TRUE ", "true"),
        ("False\u200b", "false"),
        (True, "true"),
        ("maybe", "maybe"),
        ("NA", None),
        ("\ufeffNA", None),
    ],
)
def test_booleans_know_no_case(cell, text):
    assert read(cell, Reading(boolean=True, missing=("NA",))) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [(9007199254740993, "9007199254740993"), (39.0, "39"), (1.5, "1.5"), (True, "true"), ("NA", "NA"), ("a\nb", "a\nb"),
     (datetime.date(2024, 1, 31), "2024-01-31"), ("TRUE", "TRUE"), ("0123", "0123")],
)  # fmt: skip
def test_a_column_of_text_takes_everything_as_its_text(cell, text):
    assert read(cell, Reading()) == text


def test_a_float_of_32_bits_is_the_text_that_it_was_written_from():
    assert read(0.1, Reading(), pa.float32()) == "0.1"


@pytest.mark.parametrize(
    ("cell", "form", "number"),
    [("1.471,46", NumberFormat(",", "."), 1471.46), ("$1,471.46", NumberFormat(thousands=","), 1471.46),
     ("14.2%", NumberFormat(), 14.2), ("14,2 %", NumberFormat(","), 14.2), ("(12.5)", NumberFormat(), -12.5),
     ("-€ 5\u202f000,5", NumberFormat(",", " "), -5000.5), ("12,34,567.8", NumberFormat(thousands=","), 1234567.8),
     ("1\u2019234.5", NumberFormat(thousands="'"), 1234.5), ("EUR 5", NumberFormat(), 5.0), ("\u22125", NumberFormat(), -5.0)],
)  # fmt: skip
def test_numbers_in_a_format_of_their_own(cell, form, number):
    assert read(cell, Reading("float", number=form)) == number


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("1.5", NumberFormat(",", ".")),
        ("1,47", NumberFormat(thousands=",")),
        ("5 apples", NumberFormat()),
        ("%", NumberFormat()),
    ],
)
def test_what_is_not_in_the_format_is_refused(cell, form):
    assert isinstance(read(cell, Reading("float", number=form)), Offence)


@pytest.mark.parametrize(
    ("order", "cell", "instant"),
    [
        ("iso", "2024-01-31", "2024-01-31"),
        ("iso", "2024-01-31 10:00:00+00", "2024-01-31T10:00:00"),
        ("iso", "2024-01-31T10:00:00,250 Z", "2024-01-31T10:00:00.25"),
        ("iso", "2024-01-31 24:00:00", "2024-02-01T00:00:00"),
        ("iso", "2016-12-31 23:59:60", "2017-01-01T00:00:00"),
        ("iso", "2024-03-05T14:00:00+01:00", "2024-03-05T13:00:00"),
        ("iso", "2024-03-05T08:00:00-05:00", "2024-03-05T13:00:00"),
        ("iso", "2024-03-05 18:30+0530", "2024-03-05T13:00:00"),
        ("iso", "2024-03-05 13:00:00 UTC", "2024-03-05T13:00:00"),
        ("iso", "2024/03/05", "2024-03-05"),
        ("iso", "0001-01-01T00:00", "0001-01-01T00:00:00"),
        ("day_first", "31.1.2024 9:05", "2024-01-31T09:05:00"),
        ("day_first", "05/03/2024", "2024-03-05"),
        ("month_first", "05/03/2024", "2024-05-03"),
        ("month_first", "1/31/2024 12:00:01 AM", "2024-01-31T00:00:01"),
        ("month_first", "1/31/2024 9:05 pm", "2024-01-31T21:05:00"),
        ("month_first", "2024-01-31", "2024-01-31"),
    ],
)
def test_dates(order, cell, instant):
    assert read(cell, Reading(date=order)) == instant
    assert read(instant, Reading(date=order)) == instant


@pytest.mark.parametrize(
    ("order", "cell"),
    [("iso", "0000-00-00"), ("iso", "2023-02-29"), ("iso", "2024-01-31 24:00:01"), ("iso", "2024-01-31 25:00"),
     ("iso", "31.01.2024"), ("iso", "2024-01-31 10:00:61"), ("iso", "9999-12-31 23:00-05:00"), ("iso", "2024-01"),
     ("day_first", "01/31/2024"), ("month_first", "31/01/2024"), ("month_first", "1/2/24"), ("month_first", "1/31/2024 13:00 PM")],
)  # fmt: skip
def test_what_is_no_date_is_refused(order, cell):
    assert read(cell, Reading(date=order)) == Offence(0, cell, 1, dates.ALLOWED[order])


def test_a_timestamp_with_a_zone_is_its_instant():
    kind = pa.timestamp("us", "Europe/Berlin")
    instant = datetime.datetime(2024, 1, 31, 10, tzinfo=datetime.UTC)
    assert read(instant, Reading(date="iso"), kind) == "2024-01-31T10:00:00"


def test_a_reading_travels_as_json():
    reading = Reading("float", ("NA",), number=NumberFormat(",", "."))
    assert Reading.from_json(reading.to_json()) == reading
    assert Reading().to_json() == {}
    assert Reading.from_json({"added later": 1}) == Reading()


@given(
    st.decimals(-(10**9), 10**9, places=2),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", ""), (",", "")]),
    st.sampled_from(["{}", "{} €", "USD {}", "{}%", "{} %", "\u00a0{}\t"]),
)
def test_a_number_in_a_columns_own_format_is_the_number(number, marks, frame):
    decimal, thousands = marks
    text = frame.format(f"{number:,}".translate({ord(","): thousands, ord("."): decimal}))
    form = NumberFormat(decimal, thousands)
    assert read(text, Reading("float", number=form)) == float(number)
    assert read(float(number), Reading("float", number=form)) == float(number)
    whole = read(text, Reading("int", number=form))
    assert (
        whole == int(number)
        if number == int(number)
        else whole.allowed.startswith("a whole number of 64 bits, written as 1")
    )
