"""What to say of a name that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from schemas.errors import Problem, UsageError


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
    near = difflib.get_close_matches(str(name), known, 2, 0.6)
    remedy = f"did you mean {' or '.join(near)}?" if near else "choose one of these" if known else "choose another run"
    return NoSuchName(f"There is no such {what}.", Problem(place, str(name), ", ".join(known) or "none", remedy))
