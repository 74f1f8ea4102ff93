"""Single rows: why this decision, what would turn it, and how far the people of a group have to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import Change, Contribution, Counterfactual, LocalExplanation, Recourse
from sluicegate.explanation import chosen as choosing
from sluicegate.explanation.asking import ModelEvaluator, Outcome
from sluicegate.explanation.chosen import Chosen
from sluicegate.explanation.counterfactuals import Rules, Search, Unlike, find
from sluicegate.explanation.measures import mean_estimate, share_estimate
from sluicegate.explanation.reasons import reasons
from sluicegate.explanation.shapley import Contributions, Game, play
from sluicegate.explanation.subject import ExplainedGrouping, ExplainedSplit, SensitiveCodes, Subject
from sluicegate.explanation.table import Codes, EncodedTable, Floats
from sluicegate.explanation.wanted import Wanted
from sluicegate.stats.arrays import Ints
from sluicegate.stats.limits import Z_95

#: Of each group; fewer where the table is wide.
RECOURSE_ROWS, RECOURSE_CELLS = 50, 2000
NO_DECISION = "A regression decides nothing, so nothing can be turned."
NONE_FOUND = "No change within what may change was found that turns the decision."


def rules_of(wanted: Wanted, sensitive: SensitiveCodes, table: EncodedTable) -> tuple[Rules, list[str]]:
    """What a counterfactual may change, and notes on names that are no columns or cannot be followed.

    A sensitive column that is not declared monotone never changes: no advice reads "be of another sex".
    """
    place = {name: j for j, name in enumerate(table.names)}
    notes = [
        f"explanation.{key} names {name}, which is no column of the model."
        for key, names in (("immutable", wanted.immutable), ("monotone", wanted.monotone))
        for name in names
        if name not in place
    ]
    text = [name for name in wanted.monotone if name in place and not table.columns[place[name]].is_number]
    notes += [f"{name} is declared monotone and holds text, which has no order; it never changes." for name in text]
    monotone = {name: way for name, way in wanted.monotone.items() if name not in text}
    frozen = {*wanted.immutable, *text, *(name for name in sensitive.columns if name not in monotone)}
    up, down = ([place[n] for n, way in monotone.items() if way == side and n in place] for side in ("up", "down"))
    return Rules(frozenset(place[n] for n in frozen if n in place), frozenset(up), frozenset(down)), notes


@dataclass(frozen=True, eq=False)
class LocalContext:
    """What single rows are explained with.

    references : (r, k) codes.  near : rows whose values a counterfactual may take.
    reference_keys : (r,) of fairness.keys.numbered, or None.
    """

    ask: ModelEvaluator
    subject: Subject
    references: Codes
    near: EncodedTable
    rules: Rules
    explained: int
    reference_keys: Ints | None = None


def choose(subject: Subject, grouping: ExplainedGrouping | None, shown: int) -> tuple[Chosen, ...]:
    """The rows that are shown.  grouping : of the pool's rows; None: all rows are one group."""
    pool = subject.pool
    orders = choosing.orders(pool.answers, subject.table, pool.scores, pool.label)
    if grouping is None:
        return choosing.choose(orders, {choosing.ALL_ROWS: np.ones(len(pool), bool)}, shown)
    return choosing.choose(orders, {name: grouping.members(name) for name in grouping.largest()}, shown)


def explain(context: LocalContext, rows: Sequence[Chosen], rng: np.random.Generator) -> tuple[LocalExplanation, ...]:
    """One explanation per row."""
    if not rows:
        return ()
    pool, places = context.subject.pool, np.array([one.place for one in rows])
    codes = context.subject.table.codes[places]
    classes = _explained(pool, pool.scores[places], context.explained)
    outcome: Outcome = lambda scores, which: scores[np.arange(len(scores)), classes[which]]  # noqa: E731
    each = np.broadcast_to(context.references, (len(codes), *context.references.shape))
    players = [[j] for j in range(codes.shape[1])]
    found = play(Game(context.ask, outcome, players, codes, each, reference_keys=context.reference_keys), rng)
    turned = _counterfactuals(context, codes, pool.scores[places])
    errors = _independent_errors(context, codes, classes, found)
    return tuple(
        _local(context, one, codes[i], (found, i, float(errors[i]), int(classes[i])), turned[i])
        for i, one in enumerate(rows)
    )


def _explained(split: ExplainedSplit, scores: Floats, explained: int) -> npt.NDArray[np.int64]:
    """(m,) the class whose score is explained for each row: the decided one of a multiclass task."""
    if split.answers.task == "multiclass":
        return choosing.decide(split.answers, scores)
    return np.full(len(scores), explained)


def _independent_errors(
    context: LocalContext, codes: Codes, classes: npt.NDArray[np.int64], found: Contributions
) -> Floats:
    """(m,) |sum of contributions - (f(x) - mean f(references))|, both asked anew, without the game's own bookkeeping."""
    fresh = ModelEvaluator(context.ask.score, context.ask.table)
    at_row, at_references = fresh(codes), fresh(context.references)
    wanted = at_row[np.arange(len(codes)), classes] - at_references.mean(axis=0)[classes]
    context.ask.questions += fresh.questions
    return np.abs(found.values.sum(axis=1) - wanted)


def _local(
    context: LocalContext,
    one: Chosen,
    codes: Codes,
    found: tuple[Contributions, int, float, int],
    turned: Counterfactual | str,
) -> LocalExplanation:
    contributions, i, error, explained = found
    pool, table = context.subject.pool, context.subject.table
    listed = _contributions(table, codes, contributions.values[i], contributions.errors[i])
    towards = _towards(pool, one.place)
    name = pool.answers.classes[explained] if pool.answers.classes else ""
    what = f"the score of '{name}'" if name else "the value"
    return LocalExplanation(
        row=int(context.subject.numbers[one.place]),
        rules=one.rules,
        groups=one.groups,
        label=_label_text(pool, one.place),
        decision=_decision_text(pool, one.place),
        explained=name,
        score=float(contributions.at_row[i]),
        reference=float(contributions.at_reference[i]),
        completeness_error=error,
        contributions=listed,
        reasons=reasons(listed, towards, what),
        against=reasons(listed, -towards, what),
        counterfactual=turned if isinstance(turned, Counterfactual) else None,
        no_counterfactual=turned if isinstance(turned, str) else "",
    )


def _contributions(table: EncodedTable, codes: Codes, values: Floats, errors: Floats) -> tuple[Contribution, ...]:
    """Strongest first; ties in the order of the columns."""
    typical = table.typical()
    return tuple(
        Contribution(
            column=table.columns[j].name,
            value=table.columns[j].text(int(codes[j])),
            typical=table.columns[j].text(int(typical[j])),
            contribution=float(values[j]),
            low=float(values[j] - Z_95 * errors[j]),
            high=float(values[j] + Z_95 * errors[j]),
        )
        for j in np.argsort(-np.abs(values), kind="stable").tolist()
    )


def _towards(split: ExplainedSplit, place: int) -> float:
    """Which way the explained score moves for the decision that was taken. A regression: reasons are what raised it."""
    if split.answers.task != "binary":
        return 1.0
    return 1.0 if choosing.decide(split.answers, split.scores[[place]])[0] == 1 else -1.0


def _label_text(split: ExplainedSplit, place: int) -> str | None:
    label = split.label[place]
    if split.answers.task == "regression":
        return None if np.isnan(label) else f"{label:.6g}"
    return split.answers.classes[int(label)] if label >= 0 else None


def _decision_text(split: ExplainedSplit, place: int) -> str:
    if split.answers.task == "regression":
        return f"{split.scores[place, 0]:.6g}"
    return split.answers.classes[int(choosing.decide(split.answers, split.scores[[place]])[0])]


def _search(context: LocalContext, scores: Floats) -> Search:
    answers = context.subject.split.answers
    threshold = (0.5 if answers.threshold is None else answers.threshold) if answers.task == "binary" else None
    return Search(context.ask, context.near, Unlike(choosing.decide(answers, scores), threshold), context.rules)


def _counterfactuals(context: LocalContext, codes: Codes, scores: Floats) -> list[Counterfactual | str]:
    """What turns each decision, or why there is nothing to tell."""
    answers, table = context.subject.split.answers, context.subject.table
    if answers.task == "regression":
        return [NO_DECISION] * len(codes)
    answered: list[Counterfactual | str] = []
    for before, after in zip(codes, find(_search(context, scores), codes), strict=True):
        if after is None:
            answered.append(NONE_FOUND)
            continue
        now = context.ask(after[None])
        decided = int(choosing.decide(answers, now)[0])
        shown = decided if answers.task == "multiclass" else context.explained
        changes = [
            Change(c.name, c.text(int(before[j])), c.text(int(after[j])))
            for j, c in enumerate(table.columns)
            if before[j] != after[j]
        ]
        distance = float(table.distances(after[None], before[None]).sum())
        answered.append(Counterfactual(answers.classes[decided], float(now[0, shown]), tuple(changes), distance))
    return answered


def recourse(context: LocalContext, grouping: ExplainedGrouping, rng: np.random.Generator) -> tuple[Recourse, ...]:
    """How far the refused of each group have to go, on a random few of them each; binary tasks only."""
    pool = context.subject.pool
    if pool.answers.task != "binary":
        return ()
    refused = choosing.decide(pool.answers, pool.scores) == 0
    most = min(max(RECOURSE_CELLS // max(len(context.subject.table.columns), 1), 10), RECOURSE_ROWS)
    found = []
    for name in grouping.largest():
        rows = rng.permutation(np.flatnonzero(refused & grouping.members(name)))[:most]
        if len(rows):
            found.append(_recourse(context, name, rows, pool))
    return tuple(found)


def _recourse(context: LocalContext, name: str, rows: npt.NDArray[np.int64], pool: ExplainedSplit) -> Recourse:
    codes = context.subject.table.codes[rows]
    after = find(_search(context, pool.scores[rows]), codes)
    is_found = np.array([now is not None for now in after], bool)
    pairs = [(was, now) for was, now in zip(codes, after, strict=True) if now is not None]
    changes = np.array([(was != now).sum() for was, now in pairs], np.float64)
    distances = np.array([float(context.near.distances(now[None], was[None]).sum()) for was, now in pairs])
    of_found = pool.keys_of(rows[is_found])
    without = share_estimate(~is_found, pool.keys_of(rows))
    return Recourse(name, len(codes), mean_estimate(changes, of_found), mean_estimate(distances, of_found), without)
