"""What the commands about certificates share: keys, the time, and how a refusal is told."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance.cli.runs import record_of
from reports import Run
from reports.certificate import (
    Certificate,
    Refused,
    certificate_of,
    out_of_time,
)
from reports.envelope import private_key, public_key, unseal
from reports.requirement_set import set_digest
from reports.text import listing
from schemas import load, load_frozen, load_requirements, protocol_ids
from schemas.errors import PackError, Problem
from schemas.spec import FrozenSet, Protocol

__all__ = [
    "Verified",
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
        help="the protocol that it has to be of, by the requirements that this Assay has now",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A certificate that holds, the frozen set that it is of, and whether this Assay judges by that
    set now.
    """

    certificate: Certificate
    of: FrozenSet
    newest: bool


def verified(arguments: argparse.Namespace) -> Verified:
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
    protocol = _protocol(certificate, arguments.protocol)
    of = _frozen(certificate, protocol)
    newest = _is_newest(certificate, protocol)
    if arguments.protocol is not None and not newest:
        raise Refused(
            f"It is of {of.name}, frozen {of.frozen}: another requirement set than the one that "
            "this Assay has now."
        )
    return Verified(certificate=certificate, of=of, newest=newest)


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


def _protocol(certificate: Certificate, pack: str | None) -> Protocol:
    """The protocol that it has to be of, or that it says it is of."""
    if pack is None and certificate.protocol not in protocol_ids():
        raise Refused(
            f"It is of the protocol {certificate.protocol}, which this Assay does not have: "
            "give the folder of its pack with --protocol."
        )
    protocol = load(pack or certificate.protocol)
    if protocol.id != certificate.protocol:
        raise Refused(f"It is of the protocol {certificate.protocol}, and not of {protocol.id}.")
    return protocol


def _frozen(certificate: Certificate, protocol: Protocol) -> FrozenSet:
    """The set that its digest is of. A set that nobody froze is nobody's word but the issuer's."""
    own = [each for each in load_frozen(protocol) if each.role == certificate.role]
    for each in own:
        if each.digest == certificate.requirements and each.revision == certificate.revision:
            return each
    known = listing([each.name for each in own]) or "none"
    raise Refused(
        f"It is of a requirement set that this Assay does not know ({certificate.requirements[:16]}"
        f"…, {certificate.role} of {certificate.protocol} {certificate.revision}). Known: {known}. "
        "A newer Assay may know it."
    )


def _is_newest(certificate: Certificate, protocol: Protocol) -> bool:
    rows = load_requirements(protocol).values()
    return set_digest(protocol, certificate.role, rows) == certificate.requirements
