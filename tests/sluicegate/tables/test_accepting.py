"""A schema that `init` writes accepts every row that `init` read, by TFDV's own rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.example_gen.examples import example_batches
from schemas.pbtxt import parse_pbtxt
from sluicegate.tables.inspecting import load, propose, with_delimiter
from sluicegate.tables.source import Source
from tests.sluicegate.tables.tables import write

SHIPPED = [
    ("data/census/adult.csv", "income"),
    ("data/penguins/penguins.csv", "species"),
    ("data/chicago_taxi/chicago_taxi.csv", "big_tip"),
    ("data/chicago_taxi/chicago_taxi.csv", "tips"),
]


def anomalies(path: Path | str, label: str) -> dict[str, list[str]]:
    tfdv = pytest.importorskip("tensorflow_data_validation")
    from tensorflow_data_validation.statistics import stats_impl, stats_options

    found = propose(with_delimiter(Source(str(path), label)))
    schema = parse_pbtxt(found.schema, "proposal")
    kinds = {one.column: one.value for one in found.advice if one.key == "columns.kinds" and one.active}
    said: dict[str, list[str]] = {}
    for split, table in load(replace(found.source, kinds=kinds), schema).items():
        batch = next(iter(example_batches(table, 10**9)))
        statistics = stats_impl.generate_statistics_in_memory(batch, stats_options.StatsOptions(schema=schema))
        wrong = tfdv.validate_statistics(statistics, schema, environment="TRAINING").anomaly_info
        said |= {f"{split}: {name}": [reason.description for reason in one.reason] for name, one in wrong.items()}
    return said


@pytest.mark.parametrize(("path", "label"), SHIPPED)
def test_shipped_tables(path: str, label: str) -> None:
    assert anomalies(path, label) == {}


def columns_of(rng: np.random.Generator, rows: int) -> dict[str, list[str]]:
    """Columns that try a schema: rare words, gaps in a stretch of rows, whole floats, codes, formats, dates."""
    whole = rng.integers(0, 9999, rows)
    return {
        "rare": [f"v{min(int(one), 95)}" for one in rng.pareto(0.7, rows) * 3],
        "gaps": ["" if (i // 60) % 3 == 0 else f"{one:.3f}" for i, one in enumerate(rng.normal(size=rows))],
        "floats": [f"{one % 9}.0" for one in whole],
        "seconds": [f"{1_700_000_000 + one}.0" for one in whole],
        "big": [str(7205759403792793600 + int(one) % 12) for one in whole],
        "zeros": [f"{one % 300:05d}" for one in whole],
        "written": [f'"{one / 10:,.2f}"' for one in rng.integers(100, 99999, rows)],
        "boolean": [("TRUE", "false", "True")[one % 3] for one in whole],
        "dates": [f"2024-0{one % 8 + 1}-1{one % 9}" for one in whole],
        "label": [str(word) for word in rng.choice(["no", "yes"], rows)],
    }


@pytest.mark.parametrize("seed", range(5))
def test_tables_of_all_kinds(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = columns_of(rng, int(rng.integers(120, 600)))
    lines = [list(row) for row in zip(*columns.values(), strict=True)]
    assert anomalies(write(tmp_path / "t.csv", lines, list(columns)), "label") == {}
