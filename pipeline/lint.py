"""Proves on the compiled graph that no verdict is ignored and that nothing is pushed without all of them.

Each check is one function over the graph and returns sentences that say the fix; `check` raises them all together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tfx.proto.orchestration import pipeline_pb2

from pipeline import gates
from schemas.errors import Problem, SluicegateError
from schemas.gates import RELEASE_STEP

VERDICT = "schemas.GateVerdict"
BLESSING, INFRA_BLESSING = "ModelBlessing", "InfraBlessing"
PUSHER, CARD = "Pusher", "ModelCard"
#: Nodes whose condition TFX drops or that break inside one (tried on 1.21).
NOT_BEHIND_A_CONDITION = ("Resolver", "Importer")

Node: TypeAlias = pipeline_pb2.PipelineNode


class GraphError(SluicegateError):
    """The graph would let something pass unjudged: a mistake in the project, not in the settings."""


def check(ir: pipeline_pb2.Pipeline) -> None:
    """Raises GraphError with every finding."""
    findings = list(_findings(ir))
    if findings:
        raise GraphError(
            "The graph lets something pass unjudged.",
            *[Problem(f"pipeline/graph.py, {node}", what, "", fix) for node, what, fix in findings],
        )


def _findings(ir: pipeline_pb2.Pipeline) -> Iterator[tuple[str, str, str]]:
    nodes = {n.pipeline_node.node_info.id: n.pipeline_node for n in ir.nodes}
    for one in (
        _verdicts_are_consumed,
        _pusher_requires_the_blessing,
        _pusher_requires_the_serving_check,
        _one_condition,
        _all_behind_the_guard,
    ):
        yield from one(nodes)


def _outputs_of_type(node: Node, type_name: str) -> list[str]:
    return [key for key, spec in node.outputs.outputs.items() if spec.artifact_spec.type.name == type_name]


def _producers(node: Node, key: str) -> set[tuple[str, str]]:
    """(producing node, its output) of one input."""
    return {(c.producer_node_query.id, c.output_key) for c in node.inputs.inputs[key].channels}


def _consumed(node: Node) -> set[tuple[str, str]]:
    return {pair for key in node.inputs.inputs for pair in _producers(node, key)}


def _verdicts_are_consumed(nodes: dict[str, Node]) -> Iterator[tuple[str, str, str]]:
    declared = {gate.step: gate for gate in gates.GATES}
    for name, node in nodes.items():
        for key in _outputs_of_type(node, VERDICT):
            if name == RELEASE_STEP:
                continue
            if name not in declared:
                yield (
                    name,
                    f"its verdict {key!r} is no declared gate's",
                    "declare the gate, and name it in pipeline/gates.py",
                )
                continue
            reader = RELEASE_STEP if declared[name].is_asked else CARD
            if reader not in nodes or (name, key) not in _consumed(nodes[reader]):
                yield (
                    name,
                    f"its verdict {key!r} does not reach {reader}",
                    f"hand {name}.outputs[{key!r}] to {reader}",
                )


def _pusher_requires_the_blessing(nodes: dict[str, Node]) -> Iterator[tuple[str, str, str]]:
    for name, node in nodes.items():
        if node.node_info.type.name.rsplit(".", 1)[-1] != PUSHER:
            continue
        wanted = (
            {(RELEASE_STEP, key) for key in _outputs_of_type(nodes[RELEASE_STEP], BLESSING)}
            if RELEASE_STEP in nodes
            else set()
        )
        given = _producers(node, "model_blessing") if "model_blessing" in node.inputs.inputs else set()
        if not wanted or given != wanted:
            yield (
                name,
                "it pushes without the blessing of all gates",
                f"pass model_blessing={RELEASE_STEP}.outputs['blessing']",
            )


def _pusher_requires_the_serving_check(nodes: dict[str, Node]) -> Iterator[tuple[str, str, str]]:
    wanted = {(name, key) for name, node in nodes.items() for key in _outputs_of_type(node, INFRA_BLESSING)}
    for name, node in nodes.items():
        if node.node_info.type.name.rsplit(".", 1)[-1] != PUSHER or not wanted:
            continue
        if "infra_blessing" not in node.inputs.inputs or _producers(node, "infra_blessing") != wanted:
            [(producer, key)] = sorted(wanted)[:1]
            yield (
                name,
                "it pushes what no server was tried with",
                f"pass infra_blessing={producer}.outputs[{key!r}]",
            )


def _one_condition(nodes: dict[str, Node]) -> Iterator[tuple[str, str, str]]:
    for name, node in nodes.items():
        if len(node.inputs.conditionals) > 1:
            yield (
                name,
                "it stands in a condition within a condition",
                "keep one Cond: TFX fails the inner one when the outer skips",
            )
        kind = node.node_info.type.name.rsplit(".", 1)[-1]
        if node.inputs.conditionals and kind in NOT_BEHIND_A_CONDITION:
            yield (
                name,
                f"a {kind} stands in a condition",
                "move it out of the Cond: its condition would be dropped silently",
            )


def _all_behind_the_guard(nodes: dict[str, Node]) -> Iterator[tuple[str, str, str]]:
    guard = gates.guard().step
    if guard not in nodes:
        yield "create_pipeline", f"there is no {guard}", f"add {guard} before the training"
        return
    before = _upstream(nodes, guard)
    for name, node in nodes.items():
        if name not in before and not node.inputs.conditionals:
            yield name, f"it runs even when {guard} refused", f"move it into the Cond on {guard}'s verdict"


def _upstream(nodes: dict[str, Node], name: str) -> set[str]:
    """`name` and everything it depends on."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += [producer for producer in nodes[one].upstream_nodes if producer in nodes]
    return seen
