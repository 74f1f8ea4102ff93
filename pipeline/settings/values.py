"""Every section of one data set's settings."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.data import Columns, Data, Label, Split
from pipeline.settings.data_gate import DataGate
from pipeline.settings.declaration import Section, off, short
from pipeline.settings.environment import Profile
from pipeline.settings.explanation import Explanation
from pipeline.settings.fairness import Fairness
from pipeline.settings.metadata import Metadata
from pipeline.settings.quality_gate import Evaluation, QualityGate
from pipeline.settings.release import BatchScoring, ModelCardText, Override, Release
from pipeline.settings.serving_check import ServingCheck
from pipeline.settings.training import Training, Tuning


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
    explanation: Annotated[Explanation, off] = Explanation()
    serving_check: ServingCheck = ServingCheck()
    model_card: ModelCardText = ModelCardText()
    overrides: tuple[Override, ...] = Field((), description="Refusals that a person lets pass, by name and reason.")
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
        return self.data_gate.model_copy(update={"default": default})

    @property
    def data_policy_json(self) -> str:
        """What DataGate's step takes; it names the key that `default` comes from, so that a refusal can."""
        key = "data_gate.default" if self.schema_file else "data_gate.default_if_inferred"
        return json.dumps(
            {**self.data_policy.model_dump(include={"default", "policy", "leaks"}), "default_setting": key}
        )

    @property
    def mitigation_json(self) -> str:
        """What a refusal of the fairness gate must know to name a lever that is not pulled yet."""
        said = {"mitigation", "mitigation_of", "mitigation_goal", "mitigation_strength"}
        return self.training.model_dump_json(include=said)

    @property
    def output_folder(self) -> str:
        return self.output or f"output/{self.name}"
