"""What a whole peer never says through a proxy is not broken on its way."""

from __future__ import annotations

import aiohttp
import pytest

import mockserver
from conformance.mutation.breaking import Census, broken_coordinator, never_said
from conformance.mutation.mutant import Mutant
from conformance.proxy.watch import Passed
from conformance.target import Target
from mockserver.transcript import Frame
from schemas import load

_AITBC = load("aitbc")


def _mutant(place: str, part: str) -> Mutant:
    return Mutant(name="one", source="wire", place=place, operator="drop", part=part)


async def test_what_passes_a_proxy_is_counted() -> None:
    census = Census(_AITBC)
    assert census.said is None
    async with mockserver.start("aitbc") as mock:
        standing = broken_coordinator(_AITBC, Target(url=mock.url), None, tell=census.tell)
        async with standing as through, aiohttp.ClientSession() as client:
            for path in ("/agents/nobody", "/agents/nobody", "/nowhere"):
                async with client.get(through.url + path) as answer:
                    assert answer.status == 404
    assert census.said == {("getAgent", "request"), ("getAgent", "404")}


@pytest.mark.parametrize(
    ("place", "part", "never"),
    [
        ("getAgent", "request.path", False),
        ("getAgent", "404.body", False),
        ("getAgent", "404", False),
        ("getAgent", "200", True),
        ("getAgent", "200.header", True),
        ("discoverAgents", "request", True),
        ("", "header", False),
        ("getAgent", "", False),
    ],
)
def test_mutants_of_what_did_not_pass_are_told(place: str, part: str, never: bool) -> None:
    said = {("getAgent", "request"), ("getAgent", "404")}
    assert never_said(_mutant(place, part), said, _AITBC) is never
    assert not never_said(_mutant(place, part), None, _AITBC)


def test_who_says_nothing_of_it_says_so() -> None:
    census = Census(load("echocenter"))
    frame = Frame(
        1, at=0.0, real=0.0, connection=1, principal="", sender="agent", kind="text", data=b"{}"
    )
    census.tell(Passed(entry=frame))
    assert census.said == frozenset()


def test_of_procedures_and_messages_nothing_is_known() -> None:
    caxton, said = load("caxton"), {("getAgent", "request")}
    procedure = next(each.id for each in caxton.operations.values() if each.is_rpc)
    message = next(iter(caxton.messages))
    assert not never_said(_mutant(procedure, "reply"), said, caxton)
    assert not never_said(_mutant(message, ""), said, caxton)
