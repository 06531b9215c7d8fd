"""Signed certificates: a statement in a DSSE envelope, with one Ed25519 signature.

A file holds an envelope just as `seal` writes it. That is stricter than DSSE has to be: base64
and JSON can write one thing in several ways, and here a file with any byte changed is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from reports.certificate import Certificate, Refused, encoded, of_statement, statement
from schemas.errors import PackError, Problem
from schemas.files import check

__all__ = ["PAYLOAD_TYPE", "key_id", "private_key", "public_key", "seal", "unseal"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"

_SHAPE = {"payload": str, "payloadType": str, "signatures": list}
_HINT = "give a certificate that assay certify has written"


def private_key(pem: bytes, name: str) -> Ed25519PrivateKey:
    """The key of a PEM file (PKCS 8, without a password). `name` is how complaints call it.

    Raises `PackError`, and never shows what it read.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(name, "is no private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(name, "is a private key, but none of Ed25519")
    return key


def public_key(pem: bytes, name: str) -> Ed25519PublicKey:
    """The key of a PEM file. Raises `PackError`."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        what = "is a private key" if b"PRIVATE KEY" in pem else "is no public key in PEM"
        raise _no_key(name, what, "give the .pub file of assay keygen") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(name, "is a public key, but none of Ed25519")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """What a signature calls its key: a digest of it, in hex."""
    return SSlibKey.from_crypto(key).keyid


def seal(certificate: Certificate, key: Ed25519PrivateKey) -> bytes:
    """The certificate, signed, as a file."""
    envelope = Envelope(encoded(statement(certificate)), PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(key))
    return _written(envelope)


def unseal(content: bytes, key: Ed25519PublicKey, path: Path) -> Certificate:
    """The certificate in a file, once everything in it that can be checked by itself is.

    Raises `PackError` for what is no envelope at all, and `Refused` for one that was changed, was
    signed with another key or holds something else.
    """
    envelope = _read(content, path)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise Refused(f"It holds {envelope.payload_type!r}, and no in-toto statement.")
    _verify(envelope, key)
    if _written(envelope) != content:
        raise Refused("The file is not as it was written: something in it was changed.")
    return _understood(envelope.payload, path)


def _read(content: bytes, path: Path) -> Envelope:
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise _unusable(path, f"is not JSON: {error.msg}") from error
    if not isinstance(said, Mapping) or any(
        not isinstance(said.get(name), kind) for name, kind in _SHAPE.items()
    ):
        raise _unusable(path, "is no DSSE envelope")
    try:
        return Envelope.from_dict(dict(said))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(path, "is a DSSE envelope that cannot be read") from error


def _verify(envelope: Envelope, key: Ed25519PublicKey) -> None:
    known = SSlibKey.from_crypto(key)
    if len(envelope.signatures) != 1:
        raise Refused(f"It has {len(envelope.signatures)} signatures, and not one.")
    try:
        envelope.verify([known], 1)
    except VerificationError as error:
        if known.keyid not in envelope.signatures:
            signer = next(iter(envelope.signatures))
            text = f"It was signed with another key ({signer[:16]}…, and not {known.keyid[:16]}…)."
            raise Refused(text) from error
        raise Refused(
            "The signature is not of these words: the certificate or its signature was changed."
        ) from error


def _understood(payload: bytes, path: Path) -> Certificate:
    try:
        said: Any = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Refused("What was signed is not JSON.") from error
    problems = list(check(said, "certificate", path, line=1))
    if problems:
        first = problems[0]
        raise Refused(f"What was signed is no certificate: {first.pointer} {first.message}.")
    return of_statement(said)


def _written(envelope: Envelope) -> bytes:
    """The one way in which we write an envelope."""
    return json.dumps(envelope.to_dict(), sort_keys=True, indent=1).encode() + b"\n"


def _unusable(path: Path, message: str) -> PackError:
    return PackError(Problem(file=str(path), message=message, hint=_HINT))


def _no_key(name: str, message: str, hint: str = "assay keygen makes a pair of keys") -> PackError:
    return PackError(Problem(file=name, message=message, hint=hint))
