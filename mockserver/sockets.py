"""The life of one WebSocket message, from bytes to bytes, and of the connection it comes on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.coordinator import Connection, Coordinator, End, Heard, Say, Settle, Wrong
from mockserver.faults import OF_MESSAGES, Fault
from mockserver.json_text import read_json, write_json
from mockserver.transcript import Entry, Frame
from schemas.spec import Channel, Protocol
from schemas.validation import Validators, Violation

if TYPE_CHECKING:
    from mockserver.session import Session

__all__ = ["Delivery", "Ending", "Line", "Sockets"]

_FRAGMENTS = 3
"""Fragments that a message comes in where the fault `fragment` strikes."""


class Delivery(NamedTuple):
    """A message that goes out: after a delay (seconds), or behind the next one (`held`).

    `kind` is text, binary, ping, or raw for bytes that are no frame of ours. `pinged` is one that
    a ping comes in the middle of.
    """

    data: bytes
    fragments: int = 1
    delay: float = 0.0
    held: bool = False
    kind: str = "text"
    pinged: bool = False


class Ending(NamedTuple):
    """A connection that is ended. Without a close frame where `code` is `None`."""

    code: int | None
    reason: str = ""


@dataclass(eq=False, slots=True, kw_only=True)
class Line:
    """An open connection between the core and its wire.

    `deliver` is the wire's: it carries messages and endings out. `silent` is one that was told to
    hang: nothing more goes out, and nothing that comes in is read. `forgotten` is one whose session
    began anew: its end does not belong to the new transcript.
    """

    connection: Connection
    channel: Channel
    session: Session
    coordinator: Coordinator
    deliver: Callable[[Delivery | Ending], None] = field(default=lambda _: None)
    silent: bool = False
    ending: bool = False
    forgotten: bool = False


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
        if line.coordinator is line.session.coordinator:
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
        if line.coordinator is line.session.coordinator:
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
        struck = faults.strike(name, OF_MESSAGES) if faults else []
        if struck or line.silent:
            self._say_with_faults(line, name, effect.payload, struck)
            return
        data = write_json(effect.payload)
        self._note(line, "coordinator", "text", data, name)
        line.deliver(Delivery(data))

    def _say_with_faults(self, line: Line, name: str, payload: Any, struck: list[Fault]) -> None:
        kinds = {fault.kind for fault in struck}
        if "extra" in kinds and isinstance(payload, dict):
            payload = {**payload, "x_unheard_of": {"since": "a later version"}}
        data = write_json(payload)
        data = data[: len(data) // 2] if "corrupt" in kinds else data
        line.silent = line.silent or "hang" in kinds
        fragments = _FRAGMENTS if "fragment" in kinds else 1
        told = tuple(fault.kind for fault in struck)
        self._note(line, "coordinator", "text", data, name, fragments=fragments, faults=told)
        if "close" in kinds:
            line.ending = True
            code = next(fault.code for fault in struck if fault.kind == "close")
            line.deliver(Ending(code, "as it was told to"))
        elif not line.silent and "drop" not in kinds:
            delay = sum(fault.seconds for fault in struck if fault.kind == "delay")
            delivery = Delivery(data, fragments, delay, "reorder" in kinds)
            for _ in range(2 if "duplicate" in kinds else 1):
                line.deliver(delivery)

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
