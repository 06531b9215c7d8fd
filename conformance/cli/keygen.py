"""`assay keygen`: a pair of keys to sign certificates with, and to verify them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from reports.envelope import key_id
from schemas.errors import PackError, Problem

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("assay-certificates"),
        metavar="NAME",
        help="writes NAME.key, for its owner's eyes alone, and NAME.pub",
    )


def run(arguments: argparse.Namespace) -> int:
    name: Path = arguments.out
    secret, public = (name.with_name(f"{name.name}.{end}") for end in ("key", "pub"))
    for path in (secret, public):
        if path.exists():
            raise _refused(path, "is there already, and a key is not written over")
    key = Ed25519PrivateKey.generate()
    # No password: it would have to be where the command is run, beside the key.
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _create(secret, pem, 0o600)
    shown = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _create(public, shown, 0o644)
    print(f"private key: {secret}  keep it: whoever has it certifies in your name")
    print(f"public key:  {public}  give it to whoever verifies")
    print(f"key id:      {key_id(key.public_key())}")
    return 0


def _create(path: Path, content: bytes, mode: int) -> None:
    """Never a file that was there, and at no moment readable for others than it should be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        raise _refused(path, f"cannot be written: {error.strerror}") from error


def _refused(path: Path, message: str) -> PackError:
    return PackError(Problem(file=str(path), message=message, hint="name another with --out"))
