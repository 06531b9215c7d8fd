"""What a run earns: the certificate, as an in-toto statement with a Test Result in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reports.comparison import of_scenario
from reports.outcome import Outcome
from reports.run import Run
from reports.text import listing, plural, printable
from schemas.selection import EVERYTHING
from schemas.spec import Role

__all__ = [
    "PREDICATE_TYPE",
    "STATEMENT_TYPE",
    "Certificate",
    "CertificateLevel",
    "Peer",
    "Refused",
    "certificate_of",
    "encoded",
    "of_statement",
    "out_of_time",
    "refusals",
    "statement",
]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"

CertificateLevel = Literal["core", "full"]


class Refused(Exception):  # noqa: N818  # it is a verdict, and no error of ours
    """A certificate is not issued, or not accepted. `reasons` are sentences, at least one."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is certified. `artifact` is the SHA-256, in hex, of what it was built as, or empty."""

    name: str
    version: str
    artifact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """All that a certificate says.

    Digests are SHA-256 in hex: `requirements` of the requirement set, `run` of the run.jsonl.
    Times are UTC, `2026-11-29T14:00:00Z`, so that they compare as text. `counts` are those of the
    run's verdicts. The tuples hold ids of requirements, `unclaimed` those of capabilities.
    """

    peer: Peer
    protocol: str
    revision: str
    role: Role
    level: CertificateLevel
    assay: str
    requirements: str
    run: str
    run_id: str
    seed: int
    strict: bool
    tested: str
    issued: str
    expires: str
    counts: Mapping[str, int]
    passed: tuple[str, ...]
    warned: tuple[str, ...]
    inconclusive: tuple[str, ...]
    inapplicable: tuple[str, ...]
    untestable: tuple[str, ...]
    unclaimed: tuple[str, ...]


def refusals(
    run: Run, *, difference: str, untestable: Collection[str], asked: CertificateLevel | None
) -> list[str]:
    """Why a run earns no certificate; empty where it earns one.

    `difference` is how its requirements differ from the frozen set, `untestable` those that
    nothing can judge, `asked` the level without which there shall be none.
    """
    reasons = [*_unfit(run, difference), *_broken(run), *_open(run, untestable), *run.doubts]
    if asked == "full" and not reasons:
        reasons = list(_short_of_full(run, untestable))
    return reasons


def certificate_of(
    run: Run,
    *,
    peer: Peer,
    digests: tuple[str, str],
    times: tuple[str, str, str],
    untestable: Collection[str],
) -> Certificate:
    """The certificate that a run earns, of the highest level that it earns.

    `digests` are those of the requirement set and of the run's record, `times` when the run
    ended, when the certificate is issued and when it expires. Whoever asks has seen to it that
    there are no `refusals`.
    """
    header = run.header
    short = any(_short_of_full(run, untestable))
    return Certificate(
        peer=peer,
        protocol=header["protocol"]["id"],
        revision=header["protocol"]["version"],
        role=header["role"],
        level="core" if short else "full",
        assay=header["assay"],
        requirements=digests[0],
        run=digests[1],
        run_id=header["run"],
        seed=header["seed"],
        strict=header["strict"],
        tested=times[0],
        issued=times[1],
        expires=times[2],
        counts={str(name): count for name, count in run.counts.items()},
        passed=_ids(run, "pass"),
        warned=_ids(run, "warn"),
        inconclusive=_ids(run, "inconclusive"),
        inapplicable=_ids(run, "not-applicable"),
        untestable=tuple(sorted(untestable)),
        unclaimed=tuple(header["unclaimed"]),
    )


def out_of_time(certificate: Certificate, now: str) -> str:
    """Why it does not hold at `now`; empty where it does."""
    if now >= certificate.expires:
        return f"It expired at {certificate.expires}, and it is {now}."
    if now < certificate.issued:
        return f"It was issued at {certificate.issued}, and here it is only {now}."
    return ""


def statement(certificate: Certificate) -> dict[str, Any]:
    """The certificate as an in-toto Statement, version 1, with a Test Result, version 0.1.

    What neither of them has a field for stands in annotations, where other readers pass it over.
    """
    peer = certificate.peer
    tested_bytes = ("artifact", peer.artifact) if peer.artifact else ("run", certificate.run)
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            {
                "name": peer.name,
                "digest": {"sha256": tested_bytes[1]},
                "annotations": {"version": peer.version, "digestOf": tested_bytes[0]},
            }
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": "WARNED" if certificate.warned else "PASSED",
            "configuration": [_terms(certificate), _set(certificate), _record(certificate)],
            "passedTests": list(certificate.passed),
            "warnedTests": list(certificate.warned),
            "failedTests": [],
        },
    }


def of_statement(said: Mapping[str, Any]) -> Certificate:
    """The certificate in a statement that keeps the meta-schema `certificate`.

    Raises `Refused` where the statement contradicts itself.
    """
    subject, predicate = said["subject"][0], said["predicate"]
    terms, rows, record = predicate["configuration"]
    about, judged, told = terms["annotations"], rows["annotations"], record["annotations"]
    of_artifact = subject["annotations"]["digestOf"] == "artifact"
    artifact = subject["digest"]["sha256"] if of_artifact else ""
    read = Certificate(
        peer=Peer(
            name=subject["name"], version=subject["annotations"]["version"], artifact=artifact
        ),
        protocol=judged["protocol"],
        revision=judged["revision"],
        role=judged["role"],
        level=about["level"],
        assay=told["assay"],
        requirements=rows["digest"]["sha256"],
        run=record["digest"]["sha256"],
        run_id=told["run"],
        seed=int(told["seed"]),
        strict=told["strict"],
        tested=told["finished"],
        issued=about["issued"],
        expires=about["expires"],
        counts=about["counts"],
        passed=tuple(predicate["passedTests"]),
        warned=tuple(predicate["warnedTests"]),
        inconclusive=tuple(about["inconclusive"]),
        inapplicable=tuple(about["inapplicable"]),
        untestable=tuple(about["untestable"]),
        unclaimed=tuple(about["unclaimed"]),
    )
    if statement(read) != said or not _adds_up(read):
        raise Refused("It contradicts itself: its counts, its lists and its names do not agree.")
    return read


def encoded(said: Mapping[str, Any]) -> bytes:
    """A statement as the bytes that are signed: JSON in UTF-8, sorted keys, no spaces."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _terms(certificate: Certificate) -> dict[str, Any]:
    return {
        "name": "certificate",
        "uri": f"urn:assay:certificate:{certificate.run_id}",
        "annotations": {
            "level": certificate.level,
            "issued": certificate.issued,
            "expires": certificate.expires,
            "counts": dict(certificate.counts),
            "inconclusive": list(certificate.inconclusive),
            "inapplicable": list(certificate.inapplicable),
            "untestable": list(certificate.untestable),
            "unclaimed": list(certificate.unclaimed),
        },
    }


def _set(certificate: Certificate) -> dict[str, Any]:
    return {
        "name": "requirements",
        "digest": {"sha256": certificate.requirements},
        "annotations": {
            "protocol": certificate.protocol,
            "revision": certificate.revision,
            "role": certificate.role,
        },
    }


def _record(certificate: Certificate) -> dict[str, Any]:
    return {
        "name": "run.jsonl",
        "digest": {"sha256": certificate.run},
        "annotations": {
            "assay": certificate.assay,
            "run": certificate.run_id,
            "profile": "exhaustive",
            # As text: a number beyond 2**53 is another one in most readers of JSON.
            "seed": str(certificate.seed),
            "strict": certificate.strict,
            "finished": certificate.tested,
        },
    }


def _adds_up(certificate: Certificate) -> bool:
    counts = certificate.counts
    lists = {
        "pass": certificate.passed,
        "warn": certificate.warned,
        "inconclusive": certificate.inconclusive,
        "not-applicable": certificate.inapplicable,
    }
    return (
        all(counts[name] == len(set(ids)) == len(ids) for name, ids in lists.items())
        and counts["fail"] == 0
        and (certificate.level == "core" or not certificate.warned)
        and certificate.tested <= certificate.issued < certificate.expires
    )


def _ids(run: Run, verdict: str) -> tuple[str, ...]:
    return tuple(each.id for each in run.requirements if each.verdict == verdict)


def _unfit(run: Run, difference: str) -> Iterator[str]:
    """Why this was no run to certify from, whatever it found."""
    header = run.header
    if of_scenario(run):
        yield "It is the run of a scenario, which judges nothing but what the scenario touches."
    elif header["only"] != EVERYTHING:
        yield f"It judged only what --only {header['only']} names, and not the whole set."
    elif difference:
        yield f"It judged another requirement set: {difference}."
    if header["profile"] != "exhaustive":
        yield f"It was made in the {header['profile']} profile, and not in the exhaustive one."
    if "continues" in header:
        before = header["continues"]["run"]
        yield f"It goes on from the run {before}, and the peer may be another since."
    if header["baseline"]:
        names = listing([entry["requirement"] for entry in header["baseline"]])
        yield f"Its baseline excuses {names}, and a certificate knows no excuse."


def _broken(run: Run) -> Iterator[str]:
    failed = _ids(run, "fail")
    if failed:
        verb = "is" if len(failed) == 1 else "are"
        yield f"{plural(len(failed), 'requirement')} {verb} broken: {listing(failed)}."


def _open(run: Run, untestable: Collection[str]) -> Iterator[str]:
    """The MUSTs that nothing judged, by the cause."""
    if not run.complete:
        return  # they were not reached, and that the run was cut off is said besides
    some = False
    for cause, outcomes in run.causes:
        names = [each.id for each in outcomes if each.level == "MUST" and each.id not in untestable]
        if names:
            verb = "was" if len(names) == 1 else "were"
            told = printable(cause).rstrip(".")
            yield f"{plural(len(names), 'MUST')} {verb} not judged ({told}): {listing(names)}."
            some = True
    if some and run.header["role"] == "agent":
        yield (
            "An agent is judged by what it does: give a command that makes it do all of this, "
            "even one that starts it several times."
        )


def _short_of_full(run: Run, untestable: Collection[str]) -> Iterator[str]:
    """What is between this run and the level `full`."""
    for outcome in run.requirements:
        if outcome.verdict == "warn":
            yield f"For the level full, {_called(outcome)} may not be broken."
        elif (
            outcome.verdict == "inconclusive"
            and outcome.level != "MAY"
            and outcome.id not in untestable
        ):
            yield f"For the level full, {_called(outcome)} has to be judged."


def _called(outcome: Outcome) -> str:
    implied = ", only implied" if outcome.basis == "implied" else ""
    return f"{outcome.id} ({outcome.level}{implied})"
