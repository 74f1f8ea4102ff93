"""What a reader must know to read the figures, in sentences."""

from __future__ import annotations

from sluicegate.fairness.policy import Policy


def of(task: str, is_weighted: bool, policy: Policy) -> tuple[str, ...]:
    """The notes of a report."""
    share = f"{policy.confidence:.0%}".replace("%", " %")
    found = [
        f"A gap is judged by its {share} interval, not by its point value: passed when the whole interval is inside the limit, refused when "
        "it is beyond it, unknown when the limit lies within.",
        "The largest of many noisy differences is too large on average. The judged interval compares the groups pair by pair, with exact limits and "
        "Holm's correction over pairs and limits, so that a fair model is refused at most that rarely; the percentile bootstrap beside it does not "
        "correct for this.",
        f"A group under {policy.min_rows} rows, or with fewer than {policy.min_positives} rows under a rate, is shown and not judged. "
        "That is a statement about the rows, not about the people in them.",
        "Equalized odds is printed in three conventions: the larger gap, the mean and the sum. Compare figures only under the same name.",
    ]
    if task != "regression":
        found.append(
            "Where groups differ in their base rate, scores cannot be calibrated in every group and have equal error rates at "
            "once, whatever the model (Kleinberg et al. 2016; Chouldechova 2017). " + _chosen(policy)
        )
        found.append(
            "The appendix shuffles the group labels, so that the model is fair by construction, and counts how often the gate would refuse it."
        )
    else:
        found.append("Intervals of means are Student's; draws for a regression take the groups' means as normal.")
    if is_weighted:
        found.append(
            "All rates are weighted. Intervals use an effective number of rows, Kish's or fewer; bootstrap and shuffles draw the rows of a cell and, given these, "
            "the sum of their weights from a gamma distribution with the cell's own mean and variance."
        )
    return tuple(found)


def of_rows(cluster_of: tuple[str, ...], caution: str) -> tuple[str, ...]:
    """What is to be known of the rows.  cluster_of : columns of their key.  caution : about the released model, or ""."""
    found = []
    if cluster_of:
        found.append(
            f"Rows with the same {' and '.join(cluster_of)} are not independent: the intervals count what they tell together (design effect), and "
            "so does what is judged. The percentile bootstrap draws whole keys, and shuffles deal the group labels out among keys."
        )
    return tuple([*found, caution] if caution else found)


_KINDS = {
    "equal selection rates (demographic parity)": (
        "demographic_parity_difference",
        "demographic_parity_ratio",
        "impact_ratio",
    ),
    "equal error rates": (
        "equal_opportunity_difference",
        "fpr_difference",
        "equalized_odds_difference",
        "equalized_odds_mean",
        "equalized_odds_sum",
        "error_difference",
    ),
    "equal predictive value": ("predictive_parity_difference",),
    "equal scores": ("abcc", "score_difference"),
}


def _chosen(policy: Policy) -> str:
    from sluicegate.fairness.profiles import limits_of

    limits = (*policy.limits, *limits_of(policy.profile, [one.column for one in policy.sensitive]))
    kinds = [kind for kind, names in _KINDS.items() if any(limit.measure in names for limit in limits)]
    if not kinds:
        return "These settings choose none of them: no limit is set."
    return f"These settings chose {' and '.join(kinds)}; why, only the people who answer for the model can say."
