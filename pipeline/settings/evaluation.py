"""What is measured on the test split; how good is good enough says components/quality_gate/policy.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.declaration import Section


class Evaluation(Section):
    """What is measured on the test split."""

    slices: tuple[tuple[str, ...], ...] = Field((), description="Groups of rows, by one or more columns each.")
    threshold: Literal["auto"] | Annotated[float, Field(strict=True, gt=0, lt=1)] = Field(
        "auto", json_schema_extra={"unit": "score"},
        description="Score from which a row counts as positive; auto fits it on the eval split.",
    )  # fmt: skip
