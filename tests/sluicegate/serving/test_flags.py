"""TensorFlow Serving's flags: each works, says that it does nothing, or is refused; docs/serving-flags.md says which."""

import logging
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2, prediction_service_pb2_grpc

from schemas.errors import MachineError, UsageError
from schemas.file_names import WARM_UP_REQUESTS
from sluicegate.serving import flags
from sluicegate.serving.engine.batching import Threads
from sluicegate.serving.engine.limits import BatchLimits
from sluicegate.serving.engine.saved_model import SavedModel
from sluicegate.serving.engine.session import SessionSettings
from sluicegate.serving.engine.warmup import warm_up
from sluicegate.serving.flags_without_effect import WITHOUT_EFFECT
from sluicegate.serving.versions.loading import Loader
from tests.sluicegate.serving.live import live

PROJECT = Path(__file__).resolve().parents[3]
#: model_servers/main.cc of tensorflow/serving at 9d981c5c (July 2026), in its order.
_FLAGS = """
    port grpc_socket_path rest_api_port rest_api_num_threads rest_api_timeout_in_ms rest_api_enable_cors_support
    enable_batching allow_version_labels_for_unavailable_models batching_parameters_file
    enable_per_model_batching_parameters model_config_file model_config_file_poll_wait_seconds model_name
    model_base_path num_load_threads num_unload_threads max_num_load_retries load_retry_interval_micros
    file_system_poll_wait_seconds flush_filesystem_caches tensorflow_session_parallelism
    tensorflow_session_config_file tensorflow_intra_op_parallelism tensorflow_inter_op_parallelism
    use_alts_credentials ssl_config_file platform_config_file per_process_gpu_memory_fraction saved_model_tags
    grpc_channel_arguments grpc_max_threads enable_model_warmup num_request_iterations_for_warmup version
    monitoring_config_file remove_unused_fields_from_bundle_metagraph prefer_tflite_model num_tflite_pools
    num_tflite_interpreters_per_pool enable_signature_method_name_check xla_cpu_compilation_enabled
    xla_gpu_compilation_enabled enable_profiler thread_pool_factory_config_file mixed_precision skip_initialize_tpu
    enable_grpc_healthcheck_service enable_serialization_as_tensor_content
"""
OF_TENSORFLOW_SERVING = _FLAGS.split()


def read(*given):
    return flags.read(["--model_base_path=/m", *given], {})


def asked(value=1.0, signature=""):
    request = predict_pb2.PredictRequest(model_spec={"name": "tiny", "signature_name": signature})
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([value], tf.float32))
    return request


class TestAllOfThem:
    def test_the_page_has_each_once_and_says_what_happens(self):
        rows = dict(re.findall(r"^\| `--(\w+)` \| ([a-z ]+) \|", (PROJECT / "docs/serving-flags.md").read_text(), re.M))
        assert list(rows) == OF_TENSORFLOW_SERVING
        assert {name for name, here in rows.items() if here == "no effect"} == set(WITHOUT_EFFECT) & set(rows)
        assert {name for name, here in rows.items() if here == "refused"} == {"use_alts_credentials"}
        assert set(rows.values()) == {"works", "no effect", "refused"}

    def test_the_parser_knows_each(self):
        known = set(flags.parser()._option_string_actions)
        assert known >= {f"--{name}" for name in OF_TENSORFLOW_SERVING}

    @pytest.mark.parametrize("name", WITHOUT_EFFECT)
    def test_one_without_effect_says_so_in_one_line(self, name, caplog):
        with caplog.at_level(logging.WARNING):
            read(f"--{name}=1")
        assert [r.message for r in caplog.records] == [f"--{name} has no effect here: {WITHOUT_EFFECT[name]}"]

    def test_none_is_said_that_was_not_given(self, caplog):
        with caplog.at_level(logging.WARNING):
            read()
        assert caplog.records == []

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (["--use_alts_credentials"], "ALTS"),
            (["--port=0"], "open a door"),
            (["--grpc_channel_arguments=grpc.max_connection_age_ms"], "pairs such as"),
            (["--per_process_gpu_memory_fraction=1.5"], "0 to 1"),
            (["--tensorflow_session_parallelism=2", "--tensorflow_intra_op_parallelism=2", "--tensorflow_inter_op_parallelism=2"], "leave one"),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, given, said):
        with pytest.raises(UsageError, match=said):
            read(*given)

    @pytest.mark.parametrize(
        ("flag", "said"),
        [
            ("max_num_load_retries=-1", "--max_num_load_retries: '-1' is no number of 0 or more"),
            ("rest_api_timeout_in_ms=0", "'0' is no number of 1 or more"),
            ("max_request_rows=0", "'0' is no number of 1 or more"),
            ("tensorflow_inter_op_parallelism=-2", "'-2' is no number of 0 or more"),
            ("drain_seconds=-1", "'-1' is no number of 0 or more"),
            ("file_system_poll_wait_seconds=nan", "'nan' is no number"),
            ("drain_seconds=inf", "'inf' is no number"),
            ("max_request_bytes=1e6", "invalid whole number value: '1e6'"),
        ],
    )
    def test_numbers_that_cannot_be(self, flag, said):
        """-1 retries loaded nothing and said nothing; not a number was polled without a pause."""
        with pytest.raises(UsageError) as refused:
            read(f"--{flag}")
        assert said in str(refused.value)

    def test_a_flag_that_is_mistyped(self):
        with pytest.raises(UsageError, match=r"did you mean --grpc_socket_path\?"):
            read("--grpc_socket_pth=x")

    def test_alts_that_is_off_is_no_reason(self):
        assert read("--use_alts_credentials=false").grpc_port == 8500


def test_version_needs_no_model_and_is_there_at_once():
    for flag in ("--version", "--version=true"):
        command = [sys.executable, "-X", "importtime", "-m", "sluicegate.serving", flag]
        ended = subprocess.run(command, check=True, cwd=PROJECT, capture_output=True, text=True)
        assert re.fullmatch(r"Sluicegate ModelServer: \S+\nTensorFlow Library: 2\.\d+\.\d+\S*\n", ended.stdout)
        assert "| tensorflow\n" not in ended.stderr
    with pytest.raises(UsageError):
        flags.read(["--version=false"], {})


class TestSocket:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "grpc.sock"

    def test_grpc_answers_on_a_unix_socket_alone(self, tiny, path):
        with live(model_name="tiny", model_base_path=tiny, grpc_port=None, grpc_socket=path) as server:
            assert server.ports.grpc is None
            with grpc.insecure_channel(f"unix:{path}") as channel:
                stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
                assert list(stub.Predict(asked()).outputs["y"].float_val) == [2.5]
        assert not path.exists()

    def test_beside_the_port(self, tiny, path):
        with live(model_name="tiny", model_base_path=tiny, grpc_socket=path) as server:
            assert list(server.predict.Predict(asked()).outputs["y"].float_val) == [2.5]
            with grpc.insecure_channel(f"unix:{path}") as channel:
                stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
                assert list(stub.Predict(asked()).outputs["y"].float_val) == [2.5]
            with (
                pytest.raises(MachineError, match="another server listens there"),
                live(model_base_path=tiny, grpc_socket=path),
            ):
                pass
            with grpc.insecure_channel(f"unix:{path}") as channel:
                stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
                assert stub.Predict(asked())

    def test_what_a_dead_server_left_is_no_hindrance(self, tiny, path):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        with (
            live(model_name="tiny", model_base_path=tiny, grpc_socket=path),
            grpc.insecure_channel(f"unix:{path}") as c,
        ):
            assert prediction_service_pb2_grpc.PredictionServiceStub(c).Predict(asked())

    def test_where_none_can_be(self, tiny, path):
        path.write_text("precious")
        for there, said in (
            (path, "no socket"),
            (path.parent / "no" / "s", "missing"),
            (path.parent / ("x" * 120), "107 bytes"),
        ):
            with pytest.raises(MachineError, match=said), live(model_base_path=tiny, grpc_socket=there):
                pass
        assert path.read_text() == "precious"

    def test_the_flag(self):
        assert read("--port=0", "--grpc_socket_path=g.sock").grpc_socket == Path("g.sock").absolute()


class TestChannelArguments:
    def test_numbers_and_texts(self, caplog):
        given = "grpc.max_connection_age_ms=2000, grpc.primary_user_agent=me,grpc.x=99999999999"
        assert read(f"--grpc_channel_arguments={given}").grpc_arguments == (
            ("grpc.max_connection_age_ms", 2000),
            ("grpc.primary_user_agent", "me"),
            ("grpc.x", "99999999999"),
        )
        with caplog.at_level(logging.WARNING):
            read("--grpc_channel_arguments=max_connection_age_ms=1")
        assert "max_connection_age_ms has no effect" in caplog.text

    def test_grpc_obeys_them_and_they_win_over_ours(self, tiny):
        arguments = (("grpc.max_receive_message_length", 60),)
        with live(model_name="tiny", model_base_path=tiny, grpc_arguments=arguments) as server:
            assert server.predict.Predict(asked())
            with pytest.raises(grpc.RpcError) as error:
                server.predict.Predict(asked(signature="s" * 60))
            assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_the_health_service_can_be_turned_off(tiny):
    for health, code in ((True, None), (False, grpc.StatusCode.UNIMPLEMENTED)):
        with live(model_name="tiny", model_base_path=tiny, grpc_health=health) as server:
            check = health_pb2_grpc.HealthStub(server.channel).Check
            if code is None:
                assert check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
            else:
                with pytest.raises(grpc.RpcError) as error:
                    check(health_pb2.HealthCheckRequest())
                assert error.value.code() == code


def test_outputs_as_tensor_content_over_grpc_only(tiny):
    assert read("--enable_serialization_as_tensor_content").tensor_content
    with live(model_name="tiny", model_base_path=tiny, tensor_content=True) as server:
        got = server.predict.Predict(asked()).outputs["y"]
        assert (list(got.float_val), tf.make_ndarray(got).tolist()) == ([], [2.5])
        assert server.post("/v1/models/tiny:predict", {"instances": [1.0]}).json() == {"predictions": [2.5]}


class TestSession:
    @pytest.fixture(scope="class")
    def tagged(self, tmp_path_factory):
        """A SavedModel of two graphs, which only their tags tell apart."""
        base = tmp_path_factory.mktemp("tagged") / "tiny"
        builder = tf.compat.v1.saved_model.Builder(str(base / "1"))
        for number, tags in enumerate((["serve"], ["serve", "gpu"]), start=1):
            with tf.Graph().as_default(), tf.compat.v1.Session() as session:
                x = tf.compat.v1.placeholder(tf.float32, [None], name="x")
                signature = tf.compat.v1.saved_model.predict_signature_def({"x": x}, {"y": x * float(number)})
                add = builder.add_meta_graph_and_variables if number == 1 else None
                if add:
                    add(session, tags, signature_def_map={"serving_default": signature})
                else:
                    builder.add_meta_graph(tags, signature_def_map={"serving_default": signature})
        builder.save()
        return base

    def test_the_graph_of_the_tags_is_served(self, tagged):
        for flag, answer in (("serve", 3.0), ("gpu,serve", 6.0)):
            settings = read(f"--saved_model_tags={flag}").session
            with live(model_name="tiny", model_base_path=tagged, session=settings) as server:
                assert list(server.predict.Predict(asked(3.0)).outputs["y"].float_val) == [answer]

    def test_tags_that_no_graph_has(self, tagged):
        with (
            pytest.raises(MachineError, match="tpu"),
            live(model_base_path=tagged, session=SessionSettings(tags=("tpu",)), load_retries=0),
        ):
            pass

    def test_no_tags_are_those_of_serving(self):
        assert read("--saved_model_tags=").session.tags == ("serve",)

    def test_a_session_config_file(self, tiny, tmp_path):
        file = tmp_path / "session.config"
        file.write_text("intra_op_parallelism_threads: 3 allow_soft_placement: true")
        settings = read(f"--tensorflow_session_config_file={file}", "--per_process_gpu_memory_fraction=0.5").session
        config = config_of(settings, tiny)
        assert (config.intra_op_parallelism_threads, config.allow_soft_placement) == (3, True)
        assert config.gpu_options.per_process_gpu_memory_fraction == 0.5
        settings = read(f"--tensorflow_session_config_file={file}", "--tensorflow_intra_op_parallelism=2").session
        assert config_of(settings, tiny).intra_op_parallelism_threads == 2
        file.write_text("\nintra_op_paralelism_threads: 3")
        with pytest.raises(UsageError, match=r"(?s)line 2.*did you mean 'intra_op_parallelism_threads'"):
            read(f"--tensorflow_session_config_file={file}")

    @pytest.mark.parametrize(
        ("given", "threads"),
        [
            ([], (1, 0)),
            (["--tensorflow_intra_op_parallelism=0"], (0, 0)),
            (["--tensorflow_inter_op_parallelism=3"], (1, 3)),
            (["--tensorflow_session_parallelism=2"], (2, 2)),
        ],
    )
    def test_threads(self, given, threads):
        settings = read(*given).session
        assert (settings.intra_op, settings.inter_op) == threads


def config_of(settings, base):
    """The ConfigProto of a model's session."""
    model = SavedModel(base / "2", settings)
    try:
        return model._session._config
    finally:
        model.close()


def test_a_version_says_itself_how_it_is_batched(tiny, tmp_path):
    assert read("--enable_per_model_batching_parameters").own_batching
    assert not read("--enable_per_model_batching_parameters", "--enable_batching=false").own_batching
    shutil.copytree(tiny, tmp_path / "tiny")
    version = tmp_path / "tiny" / "2"

    def limits(**more):
        loaded = Loader(Threads(None, 1), BatchLimits(50), warm_ups=0, **more)("tiny", version)
        loaded.saved_model.close()
        return loaded.batcher.limits

    assert (limits(), limits(own_limits=True)) == (BatchLimits(50), BatchLimits(1))
    (version / "batching_params.pbtxt").write_text("max_batch_size { value: 7 }")
    assert (limits(), limits(own_limits=True)) == (BatchLimits(50), BatchLimits(7))
    (version / "batching_params.pbtxt").write_text("max_batch_sise { value: 7 }")
    model = {"model_name": "tiny", "model_base_path": version.parent, "load_retries": 0}
    with pytest.raises(MachineError, match="did you mean 'max_batch_size'"), live(own_batching=True, **model):
        pass


def test_warm_up_replays_as_often_as_asked(tiny, tmp_path):
    shutil.copytree(tiny / "2", tmp_path / "2")
    file = tmp_path / "2" / WARM_UP_REQUESTS
    file.parent.mkdir(exist_ok=True)
    record = prediction_log_pb2.PredictionLog()
    record.predict_log.request.CopyFrom(asked())
    with tf.io.TFRecordWriter(str(file)) as writer:
        writer.write(record.SerializeToString())
    model, ran = SavedModel(tmp_path / "2"), []
    run = model.run
    model.run = lambda signature, inputs, outputs: ran.append(signature.name) or run(signature, inputs, outputs)
    for times in (1, 3):
        ran.clear()
        warm_up(model, tmp_path / "2", times)
        assert ran.count("serving_default") == times + 1
    assert read("--num_request_iterations_for_warmup=3").warm_ups == 3
    assert (read().warm_ups, read("--enable_model_warmup=false").warm_ups) == (1, 0)
