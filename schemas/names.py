"""Names the user may have meant: the one place that says "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

#: Least likeness (difflib's ratio, 0 to 1) of a name among many that a user made up, such as columns, and of a word among a few.
OF_MANY, OF_FEW = 0.6, 0.5


def nearest(name: str, names: Iterable[str], likeness: float = OF_MANY) -> str | None:
    """The most similar of `names`, regardless of case, or None when none is similar.

    >>> nearest("Epoch", ["epochs", "seed"])
    'epochs'
    """
    return next(iter(near(name, names, most=1, likeness=likeness)), None)


def near(name: str, names: Iterable[str], most: int, likeness: float = OF_MANY) -> tuple[str, ...]:
    """Up to `most` similar names, the most similar first, regardless of case."""
    spelled = {candidate.casefold(): candidate for candidate in names}
    return tuple(spelled[found] for found in difflib.get_close_matches(name.casefold(), list(spelled), most, likeness))


def did_you_mean(
    name: object, words: Iterable[str], otherwise: str = "", likeness: float = OF_FEW, most: int = 1
) -> str:
    """A problem's remedy for a word that is none of a few.

    otherwise : what to do where no word is similar.  most : so many similar words are named.

    >>> did_you_mean("holdout", ["direct", "hold"], "write one of them")
    'did you mean hold?'
    """
    found = near(str(name), words, most, likeness)
    return f"did you mean {' or '.join(found)}?" if found else otherwise


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names in quotes, the first `most` of them.

    >>> listed(["age", "sex", "race"], most=2)
    "'age', 'sex' and 1 more"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def those_there(name: str, names: Sequence[str], what: str = "columns") -> str:
    """The names that exist, after the nearest one: the `allowed` part of a problem.

    >>> those_there("aeg", ["age", "sex"])
    "did you mean 'age'? columns: 'age', 'sex'"
    """
    close = nearest(name, names)
    return (f"did you mean {close!r}? " if close else "") + f"{what}: {listed(names) or 'none'}"
