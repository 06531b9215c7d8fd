"""Requests that are made up, against real peers: what they find, and how short that is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from random import Random
from typing import Literal

import pytest

from conformance.clients import HttpClient
from conformance.exchange import Exchange
from conformance.fuzz.budget import Budget
from conformance.fuzz.exploring_requests import RequestExplorer
from conformance.fuzz.generator import Generator, GeneratorError, Reply
from conformance.fuzz.lawfulness import Asked
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.protocols.aitbc.dialogue import Dialogue
from conformance.protocols.aitbc.made_up import MENU, DialogueCaller
from conformance.target import Target
from conformance.verdict import Finding
from conformance.witness import Rulebook
from schemas import load, load_requirements
from tests.mutants.coordinators import served

AITBC = load("aitbc")
ROWS = {row.id: row for row in load_requirements(AITBC).values() if row.role == "coordinator"}

IDS = IdSource("test")

What = Literal["requests", "sequences"]


@pytest.fixture(scope="module")
def generator() -> Iterator[Generator]:
    generator = Generator(MENU)
    yield generator
    generator.close()


class Requests(Budget):
    """So many requests, on however slow a machine; and as many again to make findings shorter."""

    def __init__(self, count: int) -> None:
        super().__init__(0.0)
        self.left = count

    @property
    def over(self) -> bool:
        return self.left <= 0

    @property
    def shrunk(self) -> bool:
        return self.left <= -300


class Counted(DialogueCaller):
    """Counts what it sends, and is done once enough was found."""

    def __init__(self, aitbc: Dialogue, budget: Requests) -> None:
        super().__init__(aitbc, IDS)
        self.budget = budget
        self.sent: list[Exchange] = []

    async def send(self, asked: Asked, *, lawful: bool, served: bool) -> Exchange:
        self.budget.left -= 1
        said = await super().send(asked, lawful=lawful, served=served)
        self.sent.append(said)
        return said


async def found(
    generator: Generator, target: Target, what: What, count: int, seed: int = 1
) -> dict[str, Finding]:
    """What so many requests find broken, by row."""
    peer = HttpClient(AITBC, target.for_protocol(AITBC))
    judge = Judge("test", MENU.rows, Rulebook(AITBC, ROWS, strict=False))
    budget = Requests(count)
    try:
        look = RequestExplorer(generator=generator, judge=judge, budget=budget, rng=Random(seed))
        await look.explore(what, Counted(Dialogue(peer, IDS), budget))
    finally:
        await peer.close()
    return {each.requirement: each for each in judge.findings() if each.verdict != "pass"}


@pytest.mark.parametrize("reading", ["other", "lenient"])
async def test_lawful_peers_are_found_nothing_against(reading: str, generator: Generator) -> None:
    async with served("aitbc", reading) as target:
        assert await found(generator, target, "requests", 100) == {}
        assert await found(generator, target, "sequences", 40) == {}


async def test_a_body_that_breaks_the_peer_is_told_without_what_does_not(
    generator: Generator,
) -> None:
    async with served("aitbc", fault="input.crash.register.unicode") as target:
        finding = (await found(generator, target, "requests", 150))["AITBC-GEN-005"]
    (said,) = finding.evidence.exchanges
    body = json.loads(said.body)
    assert said.status == 500
    assert not said.body.isascii() or "\\u" in said.body.decode()
    assert len(body) <= 3


async def test_a_body_that_must_be_refused_and_is_not(generator: Generator) -> None:
    async with served("aitbc", fault="update.status.input_unlisted") as target:
        finding = (await found(generator, target, "requests", 250))["AITBC-STAT-021"]
    said = finding.evidence.exchanges[-1]
    assert said.operation == "updateAgentStatus"
    assert json.loads(said.body).keys() == {"status"}


async def test_what_only_a_sequence_shows_is_told_with_what_led_there(generator: Generator) -> None:
    async with served("aitbc", fault="update.made.second_crashes") as target:
        finding = (await found(generator, target, "sequences", 200))["AITBC-GEN-008"]
    assert [said.operation for said in finding.evidence.exchanges] == [
        "registerAgent",
        "updateAgentStatus",
        "updateAgentStatus",
    ]
    assert [said.status for said in finding.evidence.exchanges] == [200, 200, 500]


@pytest.mark.parametrize(
    ("fault", "row"),
    [("endpoint.submit.hang", "AITBC-GEN-009"), ("malformed.hangs", "AITBC-GEN-005")],
)
async def test_a_peer_that_hangs_is_told_of_and_asked_no_more(
    fault: str, row: str, generator: Generator
) -> None:
    async with served("aitbc", fault=fault, patience=3.0) as target:
        told = await found(generator, target, "requests", 400)
    # By the row of what is lawful, or that of what is not: whichever was sent first.
    finding = next(told[name] for name in (row, "AITBC-GEN-005") if name in told)
    *_, said = finding.evidence.exchanges
    assert "no answer within" in said.failure


async def drawn(generator: Generator, what: What, seed: int) -> list[Asked]:
    heard: list[Asked] = []

    async def answer(asked: Asked) -> Reply | None:
        heard.append(asked)
        body = json.dumps({"agent_id": "a-1", "agent": {"agent_id": "a-1"}}).encode()
        told = base64.b64encode(body).decode()
        return {"status": 200, "headers": {"content-type": "application/json"}, "body": told}

    await generator.run(what, seed, answer, lambda: len(heard) >= 60)
    return heard


@pytest.mark.parametrize("what", ["requests", "sequences"])
async def test_the_same_seed_draws_the_same(what: What, generator: Generator) -> None:
    first = await drawn(generator, what, 7)
    assert await drawn(generator, what, 7) == first
    assert await drawn(generator, what, 8) != first


async def test_a_generator_that_breaks_down_is_no_verdict() -> None:
    generator = Generator(MENU)
    try:
        generator._process.kill()
        with pytest.raises(GeneratorError, match="broke down"):
            await generator.ready()
    finally:
        generator.close()
