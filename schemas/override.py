"""A gate's refusal that a person lets pass: in the settings, for the release gate, and in the model card."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from schemas.declared import Before, Declared, said
from schemas.document import build

#: Text on one line, without spaces around it: spaces are no name and no reason.
_line = Before(lambda value: " ".join(value.split()) if isinstance(value, str) else value)


@dataclass(frozen=True)
class Override(Declared):
    """A gate's refusal that a person takes upon themselves; every report says so from then on.

    gate : its id; which may be named is for the settings to say.
    """

    gate: str = said(
        why="Which gate; data that is refused and a model that no server can load have nothing to let pass."
    )
    by: Annotated[str, _line] = said(why="Who decides it.", words="the name of a person", min_length=1)
    reason: Annotated[str, _line] = said(
        why="Why, in a sentence.", words="text of 10 characters or more", min_length=10
    )

    @property
    def setting(self) -> str:
        return f"overrides ({self.gate})"


def overrides_from(text: str) -> tuple[Override, ...]:
    """Reads a list of {"gate": ..., "by": ..., "reason": ...}. Raises RecordError."""
    return build(tuple[Override, ...], json.loads(text or "[]"))
