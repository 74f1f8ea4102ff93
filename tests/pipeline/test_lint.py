"""Lint is broken by hand, once per rule, and must say so."""

import copy

import pytest

from pipeline import lint
from pipeline.lint import GraphError


def node(ir, name):
    return next(n.pipeline_node for n in ir.nodes if n.pipeline_node.node_info.id == name)


@pytest.fixture
def ir(census_graph):
    return copy.deepcopy(census_graph)


def test_the_real_graph_has_no_findings(ir):
    lint.check(ir)


def test_a_verdict_that_nobody_reads_is_found(ir):
    del node(ir, "ReleaseGate").inputs.inputs["quality_verdict"]
    with pytest.raises(GraphError, match=r"QualityGate[\s\S]*does not reach ReleaseGate"):
        lint.check(ir)


@pytest.mark.parametrize(
    ("producer", "reader", "key"),
    [("FairnessReport", "ReleaseGate", "fairness_verdict"), ("ExplanationReport", "ModelCard", "explanation_verdict")],
)
def test_a_report_whose_verdict_nobody_reads_is_found(ir, producer, reader, key):
    del node(ir, reader).inputs.inputs[key]
    with pytest.raises(GraphError, match=rf"{producer}[\s\S]*does not reach {reader}"):
        lint.check(ir)


def test_a_pusher_without_a_blessing_is_found(ir):
    del node(ir, "Pusher").inputs.inputs["model_blessing"]
    with pytest.raises(GraphError, match="pushes without the blessing"):
        lint.check(ir)


def test_a_pusher_that_obeys_another_blessing_is_found(ir):
    [channel] = node(ir, "Pusher").inputs.inputs["model_blessing"].channels
    channel.producer_node_query.id = "Evaluator"
    with pytest.raises(GraphError, match="pushes without the blessing"):
        lint.check(ir)


def test_a_pusher_that_does_not_ask_the_serving_check_is_found(ir):
    del node(ir, "Pusher").inputs.inputs["infra_blessing"]
    with pytest.raises(GraphError, match=r"no server was tried with[\s\S]*InfraValidator.outputs\['blessing'\]"):
        lint.check(ir)


def test_a_serving_verdict_that_nobody_reads_is_found(ir):
    del node(ir, "ReleaseGate").inputs.inputs["serving_verdict"]
    with pytest.raises(GraphError, match=r"InfraValidator[\s\S]*does not reach ReleaseGate"):
        lint.check(ir)


def test_a_step_outside_the_condition_is_found(ir):
    node(ir, "Trainer").inputs.conditionals.clear()
    with pytest.raises(GraphError, match=r"Trainer[\s\S]*runs even when DataGate refused"):
        lint.check(ir)


def test_a_condition_within_a_condition_is_found(ir):
    conditionals = node(ir, "Trainer").inputs.conditionals
    [name] = list(conditionals)
    conditionals["another"].CopyFrom(conditionals[name])
    with pytest.raises(GraphError, match="condition within a condition"):
        lint.check(ir)


def test_a_resolver_behind_the_condition_is_found(ir):
    node(ir, "ReleasedModel").node_info.type.name = "tfx.dsl.components.common.resolver.Resolver"
    with pytest.raises(GraphError, match="Resolver stands in a condition"):
        lint.check(ir)


def test_a_graph_without_a_data_gate_is_found(ir):
    for index, one in enumerate(ir.nodes):
        if one.pipeline_node.node_info.id == "DataGate":
            del ir.nodes[index]
            break
    with pytest.raises(GraphError, match="there is no DataGate"):
        lint.check(ir)


def test_all_findings_are_reported_together(ir):
    del node(ir, "Pusher").inputs.inputs["model_blessing"]
    node(ir, "Trainer").inputs.conditionals.clear()
    with pytest.raises(GraphError) as caught:
        lint.check(ir)
    assert len(caught.value.problems) == 2
