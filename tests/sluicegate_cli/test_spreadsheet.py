"""Cells of `predict`'s CSV that a spreadsheet would run."""

import csv
import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate_cli import scored, spreadsheet

#: From OWASP's page on CSV injection and from what programs were reported to run.
RUN = [
    "=1+1", "=HYPERLINK(\"http://x\")", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1,1)", "\t=1", "\rx", "\nx",
    " =1+1", "\u00a0=1", "\ufeff=1", "＝1+1", "＋1", "－1+1", "＠SUM(1)", "-", "=", "+49 170 1234567", "-5\n=1", "--5", "-5-6",
]  # fmt: skip
STAY = ["-5", "+5", "-5.25", "+.5", "-1e-3", " -5 ", "a=1", "5-6", "", "'=1", "1", "x\t=1", "é", "A-12"]
SCHEMA = pa.schema([("id", pa.string()), ("=name", pa.large_string()), ("n", pa.int64()), ("f", pa.float32())])


def one_column(cells, kind=None):
    return spreadsheet.neutral(pa.table({"c": pa.array(cells, kind or pa.string())}))["c"].to_pylist()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_what_would_run_is_marked_and_nothing_else(kind):
    assert one_column(RUN, kind) == ["'" + cell for cell in RUN]
    assert one_column([*STAY, None], kind) == [*STAY, None]


@pytest.mark.parametrize("numbers", [pa.array([-5, None]), pa.array([-5.5, -0.0]), pa.array([-1e300, float("-inf")])])
def test_numbers_stay_numbers(numbers):
    table = pa.table({"n": numbers})
    assert spreadsheet.neutral(table).equals(table)


@given(st.text())
def test_no_cell_begins_with_a_sign_unless_it_is_a_number(text):
    [cell] = one_column([text])
    if cell.lstrip()[:1] in tuple("=+-@"):
        float(cell)
    assert cell in (text, "'" + text)


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_the_file_s_texts_and_header_are_marked_and_its_numbers_are_not(tmp_path, ending):
    path = tmp_path / f"scored.{ending}"
    columns = [
        pa.array(["=1", None, "-5"]),
        pa.array(["@x", "y", "z"], pa.large_string()),
        pa.array([-5, 6, None]),
        pa.array([-0.5, 0.5, 1.0], pa.float32()),
    ]
    for is_for_people, expected in ((True, "'"), (False, "")):
        with scored.writing(path, SCHEMA, is_for_people) as file:
            for _ in range(2):
                file.take(pa.record_batch(columns, schema=SCHEMA))
        opener = gzip.open if ending == "csv.gz" else open
        with opener(path, "rt", newline="") as lines:
            header, first, *_, last = csv.reader(lines)
        assert header == ["id", f"{expected}=name", "n", "f"]
        assert first == [f"{expected}=1", f"{expected}@x", "-5", "-0.5"]
        assert last[0] == "-5"


def test_a_parquet_file_runs_nothing_and_needs_no_flag():
    with pytest.raises(Exception, match=r"--spreadsheet with scored\.parquet"):
        scored.check(Path("scored.parquet"), iter(()), spreadsheet=True)
