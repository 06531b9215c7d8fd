"""Faults below the messages: the opening handshake and the frames of RFC 6455."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from tests.mutants.echocenter_agents.model import Cue, Fault, Style
from tests.mutants.echocenter_agents.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    FrameEdit,
    RequestEdit,
)

__all__ = ["FRAME_FAULTS"]

_Make = Callable[[Frame], Iterable[Frame]]


def _habit(style: Style, *, request: RequestEdit | None, frames: FrameEdit | None) -> Style:
    habits = style.habits
    if request is not None:
        habits = replace(habits, request=request)
    if frames is not None:
        habits = replace(habits, frames=frames)
    return replace(style, habits=habits)


def _fault(
    name: str,
    summary: str,
    section: str,
    *,
    frames: FrameEdit | None = None,
    request: RequestEdit | None = None,
    implied: bool = False,
    cue: Cue = Cue.CHAT,
) -> Fault:
    return Fault(
        name=f"ws.{name}",
        summary=summary,
        section=f"2. Connection (RFC 6455, {section})",
        implied=implied,
        cue=cue,
        style="raw",
        reshape=partial(_habit, request=request, frames=frames),
    )


def _only(opcodes: Iterable[int], make: _Make, *, after: int = 0) -> FrameEdit:
    """Changes frames of these opcodes, from number ``after`` on."""
    chosen = frozenset(opcodes)

    def edit(frame: Frame, sent: Counter[int]) -> Iterable[Frame]:
        meant = frame.opcode in chosen and sent[frame.opcode] >= after
        return make(frame) if meant else (frame,)

    return edit


def _without(name: str) -> RequestEdit:
    """Leaves one header out."""
    return lambda lines: [line for line in lines if not line.lower().startswith(f"{name}:")]


def _header(name: str, value: str) -> RequestEdit:
    """Sets one header to another value."""

    def edit(lines: list[str]) -> list[str]:
        kept = [line for line in lines if not line.lower().startswith(f"{name.lower()}:")]
        return [*kept, f"{name}: {value}"]

    return edit


def _http_1_0(lines: list[str]) -> list[str]:
    return [lines[0].replace("HTTP/1.1", "HTTP/1.0"), *lines[1:]]


def _handshakes() -> Iterator[Fault]:
    short = base64.b64encode(b"too short").decode()
    for word, summary, section, request in (
        ("no_upgrade", "the header Upgrade is missing", "4.1", _without("upgrade")),
        ("upgrade_other", "Upgrade names h2c", "4.1", _header("Upgrade", "h2c")),
        ("no_connection", "the header Connection is missing", "4.1", _without("connection")),
        (
            "keep_alive",
            "Connection says keep-alive only",
            "4.1",
            _header("Connection", "keep-alive"),
        ),
        ("no_key", "there is no Sec-WebSocket-Key", "4.1", _without("sec-websocket-key")),
        (
            "short_key",
            "the key is shorter than 16 bytes",
            "4.1",
            _header("Sec-WebSocket-Key", short),
        ),
        ("bare_key", "the key is no base64", "4.1", _header("Sec-WebSocket-Key", "not base64!")),
        ("no_version", "there is no version", "4.1", _without("sec-websocket-version")),
        ("version_8", "the version is 8", "4.1", _header("Sec-WebSocket-Version", "8")),
        ("no_host", "there is no Host", "4.1", _without("host")),
        ("http_1_0", "the request is HTTP/1.0", "4.1", _http_1_0),
    ):
        name = f"handshake.{word}"
        yield _fault(name, summary, section, request=request, cue=Cue.START)


def _unmasked(frame: Frame) -> Iterable[Frame]:
    return (replace(frame, masked=False),)


def _with(**changes: int | bool | bytes) -> _Make:
    return lambda frame: (replace(frame, **changes),)  # type: ignore[arg-type]


def _halved(frame: Frame, *, second: int, between: tuple[Frame, ...] = ()) -> Iterable[Frame]:
    middle = len(frame.payload) // 2
    yield replace(frame, payload=frame.payload[:middle], fin=False)
    yield from between
    yield Frame(opcode=second, payload=frame.payload[middle:])


def _unfinished(frame: Frame) -> Iterable[Frame]:
    return (replace(frame, fin=False),)


def _bad_text(frame: Frame) -> Iterable[Frame]:
    yield replace(frame, payload=frame.payload[:-2] + b"\xff\xfe" + frame.payload[-2:])


def _latin_1(frame: Frame) -> Iterable[Frame]:
    yield replace(frame, payload=frame.payload.replace(b"You said", b"Vous \xeates"))


def _surrogate(frame: Frame) -> Iterable[Frame]:
    yield replace(frame, payload=frame.payload.replace(b"You", b"\xed\xa0\x80You"))


def _before(*extra: Frame) -> _Make:
    return lambda frame: (*extra, frame)


def _after(*extra: Frame) -> _Make:
    return lambda frame: (frame, *extra)


_DATA: Final = (TEXT,)
_ALL: Final = (TEXT, BINARY, CONTINUATION, PING, PONG, CLOSE)
_LOG: Final = b'{"type": "SYSTEM_LOG", "payload": {"level": "INFO", "content": "one more"}}'


def _data() -> Iterator[Fault]:
    split_text = partial(_halved, second=TEXT)
    torn = partial(_halved, second=CONTINUATION, between=(Frame(opcode=TEXT, payload=_LOG),))
    for name, summary, section, edit in (
        ("unmasked", "no frame is masked", "5.1", _only(_ALL, _unmasked)),
        (
            "unmasked_later",
            "from the second text on, unmasked",
            "5.1",
            _only(_DATA, _unmasked, after=1),
        ),
        ("rsv1", "RSV1 is set on replies", "5.2", _only(_DATA, _with(rsv=4), after=1)),
        ("rsv3", "RSV3 is set on replies", "5.2", _only(_DATA, _with(rsv=1), after=1)),
        (
            "opcode_3",
            "replies have the reserved opcode 3",
            "5.2",
            _only(_DATA, _with(opcode=3), after=1),
        ),
        (
            "opcode_11",
            "a frame with the reserved control opcode 11 before each reply",
            "5.2",
            _only(_DATA, _before(Frame(opcode=0xB)), after=1),
        ),
        (
            "length_long",
            "the length is in 8 bytes always",
            "5.2",
            _only(_DATA, _with(length_bytes=8)),
        ),
        (
            "continuation",
            "a continuation that continues nothing",
            "5.4",
            _only(_DATA, _orphan, after=1),
        ),
        (
            "two_texts",
            "the second half of a text is a text, too",
            "5.4",
            _only(_DATA, split_text, after=1),
        ),
        ("torn", "another text between the halves of one", "5.4", _only(_DATA, torn, after=1)),
        ("unfinished", "a reply's last frame lacks FIN", "5.4", _only(_DATA, _unfinished, after=1)),
        ("bad_utf8", "replies are no UTF-8", "5.6", _only(_DATA, _bad_text, after=1)),
        ("latin_1", "replies hold a letter in Latin-1", "5.6", _only(_DATA, _latin_1)),
        ("surrogate", "replies hold half a surrogate pair", "5.6", _only(_DATA, _surrogate)),
    ):
        yield _fault(name, summary, section, frames=edit)


def _orphan(frame: Frame) -> Iterable[Frame]:
    return (replace(frame, opcode=CONTINUATION),)


def _controls() -> Iterator[Fault]:
    for name, summary, section, frame in (
        ("ping.fragmented", "a fragmented ping", "5.4", Frame(opcode=PING, fin=False)),
        ("ping.long", "a ping of 126 bytes", "5.5", Frame(opcode=PING, payload=b"x" * 126)),
        ("ping.unmasked", "a ping without a mask", "5.1", Frame(opcode=PING, masked=False)),
    ):
        edit = _only(_DATA, _before(frame), after=1)
        yield _fault(name, f"{summary} before each reply", section, frames=edit)
    for name, summary, make in (
        ("pong.missing", "pings get no pong", lambda _f: ()),
        ("pong.empty", "pongs lose the ping's payload", _with(payload=b"")),
        ("pong.constant", "pongs have a payload of their own", _with(payload=b"pong")),
        ("pong.ping", "pings are answered by pings", _with(opcode=PING)),
        (
            "pong.text",
            "pings are answered by a text",
            lambda _f: (Frame(opcode=TEXT, payload=b"pong"),),
        ),
        ("pong.unmasked", "pongs are not masked", _unmasked),
        ("pong.cut", "pongs hold only 16 bytes", lambda f: (replace(f, payload=f.payload[:16]),)),
        ("pong.fragmented", "pongs lack FIN", _unfinished),
    ):
        yield _fault(name, summary, "5.5.3", frames=_only((PONG,), make), cue=Cue.PING)
    later = _only((PONG,), lambda _f: (), after=2)
    summary = "no pong from the third ping on"
    yield _fault("pong.later_missing", summary, "5.5.3", frames=later, cue=Cue.PING)


def _coded(code: int, reason: bytes = b"") -> _Make:
    return _with(payload=code.to_bytes(2, "big") + reason)


def _closes() -> Iterator[Fault]:
    log = Frame(opcode=TEXT, payload=_LOG)
    for name, summary, section, make in (
        ("code_1005", "its close frame bears 1005", "7.4.1", _coded(1005)),
        ("code_1006", "its close frame bears 1006", "7.4.1", _coded(1006)),
        ("code_1015", "its close frame bears 1015", "7.4.1", _coded(1015)),
        ("code_999", "its close frame bears 999", "7.4.2", _coded(999)),
        ("code_0", "its close frame bears 0", "7.4.2", _coded(0)),
        ("one_byte", "its close frame has a payload of one byte", "5.5.1", _with(payload=b"\x03")),
        (
            "bad_reason",
            "the reason in its close frame is no UTF-8",
            "5.5.1",
            _coded(1000, b"\xff\xff"),
        ),
        ("long", "its close frame is longer than 125 bytes", "5.5", _coded(1000, b"x" * 130)),
        ("unmasked", "its close frame is not masked", "5.1", _unmasked),
        ("talks_on", "it sends a log after its close frame", "5.5.1", _after(log)),
        ("twice", "it sends two close frames", "5.5.1", lambda f: (f, f)),
        ("fragmented", "its close frame lacks FIN", "5.4", _unfinished),
    ):
        edit = _only((CLOSE,), make)
        yield _fault(f"close.{name}", summary, section, frames=edit, cue=Cue.CLOSE)
    yield Fault(
        name="ws.close.unanswered",
        summary="a close frame gets no answer; it waits for the server to hang up",
        section="2. Connection (RFC 6455, 5.5.1)",
        cue=Cue.CLOSE,
        style="raw",
        reshape=_deaf_to_close,
    )
    yield Fault(
        name="ws.close.cut",
        summary="a close frame gets no answer but the end of the connection",
        section="2. Connection (RFC 6455, 5.5.1)",
        cue=Cue.CLOSE,
        style="raw",
        implied=True,
        reshape=_cutting_short,
    )


def _deaf_to_close(style: Style) -> Style:
    return replace(style, habits=replace(style.habits, answers_close=False))


def _cutting_short(style: Style) -> Style:
    habits = replace(style.habits, answers_close=False, waits_for_end=False)
    return replace(style, habits=habits)


def _hearing() -> Iterator[Fault]:
    for word, summary, section in (
        ("fragments", "loses messages that come in several frames", "5.4"),
        ("pinged", "loses fragmented messages with a ping in the middle", "5.4"),
        ("after_fragments", "hears nothing more after a message in several frames", "5.4"),
        ("after_ping", "hears nothing more after a ping, though it answers that", "5.5.2"),
        ("length16", "loses messages of more than 125 bytes", "5.2"),
        ("length64", "loses messages of more than 65535 bytes", "5.2"),
    ):
        yield Fault(
            name=f"ws.loses.{word}",
            summary=summary,
            section=f"2. Connection (RFC 6455, {section})",
            cue=Cue.PING if word == "after_ping" else Cue.FRAMES,
            style="raw",
            reshape=partial(_losing, what=word),
        )
    for word, summary, section in (
        ("masked", "accepts masked frames from the server", "5.1"),
        ("rsv", "accepts reserved bits that nobody negotiated", "5.2"),
        ("opcode", "accepts reserved opcodes", "5.2"),
        ("control", "accepts fragmented control frames", "5.5"),
        ("order", "accepts fragments out of order", "5.4"),
        ("utf8", "accepts text that is no UTF-8", "8.1"),
        ("accept", "does not look at Sec-WebSocket-Accept", "4.1"),
    ):
        yield Fault(
            name=f"ws.accepts.{word}",
            summary=summary,
            section=f"2. Connection (RFC 6455, {section})",
            implied=True,
            cue=Cue.BAD_ACCEPT if word == "accept" else Cue.BAD_FRAMES,
            style="raw",
            reshape=partial(_trusting, what=word),
        )


def _losing(style: Style, *, what: str) -> Style:
    return replace(style, habits=replace(style.habits, loses=frozenset({what})))


def _trusting(style: Style, *, what: str) -> Style:
    return replace(style, habits=replace(style.habits, unchecked=frozenset({what})))


FRAME_FAULTS: Final[tuple[Fault, ...]] = (
    *_handshakes(),
    *_data(),
    *_controls(),
    *_closes(),
    *_hearing(),
)
