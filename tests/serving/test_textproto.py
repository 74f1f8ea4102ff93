import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.config import model_server_config_pb2

from serving import options, textproto
from serving.engine.limits import BatchLimits
from serving.status import ServingError


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
        ("max_batch_size { value: 0 }", "max_batch_size must be"),
        ("allowed_batch_sizes: 4 allowed_batch_sizes: 2", "must rise"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: 4", "end with max_batch_size"),
        ("max_batch_size { value: 'x' }", "max_batch_size must be"),
    ],
)
def test_batching_that_cannot_be(text, said):
    with pytest.raises(ServingError, match=said):
        options.batch_limits(text, BatchLimits())


def test_monitoring_files():
    assert options.metrics_path('prometheus_config { enable: true, path: "/metrics" }') == "/metrics"
    assert options.metrics_path("prometheus_config: { enable: true }") == "/monitoring/prometheus/metrics"
    assert options.metrics_path("prometheus_config { enable: false }") == ""
    assert options.metrics_path("") == ""


def test_ssl_files_hold_the_pem_texts_themselves():
    found = options.tls('server_key: "-----BEGIN\\nKEY" server_cert: "CERT" "MORE" custom_ca: "CA" client_verify: true')
    assert (found.key, found.certificate, found.client_ca) == (b"-----BEGIN\nKEY", b"CERTMORE", b"CA")
    with pytest.raises(ServingError, match="custom_ca"):
        options.tls('server_key: "k" server_cert: "c" client_verify: true')
    with pytest.raises(ServingError, match="server_cert"):
        options.tls('server_key: "k"')


@pytest.mark.parametrize("text", ["{", "a {", "a: [1", "a:", "a: }", "3: 4", 'a: "open', "a: 1x", "a ?"])
def test_what_is_no_protobuf_text_is_refused(text):
    with pytest.raises(ServingError):
        textproto.parse(text)


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
    read = textproto.parse(text_format.MessageToString(proto, as_utf8=True))
    listed = read.get("model_config_list", [{}])[-1].get("config", [])
    assert [(textproto.one(m, "name", ""), textproto.one(m, "base_path", "")) for m in listed] == [
        m[:2] for m in models
    ]
