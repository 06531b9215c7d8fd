"""`assay certify PROTOCOL`: judge a peer by the whole requirement set, and sign what it earned."""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance.cli import test
from conformance.cli.certificates import read_bytes, signing_key, stamp, tell_refusal
from conformance.cli.launch import carry_out, refuse_unless
from conformance.cli.runs import record_of
from conformance.cli.whole import narrowings, narrowings_of
from conformance.context import RunContext
from conformance.masking import Masker
from reports import Run
from reports.certificate import Certificate, Peer, Refused, certificate_of, refusals
from reports.envelope import seal
from reports.files import write_whole
from reports.requirement_set import difference, present
from reports.text import printable
from schemas import load, load_frozen, load_requirements
from schemas.errors import PackError, Problem
from schemas.spec import FrozenSet, Protocol, Role

__all__ = ["add_arguments", "run"]

_NAMELESS = "a certificate is bound to a name and a version"
_LONGEST = 3650


def add_arguments(parser: argparse.ArgumentParser) -> None:
    test.add_arguments(parser)
    parser.usage = "assay certify PROTOCOL --key KEY [options] [-- COMMAND...]"
    parser.set_defaults(profile="exhaustive")
    parser.add_argument(
        "--key", required=True, metavar="KEY", help="private key: a file, or env:NAME"
    )
    parser.add_argument(
        "--from", type=Path, dest="run", metavar="RUN", help="certify this run; make no other"
    )
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="where it is written")
    parser.add_argument("--level", choices=["core", "full"], help="this one, or none")
    parser.add_argument("--days", type=int, default=365, help="how long after the run it holds")
    parser.add_argument("--peer-name", metavar="NAME", help="else the target file's")
    parser.add_argument("--peer-version", metavar="VERSION", help="else the target file's")
    parser.add_argument(
        "--artifact", type=Path, metavar="FILE", help="what the peer was built as, to be named too"
    )


def run(arguments: argparse.Namespace) -> int:
    key = signing_key(arguments.key)
    protocol = load(arguments.protocol)
    days = arguments.days
    refuse_unless(1 <= days <= _LONGEST, "--days", f"is not from 1 to {_LONGEST}", days)
    narrowed = list(narrowings(arguments))
    if narrowed:
        return tell_refusal("no certificate:", Refused(*narrowed))
    del arguments.resume  # nor is it told how to go on
    try:
        if arguments.run is not None:
            return _issue(arguments, protocol, key, record_of(arguments.run))
        return _judge(arguments, protocol, key)
    except Refused as refused:
        return tell_refusal("no certificate:", refused)


def _judge(arguments: argparse.Namespace, protocol: Protocol, key: Ed25519PrivateKey) -> int:
    _frozen(protocol, arguments.role)  # before minutes are spent on it
    context = _named(test.context_of(arguments, protocol), arguments)
    target = _certificate_path(arguments, Path(context.record))
    target.unlink(missing_ok=True)  # an older run's must not be taken for this one's
    code = carry_out(context, arguments, protocol)
    if code not in (0, 1):
        print("assay: no certificate: the run came to no verdict", file=sys.stderr)
        return code
    return _issue(arguments, protocol, key, Path(context.record))


def _named(context: RunContext, arguments: argparse.Namespace) -> RunContext:
    """With the name and the version that it will be certified by."""
    target = context.target
    name = arguments.peer_name or target.name
    version = arguments.peer_version or target.version
    refuse_unless(bool(name), "--peer-name", _NAMELESS, None, "or name: in the target file")
    refuse_unless(
        bool(version), "--peer-version", _NAMELESS, None, "or version: in the target file"
    )
    return replace(context, target=replace(target, name=name, version=version))


def _issue(
    arguments: argparse.Namespace, protocol: Protocol, key: Ed25519PrivateKey, record: Path
) -> int:
    """Sign what the run of that record earned. Raises `Refused` where it earned nothing."""
    digest = hashlib.sha256(read_bytes(record)).hexdigest()
    found = Run.read(record)
    frozen = _frozen(protocol, found.header["role"])
    rows = load_requirements(protocol)
    untestable = {row.id for row in rows.values() if row.untestable}
    reasons = [
        *refusals(
            found,
            difference=difference(found.header, protocol, rows.values()),
            untestable=untestable,
            asked=arguments.level,
        ),
        *narrowings_of(found, _understood),
    ]
    if reasons:
        raise Refused(*reasons)
    certificate = certificate_of(
        found,
        peer=_peer(found, arguments),
        digests=(frozen.digest, digest),
        times=_times(found, arguments.days),
        untestable=_of_role(untestable, found),
    )
    path = _certificate_path(arguments, record)
    try:
        write_whole(path, seal(certificate, key))
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise PackError(Problem(file=str(path), message=message)) from error
    _tell(certificate, frozen, path)
    return 0


def _frozen(protocol: Protocol, role: Role) -> FrozenSet:
    """The frozen set that the requirements are. Raises `Refused` where they are none: nobody could
    tell what such a certificate was bound to.
    """
    sets = load_frozen(protocol)
    found = present(protocol, role, load_requirements(protocol).values(), sets)
    if found is None:
        raise Refused(
            f"The requirements of {protocol.id} for the {role} are no frozen set: they were "
            f"changed. assay requirements {protocol.id} --freeze adds them as a new one."
        )
    return found


def _certificate_path(arguments: argparse.Namespace, record: Path) -> Path:
    chosen: Path | None = arguments.certificate
    return chosen or record.with_name("certificate.json")


def _of_role(untestable: set[str], found: Run) -> set[str]:
    return untestable & {row["id"] for row in found.header["requirements"]}


def _tell(certificate: Certificate, frozen: FrozenSet, path: Path) -> None:
    peer = certificate.peer
    print(f"\ncertificate: {path}")
    print(
        f"level {certificate.level}: {peer.name} {peer.version} as {certificate.role} of "
        f"{certificate.protocol}, {frozen.name}, until {certificate.expires}"
    )


def _understood(parser: argparse.ArgumentParser, command: str) -> bool:
    """Give a parser the arguments of `assay COMMAND`, where runs of that kind are certified."""
    known = {"test": test.add_arguments, "certify": add_arguments}
    if command in known:
        known[command](parser)
    return command in known


def _peer(found: Run, arguments: argparse.Namespace) -> Peer:
    """Whom the run judged. A flag may fill in what the run does not tell, and not contradict it."""
    said = found.header["peer"]
    version = said.get("version", "")
    name = said["name"].removesuffix(version).strip() if version else ""
    artifact = arguments.artifact
    return Peer(
        name=_agreed("--peer-name", name, arguments.peer_name),
        version=_agreed("--peer-version", version, arguments.peer_version),
        artifact=hashlib.sha256(read_bytes(artifact)).hexdigest() if artifact else "",
    )


def _agreed(flag: str, recorded: str, said: str | None) -> str:
    wanted = printable(Masker().text(said)) if said else ""
    if recorded and wanted and recorded != wanted:
        raise Refused(f"{flag} {wanted}: the run was of {recorded}.")
    refuse_unless(bool(recorded or wanted), flag, _NAMELESS, None, "the run does not tell it")
    return printable(recorded or wanted)


def _times(found: Run, days: int) -> tuple[str, str, str]:
    """When the run ended, now, and `days` after the run: it grows no younger by a new signature."""
    assert found.footer is not None, "a run without a footer is refused"
    ended = datetime.fromisoformat(found.footer["finished"])
    now = datetime.now(UTC)
    expires = ended + timedelta(days=days)
    if ended > now:
        raise Refused(f"The run ended at {stamp(ended)}, and here it is only {stamp(now)}.")
    if expires <= now:
        raise Refused(f"The run ended at {stamp(ended)}: {days} days after it are over.")
    return stamp(ended), stamp(now), stamp(expires)
