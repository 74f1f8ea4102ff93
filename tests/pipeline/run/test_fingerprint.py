from pipeline.run import fingerprint
from pipeline.run.code import sources


def test_digest_does_not_depend_on_the_order_of_keys():
    assert fingerprint.digest({"a": 1, "b": [2]}) == fingerprint.digest({"b": [2], "a": 1})


def test_digest_sees_every_value():
    assert fingerprint.digest({"a": 1}) != fingerprint.digest({"a": 2})


def project(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def digest_of(folder, monkeypatch, module="steps.one"):
    monkeypatch.setattr(fingerprint, "PROJECT", folder)
    return fingerprint._of_modules.__wrapped__((module,))


def test_the_digest_of_a_step_sees_what_it_imports_and_what_that_imports(tmp_path, monkeypatch):
    project(
        tmp_path,
        {
            "steps/one.py": "def run():\n    from deep import inner\n",
            "deep/inner.py": "import leaf\n",
            "leaf.py": "a = 1\n",
        },
    )
    before = digest_of(tmp_path, monkeypatch)
    project(tmp_path, {"leaf.py": "a = 2\n"})
    assert digest_of(tmp_path, monkeypatch) != before


def test_it_sees_names_in_parentheses_packages_and_templates(tmp_path, monkeypatch):
    seen = {digest_of(tmp_path, monkeypatch)}
    project(
        tmp_path,
        {
            "steps/one.py": "from deep import (  # these\n    first,\n    second,\n)\n",
            "deep/first.py": "",
            "deep/second.py": "",
        },
    )
    seen.add(digest_of(tmp_path, monkeypatch))
    project(tmp_path, {"deep/second.py": "b = 1\n"})
    seen.add(digest_of(tmp_path, monkeypatch))
    (tmp_path / "deep" / "templates").mkdir()
    (tmp_path / "deep" / "templates" / "page.j2").write_text("hello")
    seen.add(digest_of(tmp_path, monkeypatch))
    project(tmp_path, {"deep/__init__.py": "c = 1\n"})
    seen.add(digest_of(tmp_path, monkeypatch))
    assert len(seen) == 5


def test_it_ignores_what_the_step_does_not_import(tmp_path, monkeypatch):
    project(tmp_path, {"steps/one.py": "import leaf\n", "leaf.py": "", "steps/other.py": "a = 1\n"})
    before = digest_of(tmp_path, monkeypatch)
    project(tmp_path, {"steps/other.py": "a = 2\n"})
    assert digest_of(tmp_path, monkeypatch) == before


def test_a_page_of_the_report_is_no_part_of_what_trains_a_model():
    trains = {
        path.relative_to(fingerprint.PROJECT).parts[:2] for path in sources(("models.training",), fingerprint.PROJECT)
    }
    assert ("models", "network.py") in trains
    assert ("sluicegate", "tables") in trains
    assert ("sluicegate", "reports") not in trains
