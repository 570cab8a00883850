"""The self-signed key and certificate of the TLS endpoint.

Clients of OMERO verify no certificate, but the endpoint needs a real key. Source: contract/server.md, section 2.1.
"""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

_LIFETIME = datetime.timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class KeyStore:
    """A PKCS#12 file and the password that opens it."""

    path: Path
    password: str


def key_store(folder: Path, host: str) -> KeyStore:
    """The key store in `folder`; made on first use, for `host`."""
    path, password_file = folder / "server.p12", folder / "server.pass"
    if not (path.exists() and password_file.exists()):
        password = secrets.token_urlsafe(24)
        _write(password_file, password.encode("ascii"))
        _write(path, _self_signed(host, password))
    return KeyStore(path, password_file.read_text(encoding="ascii"))


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600, exist_ok=True)
    path.write_bytes(content)


def _self_signed(host: str, password: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(
        b"omero", key, certificate, None, BestAvailableEncryption(password.encode("ascii"))
    )
