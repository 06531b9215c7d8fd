"""The general rules for what is said on a WebSocket, in either role.

As with those for requests and answers, a requirement row names the rule that judges it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping

from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.rules import RuleWord
from schemas.spec import Protocol

__all__ = ["FRAME_RULES"]

_BROKEN_RULE = {1002: "it breaks the WebSocket protocol", 1007: "its text is no UTF-8"}
"""What our own close says of the peer's last frame."""

_RESET = os.strerror(errno.ECONNRESET)


def _text_messages(frame: Frame, _: Protocol) -> Iterator[RuleWord]:
    if frame.sender == "peer" and frame.kind in ("text", "binary"):
        yield RuleWord(kept=frame.kind == "text", message="a message came as a binary frame")


def _json_messages(frame: Frame, _: Protocol) -> Iterator[RuleWord]:
    if frame.sender == "peer" and frame.kind == "text":
        yield RuleWord(kept=frame.json is not MISSING, message="a message is not JSON")


def _sound_frames(frame: Frame, _: Protocol) -> Iterator[RuleWord]:
    if frame.sender == "peer":
        yield RuleWord(kept=frame.kind != "raw", message=frame.reason)
    elif frame.kind == "close" and frame.code in _BROKEN_RULE:
        what = frame.reason or _BROKEN_RULE[frame.code]
        yield RuleWord(kept=False, message=f"closed with {frame.code}: {what}")


def _closed_in_order(frame: Frame, _: Protocol) -> Iterator[RuleWord]:
    """A peer that refuses a message for its size ends before it has read it all. TCP resets what
    is ended unread, and the close frame may be lost: after what is no lawful message, a reset
    tells nothing.
    """
    if frame.kind == "lost" and not frame.lawful and _RESET in frame.reason:
        return
    if frame.sender == "peer" and frame.kind in ("close", "lost"):
        yield RuleWord(
            kept=frame.kind == "close", message="the connection ended without a close frame"
        )


FrameRule = Callable[[Frame, Protocol], Iterator[RuleWord]]

FRAME_RULES: Mapping[str, FrameRule] = {
    "text-messages": _text_messages,
    "json-messages": _json_messages,
    "sound-frames": _sound_frames,
    "closed-in-order": _closed_in_order,
}
