"""TFX adapter: reads what the steps left, writes the card as JSON and as a page."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.types import BaseChannel, Channel, ComponentSpec, artifact_utils
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Model, ModelEvaluation, ModelRun, Schema

from components.model_card.core import Facts, build
from components.model_card.reading import Folders, read
from schemas import gates, model_card
from schemas.artifacts import GateVerdict, ModelCardFiles
from schemas.digest import DATA_DIGEST, model_digest
from sluicegate.reports.card import write_card

RELEASE = gates.verdict_input("Release")


class Executor(base_executor.BaseExecutor):
    """Writes the card."""

    def Do(
        self, input_dict: dict[str, list[Any]], output_dict: dict[str, list[Any]], exec_properties: dict[str, Any]
    ) -> None:
        """Properties: `may_be_released` (1 or 0) and `model_digest`, which ties the card to its model; the card itself does not
        hold the digest, because a model trained again from the same settings need not have the same bytes.
        """
        facts = replace(Facts.from_json(exec_properties["facts_json"]), data_digest=_digest_of(input_dict["examples"]))
        declared = gates.from_json(exec_properties["gates_json"])
        given = {key: artifact_utils.get_single_instance(found).uri for key, found in input_dict.items() if found}
        folders = Folders(
            **{key: given[key] for key in ModelCardSpec.FOLDERS},
            release=given[RELEASE],
            gates={gate.id: gate.folders(given) for gate in declared},
        )
        card = artifact_utils.get_single_instance(output_dict["card"])
        made = build(facts, read(folders, facts.roles, declared), declared)
        model_card.write(made, card.uri)
        write_card(made, card.uri)
        card.set_int_custom_property("may_be_released", int(made.decision.may_be_released))
        card.set_string_custom_property("model_digest", model_digest(given["model"]))


def _digest_of(examples: list[Any]) -> str:
    return str(artifact_utils.get_single_instance(examples).get_string_custom_property(DATA_DIGEST))


class ModelCardSpec(ComponentSpec):
    """Its inputs are FOLDERS, the examples, and what the gates that there are left."""

    FOLDERS: ClassVar[dict] = {
        "model": Model,
        "model_run": ModelRun,
        "statistics": ExampleStatistics,
        "schema": Schema,
        "evaluation": ModelEvaluation,
    }
    PARAMETERS: ClassVar[dict] = {name: ExecutionParameter(type=str) for name in ("facts_json", "gates_json")}
    INPUTS: ClassVar[dict] = {}
    OUTPUTS: ClassVar[dict] = {"card": ChannelParameter(type=ModelCardFiles)}


class ModelCard(base_component.BaseComponent):
    """The card of one model, also of a refused one.

    facts_json : core.Facts, but for the data's digest, which stands on the examples.  gates_json : schemas.gates.to_json of every gate, in the card's order.
    model_run : holds training.json (models/training.py).
    left : by the gates' `card_inputs`, what they left; without the gates that are not in the pipeline.
    """

    SPEC_CLASS = ModelCardSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: BaseChannel,
        model_run: BaseChannel,
        examples: BaseChannel,
        statistics: BaseChannel,
        schema: BaseChannel,
        evaluation: BaseChannel,
        release_verdict: BaseChannel,
        left: Mapping[str, BaseChannel],
        facts_json: str,
        gates_json: str,
    ) -> None:
        fixed = {
            "model": model,
            "model_run": model_run,
            "examples": examples,
            "statistics": statistics,
            "schema": schema,
            "evaluation": evaluation,
        }
        kinds = {
            **ModelCardSpec.FOLDERS,
            "examples": Examples,
            RELEASE: GateVerdict,
            **{key: one.type for key, one in left.items()},
        }
        inputs = {key: ChannelParameter(type=kind) for key, kind in kinds.items()}
        spec_class = type(ModelCardSpec.__name__, (ModelCardSpec,), {"INPUTS": inputs})
        spec = spec_class(
            **fixed,
            **{RELEASE: release_verdict},
            **left,
            facts_json=facts_json,
            gates_json=gates_json,
            card=Channel(type=ModelCardFiles),
        )
        super().__init__(spec=spec)
