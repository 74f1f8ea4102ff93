"""The sentences of the explanation page: what was found, whether it can be trusted, and what would turn a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.explanation_evidence import Check, Counterfactual, ExplanationEvidence, GapDecomposition, LocalExplanation
from schemas.verdict import Status
from sluicegate.reports import formatting

#: What a check asks.
CHECKS: Mapping[str, str] = {
    "matches_predictions": "Does the explained model give the scores that were judged?",
    "completeness": "Do a row's contributions sum to its score?",
    "efficiency": "Do the columns' shares sum to the gap?",
    "stability": "Does another seed order the contributions the same?",
    "stability_of_shuffles": "Does another seed order the importances the same?",
    "agreement": "Do contributions and importances order the columns alike?",
    "parameter_randomisation": "Do the contributions change when the model's weights are shuffled?",
    "fidelity": "Does the score move more without the strongest columns than without others?",
}
#: What turns red with a section.
SECTIONS: Mapping[str, str] = {
    "importance": "the importance of the columns",
    "disparity": "who carries the gap",
    "rows": "single rows",
    "all": "everything on this page",
}
_TRUST = {
    "importance": "These importances are not to be trusted",
    "disparity": "These shares are not to be trusted",
    "rows": "The explanations of single rows are not to be trusted",
    "all": "Nothing on this page is to be trusted",
}


def failed(checks: Sequence[Check], section: str) -> tuple[str, ...]:
    """Why a section is not to be trusted, a sentence per failed check; () where nothing speaks against it."""
    broken = [one for one in checks if one.section in (section, "all") and one.status == Status.FAILED.value]
    return tuple(f"{_TRUST.get(one.section, _TRUST['all'])}: {_where(one)}{one.detail}" for one in broken)


def _where(check: Check) -> str:
    return "" if check.slice in ("", "overall") else f"for {check.slice}, "


def trust(checks: Sequence[Check]) -> str:
    """How many of the explanation's own tests it stood."""
    asked = [one for one in checks if one.status != Status.UNKNOWN.value]
    broken = [one for one in asked if one.status != Status.PASSED.value]
    untold = len(checks) - len(asked)
    more = f" {untold} could not be made with this table." if untold else ""
    if not asked:
        return "No test of the explanation could be made, so nothing speaks for it but itself." + more
    if not broken:
        return f"The explanation stood all {len(asked)} tests of itself.{more}"
    parts = ", ".join(dict.fromkeys(SECTIONS.get(one.section, one.section) for one in broken))
    return f"The explanation failed {len(broken)} of {len(asked)} tests of itself. Do not trust: {parts}.{more}"


def summary(found: ExplanationEvidence) -> tuple[str, ...]:
    """What was found, in a few sentences."""
    said = []
    single = [i for i in found.importances if len(i.columns) == 1 and i.quality.value is not None]
    strongest = sorted(single, key=lambda i: -(i.quality.value or 0.0))[:3]
    if strongest and (strongest[0].quality.value or 0.0) > 0:
        names = ", ".join(f"{i.name} ({formatting.number(i.quality.value)})" for i in strongest)
        said.append(f"The model needs these columns most, by what shuffling them costs in {quality(found)}: {names}.")
    if found.disparity is not None:
        said.append(gap(found.disparity))
    for flip in found.flips:
        if not flip.is_input:
            said.append(f"The model does not take {flip.column}.")
        elif flip.flipped is not None and flip.flipped.value is not None:
            said.append(
                f"Changing {flip.column} alone turns the decision of {formatting.percent(flip.flipped.value)} of the rows."
            )
    return tuple(said)


def quality(found: ExplanationEvidence) -> str:
    """The name of the quality measure."""
    return formatting.label(found.quality) if found.quality != "log_loss" else "log loss"


def gap(found: GapDecomposition) -> str:
    """The gap and who carries most of it. Contributions have signs: one alone may be more than all of them together."""
    said = f"The {found.measure} of {found.high} and {found.low} differs by {formatting.number(found.over_all_rows)}"
    together = found.full - found.null
    top = found.carried[0] if found.carried else None
    if top is None or top.contribution.value is None or not together:
        return said + "."
    most = top.contribution.value
    said += f". The columns together account for {formatting.number(together)} of it, {top.name} for {formatting.number(most)}"
    if 0 <= most <= together:
        return f"{said} ({formatting.percent(most / together)} of that)."
    return said + "; other columns work in the opposite direction."


def counterfactual(one: LocalExplanation, label: str = "") -> str:
    """What would turn the decision, or why nothing is shown."""
    if one.counterfactual is None:
        return one.no_counterfactual or "No change was looked for."
    return turned(one.counterfactual, label)


def turned(found: Counterfactual, label: str = "") -> str:
    """A counterfactual in words.

    >>> from schemas.explanation_evidence import Change
    >>> turned(Counterfactual(">50K", 0.61, (Change("education-num", "9", "13"),), 0.4), "income")
    'Would be income = >50K with education-num 13 instead of 9.'
    """
    changes = [f"{c.column} {c.after} instead of {c.before}" for c in found.changes]
    listed = (
        changes[0] if len(changes) == 1 else ", ".join(changes[:-1]) + f" and {changes[-1]}" if changes else "nothing"
    )
    return f"Would be {formatting.class_said(found.decision, label)} with {listed}."


def score(found: ExplanationEvidence, label: str = "") -> str:
    """What is explained: "score of income = >50K", or "value" of a regression.  label : the column's name."""
    said = formatting.class_said(found.explained_class, label)
    return f"score of {said}" if found.explained_class else "value"


def why(one: LocalExplanation) -> str:
    """Why a row is shown.

    >>> rules = ("most typical", "most uncertain")
    >>> why(LocalExplanation(3, rules, ("Female", "Female"), None, "", "", 0, 0, 0, ()))
    'most typical and most uncertain of Female'
    """
    by_group: dict[str, list[str]] = {}
    for rule, group in zip(one.rules, one.groups, strict=False):
        by_group.setdefault(group, []).append(rule)
    return "; ".join(f"{' and '.join(rules)} of {group}" for group, rules in by_group.items())
