"""What each split rule says of one model where features repeat, against plain chance: `python -m benchmarks.splits`.

A passenger list of 2,207 rows: few coarse features, so that a third of the rows repeat another row's. A random forest
learns from train and is asked about test, for so many deals of the rows per rule. A deal is made another by the name of
a column under the old rule, and by the order of `split.columns` under the new one. Plain chance deals by a random number.
Then how often `init` takes rows for copies of one record, in made-up tables that have none and in such that have.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table

from schemas.roles import SPLITS
from sluicegate.tables.columns.inspection import examine
from sluicegate.tables.hashes import mixed
from sluicegate.tables.inspecting import Source, SplitRule
from sluicegate.tables.splits.repeats import Repeats, repeats

Deal = Callable[[pd.DataFrame, int], npt.NDArray[np.int8]]
LABEL = "survived"


def passengers(rows: int = 2207, seed: int = 0) -> pd.DataFrame:
    """Made up after the shape of a liner's list: a crew of few kinds, three classes, ages in years, fares by class and party."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(
        ["1st", "2nd", "3rd", "deck", "engine", "victualling"], rows, p=[0.15, 0.13, 0.32, 0.03, 0.15, 0.22]
    )
    crew = np.isin(kind, ["deck", "engine", "victualling"])
    age = np.round(np.where(crew, rng.normal(32, 7, rows), rng.gamma(4.5, 6.5, rows))).clip(0.5, 74)
    sex = np.where(rng.random(rows) < np.where(crew, 0.03, 0.36), "female", "male")
    party = np.where(crew, 0, rng.choice([0, 1, 2], rows, p=[0.6, 0.3, 0.1]))
    base = np.select([kind == "1st", kind == "2nd", kind == "3rd"], [60.0, 16.0, 8.0], 0.0)
    fare = np.where(crew, 0.0, np.round(base * (1 + party) * rng.choice([0.8, 1.0, 1.0, 1.3, 1.9], rows), 1))
    port = np.where(
        crew, "Southampton", rng.choice(["Southampton", "Cherbourg", "Queenstown"], rows, p=[0.6, 0.25, 0.15])
    )
    need = 1.6 * (sex == "female") + 0.9 * (kind == "1st") + 1.2 * (kind == "deck") - 0.8 * (kind == "victualling")
    survived = rng.random(rows) < 1 / (1 + np.exp(1.4 - need + 0.02 * (age - 30)))
    return pd.DataFrame(
        {
            "gender": sex,
            "age": age,
            "class": kind,
            "embarked": port,
            "fare": fare,
            "party": party,
            LABEL: np.where(survived, "yes", "no"),
        }
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--deals", type=int, default=10, help="deals per rule (default 10)")
    options.add_argument("--table", help="a CSV of your own in place of the made-up list")
    options.add_argument("--label", default=LABEL, help=f"its label (default {LABEL})")
    options.add_argument(
        "--tables", type=int, default=100, help="made-up tables per row of the second part (default 100)"
    )
    given = options.parse_args()
    frame = pd.read_csv(given.table) if given.table else passengers()
    frame = frame.rename(columns={given.label: LABEL}).astype({LABEL: str})
    features = frame.drop(columns=LABEL)
    table = Table(title=f"{len(frame):,} rows, {len(features.drop_duplicates()):,} distinct in features")
    for heading in ("rule", "AUC of a random forest", "standard deviation", "against plain chance"):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    aucs = {name: [auc(frame, deal(frame, seed), seed) for seed in range(given.deals)] for name, deal in RULES.items()}
    chance = np.array(aucs[CHANCE])
    for name, found in aucs.items():
        off, error = np.mean(found) - chance.mean(), np.sqrt((np.var(found, ddof=1) + chance.var(ddof=1)) / given.deals)
        compared = "" if name == CHANCE else f"{off:+.3f} ± {error:.3f}"
        table.add_row(name, f"{np.mean(found):.3f}", f"{np.std(found, ddof=1):.3f}", compared)
    Console().print(table, copies_table(given.tables))


def copies_table(runs: int) -> Table:
    """How often rows are taken for copies of one record, in tables without copies and with a third of the records copied."""
    table = Table(title=f"taken for copies, of {runs} made-up tables each (docs/splits.md)")
    for heading in ("rows", "columns go together", "no copies", "highest ratio", "a third copied"):
        table.add_column(heading, justify="right")
    for rows, dependent in itertools.product((200, 400, 1000, 3000), (0.0, 0.7, 2.0, 4.0)):
        honest = [looked_at(*made_up(seed, rows, dependent, "function")) for seed in range(runs)]
        places = np.concatenate([np.arange(rows), np.arange(0, rows, 3)])
        copied = [
            looked_at([column[places] for column in columns], label[places])
            for columns, label in (made_up(seed, rows, dependent, "function") for seed in range(runs))
        ]
        table.add_row(
            f"{rows:,}",
            f"{dependent:g}",
            f"{np.mean([one.are_copies for one in honest]):.3f}",
            f"{max(one.beyond_chance for one in honest):.1f}",
            f"{np.mean([one.are_copies for one in copied]):.2f}",
        )
    return table


def made_up(seed: int, rows: int, dependent: float, label: str) -> tuple[list[npt.NDArray[Any]], npt.NDArray[Any]]:
    """Coarse columns, an age, an amount with a spike at 0 and the amount with tax, which it determines.

    dependent : how far they all follow one hidden number.  label : what decides it: "function" (of the features), "noisy", "rare".
    """
    rng = np.random.default_rng(seed)
    z = rng.normal(size=rows)

    def drawn() -> npt.NDArray[np.float64]:
        return z * dependent + rng.normal(size=rows)

    columns: list[npt.NDArray[Any]] = [np.digitize(drawn(), [-0.5, 0.5]) for _ in range(4)]
    amount = np.where(rng.random(rows) < 0.3, 0.0, np.round(np.exp(2 + drawn()) * 2) / 2)
    columns += [np.round(35 + 15 * drawn()).clip(0, 90), amount, np.round(amount * 1.19, 2)]
    by = {
        "function": (columns[0] + columns[1] + columns[2]) % 2,
        "noisy": (drawn() > 0.5).astype(int),
        "rare": (rng.random(rows) < 0.005).astype(int),
    }
    return columns, by[label]


def looked_at(columns: list[npt.NDArray[Any]], label: npt.NDArray[Any]) -> Repeats:
    codes = [np.unique(column, return_inverse=True)[1].astype(np.uint64) for column in columns]
    cells = [mixed(code + np.uint64(1_000_003 * (place + 1))) for place, code in enumerate(codes)]
    return repeats(cells, label.astype(np.uint64))


def auc(frame: pd.DataFrame, of_row: npt.NDArray[np.int8], seed: int) -> float:
    """Of the rows that are not train, by a forest that learnt from train."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score

    coded = frame.drop(columns=LABEL).apply(
        lambda column: column if column.dtype.kind in "if" else column.factorize()[0]
    )
    coded, positive = coded.fillna(-1), frame[LABEL] == sorted(frame[LABEL].unique())[-1]
    train = of_row == SPLITS.index("train")
    forest = RandomForestClassifier(300, random_state=seed, n_jobs=1).fit(coded[train], positive[train])
    return float(roc_auc_score(positive[~train], forest.predict_proba(coded[~train])[:, 1]))


def by_whole_row(frame: pd.DataFrame, seed: int) -> npt.NDArray[np.int8]:
    first = frame.columns[0]
    return _dealt(frame.rename(columns={first: f"{first}{seed}"}), SplitRule())


def by_columns(frame: pd.DataFrame, seed: int) -> npt.NDArray[np.int8]:
    return _dealt(frame, SplitRule(columns=_order(frame, seed), repeats="apart"))


def by_columns_together(frame: pd.DataFrame, seed: int) -> npt.NDArray[np.int8]:
    return _dealt(frame, SplitRule(columns=_order(frame, seed), repeats="together"))


def by_chance(frame: pd.DataFrame, seed: int) -> npt.NDArray[np.int8]:
    return np.random.default_rng(seed).choice(3, len(frame), p=[0.8, 0.1, 0.1]).astype(np.int8)


CHANCE = "plain chance"
RULES: dict[str, Deal] = {
    "whole row with its label (before)": by_whole_row,
    "columns, repeats apart (default)": by_columns,
    "columns, repeats together": by_columns_together,
    CHANCE: by_chance,
}


def _order(frame: pd.DataFrame, seed: int) -> tuple[str, ...]:
    names = [name for name in frame.columns if name != LABEL]
    return tuple(np.random.default_rng(seed).permutation(names).tolist())


def _dealt(frame: pd.DataFrame, rule: SplitRule) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        frame.to_csv(path, index=False)
        return examine(Source(str(path), LABEL, split=rule)).splits.of_row


if __name__ == "__main__":
    main()
