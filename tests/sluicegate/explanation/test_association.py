import numpy as np
import pytest
from scipy import stats

from sluicegate.explanation.association import group, matrix, with_groups
from sluicegate.explanation.table import of_columns

RNG = np.random.default_rng(3)
N = 1000
X = RNG.normal(size=N)
LETTERS = RNG.choice([*"abcd"], N).astype(object)


def test_two_number_columns_by_spearman() -> None:
    y = np.round(X**3 + RNG.normal(size=N), 1)
    found = matrix(of_columns({"x": X, "y": -y}))[0, 1]
    assert found == pytest.approx(abs(stats.spearmanr(X, y).statistic), abs=1e-12)


def test_two_text_columns_by_cramers_v_which_is_near_0_by_chance_and_1_when_one_is_the_other_renamed() -> None:
    renamed = np.array([letter * 2 for letter in LETTERS], object)
    other = RNG.choice([f"v{i}" for i in range(20)], N).astype(object)
    found = matrix(of_columns({"a": LETTERS, "b": renamed, "c": other}))
    assert found[0, 1] == pytest.approx(1)
    assert found[0, 2] < 0.1
    noisy = np.where(RNG.random(N) < 0.5, LETTERS, RNG.permutation(LETTERS)).astype(object)
    plain = stats.contingency.association(
        np.asarray([[((noisy == a) & (b == LETTERS)).sum() for b in "abcd"] for a in "abcd"])
    )
    assert matrix(of_columns({"a": LETTERS, "b": noisy}))[0, 1] == pytest.approx(plain, abs=0.02)


def test_a_text_and_a_number_column_by_the_correlation_ratio() -> None:
    codes = np.array([ord(letter) - 97 for letter in LETTERS], float)
    found = matrix(of_columns({"t": LETTERS, "same": codes, "far": X, "mixed": codes + X}))
    assert found[0, 1] == pytest.approx(1)
    assert found[0, 2] < 0.12
    assert 0.5 < found[0, 3] < 0.9
    np.testing.assert_allclose(found, found.T)


def test_ids_and_names_are_not_related_to_everything() -> None:
    ids = np.array([f"person {i}" for i in range(N)], object)
    found = matrix(of_columns({"id": ids, "x": X, "t": LETTERS}))
    assert np.nanmax(found[0, 1:]) < 0.2


def test_constant_and_empty_columns_have_no_association_and_stay_alone() -> None:
    table = of_columns({"c": np.ones(N), "e": np.full(N, np.nan), "t": np.array([""] * N, object), "x": X})
    found = matrix(table)
    assert np.isnan(found[:3]).all()
    assert [one.columns for one in group(table, found)] == [("c",), ("e",), ("t",), ("x",)]


def test_groups_are_those_whose_mean_association_is_high_and_chains_do_not_form() -> None:
    table = of_columns({name: np.zeros(3) for name in "abcd"})
    near = np.array([[1, 0.9, 0.1, 0], [0.9, 1, 0.6, 0], [0.1, 0.6, 1, 0], [0, 0, 0, 1.0]])
    assert [one.columns for one in group(table, near)] == [("a", "b"), ("c",), ("d",)]
    near[0, 2] = near[2, 0] = 0.5
    [first, second] = group(table, near)
    assert (first.name, first.columns, second.columns) == ("a + b + c", ("a", "b", "c"), ("d",))
    assert first.association == pytest.approx((0.9 + 0.6 + 0.5) / 3)


def test_a_proxy_of_a_group_is_found() -> None:
    groups = (X > 0).astype(int)
    found = with_groups(
        of_columns({"x": X, "noise": RNG.normal(size=N), "t": np.where(X > 0, "m", "f").astype(object)}), groups
    )
    assert found[0] > 0.8
    assert found[1] < 0.1
    assert found[2] == pytest.approx(1)
