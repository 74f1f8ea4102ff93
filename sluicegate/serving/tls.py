"""Whether a certificate and its key can be used, said before the server starts. Neither is ever quoted."""

from __future__ import annotations

import logging
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import Problem, UsageError
from sluicegate.serving.options import Tls

log = logging.getLogger("sluicegate.serving")

PEM = "a PEM text, from -----BEGIN ... to -----END ..."
#: OpenSSL's numbers of what a client says of a certificate's time (X509_V_ERR_CERT_...).
_NOT_YET, _EXPIRED = 9, 10
_TIMES = {
    _NOT_YET: "is not valid yet: look at this machine's clock",
    _EXPIRED: "has expired: renew it",
}


class _Encrypted(Exception):
    pass


def check(tls: Tls, *, certificate: str, key: str, client_ca: str = "") -> None:
    """Raises UsageError for what cannot be used; warns of a certificate that clients will refuse for its dates.

    certificate, key, client_ca : where each text came from, for the reader.
    """
    _check_certificates(tls.certificate, certificate)
    if tls.client_ca is not None:
        _check_certificates(tls.client_ca, client_ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with files(tls) as (certificate_file, key_file):
        try:
            context.load_cert_chain(certificate_file, key_file, password=_no_password)
        except _Encrypted:
            raise _unusable(
                key,
                "a private key that is encrypted with a pass phrase",
                "a private key without one",
                "decrypt it (openssl pkey -in KEY -out PLAIN) and let only the server's user read it",
            ) from None
        except ssl.SSLError as error:
            raise _refused(error, certificate, key) from None
    time = _said_of_its_time(context, tls.certificate)
    if time:
        log.warning("%s: the certificate %s; clients that check it refuse it", certificate, time)


@contextmanager
def files(tls: Tls) -> Iterator[tuple[str, str]]:
    """The PEM texts as two files for the time of the block: Python's ssl takes nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, private = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
        certificate.write_bytes(tls.certificate)
        private.touch(mode=0o600)
        private.write_bytes(tls.key)
        yield str(certificate), str(private)


def _no_password() -> str:
    # Without this, OpenSSL asks on the terminal, and a server without one waits for ever.
    raise _Encrypted


def _check_certificates(text: bytes, place: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text.decode("ascii", "replace"))
    except (ssl.SSLError, ValueError):
        raise _unusable(
            place, _seen(text), f"a certificate: {PEM.replace('...', 'CERTIFICATE')}", "name the certificate's file"
        ) from None


def _refused(error: ssl.SSLError, certificate: str, key: str) -> UsageError:
    if error.reason == "KEY_VALUES_MISMATCH":
        return _unusable(
            f"{certificate} and {key}",
            "a key that does not belong to the certificate",
            "the two halves of one pair",
            "name the key that the certificate was made for; the server's own certificate comes first in its file",
        )
    if error.reason:
        what = error.reason.lower().replace("_", " ")
        return _unusable(
            f"{certificate} and {key}", what, "a pair that OpenSSL takes", "make a new pair (RSA 2048 bits or EC P-256)"
        )
    return _unusable(
        key, "no private key that can be read", f"an unencrypted private key: {PEM}", "name the key's file"
    )


def _seen(text: bytes) -> str:
    if not text.strip():
        return "nothing: it is empty"
    if b"PRIVATE KEY-----" in text and b"CERTIFICATE-----" not in text:
        return "a private key"
    return "no certificate that can be read"


def _unusable(place: str, got: str, allowed: str, remedy: str) -> UsageError:
    return UsageError("The server cannot start with this certificate and key.", Problem(place, got, allowed, remedy))


def _said_of_its_time(server: ssl.SSLContext, certificate: bytes) -> str:
    """What a client that trusts the certificate says of its dates, asked by a handshake in memory; "" for nothing."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    trusting.load_verify_locations(cadata=certificate.decode("ascii", "replace"))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (client, answering):
            try:
                side.do_handshake()
            except ssl.SSLCertVerificationError as error:
                return _TIMES.get(error.verify_code, "")
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return ""
    return ""
