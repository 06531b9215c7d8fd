"""What the suite does itself where a target has no hook for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from conformance.clients import HttpClient
from conformance.hooks import HookError
from conformance.ids import IdSource
from conformance.marks import UnjudgeableError
from conformance.scenario.errands import Errands, own_errands
from conformance.target import Credentials, Hook, Principal, Target
from schemas import load
from tests.mutants.coordinators import LAWFUL, served, served_mock

ECHO = load("echocenter")


@asynccontextmanager
async def _errands(target: Target) -> AsyncIterator[Errands]:
    known = target.for_protocol(ECHO)
    client = HttpClient(ECHO, known)
    errands = Errands(known, own_errands(ECHO, client, IdSource("run")))
    yield errands
    await errands.close()
    await client.close()


def _is_whole(told: Any) -> bool:
    return bool(told["username"] and told["token"]) and isinstance(told["id"], int)


_TELLING = [name for name, one in LAWFUL["echocenter"].items() if one.numbers != "of_connections"]


async def test_numbers_that_nothing_tells_are_left_open() -> None:
    async with served("echocenter", "of_connections") as target, _errands(target) as errands:
        for who, said in (("agent", {"username": "Scout-1"}), ("person", {})):
            with pytest.raises(UnjudgeableError, match="cannot be found out"):
                await errands(who, said)


@pytest.mark.parametrize("reading", _TELLING)
async def test_agent_and_person_are_found_whatever_the_document_leaves_open(reading: str) -> None:
    async with served("echocenter", reading) as target, _errands(target) as errands:
        told = await errands("agent", {"username": "Scout-1"})
        assert _is_whole(told)
        assert told["username"] == "Scout-1"
        assert await errands("agent", {"username": "Scout-1"}) == told
        assert _is_whole(await errands("person", {}))


async def test_agent_that_was_there_before_is_found_by_its_name() -> None:
    async with served_mock("echocenter") as target:
        async with _errands(target) as errands:
            told = await errands("agent", {"username": "Scout-1"})
        async with _errands(target) as errands:
            assert await errands("agent", {"username": "Scout-1"}) == told


async def test_where_nobody_may_be_registered_the_target_names_who_there_is() -> None:
    named = Principal(name="Watch", kind="agent", token="t-1", id=7)
    async with served("echocenter", "library") as target:
        locked = replace(target, headers={}, principals=(named,))
        async with _errands(locked) as errands:
            told = {"username": "Watch", "alias": "Watch", "token": "t-1", "id": 7}
            assert await errands("agent", {"username": "Scout-1"}) == told
            with pytest.raises(UnjudgeableError, match="no agent may be registered"):
                await errands("agent", {"username": "Scout-2"})


async def test_who_knows_nobody_is_told_what_the_target_file_can_name() -> None:
    async with served_mock("echocenter") as target:
        unknown = replace(target, credentials=Credentials())
        async with _errands(unknown) as errands:
            with pytest.raises(UnjudgeableError, match="no person is known: the target file can"):
                await errands("person", {})


async def test_hook_of_the_target_goes_before_an_errand() -> None:
    hook = Hook(command=("echo", "{username}"))
    async with _errands(Target(hooks={"agent": hook})) as errands:
        assert await errands("agent", {"username": "Scout-1"}) == "Scout-1\n"


async def test_what_neither_knows_is_missed_by_its_name() -> None:
    async with _errands(Target()) as errands:
        with pytest.raises(HookError, match="the target has no hook 'restart'"):
            await errands("restart", {})


async def test_most_protocols_have_none() -> None:
    aitbc = load("aitbc")
    client = HttpClient(aitbc, Target())
    assert own_errands(aitbc, client, IdSource("run")) == {}
    await client.close()
