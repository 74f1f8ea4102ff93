"""Files in protobuf's text format: what they hold, and that nothing in them is passed over in silence."""

import logging

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.config import model_server_config_pb2

from schemas.errors import UsageError
from sluicegate.serving import config, flags, options, protos, textproto
from sluicegate.serving.engine.limits import BatchLimits
from sluicegate.serving.status import ServingError
from sluicegate.serving.textproto import TextError


def test_what_batching_files_look_like():
    text = """
    max_batch_size { value: 128 }   # rows
    batch_timeout_micros { value: 0 }
    max_enqueued_batches: { value: 1000000 };
    num_batch_threads < value: 8 >
    allowed_batch_sizes: [8, 32, 128]
    """
    assert options.batch_limits(text, BatchLimits()) == BatchLimits(128, 0, 1000000, 8, (8, 32, 128))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_batch_size { value: 0 }", "max_batch_size is 0; a whole number, 1 or more"),
        ("batch_timeout_micros { value: -1 }", "batch_timeout_micros is -1; a whole number, 0 or more"),
        ("allowed_batch_sizes: 4 allowed_batch_sizes: 2", "rise"),
        ("allowed_batch_sizes: [0, 2]", "1 or more"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: 4", "end with max_batch_size"),
        ("max_batch_size { value: 'x' }", "line 1: Couldn't parse integer: 'x'"),
        ("max_batch_size { value: 1.5 }", "line 1: Couldn't parse integer: 1.5"),
        ("max_batch_sise { value: 8 }", "line 1: 'max_batch_sise' is not known; did you mean 'max_batch_size'?"),
        ("\n\nmax_batch_size { valeu: 8 }", "line 3: 'valeu' is not known; did you mean 'value'?"),
        ("max_batch_size: 8", "max_batch_size is no plain value; `max_batch_size { value: ... }`"),
        ("allowed_batch_sizes { value: 8 }", 'Expected ":"'),
        ("max_batch_size { value: 8 } max_batch_size { value: 9 }", "multiple"),
        ("max_batch_size { value: 9223372036854775808 }", "out of range"),
    ],
)
def test_batching_that_cannot_be(text, said):
    with pytest.raises(TextError) as refused:
        options.batch_limits(text, BatchLimits())
    assert said in refused.value.message


def test_batching_fields_without_a_meaning_here_say_so(caplog):
    with caplog.at_level(logging.WARNING):
        options.batch_limits('thread_pool_name { value: "mine" } pad_variable_length_inputs: true', BatchLimits())
    assert [record.message.split(" of ")[0] for record in caplog.records] == [
        "thread_pool_name",
        "pad_variable_length_inputs",
    ]


def test_monitoring_files():
    assert options.metrics_path('prometheus_config { enable: true, path: "/metrics" }') == "/metrics"
    assert options.metrics_path("prometheus_config: { enable: true }") == "/monitoring/prometheus/metrics"
    assert options.metrics_path("prometheus_config { enable: false }") == ""
    assert options.metrics_path("") == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prometheus_confg { enable: true }", "did you mean 'prometheus_config'?"),
        ("prometheus_config { enabled: true }", "did you mean 'enable'?"),
        ("prometheus_config: true", 'Expected "{"'),
        ("prometheus_config { enable: yes }", 'Expected "true" or "false"'),
        ("enable: true", "'enable' is not known; known: prometheus_config"),
        ('prometheus_config { enable: true path: "metrics" }', "path is 'metrics'"),
        ('prometheus_config { enable: true path: "/{x}" }', "path is '/{x}'"),
        ('prometheus_config { enable: true path: "/healthz" }', "answers something else"),
        ('prometheus_config { enable: true path: "/V1/metrics" }', "answers something else"),
    ],
)
def test_monitoring_that_cannot_be(text, said):
    with pytest.raises(TextError) as refused:
        options.metrics_path(text)
    assert said in refused.value.message


def test_ssl_files_hold_the_pem_texts_themselves():
    found = options.tls('server_key: "-----BEGIN\\nKEY" server_cert: "CERT" "MORE" custom_ca: "CA" client_verify: true')
    assert (found.key, found.certificate, found.client_ca) == (b"-----BEGIN\nKEY", b"CERTMORE", b"CA")
    with pytest.raises(ServingError, match="custom_ca"):
        options.tls('server_key: "k" server_cert: "c" client_verify: true')
    with pytest.raises(ServingError, match="server_cert"):
        options.tls('server_key: "k"')


def test_a_mistake_in_an_ssl_file_quotes_no_key():
    with pytest.raises(TextError) as refused:
        options.tls('server_key: "SECRET" server_cert: "CERT" client_verify: perhaps')
    assert "SECRET" not in refused.value.message
    assert 'Expected "true" or "false"' in refused.value.message


@pytest.mark.parametrize(
    ("flag", "text", "said"),
    [
        (
            "batching_parameters_file",
            "\nmax_batch_sise { value: 8 }",
            ("line 2", "'max_batch_sise' is not known", "did you mean 'max_batch_size'?"),
        ),
        ("monitoring_config_file", "prometheus_confg {}", ("line 1", "did you mean 'prometheus_config'?")),
        ("ssl_config_file", 'server_kee: ""', ("line 1", "did you mean 'server_key'?")),
    ],
)
def test_the_command_line_says_it_in_four_parts(tmp_path, flag, text, said):
    file = tmp_path / "it.config"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        flags.read(["--model_base_path=/m", f"--{flag}={file}"], {})
    problem = refused.value.problems[0]
    assert problem.place == f"--{flag} {file}, {said[0]}"
    assert all(part in f"{problem.got}; {problem.allowed}" for part in said[1:])
    assert problem.remedy == "correct the file"


def test_batching_that_is_off_needs_no_file(tmp_path):
    (tmp_path / "b").write_text("")
    with pytest.raises(UsageError, match="enable_batching"):
        flags.read(
            ["--model_base_path=/m", "--enable_batching=false", f"--batching_parameters_file={tmp_path / 'b'}"], {}
        )


def test_a_model_config_says_what_was_meant():
    with pytest.raises(ServingError, match=r"line 2: 'base_paht' is not known; did you mean 'base_path'\?"):
        config.parse("model_config_list {\n config { name: 'a' base_paht: '/a' } }")


@pytest.mark.parametrize(
    "text", ["{", "max_batch_size {", "max_batch_size: [1", "max_batch_size:", "3: 4", 'a: "open', "a ?"]
)
def test_what_is_no_protobuf_text_is_refused(text):
    with pytest.raises(TextError):
        textproto.parse(text, protos.batching_parameters())


names = st.text("abcdefghijk_.- äß\"'\\\n", max_size=12)


@given(
    st.lists(st.tuples(names, names, st.dictionaries(names, st.integers(-(2**63), 2**63 - 1), max_size=3)), max_size=3)
)
def test_it_reads_what_protobuf_prints(models):
    proto = model_server_config_pb2.ModelServerConfig()
    for name, path, labels in models:
        one = proto.model_config_list.config.add(name=name, base_path=path)
        for label, version in labels.items():
            one.version_labels[label] = version
    text = text_format.MessageToString(proto, as_utf8=True)
    assert textproto.parse(text, model_server_config_pb2.ModelServerConfig()) == proto
