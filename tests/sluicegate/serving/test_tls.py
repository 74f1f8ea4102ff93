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

from schemas.errors import MachineError, UsageError
from sluicegate.serving import flags as serving_flags
from sluicegate.serving.options import Tls
from tests.sluicegate.serving.live import live
from tests.sluicegate.serving.test_process import refused

DAY = datetime.timedelta(days=1)


def certificate(name, signer=None, when=None):
    """(certificate, key) in PEM for localhost, signed by `signer` or by itself; valid a day before and after `when` (now)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing = signer or (subject, key)
    now = when or datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .sign(signing, hashes.SHA256())
    )
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


class TestUnusable:
    """What cannot be used is said in four parts, by its flag, without a traceback and without quoting a secret."""

    @pytest.fixture
    def pems(self, tmp_path, own):
        other = certificate("localhost")
        secret = ec.generate_private_key(ec.SECP256R1())
        encrypted = secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"word"),
        )
        der = x509.load_pem_x509_certificate(own[0]).public_bytes(serialization.Encoding.DER)
        texts = {
            "cert": own[0],
            "key": own[1],
            "other_key": other[2],
            "encrypted": encrypted,
            "garbage": b"no key at all\n",
            "empty": b"",
            "half": own[1][: len(own[1]) // 2],
            "der": der,
        }
        for name, text in texts.items():
            (tmp_path / name).write_bytes(text)
        return tmp_path

    @pytest.mark.parametrize(
        ("cert", "key", "where", "got"),
        [
            ("cert", "nowhere", "--tls_key {}/nowhere", "no such file or directory"),
            ("nowhere", "key", "--tls_certificate {}/nowhere", "no such file or directory"),
            ("cert", ".", "--tls_key {}/.", "is a directory"),
            ("cert", "encrypted", "--tls_key {}/encrypted", "encrypted with a pass phrase"),
            ("cert", "other_key", "--tls_certificate {}/cert and --tls_key {}/other_key", "does not belong"),
            ("cert", "garbage", "--tls_key {}/garbage", "no private key that can be read"),
            ("cert", "half", "--tls_key {}/half", "no private key that can be read"),
            ("cert", "empty", "--tls_key {}/empty", "no private key that can be read"),
            ("cert", "cert", "--tls_key {}/cert", "no private key that can be read"),
            ("garbage", "key", "--tls_certificate {}/garbage", "no certificate that can be read"),
            ("empty", "key", "--tls_certificate {}/empty", "nothing: it is empty"),
            ("key", "cert", "--tls_certificate {}/key", "a private key"),
            ("der", "key", "--tls_certificate {}/der", "no text in UTF-8"),
        ],
    )
    def test_files(self, pems, cert, key, where, got, monkeypatch):
        # Nobody is asked for a pass phrase: OpenSSL would wait for a terminal.
        monkeypatch.setattr("builtins.input", None)
        flags = ["--model_base_path=/tmp", f"--tls_certificate={pems / cert}", f"--tls_key={pems}/{key}"]
        with pytest.raises(UsageError) as error:
            serving_flags.read(flags, {})
        [problem] = error.value.problems
        assert problem.place == where.format(pems, pems)
        assert got in problem.got
        assert problem.allowed
        assert problem.remedy
        assert "PRIVATE KEY-----\n" not in str(error.value)

    @pytest.mark.parametrize(
        ("texts", "where"),
        [
            ({"server_key": "other_key"}, "server_cert and --ssl_config_file {}, server_key"),
            ({"server_cert": "garbage"}, "--ssl_config_file {}, server_cert"),
            ({"custom_ca": "garbage"}, "--ssl_config_file {}, custom_ca"),
            ({"custom_ca": "key"}, "--ssl_config_file {}, custom_ca"),
        ],
    )
    def test_a_config_file_and_the_clients_authority(self, pems, texts, where):
        names = {"server_cert": "cert", "server_key": "key", "custom_ca": "cert", **texts}
        quoted = {field: (pems / name).read_text().replace("\n", "\\n") for field, name in names.items()}
        file = pems / "ssl.config"
        file.write_text("\n".join([*(f'{field}: "{text}"' for field, text in quoted.items()), "client_verify: true"]))
        with pytest.raises(UsageError) as error:
            serving_flags.read(["--model_base_path=/tmp", f"--ssl_config_file={file}"], {})
        assert where.format(file) in error.value.problems[0].place

    @pytest.mark.parametrize(("days", "said"), [(-3, "has expired"), (3, "is not valid yet"), (0, "")])
    def test_a_certificate_s_dates_are_a_warning(self, tmp_path, days, said, caplog):
        _, cert, key = certificate("localhost", when=datetime.datetime.now(datetime.UTC) + days * DAY)
        (tmp_path / "c").write_bytes(cert)
        (tmp_path / "k").write_bytes(key)
        with caplog.at_level("WARNING", "sluicegate.serving"):
            given = serving_flags.read(
                ["--model_base_path=/tmp", f"--tls_certificate={tmp_path / 'c'}", f"--tls_key={tmp_path / 'k'}"], {}
            )
        assert given.tls == Tls(cert, key)
        assert [said in record.message for record in caplog.records] == ([True] if said else [])

    def test_the_process_prints_no_traceback_and_asks_nothing(self, pems):
        flags = ("--model_base_path=/tmp", f"--tls_certificate={pems / 'cert'}", f"--tls_key={pems / 'encrypted'}")
        code, said = refused(*flags, "--free_ports")
        assert code == 64
        assert said.startswith("The server cannot start with this certificate and key.")
        assert "pass phrase" in said

    def test_what_grpc_alone_refuses_is_said_too(self, tiny, own):
        garbage = Tls(own[0], own[1], client_ca=b"garbage")
        with (
            pytest.raises(MachineError, match="new certificate and key"),
            live(model_name="tiny", model_base_path=tiny, rest_port=None, tls=garbage),
        ):
            pass
