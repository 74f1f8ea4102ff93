"""What to say of a name that is not there."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import Problem, UsageError
from schemas.names import OF_MANY, did_you_mean


class NoSuchName(UsageError, KeyError):
    """A mapping has no such key; a KeyError, too, so that `.get` and `in` work as in every mapping."""


def unknown(what: str, name: object, known: Sequence[str], place: str) -> NoSuchName:
    """The error for a name that nothing has, with what was probably meant.

    >>> print(unknown("gate", "fairnes", ("fairness", "data_gate"), "run r1"))
    There is no such gate.
    <BLANKLINE>
      where:   run r1
      got:     fairnes
      allowed: fairness, data_gate
      do:      did you mean fairness?
    """
    remedy = did_you_mean(name, known, "choose one of these" if known else "choose another run", OF_MANY, most=2)
    return NoSuchName(f"There is no such {what}.", Problem(place, str(name), ", ".join(known) or "none", remedy))
