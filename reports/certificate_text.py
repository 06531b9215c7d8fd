"""A certificate in plain words: what it promises, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator

from reports.certificate import Certificate
from reports.text import listing, plural
from schemas.spec import FrozenSet

__all__ = ["told"]

_NAMES = {
    "pass": "passed",
    "fail": "failed",
    "warn": "warned",
    "inconclusive": "inconclusive",
    "not-applicable": "not applicable",
}


def told(certificate: Certificate, *, of: FrozenSet, run: bool, newest: bool) -> str:
    """What a verified certificate says.

    `of` is the frozen set that it is bound to, `newest` whether the requirements of this Assay are
    that set, and `run` whether the record of its run was compared.
    """
    sections = (
        _facts(certificate, of),
        ("", "It promises:"),
        _items(_promises(certificate, run=run)),
        ("", "It does not promise:"),
        _items(_silences(certificate, run=run, newest=newest)),
    )
    return "\n".join(line for section in sections for line in section)


def _facts(certificate: Certificate, of: FrozenSet) -> Iterator[str]:
    peer = certificate.peer
    counts = ", ".join(f"{certificate.counts[key]} {name}" for key, name in _NAMES.items())
    yield f"The certificate holds: level {certificate.level}."
    yield f"  peer          {peer.name} {peer.version}"
    if peer.artifact:
        yield f"  artifact      sha256 {peer.artifact}"
    yield f"  protocol      {certificate.protocol} {certificate.revision}"
    yield f"  role          {certificate.role}"
    yield f"  requirements  {of.name}, {of.requirements} of them, frozen {of.frozen}"
    yield f"                sha256 {certificate.requirements}"
    yield f"  run           sha256 {certificate.run}"
    yield f"  made by       Assay {certificate.assay}, exhaustive profile, seed {certificate.seed}"
    yield f"  tested        {certificate.tested}"
    yield f"  valid         {certificate.issued} to {certificate.expires}"
    yield f"  verdicts      {counts}"


def _items(sentences: Iterator[str]) -> list[str]:
    return [f"  - {sentence}" for sentence in sentences]


def _promises(certificate: Certificate, *, run: bool) -> Iterator[str]:
    yield "The holder of the key signed these words, and nobody changed one since."
    if certificate.level == "full":
        what = "every MUST and SHOULD that applies was judged, and none was found broken"
    else:
        what = "every MUST that applies was judged, and none that the document states was broken"
    yield f"In the run that is named, {what}."
    if run:
        yield "The record at hand is that run, byte by byte, and it says what is certified."


def _silences(certificate: Certificate, *, run: bool, newest: bool) -> Iterator[str]:
    yield "That the peer keeps the protocol where no check looked, or on another day."
    yield "That what you run is what was tested: the name and version are the issuer's word."
    yield "That the peer is secure, fast or fit for anything."
    if certificate.warned:
        count = plural(len(certificate.warned), "requirement")
        yield f"{count} that it was found to break, with a warning: {listing(certificate.warned)}."
    if certificate.inconclusive:
        count = plural(len(certificate.inconclusive), "requirement")
        yield f"{count} that could not be judged: {listing(certificate.inconclusive)}."
    if certificate.inapplicable:
        count = plural(len(certificate.inapplicable), "requirement")
        named = listing(certificate.inapplicable)
        yield f"{count} on what it does not claim, or was never seen to do: {named}."
    if certificate.unclaimed:
        yield f"Anything of what the peer does not claim: {listing(certificate.unclaimed)}."
    if not run:
        yield "That the run went as it says: compare its record with --run."
    if not newest:
        yield "What this Assay asks now: its requirements were changed since they were frozen."
