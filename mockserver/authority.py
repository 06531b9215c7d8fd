"""Certificates that a coordinator issues, and the authority that signs them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Authority", "Issued"]

_FAR = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
"""A mock's clock may be advanced by years, and its authority outlives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate and its key: PEM texts, and the certificate's bytes (DER) as TLS shows them."""

    cert: str
    key: str
    der: bytes


class Authority:
    """Signs certificates. Its own is made with it, and its key never leaves it."""

    def __init__(self, name: str = "Assay mock authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        began = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        public = self._key.public_key()
        own = (
            _builder(self._name, self._name, public, began, _FAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = own.public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self,
        name: str,
        begin: float,
        end: float,
        *,
        server: bool = False,
        names: Sequence[x509.GeneralName] = (),
        key: str = "",
    ) -> Issued:
        """A certificate for a client, or for a `server`, valid between two times (seconds since
        1970, whole ones). `key` is the PEM of one that it is to be for, instead of a new one.
        """
        pair = _read(key) if key else ec.generate_private_key(ec.SECP256R1())
        use = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        valid = [dt.datetime.fromtimestamp(int(when), dt.UTC) for when in (begin, end)]
        builder = (
            _builder(_named(name), self._name, pair.public_key(), *valid)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        secret = pair.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return Issued(
            cert=made.public_bytes(serialization.Encoding.PEM).decode(),
            key=secret.decode(),
            der=made.public_bytes(serialization.Encoding.DER),
        )


def _read(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey), "it is one of ours"
    return key


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64] or "nameless")])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begin: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
