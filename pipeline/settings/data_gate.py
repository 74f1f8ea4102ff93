"""What the data gate does about each kind of anomaly."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.settings.declaration import Section, limit

Policy = Literal["fail", "warn", "ignore"]


class Leaks(Section):
    """A column that alone predicts the label: AUC, or the explained part of the variance of a regression label's ranks."""

    fail_at: float = limit(
        0.995, low=0.5, high=1, unit="AUC or R2", why="An outcome recorded afterwards, or a counter."
    )
    warn_at: float = limit(0.98, low=0.5, high=1, unit="AUC or R2", why="Honest features stay below.")


class DataGate(Section):
    """What to do about each kind of anomaly, skew, drift and leak (names: docs/data-gate.md)."""

    default: Policy = Field("fail", description="For every kind not named in `policy`.")
    default_if_inferred: Policy = Field(
        "warn", description="In place of `default` while no schema is given: nobody has reviewed an inferred one."
    )
    policy: dict[str, Policy] = Field(
        {"schema_new_column": "warn"},
        description="Per kind of anomaly, in TFDV's names in lower case; `drift`, `skew` and leak_suspected are ours.",
    )
    leaks: Leaks = Leaks()
