"""Contributions in words: why the decision, and what spoke against it.

Four of each by name: the official interpretation of the US Regulation B, 12 CFR 1002.9(b)(2), finds that more are unlikely
to help the person concerned. They are the largest ones, whatever their intervals, which stand beside them: a large
contribution that is not known well is what a reader must know, and one that was left out would make room for a lesser one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from schemas.explanation_evidence import Contribution

MOST = 4


def reasons(contributions: Sequence[Contribution], towards: float, what: str) -> tuple[str, ...]:
    """Sentences about the columns that moved the score in one direction, largest first, and one about all the others.

    towards : 1.0 for what raised the score, -1.0 for what lowered it.  what : "the score of >50K".
    """
    ordered = sorted(
        (one for one in contributions if towards * one.contribution > 0), key=lambda one: -towards * one.contribution
    )
    verb = "raised" if towards > 0 else "lowered"
    named = tuple(_sentence(one, towards, verb, what) for one in ordered[:MOST])
    return named + _others(ordered[MOST:], verb, what)


def _sentence(one: Contribution, towards: float, verb: str, what: str) -> str:
    typical = "as is typical" if one.value == one.typical else f"typical is {one.typical}"
    low, high = sorted((towards * one.low, towards * one.high))
    # Not `low <= 0`: an interval that is not known is no proof either.
    may_be_none = "" if low > 0 else ", which may be chance"
    ends = f" [{low:.3g}, {high:.3g}]" if np.isfinite(low) else ""
    return f"{one.column} is {one.value} ({typical}): {verb} {what} by {abs(one.contribution):.3g}{ends}{may_be_none}."


def _others(rest: Sequence[Contribution], verb: str, what: str) -> tuple[str, ...]:
    if not rest:
        return ()
    columns = "1 other column" if len(rest) == 1 else f"{len(rest)} other columns"
    total = sum(abs(one.contribution) for one in rest)
    return (f"{columns} {verb} {what} by {total:.3g} in all, none by more than {abs(rest[0].contribution):.3g}.",)
