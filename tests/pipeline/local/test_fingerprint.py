from pipeline.local import fingerprint


def test_digest_does_not_depend_on_the_order_of_keys():
    assert fingerprint.digest({"a": 1, "b": [2]}) == fingerprint.digest({"b": [2], "a": 1})


def test_digest_sees_every_value():
    assert fingerprint.digest({"a": 1}) != fingerprint.digest({"a": 2})


def test_code_digest_sees_an_edit(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    source = tmp_path / "models" / "network.py"
    source.write_text("a = 1\n")
    monkeypatch.setattr(fingerprint, "PROJECT", tmp_path)
    before = fingerprint.code_digest.__wrapped__(("models",))
    source.write_text("a = 2\n")
    assert fingerprint.code_digest.__wrapped__(("models",)) != before


def test_code_digest_of_a_step_ignores_other_rooms(tmp_path, monkeypatch):
    for room in ("models", "reports"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "a.py").write_text("a = 1\n")
    monkeypatch.setattr(fingerprint, "PROJECT", tmp_path)
    before = fingerprint.code_digest.__wrapped__(("models",))
    (tmp_path / "reports" / "a.py").write_text("a = 2\n")
    assert fingerprint.code_digest.__wrapped__(("models",)) == before
