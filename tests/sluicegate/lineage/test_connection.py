import pytest
from ml_metadata.proto import metadata_store_pb2, metadata_store_service_pb2

from sluicegate.lineage.connection import BACKSLASH, STAND_IN, PostgresStore, replace
from tests.database import connection, postgresql

HARD = [
    r'{"a": "{\"b\": \"c\\n\"}"}',
    "it's",
    'say "x"',
    r"C:\data\new",
    r"\\",
    "ä€",
    "a\nb",
    "'; DROP TABLE Execution; --",
]


@pytest.fixture(scope="module")
def store():
    with postgresql() as port:
        yield PostgresStore(connection(port))


@pytest.mark.parametrize("text", HARD)
def test_every_text_comes_back_as_it_was(store, text):
    kind = store.put_execution_type(metadata_store_pb2.ExecutionType(name="step"))
    execution = metadata_store_pb2.Execution(type_id=kind)
    execution.custom_properties["given"].string_value = text
    [number] = store.put_executions([execution])
    [read] = store.get_executions_by_id([number])
    assert read.custom_properties["given"].string_value == text
    assert execution.custom_properties["given"].string_value == text


def test_replace_reaches_lists_and_nested_messages():
    request = metadata_store_service_pb2.PutArtifactsRequest()
    request.artifacts.add().uri = f"a{BACKSLASH}b"
    replace(request, BACKSLASH, STAND_IN)
    assert request.artifacts[0].uri == f"a{STAND_IN}b"
