"""The certificate, the key and the authority that a registration hands over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.stella.credentials import Paper, judge_apart
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.hours import HOUR
from conformance.protocols.stella.x509 import public_bytes, read_certificates
from mockserver.json_text import texts_in

_PLACE = "/certificate"

_SHORTEST = 24
"""Letters of a private key that nothing else holds by chance."""


_EACH = (
    "STELLA-CERT-001",
    "STELLA-CERT-002",
    "STELLA-CERT-003",
    "STELLA-CERT-004",
    "STELLA-CERT-005",
    "STELLA-CERT-006",
    "STELLA-CERT-009",
    "STELLA-CERT-011",
)
"""What is judged of the certificate of every registration."""


@requirement(*_EACH)
async def test_flow_certificates_are_what_an_agent_needs(fleet: Fleet, judge: Judge) -> None:
    for _ in range(3):
        await _judge_handed_over(fleet, judge)


@from_profile("standard")
@requirement(*_EACH)
async def test_flow_later_certificates_are_made_for_later(fleet: Fleet, judge: Judge) -> None:
    await _judge_handed_over(fleet, judge)
    for _ in range(2):
        await fleet.hours.jump(3 * HOUR)
        await _judge_handed_over(fleet, judge)


async def _judge_handed_over(fleet: Fleet, judge: Judge) -> None:
    """Register an agent, and look at the certificate that it is given."""
    said = await fleet.ask_to_register(fleet.registration(), await fleet.mint())
    if not said.ok:
        raise UnjudgeableError(f"no agent could be registered: {said.outcome}")
    for field in ("cert", "ca"):
        pointer = f"{_PLACE}/{field}"
        read = bool(read_certificates(said.at(pointer)))
        judge.holds(
            "STELLA-CERT-001", read, f"{field} cannot be read as X.509", said, pointer=pointer
        )
    paper = Paper.of(said, _PLACE, fleet.hours)
    if paper is None:
        raise UnjudgeableError("the certificate of a registration cannot be read")
    place = f"{_PLACE}/ca"
    wrong = "beside the certificate of an authority its field holds a private key"
    alone = "PRIVATE KEY" not in str(said.at(place))
    judge.holds("STELLA-CERT-011", alone, wrong, said, pointer=place)
    pointer = f"{_PLACE}/key"
    paper.judge_key(judge, "STELLA-CERT-002", said.at(pointer), pointer)
    paper.judge_authority(judge, "STELLA-CERT-003")
    paper.judge_end(judge, "STELLA-CERT-004")
    paper.judge_life(judge, "STELLA-CERT-005")
    paper.judge_use(judge, "STELLA-CERT-006")
    paper.judge_rank(judge, "STELLA-CERT-009")


@requirement("STELLA-CERT-007", "STELLA-CERT-008")
async def test_flow_certificates_are_each_agents_own(fleet: Fleet, judge: Judge) -> None:
    answers = [await fleet.ask_to_register(fleet.registration(), await fleet.mint())]
    answers.append(await fleet.ask_to_register(fleet.registration(), await fleet.mint()))
    tokens = [await fleet.mint() for _ in range(5)]
    answers += await asyncio.gather(
        *(fleet.ask_to_register(fleet.registration(), token) for token in tokens)
    )
    papers = [paper for said in answers if (paper := Paper.of(said, _PLACE, fleet.hours))]
    if len(papers) < 2:
        raise UnjudgeableError("no two certificates of registrations can be read")
    for row, what, marks in (
        ("STELLA-CERT-007", "certificate", [_print(paper) for paper in papers]),
        ("STELLA-CERT-008", "key", [public_bytes(paper.certificate) for paper in papers]),
        ("STELLA-CERT-008", "serial number and authority", [paper.number for paper in papers]),
    ):
        judge_apart(judge, row, what, papers, marks)


def _print(paper: Paper) -> bytes:
    return paper.certificate.tbs_certificate_bytes


@requirement("STELLA-CERT-010")
async def test_secrets_are_shown_to_their_agent_only(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    secrets = dict(_secrets(agent))
    if not secrets:
        raise UnjudgeableError("the registration handed over neither key nor JWT")
    again = fleet.registration(name=agent.name)
    answers = [
        await fleet.heartbeat(agent),
        await fleet.poll(agent),
        await fleet.get(agent.id),
        await fleet.list(),
        await fleet.update(agent.id, {"labels": {"tier": "shown"}}, served=False),
        await fleet.ask_to_register(again, await fleet.mint(), served=False),
        await fleet.ask_to_register(fleet.registration(), await fleet.mint()),
        await fleet.get(agent.id),
        await fleet.delete(agent.id),
    ]
    for said in answers:
        text = _text_of(said)
        shown = [what for what, secret in secrets.items() if secret in text]
        wrong = f"the answer to {said.operation} shows {' and '.join(shown)} of an agent"
        judge.holds("STELLA-CERT-010", not shown, wrong, said)


def _secrets(agent: Agent) -> Iterator[tuple[str, str]]:
    """What is searched for: of the key its longest line, which stands in no certificate."""
    lines = [line.strip() for line in agent.key.splitlines() if "-----" not in line]
    line = max(lines[1:] or lines, key=len, default="")
    if len(line) >= _SHORTEST:
        yield "the private key", line
    jwt = agent.said.at("/token")
    if isinstance(jwt, str) and len(jwt) >= _SHORTEST:
        yield "the JWT", jwt


def _text_of(said: Exchange) -> str:
    """An answer as text, nothing in it escaped."""
    if said.json is MISSING:
        return said.answer.decode("utf-8", "replace")
    return "\n".join(texts_in(json.loads(said.answer)))
