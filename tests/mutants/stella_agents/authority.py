"""Certificates made on the fly, for the rehearsals and for those who sign for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Authority", "new_key", "pem_of", "self_signed"]

_DAY = timedelta(hours=24)
_Key = ec.EllipticCurvePrivateKey


def new_key() -> _Key:
    """A P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def pem_of(key: _Key) -> str:
    """``key`` as PEM text."""
    form = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


@dataclass(frozen=True, slots=True)
class Authority:
    """One that signs."""

    key: _Key
    certificate: x509.Certificate

    @classmethod
    @cache
    def called(cls, name: str) -> Authority:
        """The authority of that name, always the same in one process."""
        key = new_key()
        return cls(key, _sign(key, name, key, name, server=False, ca=True))

    @property
    def pem(self) -> str:
        """Its own certificate as PEM text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, name: str, key: _Key, *, server: bool = False) -> tuple[str, int]:
        """A certificate for ``key`` as PEM text, and its serial number."""
        issuer = self.certificate.subject.rfc4514_string().removeprefix("CN=")
        made = _sign(key, name, self.key, issuer, server=server, ca=False)
        return made.public_bytes(serialization.Encoding.PEM).decode(), made.serial_number


def self_signed() -> tuple[str, str]:
    """Certificate and key of somebody who knows no authority, PEM."""
    key = new_key()
    made = _sign(key, "nobody", key, "nobody", server=False, ca=False)
    return made.public_bytes(serialization.Encoding.PEM).decode(), pem_of(key)


def _sign(
    key: _Key, name: str, signer: _Key, issuer: str, *, server: bool, ca: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if ca:
        builder = builder.add_extension(_SIGNS, critical=True)
    else:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if server:
        address = x509.IPAddress(ip_address("127.0.0.1"))
        names = x509.SubjectAlternativeName([address, x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())


_SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
