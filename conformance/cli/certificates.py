"""What the commands about certificates share: keys, the time, and how a refusal is told."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance.cli.comparing import record_of
from reports import Run
from reports.certificate import (
    Certificate,
    Refused,
    certificate_of,
    out_of_time,
)
from reports.envelope import private_key, public_key, unseal
from reports.requirement_set import set_digest
from schemas import load, load_requirements
from schemas.errors import PackError, Problem

__all__ = [
    "add_verified",
    "read_bytes",
    "signing_key",
    "stamp",
    "tell_refusal",
    "verified",
]

_ENVIRONMENT = "env:"


def add_verified(parser: argparse.ArgumentParser) -> None:
    """The arguments of `verified`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a certificate")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="PUB", help="public key of who issued it"
    )
    parser.add_argument(
        "--run", type=Path, metavar="RUN", help="the run that it was issued for, to be compared"
    )
    parser.add_argument(
        "--protocol",
        metavar="PROTOCOL",
        help="the protocol that it has to be of, just as this Assay knows it",
    )


def verified(arguments: argparse.Namespace) -> Certificate:
    """The certificate of a command line, once everything about it holds.

    Raises `Refused` where something does not, and `PackError` for a file that cannot be used.
    """
    key = public_key(read_bytes(arguments.key), str(arguments.key))
    certificate = unseal(read_bytes(arguments.file), key, arguments.file)
    late = out_of_time(certificate, stamp(datetime.now(UTC)))
    if late:
        raise Refused(late)
    if arguments.run is not None:
        _hold_run(certificate, record_of(arguments.run))
    if arguments.protocol is not None:
        _hold_set(certificate, arguments.protocol)
    return certificate


def signing_key(said: str) -> Ed25519PrivateKey:
    """The private key in a file, or in the environment (`env:NAME`). Raises `PackError`."""
    if not said.startswith(_ENVIRONMENT):
        return private_key(read_bytes(Path(said)), said)
    name = said.removeprefix(_ENVIRONMENT)
    pem = os.environ.get(name, "")
    if not pem:
        hint = f"export {name}=… with the PEM text of a private key"
        raise PackError(Problem(file="--key", message=f"the environment has no {name}", hint=hint))
    return private_key(pem.encode(), said)


def read_bytes(path: Path) -> bytes:
    """Raises `PackError` where a file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise PackError(Problem(file=str(path), message=message, hint="check the path")) from error


def stamp(moment: datetime) -> str:
    """A time as certificates write it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def tell_refusal(what: str, refused: Refused) -> int:
    """Say it on the error stream, and return the exit code."""
    print(f"assay: {what}", file=sys.stderr)
    for reason in refused.reasons:
        print(f"  - {reason}", file=sys.stderr)
    return 1


def _hold_run(certificate: Certificate, record: Path) -> None:
    """The run must be the very one, and say what the certificate says of it."""
    if hashlib.sha256(read_bytes(record)).hexdigest() != certificate.run:
        raise Refused("It was issued for another run, or the record of the run was changed.")
    same = certificate_of(
        Run.read(record),
        peer=certificate.peer,
        digests=(certificate.requirements, certificate.run),
        times=(certificate.tested, certificate.issued, certificate.expires),
        untestable=certificate.untestable,
    )
    if same != certificate:
        raise Refused("It says of the run what the run itself does not say.")


def _hold_set(certificate: Certificate, pack: str) -> None:
    protocol = load(pack)
    if protocol.id != certificate.protocol:
        raise Refused(f"It is of the protocol {certificate.protocol}, and not of {protocol.id}.")
    if protocol.version != certificate.revision:
        raise Refused(
            f"It is of revision {certificate.revision}, and this Assay knows {protocol.version}."
        )
    rows = load_requirements(protocol).values()
    if set_digest(protocol, certificate.role, rows) != certificate.requirements:
        raise Refused("It is of another requirement set than the one that this Assay has.")
