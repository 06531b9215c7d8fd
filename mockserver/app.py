"""The life of one request, from bytes to bytes, as one list of steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.bodies import Bodies
from mockserver.coordinator import (
    Accepted,
    Answer,
    Connection,
    Handshake,
    Later,
    Refusal,
    Settings,
    Wrong,
)
from mockserver.faults.manner import PLAIN
from mockserver.json_text import write_json
from mockserver.life import Life
from mockserver.passage import Joined, Outcome, Pending, Request
from mockserver.protocols import make_coordinator
from mockserver.router import Channels, Router
from mockserver.session import Session, Sessions
from mockserver.sockets import Ending, Line, Sockets
from mockserver.striking import force_answer, plan_faults, replayed, struck
from mockserver.transcript import Entry, HttpExchange
from mockserver.world import Clock, RealClock, World
from schemas.spec import Protocol
from schemas.validation import Validators, Violation

if TYPE_CHECKING:
    from mockserver.authority import Authority

__all__ = ["Listener", "Mock"]


Listener = Callable[[Entry], None]

_NOTHING: Mapping[str, str] = {}
_NO_FAULTS: tuple[str, ...] = ()
_SWITCHING = Answer(status=101, raw=b"")


class Mock:
    """A mock coordinator without sockets: requests in, outcomes out.

    `seed` fixes ids and chances; `clock` makes the clock of each session; `authority` signs the
    certificates of a protocol that has any.
    """

    def __init__(
        self,
        protocol: Protocol,
        *,
        seed: int = 0,
        clock: Callable[[], Clock] = RealClock,
        settings: Settings | None = None,
        authority: Authority | None = None,
    ) -> None:
        self.protocol = protocol
        self._authority = authority
        self.validators = Validators(protocol)
        self.seed = seed
        self.settings = settings or Settings()
        self.listener: Listener | None = None
        self.sockets = Sockets(protocol, self.validators, self._note)
        self.bodies = Bodies(protocol)
        self._router = Router(protocol)
        self._channels = Channels(protocol)
        self._clock = clock
        self.sessions = Sessions(self._new_session)
        # The whole chain. A step answers, or leaves the request to the next.
        self._steps: tuple[Callable[[Life], Answer | Later | None], ...] = (
            _plan_faults,
            self._refuse_unknown,
            self._ask_script,
            self._guard,
            self._read,
            force_answer,
            self._say_scripted,
            self._ask_coordinator,
        )
        # And that of a handshake, which opens a WebSocket in the end.
        self._opening: tuple[Callable[[Life], Answer | None], ...] = (
            _plan_faults,
            self._refuse_unknown_channel,
            self._refuse_unsound,
            force_answer,
            self._refuse_by_script,
            self._ask_for_admission,
        )

    def serve(self, request: Request, session: Session) -> Outcome | Pending:
        """Take one request through the chain, and write down what came of it.

        What the coordinator does not answer at once is pending, and delivered when it does.
        """
        began = time.perf_counter()
        life = Life(request, session, self._router.match(request.method, request.path))
        answer: Answer | Later | None = None
        for step in self._steps:
            answer = step(life)
            if answer is not None:
                break
        assert answer is not None, "the last step always answers"
        if isinstance(answer, Later):
            return self._wait(life, answer, began)
        outcome = self._write_down(life, answer, began)
        self.sockets.flush(session)
        return outcome

    def _wait(self, life: Life, later: Later, began: float) -> Pending:
        coordinator = life.session.coordinator
        name = life.name
        waiting = life.session.waiting

        def give_up() -> None:
            if later in waiting:  # a restart forgets who waits
                waiting.remove(later)
                coordinator.abandoned(later)
            self._write_down(life, coordinator.failure(504, "nobody waits any more", name), began)

        def deliver(said: Answer) -> None:
            waiting.discard(later)
            pending.deliver(self._write_down(life, said, began))

        pending = Pending(given_up=give_up)
        later.deliver = deliver
        waiting.add(later)
        self.sockets.flush(life.session)
        return pending

    def join(
        self,
        request: Request,
        session: Session,
        *,
        query: Mapping[str, str],
        offered: Sequence[str] = (),
        unsound: Answer | None = None,
    ) -> Outcome | Joined:
        """Take a WebSocket handshake through its chain: it is refused, or a line is made.

        `offered` are the sub-protocols that it offers; `unsound` is the wire's answer to one that
        breaks RFC 6455. `opened` has the last word, once the wire has accepted.
        """
        began = time.perf_counter()
        channel = self._channels.match(request.path)
        life = Life(request, session, self._router.match(request.method, request.path))
        life.unsound = unsound
        if channel is not None:
            life.handshake = Handshake(
                channel=channel[0].id,
                parameters=channel[1],
                query=query,
                headers=request.headers,
                subprotocols=offered,
                certificate=request.certificate,
            )
        answer: Answer | None = None
        for step in self._opening:
            answer = step(life)
            if answer is not None:
                break
        assert answer is not None, "the last step always answers"
        outcome = self._write_down(life, answer, began)
        if life.joined is None or outcome.manner.end:
            self.sockets.flush(session)
            return outcome
        return life.joined._replace(delay=outcome.manner.delay)

    def has_channel(self, path: str) -> bool:
        """Is that the path of a WebSocket?"""
        return self._channels.match(path) is not None

    def opened(self, joined: Joined) -> None:
        """The wire has accepted: from here on, the line is open."""
        line = joined.line
        if line.coordinator is not line.session.coordinator:  # a restart came in between
            line.ending = True
            line.deliver(Ending(1012, "the service restarts"))
            return
        line.session.lines[line.connection.number] = line
        self.sockets.replay(line, joined.replayed)
        if not line.guest:
            line.coordinator.opened(line.connection, joined.handshake)
        self.sockets.flush(line.session)

    def _new_session(self) -> Session:
        def make(world: World) -> Any:
            return make_coordinator(self.protocol, world, self.settings)

        world = World.seeded(self.seed, self._clock(), self._authority)
        return Session(make, world, self.seed)

    # The steps

    def _refuse_unknown(self, life: Life) -> Answer | None:
        match = life.match
        if life.request.unread is not None:
            life.violations = (life.request.unread,)
            return self._refuse(life, Wrong.GARBLED)
        if life.request.too_large:
            return self._refuse(life, Wrong.TOO_LARGE)
        if match.operation is not None:
            return None
        return self._refuse(life, Wrong.UNKNOWN_METHOD if match.allowed else Wrong.UNKNOWN_PATH)

    def _ask_script(self, life: Life) -> Answer | None:
        """What the script answers, if it does. It has its way with what is refused only where it
        refuses it too, or where it is asked with what it handed out itself.
        """
        script = life.session.script
        if script is None:
            return None
        wrong = self._read(life)
        life.scripted = script.reply(life)
        if wrong is None or life.scripted is None or life.scripted.answer.status < 400:
            return None
        return force_answer(life) or life.scripted.answer

    def _guard(self, life: Life) -> Answer | None:
        if life.scripted is not None and life.scripted.vouched:
            return None
        return life.session.coordinator.guard(life.call())

    def _read(self, life: Life) -> Answer | None:
        """Refuse what is wrong with the request itself. It is looked at once."""
        if not life.is_read:
            life.is_read = True
            life.refused = self._parse(life) or self._validate(life)
        return life.refused

    def _parse(self, life: Life) -> Answer | None:
        if not life.has_body:
            return None
        operation = life.operation
        label = life.request.headers.get("Content-Type", "")
        try:
            life.body = self.bodies.read(operation, life.request.body, label)
        except ValueError as error:
            kind = "JSON" if operation.media_type == "application/json" else operation.media_type
            what = f"is not well-formed {kind}: {error}" if life.request.body else "is missing"
            shown = life.request.body[:80].decode("utf-8", "backslashreplace")
            life.violations = (Violation(pointer="", keyword="json", message=what, value=shown),)
            return self._refuse(life, Wrong.MALFORMED)
        return None

    def _validate(self, life: Life) -> Answer | None:
        operation = life.operation
        wrong: list[Violation] = []
        for name, value in life.match.parameters.items():
            shape = self.validators.at(operation.parameters.get(name))
            if shape is not None and not shape.accepts(value):
                # In the path, so that a reader can tell it from a place in the body.
                wrong += [each.under(f"/path/{name}") for each in shape.explain(value)]
        if life.has_body:
            shape = self.validators.at(operation.request)
            if shape is not None and not shape.accepts(life.body):
                wrong += shape.explain(life.body)
        life.violations = wrong
        return self._refuse(life, Wrong.INVALID) if wrong else None

    def _say_scripted(self, life: Life) -> Answer | None:
        return None if life.scripted is None else life.scripted.answer

    def _ask_coordinator(self, life: Life) -> Answer | Later:
        return life.session.coordinator.answer(life.call())

    # The steps of a handshake

    def _refuse_unknown_channel(self, life: Life) -> Answer | None:
        if life.handshake is not None:
            return None
        known = life.match.operation is not None or life.match.allowed
        return self._refuse(life, Wrong.UNKNOWN_METHOD if known else Wrong.UNKNOWN_PATH)

    def _refuse_unsound(self, life: Life) -> Answer | None:
        if life.unsound is not None:
            what = (life.unsound.raw or b"").decode("utf-8", "replace").strip()
            broken = Violation(pointer="", keyword="websocket", message=what, value=None)
            life.violations = (broken,)
        return life.unsound

    def _refuse_by_script(self, life: Life) -> Answer | None:
        script = life.session.script
        scripted = None if script is None else script.reply(life)
        return None if scripted is None else scripted.answer

    def _ask_for_admission(self, life: Life) -> Answer:
        assert life.handshake is not None
        session = life.session
        session.coordinator.catch_up()
        said = session.coordinator.admit(life.handshake)
        script = session.script
        guest = script is not None and script.workflow.scripted
        if not isinstance(said, Accepted):
            if script is None or not script.admits(life):
                return said
            said, guest = Accepted(subprotocol=next(iter(life.handshake.subprotocols), "")), True
        connection = Connection(
            number=session.next_connection(),
            channel=life.handshake.channel,
            principal=said.principal,
        )
        line = Line(
            connection=connection,
            channel=self.protocol.channels[life.handshake.channel],
            session=session,
            coordinator=session.coordinator,
            guest=guest,
        )
        again = replayed(life, line) if life.strokes else ()
        life.joined = Joined(line, life.handshake, said.subprotocol, replayed=again)
        return _SWITCHING

    # What the steps share

    def _refuse(self, life: Life, wrong: Wrong) -> Answer:
        return life.session.coordinator.refuse(
            Refusal(
                wrong=wrong,
                operation=life.match.operation,
                violations=life.violations,
                allowed=life.match.allowed,
            )
        )

    def _write_down(self, life: Life, answer: Answer, began: float) -> Outcome:
        manner, faults = PLAIN, _NO_FAULTS
        if life.strokes:
            answer, body, wired, manner, faults = struck(life, answer, self.bodies)
        else:
            body = write_json(answer.body) if answer.raw is None else answer.raw
            wired = self._wired(life, answer, body)
        headers = {"Content-Type": _content_type(answer.media_type), **answer.headers}
        if life.request.method == "RPC" and answer.status >= 300:
            headers["grpc-message"] = life.session.coordinator.reason(answer)
        request, match, transcript = life.request, life.match, life.session.transcript
        exchange = HttpExchange(
            number=transcript.number(),
            at=life.session.world.clock.now(),
            real=time.monotonic(),
            took=time.perf_counter() - began,
            method=request.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
            body=request.body,
            operation=life.name,
            parameters=life.parameters,
            allowed=match.allowed,
            violations=life.violations,
            status=answer.status if request.is_answered and not manner.end else 0,
            answer_headers=headers,
            answer=body,
            faults=faults,
            connection=life.joined.line.connection.number if life.joined else 0,
            certificate=request.certificate,
            dialled=request.dialled,
            said=life.said,
        )
        self._note(life.session, exchange)
        return Outcome(
            status=answer.status,
            headers=headers,
            body=wired,
            exchange=exchange,
            manner=manner,
        )

    def _wired(self, life: Life, answer: Answer, body: bytes) -> bytes:
        """An answer as the wire carries it: that of a procedure is no JSON."""
        operation = life.match.operation
        if operation is None or not operation.is_rpc or answer.status >= 300:
            return body
        return self.bodies.write(operation, answer.body)

    def _note(self, session: Session, entry: Entry) -> None:
        session.transcript.add(entry)
        if session.script is not None:
            session.script.note(entry)
        if self.listener is not None:
            self.listener(entry)


def _plan_faults(life: Life) -> None:
    if life.session.faults:  # hardly ever
        plan_faults(life)


def _content_type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
