"""Named sets of limits, each with the scope it was made for and its source. None of them says that a model is lawful."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.fairness.policy import Gap, Limit


@dataclass(frozen=True)
class Profile:
    """limits : (measure, at_most, at_least), for every sensitive column by itself; () has no pass mark."""

    name: str
    scope: str
    source: str
    limits: tuple[tuple[Gap, float | None, float | None], ...] = ()


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("custom", "Your own limits, and nothing else.", "The settings of this project."),
        Profile(
            "difference-0.1",
            "A convention of software, not of law: selection and true positive rates of the groups of a column at most ten "
            "percentage points apart. It says nothing about which kind of fairness a use asks for.",
            "AIF360's and Holistic AI's reference band of -0.1 to 0.1 for the statistical parity and equal opportunity difference.",
            (("demographic_parity_difference", 0.1, None), ("equal_opportunity_difference", 0.1, None)),
        ),
        Profile(
            "ugesp-4-5",
            "Selection of employees in the United States: hiring, promotion, other employment decisions. A rule of thumb for where "
            "an agency looks closer. Smaller differences may count and greater ones may not (small numbers), which is why the ratio is tested "
            "here and not merely compared. Outside employment it has no standing.",
            "Uniform Guidelines on Employee Selection Procedures (1978), 29 CFR 1607.4(D).",
            (("impact_ratio", None, 0.8),),
        ),
        Profile(
            "ll144-table",
            "Automated employment decision tools used in New York City: the table that a bias audit publishes. The law sets no pass mark, so "
            "this profile shows the table and judges nothing; the audit itself must be an independent one.",
            "New York City Local Law 144 of 2021; 6 RCNY 5-300 and 5-301.",
        ),
    )
}


def limits_of(name: str, columns: Sequence[str]) -> tuple[Limit, ...]:
    """The profile's limits for these sensitive columns, each column by itself.

    >>> [limit.of for limit in limits_of("ugesp-4-5", ["sex", "race"])]
    [('sex',), ('race',)]
    """
    return tuple(
        Limit(measure, (column,), at_most=at_most, at_least=at_least, setting=f"fairness.profile {name}")
        for column in columns
        for measure, at_most, at_least in PROFILES[name].limits
    )
