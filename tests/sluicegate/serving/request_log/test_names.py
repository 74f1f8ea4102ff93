from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from sluicegate.serving.request_log import names


@given(st.text())
@example("..")
@example("../../etc/passwd")
@example("a\x00b")
@example("é" * 400)
@example("\ud800")
def test_a_model_name_is_one_visible_folder_inside(model):
    folder = names.folder_of(model)
    assert Path("/log", folder).resolve().parent == Path("/log").resolve()
    assert not folder.startswith(".")
    file = str(names.FileName(model, 1.7e9, 10**6, 2**22, "parquet"))
    assert len(names.hidden(file).encode()) + len(names.BROKEN) <= 255
    assert names.shown(names.hidden(file)) == file
    assert names.age_of(file, "parquet") == ("20231114T221320Z", 10**6)


@given(st.sets(st.text(min_size=0, max_size=300), min_size=2, max_size=2))
@example({"a/b", "a%2Fb"})
@example({".a", "%2Ea"})
@example({"", "%"})
@example({"x" * 300 + "1", "x" * 300 + "2"})
def test_two_models_never_share_a_folder(two):
    one, other = two
    assert names.folder_of(one) != names.folder_of(other)


def test_only_complete_files_of_the_format_have_an_age():
    name = str(names.FileName("census", 1.7e9, 3, 77, "parquet"))
    assert name == "census-20231114T221320Z-000003-77.parquet"
    for other in (names.hidden(name), f".{name}.tmp", names.hidden(name) + names.BROKEN, "notes.parquet"):
        assert names.age_of(other, "parquet") is None
    assert names.age_of(name, "tfrecord") is None
