from dataclasses import replace

import numpy as np
import pytest

from pipeline.settings.declaration import section
from schemas.document import from_text, to_text
from sluicegate.explanation.subject import (
    SensitiveCodes,
    group_numbers,
    group_texts,
    pool_numbers,
    together,
    value_groups,
)
from sluicegate.explanation.table import MISSING, of_columns
from sluicegate.explanation.wanted import Wanted
from sluicegate.fairness.policy import Fairness


def test_distances_are_shares_of_rows_between_numbers_and_0_or_1_for_the_rest() -> None:
    table = of_columns(
        {"n": np.array([0.0, 0, 0, 5, 1e9, np.nan]), "t": np.array(["a", "b", "a", "a", "", ""], object)}
    )
    apart = table.distances(table.codes, np.broadcast_to(table.codes[0], table.codes.shape))
    np.testing.assert_allclose(apart[:, 0], [0, 0, 0, 2 / 5, 3 / 5, 1])
    np.testing.assert_allclose(apart[:, 1], [0, 1, 0, 0, 1, 1])


def test_the_typical_row_has_medians_and_most_frequent_values() -> None:
    table = of_columns({"n": np.array([1.0, 2, 9, np.nan, np.nan, np.nan]), "t": np.array([*"abbcab"], object)})
    assert [c.text(code) for c, code in zip(table.columns, table.typical().tolist(), strict=True)] == ["2", "b"]


def test_missing_values_and_long_numbers_in_words() -> None:
    table = of_columns({"n": np.array([0.1, 1234567890.0, np.nan]), "t": np.array([b"", b"\xc3\xbc", b"x"], object)})
    assert [table.columns[0].text(code) for code in range(3)] == ["0.1", "1234567890", MISSING]
    assert [table.columns[1].text(code) for code in range(3)] == [MISSING, "x", "ü"]


def test_columns_without_any_value() -> None:
    table = of_columns({"n": np.full(4, np.nan), "t": np.array([""] * 4, object)})
    assert [c.text(code) for c, code in zip(table.columns, table.typical().tolist(), strict=True)] == [MISSING, MISSING]
    assert table.distances(table.codes, table.codes[::-1]).tolist() == [[0, 0]] * 4


def test_groups_of_numbers_by_bins_by_value_and_together() -> None:
    ages = group_numbers(np.array([24.9, 25, 59, 60, np.nan]), (25, 60))
    assert [ages.names[code] for code in ages.codes] == ["<25", "25-60", "25-60", ">=60", MISSING]
    assert group_numbers(np.array([1.0, 0, np.nan]), ()).names == (MISSING, "0", "1")
    both = together([ages, group_texts(["F", "M", "F", None, ""])])
    assert [both.names[code] for code in both.codes] == ["<25, F", "25-60, M", "25-60, F", ">=60, (missing)",
                                                         "(missing), (missing)"]  # fmt: skip


def test_a_number_columns_groups_are_stood_for_by_their_median() -> None:
    table = of_columns({"age": np.array([18.0, 19, 20, 30, 40, 50, np.nan])})
    groups = value_groups(table, 0, (25,))
    assert {name: table.columns[0].text(int(codes[0])) for name, codes in groups.items()} == {
        "<25": "19", ">=25": "40", MISSING: MISSING,
    }  # fmt: skip
    assert sorted(np.concatenate(list(groups.values())).tolist()) == list(range(7))


def test_the_settings_as_the_steps_get_them() -> None:
    fairness = section(
        Fairness,
        **{
            "sensitive": ["sex", {"column": "age", "bins": [25, 40]}],
            "limits": [{"measure": "equal_opportunity_difference", "of": ["age", "sex"], "at_most": 0.1}],
        },
    )
    found = SensitiveCodes.from_json(to_text(fairness))
    assert (dict(found.columns), found.compared) == ({"sex": (), "age": (25, 40)}, ("age", "sex"))
    assert found.rates == ("tpr",)
    off = SensitiveCodes.from_json(to_text(replace(fairness, enabled=False)))
    assert (dict(off.columns), off.compared) == ({}, ())
    wanted = from_text(Wanted, to_text(section(Wanted, immutable=["sex"], monotone={"age": "up"})))
    assert wanted == Wanted(immutable=("sex",), monotone={"age": "up"})


@pytest.mark.parametrize(("rows", "kept"), [(10, 10), (50, 20)])
def test_a_large_split_is_sampled_in_the_order_of_its_rows(rows: int, kept: int) -> None:
    found = pool_numbers(rows, 1, most=20)
    assert (len(found), len(set(found.tolist()))) == (kept, kept)
    assert (np.diff(found) > 0).all()
