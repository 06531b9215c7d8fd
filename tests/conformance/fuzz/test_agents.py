"""Real agents, put through generated trials: a sound one lives, and each broken one is caught by
the requirement that it breaks, with the one message that broke it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Any

import pytest

from conformance.context import RunContext
from conformance.examiner import Examiner
from conformance.fuzz.agents import Trials, stays
from conformance.fuzz.budget import Budget
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.protocols.aitbc import ordeals as aitbc
from conformance.protocols.echocenter import ordeals as echocenter
from conformance.target import Target
from conformance.verdict import Finding
from conformance.witness import Rulebook
from schemas import load, load_requirements

SOCKET_AGENT = """
import json, os, time
from websockets.sync.client import connect
url = os.environ["ASSAY_WS_URL"] + "/api/ws?token=" + os.environ["ASSAY_TOKEN"]
types = set()
with connect(url) as line:
    for text in line:
        try:
            said = json.loads(text)
        except ValueError:
            continue
        if not isinstance(said, dict):
            continue
        BREAK
        if said.get("type") == "CHAT":
            answer = {"type": "CHAT", "target_id": said["sender_id"], "payload": "yes"}
            line.send(json.dumps(answer))
"""

REST_AGENT = """
import http.client, json, os, time, urllib.parse
def call(method, path, body):
    line = http.client.HTTPConnection(os.environ["ASSAY_HOST"], int(os.environ["ASSAY_PORT"]))
    line.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    said = json.loads(line.getresponse().read())
    BREAK
name = urllib.parse.quote(os.environ["ASSAY_NAME"])
call("POST", "/agents/register", {"agent_id": urllib.parse.unquote(name), "agent_type": "worker"})
while True:
    call("PUT", "/agents/" + name + "/status", {"status": "active"})
    time.sleep(0.02)
"""

DIES_ON_A_FIELD = """
        if said.get("type") == "CHAT":
            (lambda type, sender_id, sender_name, payload: None)(**said)
"""
DIES_ON_UNICODE = """
        str(said.get("payload")).encode("latin-1")
"""
HANGS_ON_A_TYPE = """
        if isinstance(said.get("type"), str) and said["type"] != "CHAT":
            time.sleep(60)
"""
DEAF_TO_A_DUPLICATE = """
        if text in types:
            continue
        types.add(text)
"""
LEAVES_AFTER_TWO_SHAPES = """
        types.add("untyped" if "type" not in said else "")
        types.add("noted" if len(said) > 4 else "")
        if {"untyped", "noted"} <= types:
            break
"""
DIES_ON_NESTED_LISTS = """
    if any(isinstance(value, list) for value in said.values()):
        raise TypeError("list")
"""


async def put(
    protocol: str,
    code: str,
    play: Any,
    rows: Mapping[str, str],
    *,
    seconds: float,
    patience: float = 10.0,
    **how: Any,
) -> list[Finding]:
    """What comes of an agent of that code. A broken one is not waited for for long."""
    known = load(protocol)
    context = RunContext(
        protocol=protocol,
        role="agent",
        target=Target(),
        run="r1",
        command=(sys.executable, "-c", code) if code else (),
        patience=patience,
    )
    book = Rulebook(
        known,
        {row.id: row for row in load_requirements(known).values() if row.role == "agent"},
        strict=False,
        role="agent",
    )
    judge = Judge("a check", set(rows.values()), book)
    examiner = Examiner(known, context, ())
    trials = Trials(examiner=examiner, judge=judge, rng=Random(4), budget=Budget(seconds))
    await trials.put_through(rows, play, **how)
    return judge.findings()


async def echoed(broken: str, *, seconds: float = 3.0, patience: float = 2.0) -> list[Finding]:
    return await put(
        "echocenter",
        SOCKET_AGENT.replace("        BREAK\n", broken),
        echocenter.endure,
        echocenter.ROWS,
        seconds=seconds,
        patience=patience,
        after=stays,
    )


async def test_a_sound_agent_lives() -> None:
    found = await echoed("", seconds=1.0, patience=10.0)
    assert {finding.verdict for finding in found} == {"pass"}
    assert set(echocenter.ROWS.values()) <= {finding.requirement for finding in found}


@pytest.mark.parametrize(
    ("broken", "row"),
    [
        (DIES_ON_A_FIELD, "ECHO-AGENT-CHAT-022"),
        (DIES_ON_UNICODE, None),
        (HANGS_ON_A_TYPE, "ECHO-AGENT-ODD-001"),
        (DEAF_TO_A_DUPLICATE, "ECHO-AGENT-CHAT-005"),
    ],
)
async def test_what_breaks_an_agent_is_found_and_made_short(broken: str, row: str | None) -> None:
    (found,) = [each for each in await echoed(broken) if each.verdict in ("fail", "warn")]
    assert row in (None, found.requirement)
    assert found.message.startswith("after one generated message")
    assert 1 <= len(found.evidence.frames) <= 12


async def test_a_sequence_that_breaks_an_agent_is_told_as_one() -> None:
    (found,) = [each for each in await echoed(LEAVES_AFTER_TWO_SHAPES) if each.verdict != "pass"]
    assert "it ended with 0" in found.message
    assert found.verdict == "warn", "one of the two may be what a row asks for that only warns"


async def answered(broken: str, seconds: float) -> list[Finding]:
    code = REST_AGENT.replace("    BREAK\n", broken)
    play = partial(aitbc.endure, silence=10.0)
    return await put("aitbc", code, play, aitbc.ROWS, seconds=seconds)


async def test_answers_that_break_an_agent_are_found() -> None:
    assert {finding.verdict for finding in await answered("", 1.0)} == {"pass"}
    broken = await answered(DIES_ON_NESTED_LISTS, 3.0)
    (found,) = [each for each in broken if each.verdict == "warn"]
    assert found.requirement == "AITBC-AGENT-GEN-014"
    assert "TypeError: list" in found.message


async def test_an_agent_that_runs_elsewhere_is_not_put_through_it() -> None:
    with pytest.raises(UnjudgeableError, match="launches"):
        await put("aitbc", "", aitbc.endure, aitbc.ROWS, seconds=1.0)
