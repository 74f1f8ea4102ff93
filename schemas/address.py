"""How an address is written before a port."""

from __future__ import annotations


def with_port(host: str, port: int | str | None) -> str:
    """`host:port` as URLs and gRPC targets have it: an IPv6 address in brackets (RFC 3986, section 3.2.2).

    >>> with_port("127.0.0.1", 8501), with_port("::1", 8501), with_port("[::1]", 8501)
    ('127.0.0.1:8501', '[::1]:8501', '[::1]:8501')
    """
    return f"[{bare(host)}]:{port}" if ":" in host else f"{host}:{port}"


def bare(host: str) -> str:
    """The address that a socket takes.

    >>> bare("[::1]"), bare("localhost")
    ('::1', 'localhost')
    """
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host
