"""From a blessed model to the one that answers: what people say of it, what they let pass, how it is released."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from pipeline.gates import GATES
from pipeline.settings.declaration import Section, line

#: The id of a gate whose refusal a person may let pass, as the gates' declarations say.
if TYPE_CHECKING:
    Overridable: TypeAlias = str
else:
    Overridable = Literal[tuple(gate.id for gate in GATES if gate.may_be_overridden)]


class ModelCardText(Section):
    """What only people can say about a model; it stands in the model card."""

    purpose: str = Field("", description="What the model is to be used for, and by whom.")
    not_for: str = Field("", description="What it must not be used for.")
    limits: str = Field("", description="What it is known to be bad at.")
    owners: tuple[str, ...] = Field((), description="Who answers for it.")


class Override(Section):
    """A gate's refusal that a person takes upon themselves; every report says so from then on."""

    gate: Overridable = Field(
        description="Which gate; data that is refused and a model that no server can load have nothing to let pass."
    )
    by: Annotated[str, line] = Field(
        min_length=1, description="Who decides it.", json_schema_extra={"words": "the name of a person"}
    )
    reason: Annotated[str, line] = Field(
        min_length=10, description="Why, in a sentence.", json_schema_extra={"words": "text of 10 characters or more"}
    )


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
