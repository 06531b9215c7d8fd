"""An agent's certificate as it was handed over, and what must be true of it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.hours import HOUR, Hours
from conformance.protocols.stella.x509 import (
    belongs,
    for_clients,
    issued_by_any,
    may_sign,
    read_certificates,
    read_key,
)
from conformance.times import parse_time

__all__ = [
    "EARLY",
    "NOT_YET",
    "Paper",
    "come_to",
    "end_of",
    "judge_apart",
    "renewed",
    "renewed_key",
]

EARLY = 55 * 60.0
"""Seconds before its end at which a certificate is due without doubt, if clocks differ a little."""

NOT_YET = 105 * 60.0
"""Seconds before its end at which it is not due, in good time before the last hour."""

_DAY = 24 * HOUR

_ABOUT = HOUR
"""Seconds by which "24 h" may be taken more or less exactly."""

_MINUTE = 60.0
"""Seconds by which clocks may differ, and a time may be rounded."""


_LONGEST = 48 * HOUR
"""Life of a certificate beyond which its end is not waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A certificate, those that came along, and what was said of it.

    `said` is the answer that handed it over, at the JSON Pointer `place`; `at` the peer's time
    then, `lag` the seconds by which that may be too late.
    """

    certificate: x509.Certificate
    between: tuple[x509.Certificate, ...]
    authorities: tuple[x509.Certificate, ...]
    said: Exchange
    place: str
    at: float
    lag: float

    @classmethod
    def of(
        cls, said: Exchange, place: str, hours: Hours, known: Sequence[Paper] = ()
    ) -> Paper | None:
        """What stands at `place` of an answer; `known` are earlier papers of the agent, whose
        authorities are good for this one as well. `None` where it cannot be read.
        """
        chain = read_certificates(said.at(f"{place}/cert"))
        if not chain:
            return None
        given = read_certificates(said.at(f"{place}/ca"))
        return cls(
            certificate=chain[0],
            between=chain[1:] + tuple(one for paper in known for one in paper.between),
            authorities=given + tuple(one for paper in known for one in paper.authorities),
            said=said,
            place=place,
            at=hours.now(),
            lag=hours.lag,
        )

    @property
    def number(self) -> tuple[str, int]:
        """What no other certificate of its authority has."""
        return self.certificate.issuer.rfc4514_string(), self.certificate.serial_number

    @property
    def end(self) -> float:
        """When it ends, in seconds since 1970."""
        return self.certificate.not_valid_after_utc.timestamp()

    def judge_end(self, judge: Judge, row: str) -> None:
        """It ends when `expiresAt` says."""
        told = self.said.at(f"{self.place}/expiresAt")
        moment = parse_time(told)
        near = moment is not None and abs(moment.timestamp() - self.end) <= _MINUTE
        ends = self.certificate.not_valid_after_utc.isoformat()
        wrong = f"expiresAt is {told!r}, and the certificate ends at {ends}"
        pointer = f"{self.place}/expiresAt"
        judge.holds(row, near, wrong, self.said, pointer=pointer, expected=ends, actual=told)

    def judge_life(self, judge: Judge, row: str) -> None:
        """It ends about a day after it was handed over."""
        left = self.end - self.at
        about = left + self.lag >= _DAY - _ABOUT and left <= _DAY + _ABOUT
        wrong = f"the certificate ends in {left / HOUR:.1f} hours, not in about 24"
        judge.holds(row, about, wrong, self.said, pointer=f"{self.place}/cert")

    def judge_use(self, judge: Judge, row: str) -> None:
        """It is valid, and may be shown by a client."""
        begin = self.certificate.not_valid_before_utc
        begun = begin.timestamp() <= self.at + _MINUTE
        lasts = self.end > self.at - self.lag
        wrong = f"it is valid from {begin.isoformat()} on"
        wrong = wrong if not begun else "it has expired" if not lasts else "no client may use it"
        judge.holds(
            row,
            begun and lasts and for_clients(self.certificate),
            f"the certificate cannot be used when it is handed over: {wrong}",
            self.said,
            pointer=f"{self.place}/cert",
        )

    def judge_authority(self, judge: Judge, row: str) -> None:
        """One of its authorities signed it."""
        known = issued_by_any(self.certificate, self.authorities, self.between)
        issuer = self.certificate.issuer.rfc4514_string()
        wrong = f"no authority that was handed over signed the certificate (its issuer: {issuer})"
        judge.holds(row, known, wrong, self.said, pointer=f"{self.place}/cert")

    def judge_rank(self, judge: Judge, row: str) -> None:
        """It is an agent's, and no authority's."""
        wrong = "the certificate of an agent says that it may sign others"
        ok = not may_sign(self.certificate)
        judge.holds(row, ok, wrong, self.said, pointer=f"{self.place}/cert")

    def judge_key(self, judge: Judge, row: str, key: Any, pointer: str) -> None:
        """That key is its own."""
        ok = belongs(self.certificate, read_key(key))
        wrong = "the private key does not belong to the certificate, or cannot be read"
        judge.holds(row, ok, wrong, self.said, pointer=pointer)


def judge_apart(
    judge: Judge, row: str, what: str, papers: Sequence[Paper], marks: Sequence[Hashable]
) -> None:
    """No two of these certificates share that mark of theirs."""
    first: dict[Hashable, Paper] = {}
    for paper, mark in zip(papers, marks, strict=True):
        twin = first.setdefault(mark, paper)
        wrong = f"two certificates that were handed over have the same {what}"
        pointer = f"{paper.place}/cert"
        judge.holds(row, twin is paper, wrong, twin.said, paper.said, pointer=pointer)


def renewed_key(said: Exchange) -> str:
    """The private key that a renewal hands over, or an empty text: how its field is called nobody
    says.
    """
    place = said.at("/certificateRenewal")
    told = place.values() if isinstance(place, dict) else ()
    keys = (each for each in told if isinstance(each, str) and "PRIVATE KEY" in each)
    named = said.at("/certificateRenewal/key")
    return next(keys, named if isinstance(named, str) and named.strip() else "")


def renewed(fleet: Fleet, agent: Agent, said: Exchange) -> Agent:
    """The agent with the certificate that a heartbeat brought, and the key where one came too.

    Certificates between it and its authority that came with the registration are shown along.
    Raises `UnjudgeableError` where nobody could use it.
    """
    cert = str(said.at("/certificateRenewal/cert"))
    key = renewed_key(said) or agent.key
    chain = [cert]
    if len(read_certificates(cert)) == 1:
        begun = agent.cert.find("-----BEGIN CERTIFICATE-----", agent.cert.find("-----END") + 1)
        chain += [agent.cert[begun:]] if begun >= 0 else []
    identity = fleet.identity(agent.name, chain, key) if fleet.secure else None
    return replace(agent, identity=identity, cert="\n".join(chain), key=key)


def end_of(agent: Agent) -> float:
    """When its certificate ends, in seconds since 1970. Raises `UnjudgeableError` where that is
    not known.
    """
    found = read_certificates(agent.cert)
    if not found:
        raise UnjudgeableError("the agent's certificate cannot be read: its end is not known")
    return found[0].not_valid_after_utc.timestamp()


async def come_to(fleet: Fleet, agent: Agent, before: float) -> None:
    """Let time pass until so many seconds before the end of an agent's certificate, or after it
    where that is less than none. A clock that stands still may lag behind, unless it is after it.
    """
    hours = fleet.hours
    left = end_of(agent) - hours.now()
    if left > _LONGEST:
        raise UnjudgeableError(f"the agent's certificate is good for {left / HOUR:.0f} hours")
    if before < 0:
        before -= hours.lag
    if left > before:
        await hours.jump(left - before)
