"""The fairness audit's speed and its proof, printed: `python -m benchmarks.fairness`.

Speed: 1,400,000 made-up rows, sex x race x age and all intersections, 10,000 bootstrap draws and the shuffles, after the counts.
Proof: how often the gate refuses when group labels are shuffled, on Adult's test rows with a real model, and on made-up rows with other group sizes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.table import Table

from schemas.fairness_evidence import ProofRow
from schemas.sensitive import SensitiveColumn
from sluicegate.fairness import counts, groups
from sluicegate.fairness.audit import audit
from sluicegate.fairness.estimates import Floors
from sluicegate.fairness.gaps import MEASURES
from sluicegate.fairness.policy import Policy
from sluicegate.fairness.resampling import gaps_of, resample
from sluicegate.fairness.rows import Rows, groupings, one_class
from sluicegate.stats.arrays import Floats
from sluicegate.stats.interval import Levels

CLASSES = ("no", "yes")


def made_up(rows: int, shares: tuple[Floats, ...], seed: int = 0) -> Rows:
    """Rows with one text column per array of shares, and a model whose decisions do not look at them."""
    rng = np.random.default_rng(seed)
    names = ("sex", "race", "region", "income")[: len(shares)]
    sensitive = tuple(
        groups.of_texts(
            name, rng.choice(len(share), rows, p=share / share.sum()), [chr(97 + i) for i in range(len(share))]
        )
        for name, share in zip(names, shares, strict=True)
    )
    label = (rng.random(rows) < 0.25).astype(np.int64)
    score = np.clip(rng.normal(0.25 + 0.35 * label, 0.2), 0, 1)
    return Rows("binary", CLASSES, label, (score > 0.5).astype(np.int64), np.stack([1 - score, score], 1), sensitive)


@dataclass
class Stopwatch:
    """Wall and CPU seconds of named parts; on a busy machine only the latter say something."""

    parts: dict[str, tuple[float, float]] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began, used = time.perf_counter(), time.process_time()
        yield
        self.parts[name] = time.perf_counter() - began, time.process_time() - used


def speed(rows: int = 1_400_000, draws: int = 10_000) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds of each part."""
    world = made_up(rows, (np.ones(2), np.array([0.8, 0.1, 0.06, 0.03, 0.01]), np.ones(4)))
    watch, label = Stopwatch(), world.label
    positive = np.asarray(world.decision == 1)
    with watch("group codes"):
        finest = groups.intersect(world.sensitive)
    with watch("counts, one pass"):
        joint = counts.count(finest.codes, label, positive)
    made = tuple(groupings(one_class(world, "yes", finest), groups.combinations(world.columns, 3), Floors()))
    with watch(f"{draws:,} draws + shuffles, {len(made)} groupings"):
        resample(joint, made, draws, 0)
    with watch("all judged intervals"):
        for grouping in made:
            for measure in (m for m in MEASURES.values() if m.of != ("scores",)):
                grouping.interval(measure, Levels(0.025, 0.025))
    with watch("one naive draw of rows"):
        picked = np.random.default_rng(0).integers(0, rows, rows)
        again = counts.count(finest.codes[picked], label[picked], positive[picked])
        for grouping in made:
            gaps_of(again.candidate().merged(grouping.parents, len(grouping.rows)).weight[None], grouping)
    return watch.parts


def proofs(weighted: bool = False) -> dict[str, tuple[ProofRow, ...]]:
    """The appendix of two reports."""
    from tests.sluicegate.fairness import adult

    policy = Policy(sensitive=(SensitiveColumn("sex"), SensitiveColumn("race")), draws=1000)
    other = made_up(20_000, (np.array([0.97, 0.03]), np.array([300, 200, 60, 20, 8, 4, 2, 2, 2, 2.0])), seed=1)
    return {
        "Adult": audit(adult.rows(weighted), policy)[1].proof,
        "made up": audit(other, policy)[1].proof,
    }


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_400_000)
    console = Console()
    parts = Table("part", "wall s", "CPU s", title="speed")
    for name, (wall, used) in speed(parser.parse_args().rows).items():
        parts.add_row(name, f"{wall:.3f}", f"{used:.3f}")
    console.print(parts)
    for weighted in (False, True):
        for name, rows in proofs(weighted).items():
            if name == "Adult" or not weighted:
                console.print(table(f"{name}{', weighted by fnlwgt' if weighted else ''}", rows))


def table(title: str, rows: tuple[ProofRow, ...]) -> Table:
    """The proof as a table."""
    made = Table(
        "groups", "measure", "limit", "FAILED", "allowed", "UNKNOWN", "PASSED", "point value alone", title=title
    )
    for row in rows:
        shares = (row.false_refusals, row.highest_allowed, row.unknown, row.passed, row.raw_refusals)
        made.add_row(
            f"{' x '.join(row.of)} ({row.groups})", row.measure, f"{row.limit:g}", *(f"{s:.3f}" for s in shares)
        )
    return made


if __name__ == "__main__":
    main()
