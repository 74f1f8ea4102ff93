"""Contributions in words: why the decision, and what spoke against it.

At most four of each: the official interpretation of the US Regulation B, 12 CFR 1002.9(b)(2), finds that more are
unlikely to help the person concerned.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.explanation_evidence import Contribution

MOST = 4
LEAST_SHARE = 0.01


def reasons(contributions: Sequence[Contribution], towards: float, what: str) -> tuple[str, ...]:
    """Sentences about the columns that moved the score in one direction, strongest first.

    towards : 1.0 for what raised the score, -1.0 for what lowered it.  what : "the score of >50K".
    A column whose interval reaches 0 is no reason, because it may have had no part in it; nor is one that moved the score
    by less than a hundredth of what all columns together did.
    """
    least = LEAST_SHARE * sum(abs(one.contribution) for one in contributions)
    clear = [
        one for one in contributions if (one.low if towards > 0 else -one.high) > 0 and abs(one.contribution) > least
    ]
    ordered = sorted(clear, key=lambda one: -towards * one.contribution)[:MOST]
    verb = "raised" if towards > 0 else "lowered"
    return tuple(_sentence(one, verb, what) for one in ordered)


def _sentence(one: Contribution, verb: str, what: str) -> str:
    typical = "as is typical" if one.value == one.typical else f"typical is {one.typical}"
    return f"{one.column} is {one.value} ({typical}): {verb} {what} by {abs(one.contribution):.3g}."
