"""Faults against RFC 6455 once the connection stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from tests.mutants.architect_agents.model import Fault, Needs
from tests.mutants.architect_agents.wire import (
    Defect,
    Opcode,
    Sending,
    Wire,
    close_payload,
    frame,
    fresh,
    masked,
    message,
)

__all__ = ["WIRE_FAULTS"]


def _fault(
    name: str,
    section: str,
    summary: str,
    wire: Wire,
    *,
    needs: Needs = Needs.NOTHING,
    implied: bool = False,
    reading: str = "sequential",
) -> Fault:
    return Fault(
        name=f"wire.{name}",
        reading=reading,
        section=f"WebSocket connection (RFC 6455, {section})",
        summary=summary,
        implied=implied,
        needs=needs,
        wire=wire,
    )


Writer = Callable[[Sending], bytes]


def _from(nth: int, odd: Writer) -> Writer:
    """Lawful before the ``nth`` message of a connection, counted from 1."""
    return lambda sending: odd(sending) if sending.nth >= nth - 1 else message(sending)


def _before(extra: Callable[[Sending], bytes]) -> Writer:
    """Something odd in front of each message but the first."""
    return _from(2, lambda s: extra(replace(s, key=fresh(s.key, 2))) + message(s))


def _with_text(change: Callable[[bytes], bytes]) -> Writer:
    """The message with other bytes in a text frame."""
    return _from(2, lambda s: message(replace(s, payload=change(s.payload))))


def _halves(sending: Sending) -> tuple[bytes, bytes]:
    middle = len(sending.payload) // 2
    return sending.payload[:middle], sending.payload[middle:]


def _split_then_text(sending: Sending) -> bytes:
    first, rest = _halves(sending)
    key = sending.key
    return frame(Opcode.TEXT, first, key, fin=False) + frame(Opcode.TEXT, rest, fresh(key, 1))


def _long_length(sending: Sending) -> bytes:
    data = sending.payload
    return b"\x81\xff" + len(data).to_bytes(8) + sending.key + masked(data, sending.key)


def _huge_length(sending: Sending) -> bytes:
    return b"\x81\xff\xff" + bytes(7) + sending.key + masked(sending.payload, sending.key)


def _control_in_pieces(sending: Sending) -> bytes:
    first = frame(Opcode.PING, b"a", sending.key, fin=False)
    return first + frame(Opcode.CONTINUATION, b"b", fresh(sending.key, 1))


def _spoilt_utf8(odd: bytes) -> Callable[[bytes], bytes]:
    return lambda payload: payload[:-1] + b', "x": "' + odd + b'"}'


def _reserved(opcode: int, sending: Sending) -> bytes:
    return frame(opcode, b"", sending.key)


def _flagged(bits: int, sending: Sending) -> bytes:
    return frame(sending.opcode, sending.payload, sending.key, rsv=bits)


def _frames() -> Iterator[Fault]:
    def bad(
        name: str, section: str, summary: str, write: Writer, *, implied: bool = False
    ) -> Fault:
        return _fault(name, section, summary, Wire(message=write), implied=implied)

    def unmasked(s: Sending) -> bytes:
        return frame(s.opcode, s.payload, None)

    def lying(s: Sending) -> bytes:
        return frame(s.opcode, masked(s.payload, s.key), s.key)

    yield bad("unmasked", "5.1", "frames without a mask", unmasked)
    yield bad(
        "unmasked_later", "5.1", "frames without a mask from the fifth on", _from(5, unmasked)
    )
    yield bad(
        "mask_not_applied", "5.3", "the mask is announced, the payload is bare", _from(2, lying)
    )
    same = b"\x11\x22\x33\x44"
    constant: Writer = lambda s: message(replace(s, key=same))  # noqa: E731
    yield bad("mask_constant", "5.3", "the same masking key in each frame", constant, implied=True)
    zero: Writer = lambda s: message(replace(s, key=bytes(4)))  # noqa: E731
    yield bad("mask_zero", "5.3", "a masking key of zeros in each frame", zero, implied=True)
    for name, opcode in (("opcode_3", 3), ("opcode_11", 11)):
        odd = f"the reserved opcode {opcode}"
        yield bad(name, "5.2", odd, _before(partial(_reserved, opcode)))
    for name, bit in (("rsv1", 4), ("rsv3", 1)):
        odd = f"{name.upper()} set, although no extension was agreed"
        yield bad(name, "5.2", odd, _from(2, partial(_flagged, bit)))
    orphan = _from(2, lambda s: frame(Opcode.CONTINUATION, s.payload, s.key))
    yield bad("continuation_first", "5.4", "a continuation without a start", orphan)
    yield bad(
        "text_inside",
        "5.4",
        "a new text frame inside a fragmented message",
        _from(2, _split_then_text),
    )
    endless = _from(2, lambda s: frame(s.opcode, s.payload, s.key, fin=False))
    yield bad("never_final", "5.4", "no message ever ends", endless)
    yield bad("ping_fragmented", "5.5", "a ping in two fragments", _before(_control_in_pieces))
    long_ping = _before(lambda s: frame(Opcode.PING, bytes(126), s.key))
    yield bad("ping_long", "5.5", "a ping of 126 bytes", long_ping)
    yield bad("length_not_minimal", "5.2", "short lengths in eight bytes", _from(2, _long_length))
    yield bad("length_negative", "5.2", "a length with its highest bit set", _from(2, _huge_length))
    for name, summary, odd_bytes in (
        ("utf8_latin1", "a Latin-1 byte in a text frame", b"\xe9"),
        ("utf8_overlong", "an overlong sign in a text frame", b"\xc0\xaf"),
        ("utf8_surrogate", "a lone surrogate in a text frame", b"\xed\xa0\x80"),
        ("utf8_cut", "a sign cut short in a text frame", b"\xe5\xb7"),
    ):
        yield bad(name, "8.1", summary, _with_text(_spoilt_utf8(odd_bytes)))
    garbage = _from(3, lambda s: s.payload + b"\r\n")
    yield bad("no_framing", "5.2", "from the third message on bare JSON on the socket", garbage)
    cut = _from(3, lambda s: message(s)[:-3])
    yield bad("frame_cut", "5.2", "from the third message on the last bytes are missing", cut)
    late = _from(11, unmasked)
    yield bad("unmasked_from_11th", "5.1", "from the eleventh message on no mask", late)
    yield _fault(
        "fragment_no_final",
        "5.4",
        "the last fragment is a text frame again",
        Wire(message=_from(2, _last_is_text)),
        reading="fragmenting",
    )


def _last_is_text(sending: Sending) -> bytes:
    *most, last = (sending.payload[at : at + 7] for at in range(0, len(sending.payload), 7))
    start = b"".join(
        frame(0 if n else Opcode.TEXT, piece, fresh(sending.key, n), fin=False)
        for n, piece in enumerate(most)
    )
    return start + frame(Opcode.TEXT, last, fresh(sending.key, len(most)))


def _pongs() -> Iterator[Fault]:
    def bad(name: str, summary: str, pong: Callable[[bytes, bytes, int], bytes]) -> Fault:
        return _fault(name, "5.5.3", summary, Wire(pong=pong), needs=Needs.PING)

    def right(payload: bytes, key: bytes) -> bytes:
        return frame(Opcode.PONG, payload, key)

    yield bad("pong_never", "pings are not answered", lambda _p, _k, _n: b"")
    yield bad(
        "pong_once", "only the first ping is answered", lambda p, k, n: b"" if n else right(p, k)
    )
    yield bad("pong_empty", "pongs without the ping's payload", lambda _p, k, _n: right(b"", k))
    yield bad("pong_other", "pongs with another payload", lambda _p, k, _n: right(b"pong", k))
    yield bad(
        "pong_cut", "pongs with at most 64 bytes of the payload", lambda p, k, _n: right(p[:64], k)
    )
    yield bad(
        "pong_unmasked", "pongs without a mask", lambda p, _k, _n: frame(Opcode.PONG, p, None)
    )
    yield bad(
        "pong_as_ping", "a ping is answered by a ping", lambda p, k, _n: frame(Opcode.PING, p, k)
    )
    yield bad(
        "pong_as_text",
        "a ping is answered by a text frame",
        lambda p, k, _n: frame(Opcode.TEXT, b"pong", k),
    )


def _goodbye(body: bytes) -> Wire:
    return Wire(goodbye=lambda key: frame(Opcode.CLOSE, body, key))


def _closes() -> Iterator[Fault]:
    bad = partial(_fault, reading="oneshot")
    for name, summary, body in (
        ("close_1005", "closes with 1005", close_payload(1005)),
        ("close_1006", "closes with 1006", close_payload(1006)),
        ("close_1015", "closes with 1015", close_payload(1015)),
        ("close_999", "closes with 999", close_payload(999)),
        ("close_5000", "closes with 5000", close_payload(5000)),
        ("close_one_byte", "closes with a body of one byte", b"\x03"),
        ("close_bad_reason", "closes with a reason that is no UTF-8", close_payload(1000, b"\xff")),
    ):
        yield bad(name, "7.4", f"{summary} when it is done", _goodbye(body))
    bare = Wire(goodbye=lambda _key: frame(Opcode.CLOSE, close_payload(1000), None))
    yield bad("close_unmasked", "5.1", "its close frame has no mask", bare)
    late = Wire(goodbye=_close_then_text)
    yield bad("close_then_text", "5.5.1", "data behind its own close frame", late)
    long = _goodbye(close_payload(1000, b"x" * 200))
    yield bad("close_long", "5.5", "a close frame of more than 125 bytes", long)
    deaf = Wire(answers_close=False)
    yield _fault(
        "close_not_answered",
        "5.5.1",
        "the server's close frame is not answered",
        deaf,
        needs=Needs.CLOSED,
    )
    shout = Wire(shouts_after_close=True, answers_close=False)
    yield _fault(
        "close_ignored",
        "5.5.1",
        "another request in answer to the server's close frame",
        shout,
        needs=Needs.CLOSED,
    )


def _close_then_text(key: bytes) -> bytes:
    closing = frame(Opcode.CLOSE, close_payload(1000), key)
    return closing + frame(Opcode.TEXT, b'{"action": "servers", "parameters": {}}', fresh(key, 1))


def _readers() -> Iterator[Fault]:
    for name, section, defect, needs in (
        ("reads_no_fragments", "5.4", Defect.NO_FRAGMENTS, Needs.FRAGMENTS),
        ("reads_no_control_inside", "5.4", Defect.NO_CONTROL_INSIDE, Needs.FRAGMENTS),
        ("reads_text_by_fragment", "5.4", Defect.TEXT_BY_FRAGMENT, Needs.FRAGMENTS),
        ("reads_seven_bits", "5.2", Defect.SEVEN_BITS, Needs.LARGE),
        ("reads_sixteen_bits", "5.2", Defect.SIXTEEN_BITS, Needs.LARGE),
    ):
        wire, implied = Wire(defect=defect), defect is Defect.SIXTEEN_BITS
        told = f"its reader {defect.value}"
        yield _fault(name, section, told, wire, needs=needs, implied=implied)


WIRE_FAULTS: Final = (*_frames(), *_pongs(), *_closes(), *_readers())
