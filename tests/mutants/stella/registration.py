"""Registration: one-time tokens, names, and what a new agent is given."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from . import shapes
from .authority import issue
from .fault import Enrol
from .model import Agent, Answer, Obj, Refusal, Token

if TYPE_CHECKING:
    from .desk import Desk
    from .fault import Turn

__all__ = ["CAPABILITIES", "TOKEN_LIFE", "jwt", "mint", "register"]

TOKEN_LIFE = 86400
CAPABILITIES = ("docker", "compose", "ssh", "winrm", "ecs", "nomad")


def mint(desk: Desk) -> Token:
    """A new registration token, good once and for 24 hours."""
    desk.counted["tokens"] += 1
    token = Token(text=f"reg-{desk.new_id()}", minted=desk.now())
    if desk.seed.minted is not None:
        desk.seed.minted(desk, token)
    desk.tokens[token.text] = token
    return token


async def register(turn: Turn) -> Answer:
    """POST /agents/register."""
    enrol = _judged(turn)
    desk = turn.desk
    if desk.seed.enrol is not None:
        desk.seed.enrol(enrol)
    if enrol.refusal is not None:
        if enrol.token is not None and desk.reading.burns_refused and _usable(desk, enrol.token):
            enrol.token.spent = True
        return shapes.refused(enrol.refusal, desk.reading)
    if enrol.pause:
        await asyncio.sleep(enrol.pause)
    agent = _stored(enrol)
    if desk.seed.enrolled is not None:
        desk.seed.enrolled(enrol, agent)
    return Answer(status=201, body=_welcome(enrol, agent))


def _judged(turn: Turn) -> Enrol:
    desk, data = turn.desk, turn.data
    desk.counted["enrolments"] += 1
    token = desk.tokens.get(turn.call.headers.get("x-agent-token", ""))
    name = data.get("name") if isinstance(data, dict) else None
    holder = next((one for one in desk.agents.values() if one.name == name), None)
    refusals = [_token_refusal(desk, token), _body_refusal(desk, data), _name_refusal(holder)]
    if desk.reading.conflict_first:
        refusals.reverse()
    return Enrol(
        desk=desk,
        turn=turn,
        token=token,
        name=str(name),
        holder=holder,
        nth=desk.counted["enrolments"],
        refusal=next((one for one in refusals if one is not None), None),
    )


def _usable(desk: Desk, token: Token) -> bool:
    return not token.spent and desk.now() - token.minted < TOKEN_LIFE


def _token_refusal(desk: Desk, token: Token | None) -> Refusal | None:
    if token is not None and _usable(desk, token):
        return None
    return Refusal(status=401, words="Invalid or expired registration token")


def _name_refusal(holder: Agent | None) -> Refusal | None:
    return None if holder is None else Refusal(status=409, words="Agent name already registered")


def _body_refusal(desk: Desk, data: Any) -> Refusal | None:
    bad = Refusal(status=desk.reading.invalid, words="the body does not describe an agent")
    if not isinstance(data, dict) or not isinstance(data.get("name"), str) or not data["name"]:
        return bad
    skills = data.get("capabilities", [])
    typed = isinstance(skills, list) and all(isinstance(one, str) for one in skills)
    typed = typed and isinstance(data.get("labels", {}), dict)
    typed = typed and isinstance(data.get("version", ""), str)
    if not typed and desk.reading.strict_bodies:
        return bad
    if typed and desk.reading.known_capabilities and not {*skills} <= {*CAPABILITIES}:
        return bad
    return None


def _stored(enrol: Enrol) -> Agent:
    desk, data = enrol.desk, enrol.turn.data
    if enrol.token is not None and enrol.spend:
        enrol.token.spent = True
    desk.counted["agents"] += 1
    nth = desk.counted["agents"]
    skills, labels = data.get("capabilities", []), data.get("labels", {})
    intervals = desk.reading.intervals
    agent = Agent(
        id=enrol.agent_id or desk.new_id(),
        name=enrol.name,
        version=str(data.get("version", "")),
        capabilities=[str(one) for one in skills] if isinstance(skills, list) else [],
        labels=dict(labels) if isinstance(labels, dict) else {},
        registered=desk.now(),
        life=desk.now(),
        interval=intervals[(nth - 1) % len(intervals)],
        nth=nth,
    )
    agent.jwt = jwt(desk, agent.id)
    desk.agents[agent.id] = agent
    return agent


def _welcome(enrol: Enrol, agent: Agent) -> Obj:
    desk, reading = enrol.desk, enrol.desk.reading
    body: Obj = {
        "agentId": agent.id,
        "token": agent.jwt,
        "config": {
            "heartbeatInterval": agent.interval,
            "taskPollInterval": reading.poll_interval,
            "logLevel": reading.log_level,
        },
        "certificate": issue(desk, agent, renewal=False),
    }
    if reading.extras:
        body["config"] |= {"metrics": None, "features": ["drain"]}
        body |= {"apiVersion": "1.4", "links": {"self": f"/api/v1/agents/{agent.id}"}}
        body["certificate"]["serial"] = "7f:02"
    return body | enrol.shown


def jwt(desk: Desk, subject: str, life: int = 30 * 86400) -> str:
    """A signed token of three parts, which ends, if it does, after so many seconds."""
    now = int(desk.now())
    claims: Obj = {"sub": subject, "iat": now, "jti": desk.new_id()}
    if desk.reading.jwt_expires:
        claims["exp"] = now + life
    parts = [_part({"alg": "HS256", "typ": "JWT"}), _part(claims)]
    sum_of = hmac.digest(b"depot", ".".join(parts).encode(), hashlib.sha256)
    return ".".join([*parts, _text(sum_of)])


def _part(claims: Obj) -> str:
    return _text(json.dumps(claims, separators=(",", ":")).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
