"""TLS on both ports, with certificates made here."""

import datetime
import ssl

import grpc
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

from serving.options import Tls
from tests.serving.live import live

DAY = datetime.timedelta(days=1)


def certificate(name, signer=None):
    """(certificate, key) in PEM for localhost, signed by `signer` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing = signer or (subject, key)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .sign(signing, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (subject, key), made.public_bytes(serialization.Encoding.PEM), private


@pytest.fixture(scope="module")
def authority():
    return certificate("authority")


@pytest.fixture(scope="module")
def own(authority):
    return certificate("localhost", authority[0])[1:]


def status(port, credentials):
    asked = get_model_status_pb2.GetModelStatusRequest(model_spec={"name": "tiny"})
    with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
        return model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(asked, timeout=10)


def test_both_ports(tiny, authority, own):
    with live(model_name="tiny", model_base_path=tiny, tls=Tls(*own)) as server:
        trusted = ssl.create_default_context(cadata=authority[1].decode())
        answer = httpx.get(f"https://localhost:{server.ports.rest}/v1/models/tiny", verify=trusted)
        assert answer.status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"https://localhost:{server.ports.rest}/v1/models/tiny")
        assert status(server.ports.grpc, grpc.ssl_channel_credentials(authority[1])).model_version_status


def test_clients_must_show_who_they_are_where_that_is_asked(tiny, authority, own, tmp_path):
    _, shown, key = certificate("client", authority[0])
    with live(model_name="tiny", model_base_path=tiny, tls=Tls(*own, client_ca=authority[1])) as server:
        url = f"https://localhost:{server.ports.rest}/v1/models/tiny"
        trusted = ssl.create_default_context(cadata=authority[1].decode())
        with pytest.raises(httpx.HTTPError):
            httpx.get(url, verify=trusted)
        (tmp_path / "c.pem").write_bytes(shown + key)
        trusted.load_cert_chain(tmp_path / "c.pem")
        assert httpx.get(url, verify=trusted).status_code == 200
        with pytest.raises(grpc.RpcError):
            status(server.ports.grpc, grpc.ssl_channel_credentials(authority[1]))
        assert status(server.ports.grpc, grpc.ssl_channel_credentials(authority[1], key, shown)).model_version_status
