"""The life of one WebSocket message, from bytes to bytes, and of the connection it comes on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.coordinator import Connection, Coordinator, End, Heard, Say, Settle, Wrong
from mockserver.faults.manner import Dribble
from mockserver.faults.plan import Stroke
from mockserver.faults.strike import strike_message
from mockserver.json_text import read_json, write_json
from mockserver.transcript import Entry, Frame
from schemas.spec import Channel, Message, Protocol
from schemas.validation import Validators, Violation

if TYPE_CHECKING:
    from mockserver.session import Session

__all__ = ["Delivery", "Ending", "Line", "Sockets"]


class Delivery(NamedTuple):
    """A message that goes out: after a delay (seconds), behind the next `window` others, or in
    pieces.

    `kind` is text, binary, ping, or raw for bytes that are no frame of ours. `pinged` is one that
    a ping comes in the middle of. `promised` is the length that its frame tells where less than
    that comes.
    """

    data: bytes
    fragments: int = 1
    delay: float = 0.0
    window: int = 0
    kind: str = "text"
    pinged: bool = False
    promised: int = 0
    dribble: Dribble | None = None


class Ending(NamedTuple):
    """A connection that is ended. Without a close frame where `code` is `None`.

    It ends after what was said before and is still to go out, unless it ends `at_once`. `delay` is
    in seconds; a `reset` leaves no doubt that nobody is there any more.
    """

    code: int | None
    reason: str = ""
    delay: float = 0.0
    at_once: bool = False
    reset: bool = False


@dataclass(eq=False, slots=True, kw_only=True)
class Line:
    """An open connection between the core and its wire.

    `deliver` is the wire's: it carries messages and endings out. `silent` is one that was told to
    hang: nothing more goes out, and nothing that comes in is read. `forgotten` is one whose session
    began anew: its end does not belong to the new transcript. A `guest` is the script's alone:
    the coordinator knows nothing of it.
    """

    connection: Connection
    channel: Channel
    session: Session
    coordinator: Coordinator
    deliver: Callable[[Delivery | Ending], None] = field(default=lambda _: None)
    silent: bool = False
    ending: bool = False
    forgotten: bool = False
    guest: bool = False

    @property
    def concerns_coordinator(self) -> bool:
        """Is what is said there for the coordinator of now?"""
        return self.coordinator is self.session.coordinator and not self.guest


class Sockets:
    """Takes what is said on the connections of a mock to its coordinators, and back."""

    def __init__(
        self, protocol: Protocol, validators: Validators, write: Callable[[Session, Entry], None]
    ) -> None:
        self._protocol = protocol
        self._validators = validators
        self._write = write
        self.touched: Callable[[Session], None] | None = None
        """Told of each session whose coordinator had a turn: a wire keeps its timers by it."""

    def hear(self, line: Line, kind: str, data: bytes, fragments: int = 1) -> None:
        """Take one message of a client, `text` or `binary`."""
        if line.silent or line.ending:
            return
        heard = self._understand(line, data)
        violations = heard.violations
        self._note(
            line, "agent", kind, data, heard.message, violations=violations, fragments=fragments
        )
        if line.concerns_coordinator:
            line.coordinator.catch_up()
            line.coordinator.hear(line.connection, heard)
        self.flush(line.session)

    def note_control(
        self, line: Line, sender: str, kind: str, data: bytes, code: int | None = None
    ) -> None:
        """Write down a ping, a pong, a close, or what was lost: the core has no part in them."""
        self._note(line, sender, kind, data, code=code)

    def leave(self, line: Line) -> None:
        """A connection has ended, whoever ended it."""
        if line.session.lines.pop(line.connection.number, None) is None:
            return
        if line.concerns_coordinator:
            line.coordinator.closed(line.connection)
        self.flush(line.session)

    def flush(self, session: Session) -> None:
        """Carry out what the coordinator of a session wants done, and its script."""
        self._carry_out_all(session)
        while session.script is not None and session.script.turn():
            self._carry_out_all(session)
        if self.touched is not None and (session.lines or session.waiting):
            self.touched(session)

    def _carry_out_all(self, session: Session) -> None:
        while effects := session.coordinator.effects():
            for effect in effects:
                if isinstance(effect, Settle):
                    effect.later.deliver(effect.answer)
                    continue
                line = session.lines.get(effect.connection.number)
                if line is not None and not line.ending:
                    self._carry_out(line, effect)

    def inject(
        self,
        line: Line,
        data: bytes,
        kind: str = "text",
        fragments: int = 1,
        *,
        pinged: bool = False,
    ) -> None:
        """Say something on a connection that no coordinator said: the wish of a test.

        `kind` is text, binary, ping or raw, and a fragmented text may have a ping in its middle.
        """
        message = None
        if kind == "text":
            with contextlib.suppress(ValueError):
                message = line.channel.message("coordinator", read_json(data))
        name = message.id if message else ""
        self._note(line, "coordinator", kind, data, name, fragments=fragments)
        line.deliver(Delivery(data, fragments, kind=kind, pinged=pinged))

    def replay(self, line: Line, frames: Sequence[Frame]) -> None:
        """Say again what was said on an earlier connection."""
        for frame in frames:
            self._note(line, "coordinator", "text", frame.data, frame.message, faults=("stale",))
            line.deliver(Delivery(frame.data))

    # The steps of what comes in

    def _understand(self, line: Line, data: bytes) -> Heard:
        try:
            said = read_json(data)
        except ValueError as error:
            shown = data[:80].decode("utf-8", "backslashreplace")
            what = f"is not well-formed JSON: {error}"
            wrong = Violation(pointer="", keyword="json", message=what, value=shown)
            return Heard(data=None, wrong=Wrong.MALFORMED, violations=(wrong,))
        message = line.channel.message("agent", said)
        if message is None:
            return Heard(data=said)
        shape = self._validators.at(message.payload)
        if shape is None or shape.accepts(said):
            return Heard(said, message.id)
        violations = shape.explain(said)
        return Heard(data=said, message=message.id, wrong=Wrong.INVALID, violations=violations)

    # The steps of what goes out

    def _carry_out(self, line: Line, effect: Say | End) -> None:
        if isinstance(effect, End):
            line.ending = True
            line.deliver(Ending(effect.code, effect.reason))
            return
        message = line.channel.message("coordinator", effect.payload)
        name = message.id if message else ""
        faults = line.session.faults
        strokes = faults.strike(name, "websocket") if faults else ()
        if strokes or line.silent:
            self._say_with_faults(line, message, effect.payload, strokes)
            return
        data = write_json(effect.payload)
        self._note(line, "coordinator", "text", data, name)
        line.deliver(Delivery(data))

    def _say_with_faults(
        self, line: Line, message: Message | None, payload: Any, strokes: Sequence[Stroke]
    ) -> None:
        name, correlation = (message.id, message.correlation) if message else ("", "")
        data, manner, told = strike_message(payload, strokes, correlation)
        line.silent = line.silent or manner.end in ("hang", "half_open")
        fragments = manner.fragments
        self._note(line, "coordinator", "text", data, name, fragments=fragments, faults=told)
        if manner.end in ("close", "reset"):
            line.ending = True
            code, reset = (manner.code, False) if manner.end == "close" else (None, True)
            line.deliver(Ending(code, "as it was told to", manner.delay, reset=reset))
        elif not line.silent and not manner.end:
            delivery = Delivery(
                data,
                fragments,
                manner.delay,
                manner.window,
                promised=manner.promised,
                dribble=manner.dribble,
            )
            for _ in range(manner.copies):
                line.deliver(delivery)
            if manner.promised:
                line.ending = True
                line.deliver(Ending(None))

    def _note(  # who, what and on which line go by position everywhere
        self,
        line: Line,
        sender: str,
        kind: str,
        data: bytes,
        message: str = "",
        *,
        violations: Sequence[Violation] = (),
        fragments: int = 1,
        code: int | None = None,
        faults: Sequence[str] = (),
    ) -> None:
        if line.forgotten:
            return
        session, connection = line.session, line.connection
        # By position: this is done for everything that is said.
        frame = Frame(
            session.transcript.number(),
            session.world.clock.now(),
            time.monotonic(),
            connection.number,
            connection.principal,
            sender,
            kind,
            data,
            message,
            violations,
            fragments,
            code,
            faults,
        )
        self._write(session, frame)
