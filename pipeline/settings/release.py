"""From a blessed model to the one that answers: what people say of it, what they let pass, how it is released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import Field

from pipeline.gates import GATES
from pipeline.settings.declaration import Section
from schemas.declared import said
from schemas.override import Override

#: The id of a gate whose refusal a person may let pass, as the gates' declarations say.
if TYPE_CHECKING:
    Overridable: TypeAlias = str
else:
    Overridable = Literal[tuple(gate.id for gate in GATES if gate.may_be_overridden)]


@dataclass(frozen=True)
class AllowedOverride(Override):
    """Of a gate that may be overridden."""

    gate: Overridable = said(why=Override.__dataclass_fields__["gate"].metadata["description"])


class BatchScoring(Section):
    """A table that each blessed model scores, with TFX's BulkInferrer (docs/predict.md). Off until it has a path."""

    path: str | None = Field(
        None,
        min_length=1,
        description="A file or a folder. It reads as data does and needs the ids and what the model takes, not the label.",
    )


class Release(Section):
    """How a blessed model comes to answer requests."""

    mode: Literal["direct", "hold"] = Field(
        "direct", description="direct: the new version is stable at once. hold: pushed, and nothing serves it."
    )
