"""Why does the model answer as it does, who carries the gap between groups, and is the explanation itself to be trusted?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import (
    GATE_ID,
    Check,
    ColumnGroup,
    ExplanationEvidence,
    FlipTest,
    Importance,
    LocalExplanation,
    Recourse,
)
from schemas.verdict import Status, Verdict
from sluicegate.explanation import association, checks, fidelity, measures, single, whole
from sluicegate.explanation.asking import EvaluationProgress, ModelEvaluator, Score
from sluicegate.explanation.chosen import Chosen, decide
from sluicegate.explanation.flips import Answered, flip_test
from sluicegate.explanation.importance import Loss, by_halves, over_rows
from sluicegate.explanation.order import ColumnRanking, is_open, jackknife
from sluicegate.explanation.shapley import Contributions, joined
from sluicegate.explanation.sides import Sides, sides_of
from sluicegate.explanation.subject import (
    ExplainedGrouping,
    ExplainedSplit,
    SensitiveCodes,
    Subject,
    group_numbers,
    group_texts,
    pool_numbers,
    together,
    value_groups,
)
from sluicegate.explanation.table import Codes, Floats
from sluicegate.explanation.wanted import Wanted
from sluicegate.explanation.whole import Setup
from sluicegate.explanation.work import Work, plan
from sluicegate.stats.arrays import Ints
from sluicegate.stats.keys import by_key, units

__all__ = ["Asked", "ExplainedSplit", "SensitiveCodes", "Subject", "Wanted", "explain", "group_numbers", "group_texts", "not_configured",
           "pool_numbers"]  # fmt: skip

#: Models with shuffled weights; the median of three bears one that happens to look like the true one.
SHUFFLED_MODELS = 3
#: References are taken in so many parts: how far these differ is the error of a mean |contribution|.
PARTS = 10
FIDELITY_REFERENCES = 10
FIDELITY_ROWS = 60


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be explained, and how.

    score : raw columns to (n, width) scores.  randomised : a seed to the score of the same model with shuffled weights;
    valid until the next is made; None where it has none.  clock : seconds, such as time.monotonic.
    """

    subject: Subject
    score: Score
    wanted: Wanted
    sensitive: SensitiveCodes
    seed: int
    clock: Callable[[], float]
    randomised: Callable[[int], Score] | None = None


def explain(asked: Asked) -> tuple[ExplanationEvidence, Verdict]:
    """The whole explanation, and the verdict on it."""
    evidence = _Run(asked).evidence()
    settings = {
        "rows": evidence.rows,
        "repeats": evidence.repeats,
        "references": evidence.references,
        "seed": asked.seed,
    }
    return evidence, checks.verdict(evidence.checks, settings)


def not_configured() -> Verdict:
    """The verdict where the settings say `explanation: off`."""
    return Verdict(GATE_ID, Status.UNKNOWN, reason="not_configured", detail="The settings say explanation: off.")


@dataclass(eq=False)
class _Watch:
    """Seconds by part."""

    clock: Callable[[], float]
    progress: EvaluationProgress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self.progress.part, start = name, self.clock()
        yield
        self.seconds[name] = round(self.clock() - start, 3)


@dataclass(frozen=True, eq=False)
class _Attributed:
    """Contributions of single rows.

    rows : places in the pool; the first `count` of them are a random sample, the others fill small groups up.
    first : of all rows, with the first seed.  one, other : order of the columns over the random sample, by two seeds.
    """

    rows: npt.NDArray[np.int64]
    count: int
    first: Contributions
    references: Codes
    one: ColumnRanking
    other: ColumnRanking

    @property
    def importance(self) -> Floats:
        """(k,) mean |contribution| over the random sample."""
        return np.asarray(np.abs(self.first.values[: self.count]).mean(axis=0))

    def over_rows(self, cluster: Ints | None) -> ColumnRanking:
        """The order of the columns, as far as these rows and references know it.  cluster : (count,) of the random sample's rows."""
        strength = np.abs(self.first.values[: self.count])
        return ColumnRanking.of_rows(strength, cluster).with_noise(self.one.covariance, self.one.draws)


def in_parts(rows: int, cluster: Ints | None) -> list[npt.NDArray[np.int64]]:
    """Places of the rows in up to PARTS parts of about as many; rows of one key stay together, or the parts would know each other."""
    if cluster is None:
        return np.array_split(np.arange(rows), min(PARTS, rows))
    order, starts, sizes = by_key(cluster)
    part = np.minimum((starts + sizes / 2) / rows * PARTS, PARTS - 1).astype(np.int64)
    return [order[np.repeat(part == one, sizes)] for one in range(PARTS) if (part == one).any()]


def _ranking(parts: Sequence[Floats]) -> ColumnRanking:
    return ColumnRanking.of_draws(jackknife(np.stack(parts)))


class _Run:
    """The state that the parts share; each part is a method that returns its piece of the evidence."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.subject, self.pool = asked, asked.subject, asked.subject.pool
        progress = EvaluationProgress(asked.clock)
        self.watch = _Watch(asked.clock, progress)
        self.ask = ModelEvaluator(asked.score, self.subject.table, progress)
        self.explained = self.pool.explained(asked.sensitive.positive)
        sides = sides_of(self.subject.split, asked.sensitive, self.explained)
        self.sides = sides if isinstance(sides, Sides) else None
        self.notes: list[str] = [] if isinstance(sides, Sides) else [sides]
        self.grouping = self._grouping()
        self.sample = self._sample()

    def evidence(self) -> ExplanationEvidence:
        table, wanted = self.subject.table, self.asked.wanted
        with self.watch.part("associations"):
            associations = association.matrix(table.take(self.sample))
            groups = association.group(table, associations)
        shown = single.choose(self.subject, self.grouping, wanted.shown)
        pairs = sum(len(group.columns) > 1 for group in groups)
        work = plan(wanted, len(self.pool), len(table.columns), (len(groups), pairs), len(shown))
        self.notes += [*self._sampling_notes(work), *work.notes(wanted, len(self.pool))]
        listed, losses, quality, same = self._importance(groups, work)
        attributed = self._attributions(work)
        listed = list(whole.with_attributions(listed, attributed.importance))
        with self.watch.part("disparity"):
            disparity = (
                whole.decomposition(self.ask, self.subject, groups, self.sides, self._setup(work, 3))
                if self.sides
                else None
            )
        with self.watch.part("curves"):
            curves = whole.curves(self.ask, self.subject, self.sample, listed, self.explained)
        local, recourse = self._single(shown, work)
        flips = self._flips()
        found = [same, *self._checks(attributed, losses, local, work)]
        if disparity is not None:
            found.append(checks.efficient(disparity.efficiency_error, self._scale()))
        classes = self.pool.answers.classes
        rows = self.sample[: work.rows]
        error = measures.standard_error(quality.influence, self.pool.weight[rows], self.pool.keys_of(rows))
        return ExplanationEvidence(
            task=self.pool.answers.task,
            explained_class=classes[self.explained] if classes else "",
            rows_in_split=len(self.subject.split),
            rows=work.rows,
            repeats=len(losses[0].by_repeat) if losses else work.repeats,
            references=len(attributed.references),
            attributed_rows=attributed.count,
            seed=self.asked.seed,
            columns=table.names,
            quality=measures.quality_name(self.pool.answers.task),
            quality_value=measures.estimate(quality.value, error),
            groups=groups,
            associations=tuple(
                tuple(None if np.isnan(v) else v for v in row) for row in associations.round(4).tolist()
            ),
            importances=tuple(listed),
            disparity=disparity,
            dependences=curves,
            local=local,
            flips=flips,
            recourse=recourse,
            checks=tuple(found),
            notes=tuple(self.notes),
            questions=self.ask.questions,
            seconds=dict(self.watch.seconds),
        )

    def _rng(self, *part: int) -> np.random.Generator:
        """A source of chance of its own for every part, so that one part's work does not change another's numbers."""
        return np.random.default_rng([self.asked.seed, *part])

    def _setup(self, work: Work, part: int) -> Setup:
        return Setup(self.explained, work, self._rng(part))

    def _scale(self) -> float:
        return max(1.0, float(np.std(self.pool.scores[:, self.explained]))) if len(self.pool) else 1.0

    def _grouping(self) -> ExplainedGrouping | None:
        """Of the pool's rows, by the compared columns."""
        compared = self.asked.sensitive.compared
        return together([self.pool.groups[name] for name in compared]) if compared else None

    def _sample(self) -> npt.NDArray[np.int64]:
        """Places in the pool, in random order: rows whose label is known, where there are any."""
        usable = self.pool.has_label & (self.pool.weight > 0)
        places = np.flatnonzero(usable) if usable.any() else np.arange(len(self.pool))
        return self._rng(0).permutation(places)[: self.asked.wanted.rows]

    def _sampling_notes(self, work: Work) -> Iterator[str]:
        rows, pool = len(self.subject.split), len(self.pool)
        if pool < rows:
            yield f"Rows are chosen and drawn from {pool:,} of the split's {rows:,}, which were picked at random."
        if self.pool.cluster is not None:
            yield (
                f"Rows with the same {' and '.join(self.pool.cluster_of)} are not independent: every interval and test here counts a "
                f"key as one observation, {units(pool, self.pool.cluster):,} keys in these {pool:,} rows."
            )
        if not (self.pool.has_label & (self.pool.weight > 0)).any():
            yield "No row has a known label, so the loss of quality and what is wrong cannot be told."
        constant = [c.name for c in self.subject.table.columns if len(c.values) < 2]
        if constant:
            yield f"Never changes in these rows, and so explains nothing: {', '.join(constant)}."
        if self.sides is not None:
            rate = self.sides.rate
            yield (
                f"The gap is of the {rate.name(self.pool)} between {self.sides.high} and {self.sides.low}, the two groups of "
                f"{' x '.join(self.sides.columns)} that lie furthest apart in it."
            )
            if "ppv" in self.asked.sensitive.rates:
                yield (
                    "The first limit is on precision, whose gap has no shares: the rows under it change with the decisions."
                )

    def _importance(
        self, groups: Sequence[ColumnGroup], work: Work
    ) -> tuple[list[Importance], list[Loss], measures.InfluencedValue, Check]:
        rows = self.sample[: work.rows]
        codes, split = self.subject.table.codes[rows], self.pool.take(rows)
        sides = self._sides_among(rows)
        if not split.has_label.all():
            split = replace(split, label=np.zeros(len(rows)) if split.answers.task == "regression" else 0 * split.label)
        with self.watch.part("importance"):
            same = checks.same_model(self.ask.remember(codes), split.scores)
            found = whole.importances(self.ask, (codes, split), groups, sides, self._setup(work, 1))
        if self.pool.has_label[rows].all():
            return *found, same
        unknown = [replace(one, quality=measures.estimate(np.nan, np.nan), repeat_sd=None) for one in found[0]]
        return unknown, found[1], replace(found[2], value=np.nan), same

    def _sides_among(self, rows: npt.NDArray[np.int64]) -> Sides | None:
        """The sides with their grouping of these rows; None where one of them has too few."""
        if self.sides is None:
            return None
        grouping = self.sides.grouping.take(self.subject.numbers[rows])
        here, split = replace(self.sides, grouping=grouping), self.pool.take(rows)
        few = min(int(members.sum()) for members in here.members(split))
        if few < self.asked.sensitive.min_positives:
            self.notes.append(
                f"Of {here.high} or {here.low} only {few} rows{here.rate.rows(split)} are among those that were shuffled: no "
                "loss of the gap is shown by column."
            )
            return None
        return here

    def _attributions(self, work: Work) -> _Attributed:
        rows, count = self.sample[: work.attributed], min(work.attributed, len(self.sample))
        if self.grouping is not None:
            rows = np.concatenate([rows, *self._fill_up(rows)])
        with self.watch.part("attribution"):
            before = self.ask.questions
            first, references = self._attributed(rows, work, 10)
            # Only the order of the columns is compared, and for that the random sample is enough.
            one, other = [part.values[:count] for part in first], self._values(rows[:count], work, 11)
            per_round, left, seed = self.ask.questions - before, work.more, 30
            while is_open(_ranking(one), _ranking(other)) and per_round <= left:
                one, other = (
                    [*side, *self._values(rows[:count], work, seed + i)] for i, side in enumerate((one, other))
                )
                seed, left = seed + 2, left - per_round
        return _Attributed(rows, count, joined(first), references, _ranking(one), _ranking(other))

    def _attributed(self, rows: npt.NDArray[np.int64], work: Work, part: int) -> tuple[list[Contributions], Codes]:
        """Contributions of rows of the pool, each against a part of the references, and these."""
        codes = self.subject.table.codes
        places = self._rng(part).permutation(len(codes))[: work.references]
        rng = self._rng(part + 10)
        parts = [codes[places[one]] for one in in_parts(len(places), self.pool.keys_of(places))]
        return [whole.attributions(self.ask, codes[rows], one, self.explained, rng) for one in parts], codes[places]

    def _values(self, rows: npt.NDArray[np.int64], work: Work, part: int) -> list[Floats]:
        return [one.values for one in self._attributed(rows, work, part)[0]]

    def _fill_up(self, rows: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
        """More rows of the groups that have too few for the test of fidelity."""
        assert self.grouping is not None  # noqa: S101 - the caller has looked
        for part, name in enumerate(self.grouping.largest()):
            members = self.grouping.members(name)
            missing = checks.MIN_ROWS - int(members[rows].sum())
            more = np.setdiff1d(np.flatnonzero(members), rows)
            if 0 < missing <= len(more):
                yield self._rng(20, part).permutation(more)[:missing]

    def _single(self, shown: Sequence[Chosen], work: Work) -> tuple[tuple[LocalExplanation, ...], tuple[Recourse, ...]]:
        table = self.subject.table
        rules, notes = single.rules_of(self.asked.wanted, self.asked.sensitive, table)
        self.notes += notes
        places = self._rng(10).permutation(len(table))[: work.local_references]
        near = table.take(np.sort(self.sample))
        cluster = self.pool.keys_of(places)
        context = single.LocalContext(self.ask, self.subject, table.codes[places], near, rules, self.explained, cluster)
        with self.watch.part("single rows"):
            local = single.explain(context, shown, self._rng(4))
        with self.watch.part("recourse"):
            recourse = single.recourse(context, self.grouping, self._rng(5)) if self.grouping is not None else ()
        return local, recourse

    def _flips(self) -> tuple[FlipTest, ...]:
        table = self.subject.table.take(np.sort(self.sample))
        task = self.pool.answers.task
        decider = None if task == "regression" else (lambda scores: decide(self.pool.answers, scores), self.explained)
        answered = Answered(whole.score_of(self.explained), decider, self.pool.keys_of(np.sort(self.sample)))
        found = []
        with self.watch.part("flips"):
            for name, bins in self.asked.sensitive.columns.items():
                if name not in table.names:
                    nothing = measures.share_estimate(np.zeros(0, bool))
                    found.append(FlipTest(name, False, (), 0, None, nothing))
                    self.notes.append(f"The model does not take {name}: changing it alone changes nothing.")
                    continue
                place = table.names.index(name)
                found.append(flip_test(self.ask, table, place, value_groups(table, place, bins), answered))
        return tuple(found)

    def _checks(
        self, attributed: _Attributed, losses: Sequence[Loss], local: Sequence[LocalExplanation], work: Work
    ) -> Iterator[Check]:
        errors = [*attributed.first.completeness_errors, *(one.completeness_error for one in local)]
        yield checks.complete(np.array(errors), self._scale())
        yield checks.stable("stability", attributed.one, attributed.other)
        if self.pool.has_label[self.sample].all():
            cluster = self.pool.keys_of(attributed.rows[: attributed.count])
            yield checks.stable("stability_of_shuffles", *by_halves(losses))
            yield checks.agree(attributed.over_rows(cluster), over_rows(losses), self.subject.split.answers.task)
        yield self._randomised(attributed, work.randomised)
        yield from self._fidelity(attributed)

    def _randomised(self, attributed: _Attributed, rows: int) -> Check:
        found: list[Floats] = []
        codes = self.subject.table.codes[attributed.rows[:rows]]
        with self.watch.part("shuffled weights"):
            for score in self._shuffled_models():
                other = ModelEvaluator(score, self.subject.table, self.watch.progress)
                found.append(
                    whole.attributions(other, codes, attributed.references, self.explained, self._rng(20)).values
                )
                self.ask.questions += other.questions
        cluster = self.pool.keys_of(attributed.rows[:rows])
        return checks.depends_on_weights(attributed.first.values[:rows], found, cluster)

    def _shuffled_models(self) -> Iterator[Score]:
        """One at a time, because the next takes the place of the last."""
        if self.asked.randomised is not None:
            yield from map(self.asked.randomised, range(self.asked.seed, self.asked.seed + SHUFFLED_MODELS))

    def _fidelity(self, attributed: _Attributed) -> Iterator[Check]:
        values, rows = attributed.first.values, attributed.rows
        active = len(fidelity.active_columns(values))
        references = attributed.references[:FIDELITY_REFERENCES]
        by_group = {}
        with self.watch.part("fidelity"):
            for part, (name, members) in enumerate(self._members(rows)):
                one = members[:FIDELITY_ROWS]
                setup = (values[one], references, self._rng(6, part))
                codes = self.subject.table.codes[rows[one]]
                changes = fidelity.changes(self.ask, whole.score_of(self.explained), codes, setup)
                by_group[name] = replace(changes, cluster=self.pool.keys_of(rows[one]))
        yield from checks.faithful(by_group, active)

    def _members(self, rows: npt.NDArray[np.int64]) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
        """Per group, which of `rows` belong to it."""
        if self.grouping is None:
            yield checks.OVERALL, np.arange(len(rows))
            return
        for name in self.grouping.largest():
            yield name, np.flatnonzero(self.grouping.members(name)[rows])
