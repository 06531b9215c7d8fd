"""Who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .model import AGENT_OPS, Agent, Peer, Refusal, Standing

if TYPE_CHECKING:
    from .desk import Desk
    from .fault import Turn

__all__ = ["BEARER", "HEADER", "judge"]

HEADER = ("X-Api-Key", "lighthouse-keeper")
BEARER = ("Authorization", "Bearer lighthouse-keeper")


def judge(turn: Turn) -> None:
    """Settle `caller`, `standing`, `agent` and `refusal` of a turn."""
    desk = turn.desk
    turn.standing, turn.caller = _standing(desk, turn.call.peer)
    turn.agent = desk.agents.get(turn.who)
    if turn.op in AGENT_OPS:
        turn.refusal = _agent_refusal(turn)
    elif turn.op not in ("register", "none"):
        turn.refusal = _operator_refusal(turn)
    if desk.seed.gate is not None:
        desk.seed.gate(turn)
    if turn.refusal is None and turn.caller is not None and turn.call.peer is not None:
        _note_use(turn.caller, turn.call.peer, turn.desk)


def _standing(desk: Desk, peer: Peer | None) -> tuple[Standing, Agent | None]:
    if peer is None:
        return "none", None
    if peer.fingerprint == desk.operator_print:
        return "operator", None
    agent = desk.papers.get(peer.fingerprint)
    if agent is None or not peer.ours:
        return "foreign", None
    paper = agent.papers[peer.fingerprint]
    if paper.revoked:
        return "revoked", agent
    return ("expired" if paper.not_after <= desk.now() else "good"), agent


def _agent_refusal(turn: Turn) -> Refusal | None:
    """Every request after the registration is mutually authenticated, and only for oneself."""
    reading = turn.desk.reading
    match turn.standing:
        case "none":
            return Refusal(status=reading.no_certificate, words="a client certificate is needed")
        case "foreign" | "operator":
            status = 401 if reading.foreign == "401" else 403
            return Refusal(status=status, words="this certificate is not known here")
        case "expired":
            return Refusal(status=reading.expired, words="the certificate has expired")
        case "revoked":
            return Refusal(status=reading.revoked, words="the certificate was revoked")
    return _misplaced(turn)


def _misplaced(turn: Turn) -> Refusal | None:
    reading, caller = turn.desk.reading, turn.caller
    assert caller is not None
    given = turn.call.headers.get("authorization", "")
    if reading.needs_jwt and given != f"Bearer {caller.jwt}":
        return Refusal(status=401, words="the agent's own token is needed")
    if turn.agent is None:
        return Refusal(status=reading.unknown_by_agent, words="Agent not found")
    if turn.who == caller.id:
        return None
    return Refusal(status=reading.other_agent, words="Agent not authorized for this operation")


def _operator_refusal(turn: Turn) -> Refusal | None:
    if not _is_operator(turn) and not _reads_as_agent(turn):
        return Refusal(status=turn.desk.reading.stranger_operator, words="operators only")
    if turn.op != "list" and turn.agent is None:
        return Refusal(status=404, words="Agent not found")
    return None


def _is_operator(turn: Turn) -> bool:
    headers = turn.call.headers
    match turn.desk.reading.operators:
        case "header":
            return headers.get(HEADER[0].lower()) == HEADER[1]
        case "bearer":
            return headers.get(BEARER[0].lower()) == BEARER[1]
        case "certificate":
            return turn.standing == "operator"
        case _:
            return True


def _reads_as_agent(turn: Turn) -> bool:
    own = turn.standing == "good" and turn.caller is turn.agent
    return turn.desk.reading.agents_read and turn.op == "get" and own


def _note_use(agent: Agent, peer: Peer, desk: Desk) -> None:
    """A new certificate in use may end its predecessors."""
    paper = agent.papers.get(peer.fingerprint)
    if paper is None or paper.used:
        return
    paper.used = True
    if desk.reading.old_paper == "until_used":
        for other in agent.papers.values():
            other.revoked = other.revoked or other is not paper
