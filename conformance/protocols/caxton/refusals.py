"""How a request is refused: the statuses and codes that the document's table gives."""

from __future__ import annotations

import re
from uuid import uuid4

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.caxton.client import Agent, Client, wasm, wasm_text

__all__ = [
    "ALREADY_EXISTS",
    "INVALID_WASM",
    "NOT_FOUND",
    "Refusal",
    "ask_everything",
    "code_of",
    "judge_code",
    "judge_name_taken",
    "judge_refused",
    "judge_survived",
    "judge_unreached",
    "judge_untold",
    "strangers",
]


def judge_code(judge: Judge, row: str, said: Exchange, code: str, what: str) -> None:
    """A procedure that must be refused is refused with that code (`row`), at any rate not as if the
    coordinator itself had failed (CAXTON-GRP-038), and in words (CAXTON-GRP-039). One that was
    refused for its rate tells nothing of it. Which codes there are over gRPC is nowhere said: an
    UNKNOWN that names the document's own code is such a refusal too, and no crash.
    """
    if said.ok:
        return  # another row's affair
    wrong = f"{what} is refused with {said.outcome}"
    if said.status == 429:
        for each in (row, "CAXTON-GRP-038", "CAXTON-GRP-039"):
            judge.inconclusive(each, wrong)
        return
    judge.holds(row, said.code == code, wrong, said)
    words = said.answer_headers.get("grpc-message") or ""
    named = said.code == "UNKNOWN" and any(known in words for known in _CALLERS_FAULTS)
    failed = said.status is None or said.code in ("INTERNAL", "UNKNOWN", "DATA_LOSS")
    judge.holds("CAXTON-GRP-038", named or not failed, wrong, said)
    if said.status is not None:
        wrong = f"{wrong} and without a word"
        judge.holds("CAXTON-GRP-039", bool(words), wrong, said)


Refusal = tuple[int, str]
"""A status and its code."""

NOT_FOUND: Refusal = (404, "AGENT_NOT_FOUND")
ALREADY_EXISTS: Refusal = (409, "AGENT_ALREADY_EXISTS")
INVALID_WASM: Refusal = (400, "INVALID_WASM")
_UNDELIVERED: Refusal = (500, "MESSAGE_DELIVERY_FAILED")


async def judge_name_taken(client: Client, judge: Judge, agent: Agent, *since: Exchange) -> None:
    """The name of an agent is not free for another, whatever was done to it `since`."""
    said = await client.try_deploy(wasm("namesake"), name=agent.name, served=False)
    judge_refused(judge, "CAXTON-DEP-022", said, ALREADY_EXISTS, *since)


_CALLERS_FAULTS = ("AGENT_ALREADY_EXISTS", "INVALID_WASM")

_UUID = re.compile(r"(?i)(.*)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_PADDED = re.compile(r"(.*[^0-9A-Za-z])?0([0-9]{3,})")

_NUMBERED = re.compile(r"(?:.*[^0-9A-Za-z])?[1-9][0-9]{0,8}")


def code_of(said: Exchange) -> str:
    """The code of an error; empty where there is none."""
    found = said.at("/error/code")
    return found if isinstance(found, str) else ""


def judge_refused(
    judge: Judge, row: str, said: Exchange, refusal: Refusal, *before: Exchange
) -> bool:
    """It was refused with that status and that code."""
    status, code = refusal
    told = code_of(said)
    return judge.holds(
        row,
        said.status == status and told == code,
        f"{said.method} {said.operation} was to be refused with {status} {code}, "
        f"and was answered {said.outcome} {told}".rstrip(),
        *before,
        said,
        pointer="/error/code",
        expected=f"{status} {code}",
        actual=f"{said.outcome} {told}".rstrip(),
    )


def judge_survived(judge: Judge, row: str, said: Exchange, what: str, *, cut: bool = False) -> bool:
    """It was answered, and not as a server's error; where `cut` says so, the end of the connection
    will do as well.
    """
    ended = said.status is None and cut and "no answer within" not in said.failure
    fine = ended or (said.status is not None and said.status < 500)
    return judge.holds(row, fine, f"{what} is answered {said.outcome}", said)


def judge_untold(judge: Judge, row: str, said: Exchange, receiver: str) -> bool:
    """A message was answered, and nobody was told that it is delivered."""
    state = said.at("/status")
    fine = said.status is not None and state != "delivered"
    wrong = f"a message to {receiver} is {state or said.outcome}"
    return judge.holds(row, fine, wrong, said, pointer="/status")


def judge_unreached(judge: Judge, said: Exchange) -> None:
    """A message to an agent that there is not was refused as such a message may be."""
    told = (said.status, code_of(said))
    judge.holds(
        "CAXTON-MSG-012",
        told in (NOT_FOUND, _UNDELIVERED),
        f"a message to an agent that there is not is answered {said.outcome} {told[1]}",
        said,
        expected="404 AGENT_NOT_FOUND or 500 MESSAGE_DELIVERY_FAILED",
    )


def strangers(agent: Agent) -> list[str]:
    """Ids that no agent has, of the peer's own form: whoever checks that may refuse any other."""
    return [_alike(agent.id)]


def _alike(known: str) -> str:
    if found := _UUID.fullmatch(known):
        return f"{found[1]}{uuid4()}"
    if found := _PADDED.fullmatch(known):
        return f"{found[1] or ''}8{found[2]}"
    if _NUMBERED.fullmatch(known):
        return f"{known}8808"  # where agents are numbered the next ids are others'
    return _exchanged(known) or f"{known}8808"


def _exchanged(known: str) -> str:
    """Two of its characters, of one class, in each other's place; the last that are not the same,
    or of a long number those in its middle. Empty where there are none.
    """
    end = len(known) - (len(known) // 3 if known.isdecimal() else 0)
    for later in range(end - 1, 0, -1):
        for earlier in range(later - 1, -1, -1):
            one, other = known[earlier], known[later]
            if one != other and _class(one) == _class(other) != "":
                middle = known[earlier + 1 : later]
                return known[:earlier] + other + middle + one + known[later + 1 :]
    return ""


def _class(letter: str) -> str:
    known = {"digit": letter.isdecimal(), "small": letter.islower(), "large": letter.isupper()}
    return next((name for name, fits in known.items() if fits), "")


async def ask_everything(client: Client, agent_id: str) -> list[Exchange]:
    """Everything lawful that can be asked of one agent, of whom there need be none."""
    at = {"agent_id": agent_id}
    update = {"config": {"resources": {"memory": "72MB"}}, "strategy": "rolling"}
    code = {"wasm_module": wasm_text("update"), "strategy": "immediate"}
    form = {"wasm": wasm("reload"), "config": {"strategy": "graceful", "traffic_split": 50}}
    stop = {"grace_period_seconds": 1, "drain_messages": False}
    asked = [
        await client.call("getAgent", at, served=False),
        await client.call("getAgentMetrics", at, query={"period": "1h"}, served=False),
        await client.call("reloadAgent", at, form=form, served=False),
        await client.call("updateAgent", at, body=update, served=False),
        await client.call("stopAgent", at, body=stop, served=False),
        await client.call("removeAgent", at, served=False),
    ]
    if client.clock.free:
        asked.append(await client.call("updateAgent", at, body=code, served=False))
    return asked
