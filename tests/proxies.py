"""HAProxy and nginx, as they stand in front of servers: connections are kept on both sides."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

HAPROXY = """
global
  stats socket {folder}/admin.sock mode 600 level admin expose-fd listeners
defaults
  mode http
  retries 3
  option redispatch
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
frontend door
  bind 127.0.0.1:{port}
  default_backend servers
backend servers
  option httpchk GET /readyz
  http-reuse always
  default-server check inter 200ms fall 1 rise 1
{servers}
"""
NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000;
  upstream servers {{
{servers}
    keepalive 64;
    keepalive_timeout 60s;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://servers;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"""


class Proxy:
    """port : where it listens.  reload : makes it read its configuration again, which names these servers."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        self.file = folder / f"{kind}.conf"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def write(self, ports: Sequence[int]) -> None:
        if self.kind == "haproxy":
            servers = "\n".join(f"  server s{port} 127.0.0.1:{port}" for port in ports)
            text = HAPROXY
        else:
            servers = "\n".join(f"    server 127.0.0.1:{port} max_fails=0;" for port in ports)
            text = NGINX
        self.file.write_text(text.format(folder=self.folder, port=self.port, servers=servers))

    def start(self) -> None:
        flags = ["-W", "-db", "-f"] if self.kind == "haproxy" else ["-p", str(self.folder), "-c"]
        with (self.folder / "proxy.log").open("w") as log:
            self.process = subprocess.Popen([program(self.kind), *flags, str(self.file)], stdout=log, stderr=log)
        until = time.monotonic() + 30
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "proxy.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def reload(self, ports: Sequence[int]) -> None:
        self.write(ports)
        self.process.send_signal(signal.SIGUSR2 if self.kind == "haproxy" else signal.SIGHUP)


def program(kind: str) -> str:
    """Its path; skips where it is not installed, or fails when SLUICEGATE_REQUIRE_REAL is 1."""
    found = shutil.which(kind) or shutil.which(kind, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        reason = f"{kind} is not installed (Debian: {kind if kind == 'haproxy' else 'nginx-light'})"
        (pytest.fail if os.environ.get("SLUICEGATE_REQUIRE_REAL") == "1" else pytest.skip)(reason)
    return found


@contextmanager
def proxy(kind: str, folder: Path, ports: Sequence[int]) -> Iterator[Proxy]:
    folder.mkdir()
    one = Proxy(kind, folder)
    one.write(ports)
    one.start()
    try:
        yield one
    finally:
        one.process.terminate()
        one.process.wait(30)
