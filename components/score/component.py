"""The one scoring pass as a TFX component of our own: specification, Beam executor, class."""

from typing import ClassVar, Optional

from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.score.core import read_sensitive, write_sensitive
from components.score.executor import Executor
from schemas.artifacts import Predictions


class ScoreSpec(component_spec.ComponentSpec):
    """What goes in and out; README.md says what it means."""

    PARAMETERS: ClassVar[dict] = {
        "split": ExecutionParameter(type=str),
        "sensitive_json": ExecutionParameter(type=str),
        "roles_json": ExecutionParameter(type=str),
        "split_json": ExecutionParameter(type=str),
        "slices_json": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "baseline": ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS: ClassVar[dict] = {"predictions": ChannelParameter(type=Predictions)}


class Score(base_beam_component.BaseBeamComponent):
    """Scores the rows of a split once, for every step that judges or explains.

    baseline : the released model; one marked `empty` counts as none.
    sensitive_json : a JSON list of names or {"column": name, "bins": [...]}.
    roles_json : schemas.roles.Roles.
    split_json : schemas.split_record.SplitRecord of this run, or "".
    slices_json : a JSON list of the columns of evaluation.slices.
    """

    SPEC_CLASS = ScoreSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        model: BaseChannel,
        roles_json: str,
        baseline: Optional[BaseChannel] = None,
        split: str = "test",
        sensitive_json: str = "[]",
        split_json: str = "",
        slices_json: str = "[]",
    ) -> None:
        spec = ScoreSpec(
            examples=examples,
            model=model,
            baseline=baseline,
            split=split,
            # Other bins over the same columns do not make the rows to be scored again.
            sensitive_json=write_sensitive(read_sensitive(sensitive_json)),
            roles_json=roles_json,
            split_json=split_json,
            slices_json=slices_json,
            predictions=Channel(type=Predictions),
        )
        super().__init__(spec=spec)
