"""The README's promise on machines that have nothing: set up, run, and keep silent the second time."""

import pytest

from tests.setup.bare_root import debian

RUN = (".venv/bin/python", "local_runner.py", "--config", "configs/penguins.yaml")
GLIBC = ("dpkg-query", "--show", "libc6", "libstdc++6")


def set_up(root):
    ended = root.run("./setup.sh")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
    return ended.stderr


def assert_works(root):
    again = root.run("./setup.sh")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    imported = root.run(".venv/bin/python", "-c", "import tfx; print(tfx.__version__)")
    assert imported.stdout.startswith("1.21"), imported.stderr
    ended = root.run(*RUN)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "PASSED" in ended.stdout + ended.stderr
    assert root.has("output/penguins/runs/latest/reports/index.html")


@pytest.mark.slow
def test_debian_12_gets_a_private_glibc_and_keeps_its_own():
    with debian("bookworm", "python3") as root:
        before = root.run(*GLIBC).stdout
        said = set_up(root)
        assert "fetching a private glibc from debian trixie (this machine has glibc 2.36)" in said
        assert root.run(*GLIBC).stdout == before
        assert_works(root)


@pytest.mark.slow
def test_debian_13_without_any_python_takes_the_short_way():
    with debian("trixie") as root:
        said = set_up(root)
        assert "private glibc" not in said
        assert not root.has(".setup/glibc")
        assert not root.has(".setup/patchelf.log")
        assert_works(root)
