"""What is kept of a split comes back as it was written, and holds no rows."""

from __future__ import annotations

import numpy as np
import pytest

from schemas import distributions
from schemas.distributions import Numbers, SplitDistributions, Values


def test_it_comes_back_as_it_was_written(tmp_path) -> None:
    numbers = Numbers(10, np.array([1.0, 2.5, np.inf]), np.array([3.0, 9, 10]), np.array([0.0, 3, 9]), True, 2.0, 0.5)
    loose = Numbers(4, np.array([7.0]), np.array([4.0]), np.array([0.0]), False)
    values = Values(9, ("größe", 'a "b"\n'), np.array([5, 3]), 1)
    split = SplitDistributions(
        12, 8.5, True, {"x": numbers, "naïve": values, "y": loose, "empty": Values(0, (), np.zeros(0, int))}
    )
    path = tmp_path / distributions.file_name("train")
    path.write_bytes(distributions.to_bytes(split))
    back = distributions.read(path)
    assert (back.rows, back.effective, back.is_drawn, list(back.columns)) == (12, 8.5, True, list(split.columns))
    for name, one in split.columns.items():
        for key, expected in vars(one).items():
            np.testing.assert_array_equal(getattr(back.columns[name], key), expected)
    assert distributions.read(tmp_path / "other.npz") is None


def test_another_format_is_refused(monkeypatch) -> None:
    content = distributions.to_bytes(SplitDistributions(1, 1.0))
    monkeypatch.setattr(distributions, "FORMAT_VERSION", 2)
    with pytest.raises(ValueError, match="format version 2"):
        distributions.from_bytes(content)
