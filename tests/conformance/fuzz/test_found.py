"""Bugs that only a sequence or a generated message shows are found, and told in short."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from random import Random

import pytest

from conformance.clients import HttpClient
from conformance.fuzz.budget import Budget
from conformance.fuzz.case import Case
from conformance.fuzz.exploring import Explorer
from conformance.fuzz.fuzzer import Fuzzer
from conformance.fuzz.nonsense import Nonsense
from conformance.fuzz.strategies import Sayings
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.patience import Patience
from conformance.protocols.architect.dialogue import Lore
from conformance.protocols.architect.machine import Scripts
from conformance.protocols.echocenter.dialogue import Dialogue
from conformance.protocols.echocenter.generated import nonsense
from conformance.protocols.echocenter.machine import Talk
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.siege import Siege
from conformance.target import Target
from conformance.verdict import Finding
from conformance.witness import Rulebook
from schemas import load, load_requirements
from tests.mutants.architect import serve as architect
from tests.mutants.architect.agent import Agent
from tests.mutants.architect.fault import tokens
from tests.mutants.architect.model import Json, Outcome, Request, Session
from tests.mutants.coordinators import served
from tests.mutants.echocenter import serve as echocenter
from tests.mutants.echocenter.fault import Fault, Seed
from tests.mutants.echocenter.hub import Hub
from tests.mutants.echocenter.model import Line

_PATIENCE = 3.0


@asynccontextmanager
async def looking(protocol: str, target: Target, cases: int) -> AsyncIterator[tuple[Fuzzer, Judge]]:
    """By a clock on which each look at it takes a second, so that no machine is too slow."""
    target = target.for_protocol(load(protocol))
    rows = load_requirements(load(protocol))
    judge = Judge("check", rows, Rulebook(load(protocol), rows, strict=False))
    clock = count()
    yield Fuzzer(Explorer(Budget(cases, lambda: next(clock)), Random(1)), judge, target), judge


def broken(judge: Judge, row: str) -> Finding:
    """What was found of a requirement."""
    found = [each for each in judge.findings() if each.verdict == "fail"]
    return next(each for each in found if each.requirement == row)


def steps(finding: Finding) -> list[str]:
    """What led there."""
    return finding.message.partition(" (after: ")[2].split("; ")


# EchoCenter


def seeded(monkeypatch: pytest.MonkeyPatch, seed: Seed) -> None:
    fault = Fault(name="planted", section="2. Connection", summary="for this test", seed=seed)
    monkeypatch.setattr(echocenter, "FAULTS", {"planted": fault})


async def talk(target: Target, cases: int) -> Judge:
    client = HttpClient(load("echocenter"), target)
    try:
        async with looking("echocenter", target, cases) as (fuzzer, judge):
            cast = Cast(Dialogue(client, IdSource("run", "main")))
            await fuzzer.machines(
                partial(Talk, cast=cast, patience=Patience(_PATIENCE, tireless=True))
            )
            return judge
    finally:
        await client.close()


async def test_who_comes_twice_and_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the older of two connections ends, the newer one is told nothing any more."""

    def forget(hub: Hub, line: Line) -> None:
        for other in hub.lines_of(line.principal):
            hub.lines.remove(other)

    seeded(monkeypatch, Seed(left=forget))
    async with served("echocenter", "natural", "planted", patience=_PATIENCE) as target:
        found = broken(await talk(target, 90), "ECHO-CONN-010")
    told = steps(found)
    assert len(told) <= 6
    assert any(step.startswith("connect_again") for step in told)
    assert any(step.startswith("leave_the_first") for step in told)
    assert found.evidence.frames


async def test_a_message_that_ends_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """An end of a stream whose target is no number."""

    async def hear(hub: Hub, _line: Line, data: str | bytes) -> bool:
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        if "CHAT_STREAM_END" in text and re.search(r'"target_id": *[^-0-9 ]', text):
            hub.crash()
        return False

    seeded(monkeypatch, Seed(hear=hear))
    async with served("echocenter", "natural", "planted", patience=_PATIENCE) as target:
        client = HttpClient(load("echocenter"), target)
        async with looking("echocenter", target, 150) as (fuzzer, judge):
            cast = Cast(Dialogue(client, IdSource("run", "main")))

            async def weathered(case: Case, odd: Nonsense) -> None:
                room = Room(case.opener, case.judge, cast, Patience(_PATIENCE, tireless=True))
                siege = Siege(room, cast, case.judge, odd.row)
                await siege.begin()
                await siege.weather([odd.act])

            await fuzzer.values(nonsense(Sayings(load("echocenter"))), weathered)
        await client.close()
    found = broken(judge, "ECHO-ODD-011")
    assert any(b"CHAT_STREAM_END" in frame.data for frame in found.evidence.frames)
    assert not fuzzer.explorer.budget.over


# Architect


async def test_a_token_that_only_adds_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one is longer than one that came before, that one is echoed in its place."""

    def rule(_agent: Agent, session: Session, request: Request, _outcome: Outcome) -> Json:
        token = request.token
        like = [each for each in session.tokens if str(token).startswith(str(each))]
        return like[0] if like else token

    fault = tokens("planted", "for this test", rule)
    monkeypatch.setattr(architect, "FAULTS", {"planted": fault})
    async with (
        served("architect", "natural", "planted", patience=_PATIENCE) as target,
        looking("architect", target, 30) as (fuzzer, judge),
    ):
        lore = Lore(patience=Patience(_PATIENCE, tireless=True))
        ids = IdSource("run", "main")
        await fuzzer.machines(partial(Scripts, ids=ids, lore=lore))
    assert "call(like='a sign longer'" in broken(judge, "ARCH-CORR-008").message
