"""What ExampleGen keeps of each column: exact counts at kept points, no rare texts, and how many rows a split is worth."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from sluicegate.tables.columns.distributions import QUANTILES, WHOLE, distributions_of
from sluicegate.tables.columns.effective import effective_rows
from sluicegate.tables.inspecting import Source, SplitRule
from tests.components.data_gate.frames import examined, kept

RNG = np.random.default_rng(7)


def test_few_numbers_are_kept_whole_with_their_counts() -> None:
    one = kept(pd.DataFrame({"x": [3, 1, 1, 7, 3, 3]})).columns["x"]
    assert one.points.tolist() == [1, 3, 7]
    assert (one.upto.tolist(), one.below.tolist(), one.present) == ([2, 5, 6], [0, 2, 5], 6)
    assert one.mean == 3


def test_of_many_numbers_quantiles_and_every_spike_are_kept_exactly() -> None:
    x = np.concatenate([RNG.normal(size=9000), np.full(1000, 0.25)])
    one = kept(pd.DataFrame({"x": x})).columns["x"]
    assert WHOLE > len(one.points) > QUANTILES * 0.8
    stored = np.sort(x.astype(np.float32).astype(float))
    np.testing.assert_array_equal(one.upto, np.searchsorted(stored, one.points, side="right"))
    np.testing.assert_array_equal(one.below, np.searchsorted(stored, one.points, side="left"))
    assert (one.points[0], one.points[-1]) == (stored[0], stored[-1])
    gaps = one.below[1:] - one.upto[:-1]
    assert gaps.max() <= len(x) / QUANTILES
    assert 0.25 in one.points


def test_missing_values_are_counted_by_what_is_present() -> None:
    frame = pd.DataFrame({"x": [1.0, None, 2.0, None], "c": ["a", None, "a", "b"]})
    found = kept(frame)
    assert (found.rows, found.columns["x"].present, found.columns["c"].present) == (4, 2, 3)


def test_a_text_that_one_row_holds_is_not_kept() -> None:
    names = [f"person {i}" for i in range(3000)] + ["common"] * 3000 + ["twice"] * 2
    one = kept(pd.DataFrame({"name": names})).columns["name"]
    assert one.names == ("common",)
    assert one.largest_other == 2
    assert one.present == len(names)


def test_ids_are_not_kept_and_drawn_splits_are_said() -> None:
    frame = pd.DataFrame({"id": range(100), "x": range(100)})
    found = distributions_of(examined(frame), Source("t.csv", "y", ids=("id",)))
    assert set(found["train"].columns) == {"x"}
    assert (found["train"].rows, found["test"].rows) == (100, 0)


def effective(frame: pd.DataFrame, **rule: object) -> float:
    return effective_rows(examined(frame), Source("t.csv", "y", split=SplitRule(**rule)))["train"]


def test_rows_of_one_key_count_as_kish_says() -> None:
    frame = pd.DataFrame({"customer": ["a"] * 6 + ["b"] * 2 + [None] * 2, "x": range(10)})
    assert effective(frame, key=("customer",)) == pytest.approx(100 / (36 + 4 + 1 + 1))


def test_copies_of_records_count_once() -> None:
    records = pd.DataFrame({"x": RNG.normal(size=500), "n": RNG.integers(0, 9, 500)})
    doubled = pd.concat([records] * 3)
    assert effective(records) == 500
    assert effective(doubled) == pytest.approx(500, rel=0.02)
    assert effective(doubled, repeats="apart") == 1500


def test_rows_that_are_equal_by_chance_count_each() -> None:
    few = pd.DataFrame({f"c{i}": RNG.integers(0, 2, 20_000) for i in range(4)})
    assert effective(few) == 20_000
    more = pd.DataFrame({f"c{i}": RNG.integers(0, 5, 4000) for i in range(5)})
    assert effective(more) > 3000


def test_400_000_rows_of_17_columns_take_about_a_second() -> None:
    frame = pd.DataFrame({f"x{i}": RNG.normal(size=400_000) for i in range(8)})
    frame = frame.join(pd.DataFrame({f"c{i}": RNG.zipf(1.5, 400_000) % 900 for i in range(9)}))
    made = examined(frame.assign(c0=frame["c0"].astype(str)))
    start = time.process_time()
    distributions_of(made, Source("t.csv", "y"))
    assert time.process_time() - start < 3
