"""Status and metadata: the cases GetStatus and GetModelMetadata of http_rest_api_handler_test.cc."""

import json

import pytest
from google.protobuf import text_format

from sluicegate.serving.rest.documents import VersionStatus, model_metadata, model_status, render
from sluicegate.serving.status import Code


def test_a_status_tells_the_state_and_why():
    document = model_status([VersionStatus(122, "END", Code.NOT_FOUND, "gone"), VersionStatus(2**53 + 1, "AVAILABLE")])
    assert document == {
        "model_version_status": [
            {
                "version": "9007199254740993",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            },
            {
                "version": "122",
                "state": "END",
                "status": {"error_code": "NOT_FOUND", "error_message": "gone"},
            },
        ]
    }


def test_documents_are_printed_as_protocol_buffers_are():
    assert render(model_status([VersionStatus(1, "AVAILABLE")])).decode() == (
        '{\n "model_version_status": [\n  {\n   "version": "1",\n   "state": "AVAILABLE",\n   "status": {\n'
        '    "error_code": "OK",\n    "error_message": ""\n   }\n  }\n ]\n}\n'
    )


@pytest.fixture(scope="module")
def signatures():
    from tensorflow_serving.apis.get_model_metadata_pb2 import SignatureDefMap

    return text_format.Parse(
        """
        signature_def { key: "serving_default" value {
            inputs { key: "x" value { name: "x:0" dtype: DT_FLOAT tensor_shape { dim { size: -1 } dim { size: 1 } } } }
            outputs { key: "y" value { name: "y:0" dtype: DT_STRING tensor_shape { unknown_rank: true } } }
            method_name: "tensorflow/serving/predict" } }
        """,
        SignatureDefMap(),
    )


def tensor_info(name: str, dtype: str, sizes: list[str], unknown_rank: bool) -> dict:
    dim = [{"size": size, "name": ""} for size in sizes]
    return {"name": name, "dtype": dtype, "tensor_shape": {"dim": dim, "unknown_rank": unknown_rank}}


def test_metadata_tell_all_fields_of_the_signatures(signatures):
    document = model_metadata("half_plus_two", 123, signatures)
    told = document["metadata"]["signature_def"]["signature_def"]
    assert document == {
        "model_spec": {"name": "half_plus_two", "signature_name": "", "version": "123"},
        "metadata": {"signature_def": {"signature_def": told}},
    }
    assert json.loads(render(document)) == document
    assert told == {
        "serving_default": {
            "inputs": {"x": tensor_info("x:0", "DT_FLOAT", ["-1", "1"], unknown_rank=False)},
            "outputs": {"y": tensor_info("y:0", "DT_STRING", [], unknown_rank=True)},
            "method_name": "tensorflow/serving/predict",
            "defaults": {},
        }
    }
