"""Every section of one data set's settings."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Annotated, Literal

from pydantic import Field

from components.data_gate.policy import DataGate
from components.infra_validator.asked import ServingCheck
from components.quality_gate.policy import QualityGate
from models.plan import Training, Tuning
from pipeline.settings.data import Columns, Data, Label, Split
from pipeline.settings.declaration import Section, off, short
from pipeline.settings.environment import Profile
from pipeline.settings.evaluation import Evaluation
from pipeline.settings.metadata import Metadata
from pipeline.settings.release import AllowedOverride, BatchScoring, Release
from schemas.model_card import Intention
from sluicegate.explanation.wanted import Wanted
from sluicegate.fairness.policy import Fairness


class Values(Section):
    """The sections by themselves; `types.Settings` are those that make sense together."""

    settings_version: Literal[1] = Field(1, description="Version of this file's shape.")
    name: str = Field(
        min_length=1, max_length=63, pattern=r"^[a-z][a-z0-9_-]*$", description="Names the pipeline and the model.",
        json_schema_extra={"words": "small letters, digits, - and _, a letter first, 63 characters or fewer"},
    )  # fmt: skip
    data: Annotated[Data, short("data")]
    label: Annotated[Label, short("label")]
    task: Literal["auto", "binary", "multiclass", "regression"] = Field("auto", description="auto: read off the label.")
    split: Split = Split()
    columns: Columns = Columns()
    schema_file: str | None = Field(
        None, alias="schema", description="A curated TFMD schema; without one it is inferred from the train split."
    )
    data_gate: DataGate = DataGate()
    training: Training = Training()
    tuning: Tuning = Tuning()
    evaluation: Evaluation = Evaluation()
    quality_gate: QualityGate = QualityGate()
    fairness: Annotated[Fairness, off] = Fairness()
    explanation: Annotated[Wanted, off] = Wanted()
    serving_check: ServingCheck = ServingCheck()
    model_card: Intention = Intention()
    overrides: tuple[AllowedOverride, ...] = Field(
        (), description="Refusals that a person lets pass, by name and reason."
    )
    batch_scoring: BatchScoring = BatchScoring()
    release: Release = Release()
    metadata: Metadata = Metadata()
    environment: dict[str, Profile] = Field(
        {}, description="By name; local, kubeflow and vertex need not be declared. `--environment` chooses one."
    )
    output: str | None = Field(None, description="Output folder; default: output/<name>.")

    @property
    def data_policy(self) -> DataGate:
        """The data gate's settings, with the default that holds for this schema."""
        default = self.data_gate.default if self.schema_file else self.data_gate.default_if_inferred
        return replace(self.data_gate, default=default)

    @property
    def data_policy_json(self) -> str:
        """What DataGate's step takes; it names the key that `default` comes from, so that a refusal can."""
        key = "data_gate.default" if self.schema_file else "data_gate.default_if_inferred"
        said = {name: value for name, value in asdict(self.data_policy).items() if name != "default_if_inferred"}
        return json.dumps({**said, "default_setting": key})

    @property
    def mitigation_json(self) -> str:
        """What a refusal of the fairness gate must know to name a mitigation that is not used yet."""
        read = ("mitigation", "mitigation_of", "mitigation_goal", "mitigation_strength")
        return json.dumps({name: getattr(self.training, name) for name in read})

    @property
    def output_folder(self) -> str:
        return self.output or f"output/{self.name}"
