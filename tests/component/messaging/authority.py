"""A certificate authority of the tests' own, and a NATS server that shows what it signed."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from chassis.nats_access import TlsFiles
from deploy.local.servers import Nats

USER, PASSWORD = "booking", "of-the-tests-only"


class Authority:
    """Signs for 127.0.0.1 and for clients; ``folder`` holds everything as PEM files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, folder.name)])
        self.file = folder / "ca.crt"
        self.renew(self.file)

    def renew(self, file: Path) -> None:
        """Write a certificate of its own into ``file``: another one, of the same key."""
        made = self._begun(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self._write(file, made)

    def signs(self, name: str) -> TlsFiles:
        """A certificate of ``name``'s, which is at 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        files = TlsFiles(self.file, self._folder / f"{name}.crt", self._folder / f"{name}.key")
        assert files.certificate is not None
        assert files.key is not None
        self._write(
            files.certificate, self._begun(subject, key).add_extension(here, critical=False)
        )
        files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files

    def _begun(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )

    def _write(self, file: Path, begun: x509.CertificateBuilder) -> None:
        signed = begun.sign(self._key, hashes.SHA256())
        file.write_bytes(signed.public_bytes(Encoding.PEM))


def server(data: Path, files: TlsFiles, *, verify: bool = False, first: bool = True) -> Nats:
    """A NATS server that speaks TLS; ``first``: before its first word."""

    def configuration(port: int, monitor: int, store: Path) -> str:
        return f"""\
listen: 127.0.0.1:{port}
http: 127.0.0.1:{monitor}
jetstream {{ store_dir: "{store}" }}
tls {{
  cert_file: "{files.certificate}"
  key_file: "{files.key}"
  ca_file: "{files.ca}"
  verify: {str(verify).lower()}
  handshake_first: {str(first).lower()}
}}
authorization {{ users: [ {{ user: {USER}, password: "{PASSWORD}" }} ] }}
"""

    return Nats(data, configuration)
