"""Faults in who may do what: certificates not asked for, not looked at, not revoked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from .fault import Deletion, Fault, Seed, Turn, prefixed, table
from .model import AGENT_OPS, Agent, Op, Refusal, Task
from .seeds import allowing, swapped

__all__ = ["GATE_FAULTS"]

_HOUR = 3600

_WORDS: Final[dict[Op, str]] = {
    "heartbeat": "heartbeats",
    "poll": "polls",
    "complete": "completions",
    "stream": "streams",
}

_Rule = Callable[[Turn], bool]


def _none(turn: Turn) -> bool:
    return turn.standing == "none"


def _bearer(turn: Turn) -> bool:
    """The agent's own token takes the place of the certificate."""
    agent, given = turn.agent, turn.call.headers.get("authorization", "")
    return turn.standing == "none" and agent is not None and given == f"Bearer {agent.jwt}"


def _foreign(turn: Turn) -> bool:
    return turn.standing == "foreign"


def _any_agent(turn: Turn) -> bool:
    return turn.standing == "good" and turn.caller is not turn.agent


def _expired(turn: Turn) -> bool:
    return turn.standing == "expired" and turn.caller is turn.agent


def _expired_a_day(turn: Turn) -> bool:
    if not _expired(turn) or turn.call.peer is None:
        return False
    return turn.desk.now() - turn.call.peer.not_after < 24 * _HOUR


def _newer_only(turn: Turn) -> bool:
    """Who is older may act for the younger."""
    caller, agent = turn.caller, turn.agent
    if turn.standing != "good" or caller is None or agent is None:
        return False
    return caller.nth < agent.nth


_RULES: Final[tuple[tuple[str, str, _Rule, bool], ...]] = (
    ("none", "need no certificate", _none, False),
    ("bearer", "take the agent's token instead of a certificate", _bearer, False),
    ("foreign", "take the certificate of any authority", _foreign, True),
    ("any_agent", "take the certificate of any agent", _any_agent, False),
    ("expired", "take an expired certificate", _expired, False),
    ("older_agent", "take the certificate of an older agent", _newer_only, False),
)


def _on(ops: tuple[Op, ...], rule: _Rule) -> Callable[[Turn], None]:
    return allowing(lambda turn: turn.op in ops and rule(turn))


def _open() -> Iterator[tuple[str, str, Seed]]:
    for name, words, rule, lax in _RULES:
        for op in AGENT_OPS:
            seed = Seed(gate=_on((op,), rule), lax=lax)
            yield f"{op}.{name}", f"{_WORDS[op]} {words}", seed
        everywhere = _on(AGENT_OPS, rule)
        yield f"all.{name}", f"agents' requests {words}", Seed(gate=everywhere, lax=lax)
    day = _on(AGENT_OPS, _expired_a_day)
    yield "all.expired_a_day", "a certificate works a day longer than it is valid", Seed(gate=day)


# The deleted.


def _remember(one: Deletion) -> None:
    one.desk.memo.setdefault("gone", {})[one.agent.id] = one.agent


def _revived(ops: tuple[Op, ...]) -> Seed:
    def judge(turn: Turn) -> None:
        gone = turn.memo.get("gone", {}).get(turn.who)
        knocks = turn.op in ops and turn.standing == "revoked"
        if gone is not None and knocks and turn.caller is gone:
            turn.agent, turn.refusal = gone, None

    return Seed(gate=judge, deleted=_remember)


def _comes_back(turn: Turn) -> None:
    """A deleted agent that knocks is registered again."""
    gone: Agent | None = turn.memo.get("gone", {}).get(turn.who)
    if gone is not None and turn.op == "heartbeat" and turn.caller is gone:
        turn.desk.agents[gone.id] = gone
        for paper in gone.papers.values():
            paper.revoked = False


def _deleted() -> Iterator[tuple[str, str, Seed]]:
    for op in AGENT_OPS:
        summary = f"{_WORDS[op]} take the certificate of a deleted agent"
        yield f"{op}.deleted", summary, _revived((op,))
    yield "all.deleted", "the certificate of a deleted agent works on", _revived(AGENT_OPS)
    back = Seed(gate=_knock, deleted=_remember)
    yield "heartbeat.resurrects", "a heartbeat brings a deleted agent back", back


def _knock(turn: Turn) -> None:
    _comes_back(turn)
    if turn.standing == "revoked" and turn.caller is turn.desk.agents.get(turn.who):
        turn.agent, turn.standing, turn.refusal = turn.caller, "good", None


# Refusals of what is right.


def _refuse(rule: _Rule, status: int = 403) -> Seed:
    def judge(turn: Turn) -> None:
        if turn.op in AGENT_OPS and turn.refusal is None and rule(turn):
            turn.refusal = Refusal(status=status, words="Agent not authorized for this operation")

    return Seed(gate=judge)


def _newest(turn: Turn) -> bool:
    caller = turn.caller
    return caller is not None and caller.nth == max(one.nth for one in turn.desk.agents.values())


def _renewed(turn: Turn) -> bool:
    caller, peer = turn.caller, turn.call.peer
    return caller is not None and peer is not None and [*caller.papers].index(peer.fingerprint) > 0


def _after_half_a_day(turn: Turn) -> bool:
    peer = turn.call.peer
    return peer is not None and peer.not_after - turn.desk.now() < 12 * _HOUR


def _second_call(turn: Turn) -> bool:
    key = turn.op, turn.who
    turn.memo[key] = turn.memo.get(key, 0) + 1
    return bool(turn.memo[key] == 2)


def _tasks_of(turn: Turn) -> list[Task]:
    return turn.agent.tasks if turn.agent is not None else []


_REFUSED: Final = (
    (
        "newest_only",
        "only the newest agent's certificate works",
        _refuse(lambda turn: not _newest(turn)),
    ),
    (
        "not_newest",
        "the newest agent's certificate works only when another came",
        _refuse(lambda turn: _newest(turn) and len(turn.desk.agents) > 1),
    ),
    ("renewed", "a renewed certificate does not work", _refuse(_renewed)),
    ("half_day", "a certificate works for 12 hours only", _refuse(_after_half_a_day, 401)),
    ("second_call", "the second call of an agent is refused", _refuse(_second_call)),
    (
        "busy",
        "an agent with tasks is refused",
        _refuse(lambda turn: bool(_tasks_of(turn)) and turn.op == "poll"),
    ),
    (
        "~offline",
        "an offline agent's heartbeat is refused",
        _refuse(
            lambda turn: (
                turn.op == "heartbeat"
                and turn.agent is not None
                and turn.desk.status(turn.agent) == "offline"
            ),
            503,
        ),
    ),
)


def _refusal_takes_tasks(turn: Turn) -> None:
    """What waits is taken out before it is asked who wants it."""
    if turn.refusal is not None and turn.op in ("heartbeat", "poll"):
        _tasks_of(turn).clear()


def _refusal_ends_stream(turn: Turn) -> None:
    """Whoever comes, the line that was there before is forgotten."""
    if turn.refusal is not None and turn.op == "stream":
        turn.desk.lines = [line for line in turn.desk.lines if line.agent is not turn.agent]


_REFUSALS: Final = (
    ("takes_tasks", "a refused call takes the tasks that wait", Seed(gate=_refusal_takes_tasks)),
    (
        "~ends_stream",
        "a refused stream makes the server forget the owner's",
        Seed(gate=_refusal_ends_stream),
    ),
)


def _refusals() -> Iterator[tuple[str, str, Seed]]:
    """Performed as it should be, but told as another status."""
    for was, words in ((403, "another agent's request"), (401, "a request without certificate")):
        for now in (200, 500, 400, *((401,) if was == 403 else ())):
            for op in AGENT_OPS[:3]:
                body = {"tasks": [], "acknowledged": True} if now == 200 else None
                summary = f"{words} to {op} is answered with {now}"
                mark = "~" if now != 200 and was == 401 else ""
                yield f"{mark}{op}.{was}_as_{now}", summary, swapped(was, op, now, body)


GATE_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Overview", prefixed("mtls.", _open())),
    *table("Delete Agent", prefixed("mtls.", _deleted())),
    *table("Overview", prefixed("mtls.refuses.", _REFUSED)),
    *table("Error Responses", prefixed("mtls.refusal.", _REFUSALS)),
    *table("Error Responses", prefixed("mtls.status.", _refusals())),
)
"""Faults at the gate."""
