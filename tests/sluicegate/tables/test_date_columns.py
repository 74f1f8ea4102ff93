"""Which columns of text are dates, and what becomes of the one cell among them that is none."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from schemas.errors import DataError
from sluicegate.tables import cell_dates as dates
from sluicegate.tables import inspecting as core
from sluicegate.tables.proposal.proposal import proposal_for
from sluicegate.tables.source import Source

ROWS = 60


def table(path: Path, cells: list[str]) -> Path:
    """`cells`, over and over, in the column "when"; every third row is "yes"."""
    rows = [f'{n},"{cells[n % len(cells)]}",{"yes" if n % 3 == 0 else "no"}' for n in range(ROWS)]
    path.write_text("\n".join(["x,when,y", *rows]) + "\n", encoding="utf-8")
    return path


def inspected(path: Path, **more: object) -> core.TableProfile:
    return core.inspect(Source(str(path), label="y", **more))


def test_one_instant_in_several_offsets_is_one_value(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ["2024-03-05T14:00:00+01:00", "2024-03-05T13:00:00Z", "2024-03-05 08:00:00-05"])
    column = inspected(path).column("when")
    assert (column.kind, column.distinct, column.values) == ("date", 1, ("2024-03-05T13:00:00",))


def test_one_date_that_does_not_exist_makes_no_category(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ["2024-01-31"] * 29 + ["0000-00-00"])
    with pytest.raises(DataError) as caught:
        inspected(path)
    said = str(caught.value)
    for part in (
        "line 31, column 'when'",
        "'0000-00-00'; 2 of 60 values",
        "data.missing",
        "columns.kinds.when: category",
    ):
        assert part in said
    missing = (*core.MISSING, "0000-00-00")
    column = inspected(path, missing=missing).column("when")
    assert (column.kind, column.missing) == ("date", 2)
    assert inspected(path, kinds={"when": "category"}).column("when").kind == "category"


def test_few_dates_among_words_are_a_category(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ["2024-01-31", "2024-02-01", "soon"])
    assert inspected(path).column("when").kind == "category"


NAMED = [
    "31-Jan-2024",
    "31 january 2024 9:05 PM",
    "Jan 31, 2024",
    "31st Jan. 2024",
    "Wed, 31 Jan 2024 10:00:00 GMT",
    "31JAN2024",
]


@pytest.mark.parametrize("text", NAMED)
def test_a_month_by_its_name(text: str) -> None:
    [iso] = dates.as_iso(pa.array([text]), "month_name").to_pylist()
    assert iso is not None
    assert iso.startswith("2024-01-31")
    assert dates.as_iso(pa.array([text, iso]), "iso").to_pylist() == [None, iso]
    assert dates.as_iso(pa.array([iso]), "month_name").to_pylist() == [iso]


@pytest.mark.parametrize("month", range(1, 13))
def test_each_month_has_its_number(month: int) -> None:
    day = dt.date(2023, month, 9)
    texts = [f"{day:%d-%b-%Y}", f"{day:%d-%b-%Y}".upper(), f"{day:%B} 9, 2023", f"9 {day:%b}. 2023"]
    assert dates.as_iso(pa.array(texts), "month_name").to_pylist() == [day.isoformat()] * 4


@pytest.mark.parametrize(
    "text", ["30-Feb-2024", "31-Jan-24", "31-Mai-2024", "Jan 2024", "31 January", "Jan-31-2024", "Janu 1, 2024"]
)
def test_what_no_month_name_makes_a_date(text: str) -> None:
    assert dates.as_iso(pa.array([text]), "month_name").to_pylist() == [None]


def test_a_column_of_month_names_is_dates_and_says_so(tmp_path: Path) -> None:
    texts = [f"{1 + i % 28}-{['Jan', 'FEB', 'mar'][i % 3]}-2024" for i in range(29)]
    profile = inspected(table(tmp_path / "t.csv", texts))
    assert profile.column("when").kind == "date"
    assert profile.roles.readings["when"].date == "month_name"
    assert any("read by the month's name; `columns.dates: {when: month_name}`" in note for note in profile.notes)
    with pytest.raises(DataError, match=r"(?s)'31-Jan-24'.*month's English name.*data.missing"):
        inspected(table(tmp_path / "t.csv", [*texts, "31-Jan-24"]))


@pytest.mark.parametrize(("order", "first"), [("day_first", "2024-02-01"), ("month_first", "2024-01-02")])
def test_where_both_orders_fit_nobody_guesses(tmp_path: Path, order: str, first: str) -> None:
    path = table(tmp_path / "t.csv", ["01/02/2024", "03/04/2024"])
    profile = inspected(path)
    assert profile.column("when").kind == "category"
    assert any("columns.dates: {when: day_first}` or `month_first`" in note for note in profile.notes)
    told = inspected(path, dates={"when": order})
    assert told.column("when").kind == "date"
    assert first in told.column("when").values
    assert told.roles.readings["when"].date == order


def test_where_one_order_fits_it_is_taken_and_init_writes_it_down(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ["31.01.2024", "01.02.2024"])
    assert inspected(path).column("when").values == ("2024-01-31", "2024-02-01")
    [advice] = [one for one in proposal_for(Source(str(path), label="y")).advice if one.key == "columns.dates"]
    assert (advice.column, advice.value, advice.active) == ("when", "day_first", True)


def test_an_order_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ["31.01.2024", "01.02.2024"])
    with pytest.raises(DataError, match=r"(?s)'31\.01\.2024'.*month first"):
        inspected(path, dates={"when": "month_first"})


def test_a_column_that_the_settings_name_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"columns\.dates: 'wehn'"):
        inspected(table(tmp_path / "t.csv", ["2024-01-31"]), dates={"wehn": "iso"})
