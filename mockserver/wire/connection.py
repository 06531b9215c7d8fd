"""One open WebSocket: bytes to frames to messages, and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from mockserver.sockets import Delivery, Ending, Line, Sockets
from mockserver.wire.behind import data_follows
from mockserver.wire.pieces import framed, pieces_of
from mockserver.wire.plain import text_frame, texts_in
from mockserver.wire.reset import reset
from mockserver.wire.strict import between_messages
from mockserver.wire.turns import Turns

__all__ = ["Wire"]

_CLOSING = 2.0
"""Seconds that a client has to end a connection whose end was agreed on."""

_HELD = 1.0
"""Seconds after which a message that was to be overtaken goes out, overtaken or not."""

_HIGH = 256 * 1024
"""Bytes waiting to be taken by a client from which on nothing more is read from it."""

_MOST = 16 * 1024 * 1024
"""Bytes waiting to be taken by a client from which on it is given up."""

_AGAIN = 0.01
"""Seconds until it is asked again whether a client has taken what waits for it."""

_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_KINDS = {Opcode.PING: "ping", Opcode.PONG: "pong"}


class Wire:
    """Carries one line. aiohttp feeds it what comes in, as it would feed a parser of its own."""

    def __init__(
        self, sockets: Sockets, line: Line, protocol: ServerProtocol, transport: asyncio.Transport
    ) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is gone."""
        self._sockets = sockets
        self._line = line
        self._protocol = protocol
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._fragments: list[bytes] = []
        self._is_text = True
        self._turns: Turns | None = None  # hardly any connection needs it
        self._held: list[Delivery] = []
        self._timers: set[asyncio.TimerHandle] = set()
        self._paused = False
        self._awaited = False
        self._told = False
        self._dropped = False
        self._writing = False
        self._early = False
        every, within = line.coordinator.ping_every, line.coordinator.pong_within
        self._later(every, self._ping, every, within)

    @contextlib.contextmanager
    def early(self) -> Iterator[None]:
        """What comes in meanwhile was sent before the handshake was answered."""
        self._early = True
        yield
        self._early = False

    # What aiohttp calls

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Bytes came in."""
        if self._line.silent:
            return False, b""
        protocol = self._protocol
        if self._early and data_follows(data, closed=True):
            # "the client MUST wait for a response from the server before sending any further data"
            self._note_raw("data came before the handshake was answered")
        self._writing = True  # once, when all that came has been taken
        if between_messages(protocol):
            texts, data = texts_in(data, protocol.max_message_size)
            for text in texts:
                self._awaited = False
                self._take_text(text, 1)
        if data:
            self._receive(data)
        self.write()
        self._hold_back()
        return False, b""

    def _receive(self, data: bytes) -> None:
        """What is more than plain texts."""
        protocol = self._protocol
        closed_before = protocol.close_rcvd is not None
        protocol.receive_data(data)
        if protocol.close_rcvd is not None and data_follows(data, closed_before):
            self._note_raw("a data frame followed the close frame")
        for event in protocol.events_received():
            assert isinstance(event, Frame)
            self._take(event)

    def feed_eof(self) -> None:
        """The connection is gone."""
        if self._turns is not None:
            self._turns.cancel()
        for timer in self._timers:
            timer.cancel()
        if self._protocol.close_rcvd is None:
            who = "coordinator" if self._dropped else "agent"
            self._sockets.note_control(self._line, who, "lost", b"")
        self._sockets.leave(self._line)
        if not self.lost.done():
            self.lost.set_result(None)

    # What comes in

    def _take(self, frame: Frame) -> None:
        self._awaited = False  # whoever says something lives
        if frame.opcode in _DATA:
            self._take_data(frame)
        elif frame.opcode is Opcode.CLOSE:
            close = self._protocol.close_rcvd
            code, reason = (close.code, close.reason) if close else (None, "")
            self._sockets.note_control(self._line, "agent", "close", reason.encode(), code)
            self._line.ending = True
            # At once, and not when the transport ends: until then, what is said would be lost.
            self._sockets.leave(self._line)
        else:
            kind = _KINDS[frame.opcode]
            self._sockets.note_control(self._line, "agent", kind, bytes(frame.data))

    def _take_data(self, frame: Frame) -> None:
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
            self._fragments = []
        self._fragments.append(bytes(frame.data))
        if frame.fin:
            fragments, self._fragments = self._fragments, []
            data, count = b"".join(fragments), len(fragments)
            if self._is_text:
                self._take_text(data, count)
            else:
                self._sockets.hear(self._line, "binary", data, count)

    def _take_text(self, data: bytes, fragments: int) -> None:
        try:
            data.decode()
        except UnicodeDecodeError as error:
            # "MUST _Fail the WebSocket Connection_": the core never hears of it
            reason = f"{error.reason} at position {error.start}"
            self._protocol.fail(CloseCode.INVALID_DATA, reason)
            self._line.ending = True
        else:
            self._sockets.hear(self._line, "text", data, fragments)

    # What goes out

    def deliver(self, what: Delivery | Ending) -> None:
        """Carry out what the core wants."""
        waits = what.delay or (self._turns is not None and self._turns.taken)
        if waits and not (isinstance(what, Ending) and what.at_once):
            self._in_turn().add(what)
        else:
            self._carry(what)

    def _in_turn(self) -> Turns:
        if self._turns is None:
            self._turns = Turns(self._carry)
        return self._turns

    def _carry(self, what: Delivery | Ending) -> None:
        if isinstance(what, Ending):
            self._end(what)
        elif what.window:
            self._held.append(what)
            self._later(_HELD, self._release)
        else:
            self._send(what)
            if self._held:
                self._overtake()

    def _overtake(self) -> None:
        """A message has gone out before those that are held: some may have waited long enough."""
        held = [delivery._replace(window=delivery.window - 1) for delivery in self._held]
        self._held = [delivery for delivery in held if delivery.window]
        for delivery in held:
            if not delivery.window:
                self.deliver(delivery._replace(delay=0.0))

    def _release(self) -> None:
        held, self._held = self._held, []
        for delivery in held:
            self.deliver(delivery._replace(window=0, delay=0.0))

    def _send(self, delivery: Delivery) -> None:
        if self._protocol.state is not State.OPEN:
            return
        if delivery.kind == "ping":
            self._protocol.send_ping(delivery.data)
        elif delivery.kind == "binary":
            self._protocol.send_binary(delivery.data)
        elif delivery.kind == "raw":
            self.write()  # what was said before goes out before
            self._transport.write(delivery.data)
        elif delivery.dribble or delivery.promised:
            self._send_in_pieces(delivery)
        elif delivery.fragments == 1:
            self._protocol.writes.append(text_frame(delivery.data))
        else:
            pieces = pieces_of(delivery.data, delivery.fragments)
            self._protocol.send_text(pieces[0], fin=False)
            if delivery.pinged:
                self._protocol.send_ping(b"in between")
            for number, piece in enumerate(pieces[1:], start=2):
                self._protocol.send_continuation(piece, fin=number == len(pieces))
        if not self._writing:
            self._writing = True
            self._loop.call_soon(self.write)  # together with what else is said in this turn

    def _send_in_pieces(self, delivery: Delivery) -> None:
        self.write()  # what was said before goes out before
        data = framed(delivery)
        if delivery.dribble is None:
            self._transport.write(data)
            return
        size, pause = delivery.dribble
        self._in_turn().busy = True
        self._dribble([data[at : at + size] for at in range(0, len(data), size)], pause)

    def _dribble(self, pieces: list[bytes], pause: float) -> None:
        """Send the first of them now; nothing else goes out until the last one is."""
        if self._transport.is_closing():
            return
        self._transport.write(pieces[0])
        if len(pieces) > 1:
            self._later(pause, self._dribble, pieces[1:], pause)
            return
        self._in_turn().free()
        self.write()

    def _end(self, ending: Ending) -> None:
        if ending.code is None:
            self.write()  # what was said before still goes out
            self._dropped = True
            if ending.reset:
                reset(self._transport)
            else:
                self._transport.close()
            return
        if self._protocol.state is State.OPEN:
            try:
                self._protocol.send_close(ending.code, ending.reason)
            except ProtocolError:  # a code that no frame may carry: told to, we end without one
                self._dropped = True
                self._transport.abort()
                return
        self.write()

    def write(self) -> None:
        """Send what the protocol has to say, and see to the end where it has come."""
        self._writing = False
        if self._turns is not None and self._turns.busy:
            return  # we are in the middle of a frame
        writes = self._protocol.data_to_send()
        if not writes or self._transport.is_closing():
            return
        last = writes[-1] == b""
        self._transport.write(b"".join(writes))
        if self._transport.get_write_buffer_size() > _MOST:
            self._dropped = True
            self._transport.abort()  # it takes nothing, and our memory ends somewhere
            return
        if self._protocol.close_sent is not None and not self._line.ending:
            self._line.ending = True  # the protocol ended it by itself: the client broke a rule
            self._sockets.leave(self._line)
        if last and self._transport.can_write_eof() and self._protocol.parser_exc is not None:
            # Not at once: what we have not read would make the end a reset, and the reason lost.
            self._transport.write_eof()
            self._later(_CLOSING, self._transport.abort)
        elif last:
            self._transport.close()
        elif self._protocol.close_expected():
            self._later(_CLOSING, self._transport.abort)
        self._note_close()

    def _note_raw(self, what: str) -> None:
        """Write down what breaks RFC 6455 and does no harm to the connection."""
        self._sockets.note_control(self._line, "agent", "raw", what.encode())

    def _note_close(self) -> None:
        close = self._protocol.close_sent
        if close is not None and not self._told:
            self._told = True
            data = close.reason.encode()
            error = self._protocol.parser_exc
            if isinstance(error, PayloadTooBig) and (error.size or 0) >> 63:
                self._note_raw("a length has its highest bit set")
            self._sockets.note_control(self._line, "coordinator", "close", data, close.code)

    # Patience

    def _hold_back(self) -> None:
        """Read no more of a client than it takes of us."""
        if not self._paused and self._transport.get_write_buffer_size() > _HIGH:
            self._paused = True
            self._transport.pause_reading()
            self._later(_AGAIN, self._read_on)

    def _read_on(self) -> None:
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > _HIGH:
            self._later(_AGAIN, self._read_on)
            return
        self._paused = False
        self._transport.resume_reading()

    def _ping(self, every: float, within: float) -> None:
        if self._protocol.state is not State.OPEN:
            return
        if not self._line.silent:
            self._awaited = True
            self._protocol.send_ping(b"assay")
            self._sockets.note_control(self._line, "coordinator", "ping", b"assay")
            self.write()
            self._later(within, self._expect_pong)
        self._later(every, self._ping, every, within)

    def _expect_pong(self) -> None:
        if self._awaited and self._protocol.state is State.OPEN and not self._line.silent:
            self._end(Ending(CloseCode.INTERNAL_ERROR, "no answer to a ping"))

    def _later(self, seconds: float, call: Callable[..., object], *arguments: object) -> None:
        self._timers = {timer for timer in self._timers if not timer.cancelled()}
        self._timers.add(self._loop.call_later(seconds, call, *arguments))
