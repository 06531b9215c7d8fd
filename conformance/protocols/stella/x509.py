"""X.509 certificates in PEM, as far as a check has to understand them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

__all__ = [
    "belongs",
    "for_clients",
    "issued_by_any",
    "key_of",
    "may_sign",
    "public_bytes",
    "read_certificates",
    "read_key",
]

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)

_CLIENTS = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)


def read_certificates(text: object) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text in their order; none where one of them cannot be read."""
    if not isinstance(text, str):
        return ()
    try:
        found = tuple(x509.load_pem_x509_certificates(text.encode()))
        for certificate in found:
            _ = certificate.extensions, certificate.subject, certificate.issuer
            certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
        return ()
    return found


def read_key(text: object) -> PrivateKeyTypes | None:
    """The private key of a PEM text, if it can be read without a password."""
    if not isinstance(text, str):
        return None
    try:
        return load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def public_bytes(certificate: x509.Certificate) -> bytes:
    """The public key of a certificate, the same for the same key."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_of(key: PrivateKeyTypes) -> bytes:
    """The public half of a private key, as `public_bytes` gives it."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def belongs(certificate: x509.Certificate, key: PrivateKeyTypes | None) -> bool:
    """Is it the key of that certificate?"""
    return key is not None and key_of(key) == public_bytes(certificate)


def may_sign(certificate: x509.Certificate) -> bool:
    """Does it say that it is an authority's?"""
    basic = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    return (basic is not None and basic.ca) or (usage is not None and usage.key_cert_sign)


def for_clients(certificate: x509.Certificate) -> bool:
    """Do its uses, where it names any, allow a client of TLS to show it?"""
    named = _extension(certificate, x509.ExtendedKeyUsage)
    usage = _extension(certificate, x509.KeyUsage)
    known = named is None or any(use in _CLIENTS for use in named)
    return known and (usage is None or usage.digital_signature)


def issued_by_any(
    certificate: x509.Certificate,
    authorities: Sequence[x509.Certificate],
    between: Iterable[x509.Certificate] = (),
) -> bool:
    """Did one of the authorities sign it, directly or by way of those in `between`?"""
    left = [each for each in between if each != certificate]
    if any(_issued(certificate, each) for each in authorities if each != certificate):
        return True
    return any(
        issued_by_any(each, authorities, [other for other in left if other != each])
        for each in left
        if _issued(certificate, each)
    )


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    basic = _extension(issuer, x509.BasicConstraints)
    if basic is not None and not basic.ca:
        return False  # one without the extension may be an authority of old
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    except UnsupportedAlgorithm:
        return certificate.issuer == issuer.subject  # nothing more can be known here
    return True


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None
