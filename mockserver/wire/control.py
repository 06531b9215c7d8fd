"""The control interface: what a test or a person may ask of the mock itself, under `/_assay/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson
from aiohttp import web

from mockserver.app import Mock
from mockserver.faults import Fault
from mockserver.faults.fit import misfit
from mockserver.session import Session
from mockserver.sockets import Ending, Line
from mockserver.transcript import Frame, HttpExchange
from mockserver.verdicts import Judge
from mockserver.world import VirtualClock, iso
from schemas.spec import Protocol

if TYPE_CHECKING:
    from mockserver.wire.plays import Plays

__all__ = ["PREFIX", "Control"]

PREFIX = "/_assay/"

_Command = Callable[[Session, str, Any], Any]


class Control:
    """Looks at, and steers, one session of a mock. Bad input is a 400 that says what is wrong."""

    def __init__(self, mock: Mock, plays: Callable[[], Plays]) -> None:
        self._mock = mock
        self._plays = plays
        self._judge = Judge(mock.protocol)
        self._commands: dict[tuple[str, str], _Command] = {
            ("GET", "ready"): self._ready,
            ("GET", "state"): _state,
            ("GET", "transcript"): _transcript,
            ("GET", "verdicts"): self._verdicts,
            ("GET", "clock"): _clock,
            ("POST", "clock/advance"): self._advance,
            ("POST", "reset"): _reset,
            ("POST", "restart"): _restart,
            ("GET", "faults"): _faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): _clear_faults,
            ("POST", "enrol"): _enrol,
            ("GET", "scenario"): self._scenario,
            ("PUT", "scenario"): self._put_scenario,
            ("DELETE", "scenario"): self._drop_scenario,
            ("GET", "connections"): _connections,
            ("POST", "connections/say"): self._say,
            ("POST", "connections/close"): _close,
        }
        for name in mock.sessions.get().coordinator.own_commands():
            self._commands["POST", name] = self._own(name)

    def handle(
        self, method: str, path: str, query: str, body: bytes, session: Session
    ) -> web.Response:
        """Carry out one command and answer in JSON."""
        name = path[len(PREFIX) :].strip("/")
        command = self._commands.get((method, name))
        if command is None:
            known = [f"{verb} {PREFIX}{known}" for verb, known in self._commands]
            return _json({"error": f"no {method} {path} here", "commands": known}, 404)
        try:
            return _json(command(session, query, _read(body, lists=name == "faults")))
        except (ValueError, TypeError) as error:
            return _json({"error": str(error)}, 400)
        finally:
            self._mock.sockets.flush(session)

    def _ready(self, _session: Session, _query: str, _body: Any) -> Any:
        return {
            "ready": True,
            "protocol": self._mock.protocol.id,
            "version": self._mock.protocol.version,
            "seed": self._mock.seed,
            "sessions": self._mock.sessions.keys(),
        }

    def _verdicts(self, session: Session, _query: str, _body: Any) -> Any:
        return self._judge.judge(session.transcript.entries)

    def _say(self, session: Session, _query: str, body: Any) -> Any:
        """Any message at all on one connection, or on each: `text` as it is, `message` as JSON."""
        if ("text" in body) is ("message" in body):
            raise ValueError('give either "message" (any JSON) or "text" (sent as it is)')
        text = body.get("text", "")
        if not isinstance(text, str):
            raise TypeError(f'"text" is a text, not {text!r}')
        data = text.encode() if "text" in body else orjson.dumps(body["message"])
        lines = _lines(session, body)
        for line in lines:
            self._mock.sockets.inject(line, data)
        return {"said": [line.connection.number for line in lines]}

    def _scenario(self, session: Session, _query: str, _body: Any) -> Any:
        playlist = self._plays().get(session)
        return {"scenario": None} if playlist is None else playlist.view()

    def _put_scenario(self, session: Session, query: str, body: Any) -> Any:
        """`name` is one that ships, `document` any; `workflow` and `inputs` go with either."""
        if ("name" in body) is ("document" in body):
            raise ValueError('give either "name" (see: assay scenarios) or "document" (Arazzo 1.1)')
        inputs = body.get("inputs", {})
        if not isinstance(inputs, dict):
            raise TypeError(f'"inputs" is an object, not {inputs!r}')
        more = {"workflow": str(body.get("workflow", "")), "inputs": inputs}
        if "document" in body:
            self._plays().put_document(session, body["document"], **more)
        else:
            self._plays().put_shipped(session, str(body["name"]), **more)
        return self._scenario(session, query, body)

    def _drop_scenario(self, session: Session, query: str, body: Any) -> Any:
        self._plays().drop(session)
        return self._scenario(session, query, body)

    def _advance(self, session: Session, query: str, body: Any) -> Any:
        seconds = body.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise TypeError(f'"seconds" is a number, not {seconds!r}')
        session.advance(seconds, lambda: self._mock.sockets.flush(session))
        return _clock(session, query, body)

    def _add_faults(self, session: Session, query: str, body: Any) -> Any:
        """One fault or a list of them: all, or none where one is wrong."""
        faults = []
        for index, said in enumerate(body if isinstance(body, list) else [body]):
            try:
                faults.append(_fault(said, self._mock.protocol))
            except (ValueError, TypeError) as error:
                place = f"/{index}: " if isinstance(body, list) else ""
                raise ValueError(f"{place}{error}") from error
        for fault in faults:
            session.faults.add(fault)
        return _faults(session, query, body)

    def _own(self, name: str) -> _Command:
        def command(session: Session, _query: str, body: Any) -> Any:
            session.coordinator.catch_up()
            return session.coordinator.command(name, body)

        return command


def _read(body: bytes, *, lists: bool) -> Any:
    said = orjson.loads(body) if body else {}
    if lists and isinstance(said, list) and said:
        return said
    if not isinstance(said, dict):
        more = ", nor a list of some" if lists else ""
        raise TypeError(f"the body is not a JSON object{more}")
    return said


def _state(session: Session, _query: str, _body: Any) -> Any:
    session.coordinator.catch_up()
    return session.coordinator.state()


def _transcript(session: Session, query: str, _body: Any) -> Any:
    since = parse_qs(query).get("since", ["0"])[0]
    entries = session.transcript.since(int(since))
    return {
        "exchanges": [entry.view() for entry in entries if isinstance(entry, HttpExchange)],
        "frames": [entry.view() for entry in entries if isinstance(entry, Frame)],
    }


def _clock(session: Session, _query: str, _body: Any) -> Any:
    clock = session.world.clock
    kind = "virtual" if isinstance(clock, VirtualClock) else "real"
    return {"clock": kind, "now": iso(clock.now()), "seconds": clock.now()}


def _reset(session: Session, _query: str, _body: Any) -> Any:
    session.reset()
    return {"reset": True}


def _restart(session: Session, _query: str, _body: Any) -> Any:
    session.forget()
    return {"restarted": True}


def _faults(session: Session, _query: str, _body: Any) -> Any:
    return {"faults": [fault.view() for fault in session.faults]}


def _fault(said: Any, protocol: Protocol) -> Fault:
    """One that can strike. Raises `ValueError` or `TypeError` where none comes of it."""
    if not isinstance(said, dict):
        raise TypeError(f"a fault is a JSON object, not {said!r}")
    fault = Fault.parse(said)
    wrong = misfit(fault, protocol)
    if wrong:
        raise ValueError(wrong)
    return fault


def _clear_faults(session: Session, query: str, body: Any) -> Any:
    session.faults.clear()
    return _faults(session, query, body)


def _enrol(session: Session, _query: str, body: Any) -> Any:
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise TypeError(f'"name" is the name of an agent, not {name!r}')
    return dict(session.coordinator.enrol(name))


def _connections(session: Session, _query: str, _body: Any) -> Any:
    return {
        "connections": [
            {
                "connection": line.connection.number,
                "channel": line.connection.channel,
                "principal": line.connection.principal,
            }
            for line in session.lines.values()
            if not line.ending
        ]
    }


def _close(session: Session, _query: str, body: Any) -> Any:
    code = body.get("code", 1000)
    if not isinstance(code, int) or not (1000 <= code < 5000):
        raise ValueError(f'"code" is from 1000 to 4999, not {code!r}')
    lines = _lines(session, body)
    for line in lines:
        line.ending = True
        line.deliver(Ending(code, str(body.get("reason", "")), at_once=True))
    return {"closed": [line.connection.number for line in lines]}


def _lines(session: Session, body: Any) -> list[Line]:
    """The connections that are meant: by number, by principal, or all of them."""
    wanted = body.get("connection")
    lines = [
        line
        for line in session.lines.values()
        if not line.ending and wanted in (None, line.connection.number, line.connection.principal)
    ]
    if not lines:
        raise ValueError(f"nobody is connected as {wanted!r}" if wanted else "nobody is connected")
    return lines


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
