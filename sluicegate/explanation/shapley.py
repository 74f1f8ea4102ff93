"""Shapley values of one number per row, against reference rows: by sampled orders, or exactly over all coalitions.

A coalition's value is the outcome of the row with the columns outside it taken from a reference row (interventional,
Janzing et al. 2020, AISTATS 108:2907). Orders come in pairs, one the reverse of the other, which cancels the effects of
single columns and of pairs (Mitchell et al. 2022, JMLR 23:43); shap's PermutationExplainer does the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
import numpy.typing as npt

from sluicegate.explanation.asking import ModelEvaluator, Outcome
from sluicegate.explanation.table import Codes, Floats
from sluicegate.stats import keys
from sluicegate.stats.arrays import Ints

Players = Sequence[Sequence[int]]
QUESTIONS_PER_CHUNK = 100_000


@dataclass(frozen=True, eq=False)
class Contributions:
    """values : (n, players).  errors : (n, players) standard errors of sampling references and orders.

    at_row, at_reference : (n,) the outcome of the row, and its mean over the row's references. Rows of `values` sum to
    at_row - at_reference, up to rounding.
    """

    values: Floats
    errors: Floats
    at_row: Floats
    at_reference: Floats

    @property
    def completeness_errors(self) -> Floats:
        """(n,): |sum of the contributions - (outcome - mean outcome of the references)|."""
        return np.abs(self.values.sum(axis=1) - (self.at_row - self.at_reference))


def joined(parts: Sequence[Contributions]) -> Contributions:
    """Of the same rows, each against references of its own: as if they were one, the parts' spread as the error."""
    values, at_reference = (np.stack([getattr(one, name) for one in parts]) for name in ("values", "at_reference"))
    n = len(parts)
    errors = values.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else parts[0].errors
    return Contributions(values.mean(axis=0), errors, parts[0].at_row, at_reference.mean(axis=0))


@dataclass(frozen=True, eq=False)
class Game:
    """What is asked.

    players : columns of each player; each column belongs to one.
    references : (n, r, k) codes, r reference rows for each row.
    exact : over all 2^players coalitions per reference, not over two orders.
    reference_keys : (r,) of fairness.keys.numbered where the references are the same for all rows: those of one key know one thing.
    """

    ask: ModelEvaluator
    outcome: Outcome
    players: Players
    rows: Codes
    references: Codes
    exact: bool = False
    reference_keys: Ints | None = None

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """(k,) the player of each column."""
        owner = np.zeros(self.rows.shape[1], np.int64)
        for player, columns in enumerate(self.players):
            owner[list(columns)] = player
        return owner


def questions_per_reference(players: int, exact: bool) -> int:
    """How often the model is asked for one row and one reference, the two themselves left out."""
    return max(2**players - 2 if exact else 2 * (players - 1), 0)


def play(game: Game, rng: np.random.Generator) -> Contributions:
    """The contributions of every row."""
    parts = [_play(game, rows, rng) for rows in _chunks(game)]
    return Contributions(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _chunks(game: Game) -> Iterator[npt.NDArray[np.int64]]:
    per_row = game.references.shape[1] * (questions_per_reference(len(game.players), game.exact) + 2)
    step = max(QUESTIONS_PER_CHUNK // per_row, 1)
    for start in range(0, len(game.rows), step):
        yield np.arange(start, min(start + step, len(game.rows)))


def _play(game: Game, numbers: npt.NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, ...]:
    rows, references = game.rows[numbers], game.references[numbers]
    at_row, at_reference = _outcomes(game, numbers, rows[:, None]), _outcomes(game, numbers, references)
    solve = _exactly if game.exact else _by_orders
    each = solve(game, numbers, (at_row, at_reference), rng)
    return each.mean(axis=1), _errors(each, game.reference_keys), at_row[:, 0], at_reference.mean(axis=1)


def _errors(each: Floats, cluster: Ints | None) -> Floats:
    """(rows, players) standard errors of the mean over the references.  each : (rows, references, players)."""
    rows, count, players = each.shape
    if cluster is None:
        return each.std(axis=1, ddof=1) / np.sqrt(count) if count > 1 else np.full((rows, players), np.nan)
    moved = keys.added((each - each.mean(axis=1, keepdims=True)).swapaxes(0, 1), cluster)
    return np.asarray(np.sqrt((moved**2).sum(axis=0)) / count * keys.small_sample(len(moved)))


def _outcomes(game: Game, numbers: npt.NDArray[np.int64], codes: Codes) -> Floats:
    """(rows, ..., k) codes to (rows, ...) outcomes."""
    shape = codes.shape[:-1]
    each = np.broadcast_to(numbers.reshape([-1] + [1] * (len(shape) - 1)), shape).ravel()
    return game.outcome(game.ask(codes.reshape(-1, codes.shape[-1])), each).reshape(shape)


def _mixed(game: Game, numbers: npt.NDArray[np.int64], inside: npt.NDArray[np.bool_]) -> Floats:
    """Outcomes of coalitions.  inside : (rows, references, coalitions, players)."""
    rows, references = game.rows[numbers][:, None, None], game.references[numbers][:, :, None]
    return _outcomes(game, numbers, np.where(inside[..., game.owner], rows, references))


def _by_orders(
    game: Game, numbers: npt.NDArray[np.int64], ends: tuple[Floats, Floats], rng: np.random.Generator
) -> Floats:
    """(rows, references, players): mean of an order and its reverse, for each reference."""
    n, r, g = len(numbers), game.references.shape[1], len(game.players)
    at_row, at_reference = ends
    total = np.zeros((n, r, g))
    place = rng.random((n, r, g)).argsort(axis=-1)
    for one in (place, g - 1 - place):
        inside = one[:, :, None, :] < np.arange(1, g)[:, None]
        path = np.concatenate(
            [at_reference[..., None], _mixed(game, numbers, inside), np.broadcast_to(at_row[..., None], (n, r, 1))], -1
        )
        total += np.take_along_axis(np.diff(path, axis=-1), one, axis=-1)
    return total / 2


def _exactly(
    game: Game, numbers: npt.NDArray[np.int64], ends: tuple[Floats, Floats], rng: np.random.Generator
) -> Floats:
    """(rows, references, players): Shapley's formula over all coalitions."""
    del rng, ends
    g = len(game.players)
    inside = (np.arange(2**g)[:, None] >> np.arange(g)) & 1 > 0
    shape = (len(numbers), game.references.shape[1], *inside.shape)
    values: Floats = _mixed(game, numbers, np.broadcast_to(inside, shape)) @ coalition_weights(inside)
    return values


def coalition_weights(inside: npt.NDArray[np.bool_]) -> Floats:
    """(coalitions, players): what the value of each coalition counts for each player (Shapley 1953).

    >>> coalition_weights(np.array([[False], [True]])).tolist()
    [[-1.0], [1.0]]
    """
    size, g = inside.sum(axis=1), inside.shape[1]
    joined = np.array([factorial(s - 1) * factorial(g - s) if s else 0 for s in size.tolist()]) / factorial(g)
    left = np.array([factorial(s) * factorial(g - s - 1) if s < g else 0 for s in size.tolist()]) / factorial(g)
    return np.where(inside, joined[:, None], -left[:, None])
