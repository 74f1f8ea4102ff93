"""Names the user may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The most similar of `names`, regardless of case, or None when none is similar."""
    spelled = {candidate.casefold(): candidate for candidate in names}
    found = difflib.get_close_matches(name.casefold(), list(spelled), n=1, cutoff=0.6)
    return spelled[found[0]] if found else None


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names in quotes, the first `most` of them.

    >>> listed(["age", "sex", "race"], most=2)
    "'age', 'sex' and 1 more"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """The columns that exist, the nearest one first: the `allowed` part of a problem."""
    close = nearest(name, names)
    return (f"did you mean {close!r}? " if close else "") + f"columns: {listed(names)}"
