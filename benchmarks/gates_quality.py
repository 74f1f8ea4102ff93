"""How often the quality gate refuses an equally good model, and the smallest loss it finds, by its own code on made scores.

Two normal distributions a fixed distance apart are the scores of a model; two models share most of their noise, as two trainings on the same
rows do. Nothing is trained: what the gate sees are rows with a label and two scores.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.gate_rates import Cell, Rate, Smallest, smallest
from components.quality_gate.core import decide
from components.quality_gate.policy import Gate, Limit
from components.quality_gate.questions import Past
from schemas.release_metrics import MetricThen, ReleaseMetrics
from schemas.verdict import Measurement, Status
from sluicegate.quality.estimates import spread
from sluicegate.quality.groups import OVERALL, RowGroup
from sluicegate.quality.metrics import ScoredSample, measure

SIZES = (300, 1000, 10_000, 100_000)
BASE_RATES = (0.5, 0.1, 0.01)
KINDS = ("plain", "ties", "weights", "groups")
#: Distance of the classes' scores in standard deviations: an AUC of 0.856.
SIGNAL = 1.5
#: Share of the noise that two trainings on the same rows have in common.
SHARED = 0.9
ROWS_OF_A_KEY = 5
#: As `init` writes it, with what is asked without being written: the default fall and net benefit.
INIT = (Limit("auc", max_drop=0.01),)
#: The hardest there is: whatever noise makes lies beyond a limit of 0.
HARDEST = tuple(Limit(name, max_drop=0.0, max_fall=0.0) for name in ("auc", "log_loss", "accuracy"))
STEPS = (0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
#: An AUC of 0.856 less so much is hardly better than chance.
MOST_LOST = 0.34
#: Of equally good models so many may be refused.
ALLOWED = 0.05
HARM = (" drop", " fall", "net benefit")

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """Where rows come from.  kind : one of KINDS.  lost : what the candidate's AUC is below the released model's.

    shuffled : share of rows whose label was dealt out anew, of this run and not of the release.
    """

    rows: int
    rate: float
    kind: str = "plain"
    lost: float = 0.0
    shuffled: float = 0.0

    def drawn(self, rng: np.random.Generator) -> RowGroup:
        """Rows that two models answered."""
        number = self.rows // ROWS_OF_A_KEY if self.kind == "groups" else self.rows
        label = (rng.random(number) < self.rate).astype(np.int64)
        common = rng.normal(size=number)
        cluster = np.arange(number).repeat(ROWS_OF_A_KEY) if self.kind == "groups" else None
        if cluster is not None:
            label, common = label[cluster], common[cluster]
        scores = [self._scores(rng, label, common, signal) for signal in (weaker(SIGNAL, self.lost), SIGNAL)]
        dealt = rng.random(len(label)) < self.shuffled
        label[dealt] = rng.permutation(label[dealt])
        weight = rng.lognormal(0, 1, len(label)) if self.kind == "weights" else np.ones(len(label))
        mine, before = (
            ScoredSample(label, np.stack([1 - s, s], 1), (s >= 0.5).astype(np.int64), weight, cluster) for s in scores
        )
        return RowGroup("binary", (), OVERALL, mine, before)

    def _scores(self, rng: np.random.Generator, label: Ints, common: Floats, signal: float) -> Floats:
        noise = math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * rng.normal(size=len(label))
        odds = math.log(self.rate / (1 - self.rate)) - signal**2 / 2 + signal * (noise + signal * label)
        score = 1 / (1 + np.exp(-odds))
        found: Floats = np.round(score * 20) / 20 if self.kind == "ties" else score.astype(np.float32)
        return found


def weaker(signal: float, lost: float) -> float:
    """The distance at which the AUC is `lost` lower: the AUC is Phi(distance / sqrt 2)."""
    normal = NormalDist()
    return math.sqrt(2) * normal.inv_cdf(normal.cdf(signal / math.sqrt(2)) - lost)


def recorded(rng: np.random.Generator, world: World, metrics: Sequence[str]) -> Past:
    """The released model's metrics at its release, on as many rows of the world as it was then."""
    then = replace(world, shuffled=0.0).drawn(rng).released
    assert then is not None
    kept = []
    for name in metrics:
        found = measure(name, "binary", then)
        error = spread(found, then.cluster)
        if found.is_defined and math.isfinite(error.error):
            kept.append(MetricThen(name, OVERALL, found.value, len(then), error.error, error.freedom, error.units))
    return Past(False, 1, ReleaseMetrics("binary", tuple(kept), 0.5))


def harm_shown(world: World, limits: Sequence[Limit], rng: np.random.Generator) -> list[Measurement]:
    """What one run of the gate refuses for being worse than something."""
    gate = Gate(task="binary", limits=tuple(limits))
    past = recorded(rng, world, sorted({"auc", *(one.metric for one in limits)}))
    verdict = decide(gate, [world.drawn(rng)], past, 0.5)
    return [m for m in verdict.measurements if m.status is Status.FAILED and m.name.endswith(HARM)]


def refused(
    what: str, world: World, limits: Sequence[Limit], runs: int, seed: int = 0, allowed: float = ALLOWED
) -> Rate:
    """Runs that show harm where the candidate is what `world` says."""
    hits = sum(bool(harm_shown(world, limits, np.random.default_rng([seed, run]))) for run in range(runs))
    return Rate(f"{what}, {world.kind}, base rate {world.rate:g}", world.rows, len(limits), runs, hits, allowed)


def smallest_loss(what: str, world: World, knob: str, name: str, runs: int) -> Smallest:
    """Under the limits that `init` writes.  knob : field of World.  name : end of the finding's name."""

    def hits_at(size: float) -> int:
        change: dict[str, Any] = {knob: size}
        moved = replace(world, **change)
        found = [harm_shown(moved, INIT, np.random.default_rng([1, run])) for run in range(runs)]
        return sum(any(m.name.endswith(name) for m in one) for one in found)

    sizes = [step for step in STEPS if step <= (MOST_LOST if knob == "lost" else 1.0)]
    return smallest(f"{what}, base rate {world.rate:g}", world.rows, len(INIT), runs, sizes, hits_at)


def cells(scale: float) -> Iterator[tuple[str, list[Cell]]]:
    """What is printed: a title, and what works out its lines.  scale : of the number of runs."""

    def runs(wanted: int) -> int:
        return max(int(scale * wanted), 20)

    equal: list[Cell] = []
    for rows in SIZES:
        wanted = {300: 300, 1000: 300, 10_000: 200}.get(rows, 100)
        worlds = [World(rows, rate, kind) for rate in BASE_RATES for kind in KINDS]
        equal += [partial(refused, "as init writes it", world, INIT, runs(wanted)) for world in worlds]
        if rows <= 1000:
            equal += [partial(refused, "six limits of 0", world, HARDEST, runs(wanted)) for world in worlds]
    yield "quality gate: runs that refuse an equally good retrained model", equal
    yield (
        "quality gate: the smallest loss found in 9 of 10 runs",
        [
            partial(smallest_loss, what, World(rows, rate), knob, name, runs(100 if rows <= 10_000 else 30))
            for rows in SIZES
            for rate in BASE_RATES
            for what, knob, name in (
                ("drop of the AUC (max_drop 0.01)", "lost", " drop"),
                ("share of labels shuffled", "shuffled", " fall"),
            )
        ],
    )
