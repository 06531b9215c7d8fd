"""The lawful styles: different lives, none of which breaks a word of the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.aitbc_agents.bodies import (
    EMPTIES,
    EXTRAS,
    NESTED,
    heartbeat_with_load,
    register_two_fields,
)
from tests.mutants.aitbc_agents.model import (
    Chore,
    Encoding,
    Ending,
    OnTerm,
    Op,
    Reaction,
    Style,
    Trouble,
)

__all__ = ["STYLES"]

_DAEMON: Final = Style(
    name="daemon",
    summary="registers, reports, heartbeats, discovers, submits and says goodbye",
    prologue=(Op.HEALTH, Op.REGISTER, Op.STATUS),
    rounds=(
        Chore(op=Op.HEARTBEAT),
        Chore(op=Op.DISCOVER, every=4),
        Chore(op=Op.SUBMIT, every=6),
        Chore(op=Op.TASK_STATUS, every=5),
        Chore(op=Op.STATUS, every=3, delayed=True),
    ),
    on_term=OnTerm.FAREWELL,
)

_MINIMAL: Final = Style(
    name="minimal",
    summary="registers with the two required fields, then heartbeats without a body",
    prologue=(Op.REGISTER,),
    rounds=(Chore(op=Op.HEARTBEAT),),
    bodies={Op.REGISTER: register_two_fields},
    headers=(),
)

_ONESHOT: Final = Style(
    name="oneshot",
    summary="registers, submits one task and leaves",
    prologue=(Op.REGISTER, Op.SUBMIT),
    ending=Ending.EXIT,
    attempts=8,
    reactions={Trouble.REFUSED: Reaction.EXIT},
)

_QUIET: Final = Style(
    name="quiet",
    summary="registers and then only updates its status",
    prologue=(Op.REGISTER,),
    rounds=(Chore(op=Op.STATUS),),
    on_term=OnTerm.FAREWELL,
    agent_type="consumer",
)

_SUBMITTER: Final = Style(
    name="submitter",
    summary="no agent of the coordinator: submits tasks and polls the task status",
    prologue=(Op.HEALTH,),
    rounds=(Chore(op=Op.SUBMIT, every=2), Chore(op=Op.TASK_STATUS)),
)

_BATCH: Final = Style(
    name="batch",
    summary="hands in forty tasks in one go, each once, whatever becomes of it; then waits",
    prologue=(),
    rounds=(Chore(op=Op.SUBMIT, seconds=0.0, limit=40),),
    reactions=dict.fromkeys((Trouble.BUSY, Trouble.BROKEN, Trouble.DROPPED), Reaction.IGNORE),
)

_OBSERVER: Final = Style(
    name="observer",
    summary="no agent of the coordinator: discovers with each filter, looks at whom it found",
    prologue=(),
    rounds=(Chore(op=Op.DISCOVER), Chore(op=Op.GET_AGENT)),
    visits_peers=True,
)

_CHATTY: Final = Style(
    name="chatty",
    summary="uses every endpoint over one kept connection",
    prologue=(Op.HEALTH, Op.OPENAPI, Op.DOCS, Op.REGISTER, Op.STATUS),
    rounds=(
        Chore(op=Op.HEARTBEAT),
        Chore(op=Op.GET_AGENT, every=2),
        Chore(op=Op.DISCOVER, every=2),
        Chore(op=Op.SUBMIT, every=3),
        Chore(op=Op.TASK_STATUS, every=3),
        Chore(op=Op.QUEUES, every=3),
        Chore(op=Op.QUEUE_STATS, every=3),
        Chore(op=Op.CLEAR, every=8),
        Chore(op=Op.STATUS, every=3, delayed=True),
        Chore(op=Op.HEALTH, every=5, delayed=True),
    ),
    on_term=OnTerm.FAREWELL,
    agent_type="general",
    keep_alive=True,
)

_CAREFUL: Final = Style(
    name="careful",
    summary="heartbeats with a JSON body; leaves with a clear message when it is refused",
    prologue=(Op.HEALTH, Op.REGISTER),
    rounds=(Chore(op=Op.HEARTBEAT), Chore(op=Op.STATUS, every=4)),
    bodies={Op.HEARTBEAT: heartbeat_with_load},
    on_term=OnTerm.FAREWELL,
    agent_type="provider",
    reactions={Trouble.REFUSED: Reaction.EXIT},
)

_PRETTY: Final = Style(
    name="pretty",
    summary="indented UTF-8 JSON, nested metadata, an id that needs percent-encoding",
    prologue=(Op.REGISTER, Op.STATUS),
    rounds=(
        Chore(op=Op.HEARTBEAT),
        Chore(op=Op.GET_AGENT, every=3),
        Chore(op=Op.DISCOVER, every=3),
        Chore(op=Op.SUBMIT, every=4),
    ),
    bodies=NESTED,
    encoding=Encoding(indent=4, ascii_only=False, content_type="application/json; charset=utf-8"),
    id_suffix=" é#1 工",
    on_term=OnTerm.FAREWELL,
)

_SLOWPOKE: Final = Style(
    name="slowpoke",
    summary="registers and heartbeats each five seconds only",
    prologue=(Op.HEALTH, Op.REGISTER),
    rounds=(Chore(op=Op.HEARTBEAT, seconds=5.0, delayed=True),),
    on_term=OnTerm.FAREWELL,
)

_EXTRAS: Final = Style(
    name="extras",
    summary="sends unknown fields, load metrics and headers along with the known ones",
    prologue=(Op.HEALTH, Op.REGISTER, Op.STATUS),
    rounds=_DAEMON.rounds,
    bodies=EXTRAS,
    headers=(("X-Trace", "a;b=c"), ("accept", "*/*"), ("USER-AGENT", "extras/0")),
    on_term=OnTerm.FAREWELL,
)

_EMPTIES: Final = Style(
    name="empties",
    summary="leaves every list and object empty; declares itself stale",
    prologue=(Op.REGISTER, Op.STATUS),
    rounds=_DAEMON.rounds,
    bodies=EMPTIES,
)

_STREAMER: Final = Style(
    name="streamer",
    summary="sends its bodies in chunks, without a length",
    prologue=(Op.REGISTER, Op.STATUS),
    rounds=_DAEMON.rounds,
    encoding=Encoding(chunked=True, content_type="Application/JSON"),
    on_term=OnTerm.FAREWELL,
    keep_alive=True,
)

STYLES: Final[Mapping[str, Style]] = {
    style.name: style
    for style in (
        _DAEMON,
        _MINIMAL,
        _ONESHOT,
        _QUIET,
        _SUBMITTER,
        _BATCH,
        _OBSERVER,
        _CHATTY,
        _CAREFUL,
        _PRETTY,
        _SLOWPOKE,
        _EXTRAS,
        _EMPTIES,
        _STREAMER,
    )
}
