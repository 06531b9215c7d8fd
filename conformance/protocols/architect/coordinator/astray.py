"""Messages that go astray: without the token of the call that brings them about, or with it where
nobody waits for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from conformance.conversation import Conversation
from conformance.frames import Frame
from conformance.protocols.architect.dialogue import Dialogue, echoes, message_of, new_token
from conformance.protocols.architect.replies import Request, bare, outline
from conformance.protocols.architect.survey import Survey

__all__ = ["events_first", "heard_elsewhere", "lost_replies", "told_later"]

_TRIES = 3
_MOMENT = 0.15


async def lost_replies(line: Conversation, called: Request, script: Dialogue) -> list[Frame]:
    """The replies to a call that come without its token; none where it is answered.

    What comes without a token each time when such a call is made, and never otherwise, is its
    reply.
    """
    loud = []
    for _ in range(_TRIES):
        frames, answered = await _tokenless(line, called, script)
        if answered:
            return []
        loud.append(frames)
    good = Request(action="list_actions")
    quiet = [await _tokenless(line, good, script) for _ in range(_TRIES)]
    usual = {_shape(frame) for frames, _ in quiet for frame in frames}
    lost = set.intersection(*({_shape(frame) for frame in frames} - usual for frames in loud))
    return [frame for frames in loud for frame in frames if _shape(frame) in lost]


async def _tokenless(
    line: Conversation, called: Request, script: Dialogue
) -> tuple[list[Frame], bool]:
    """What came without a token of ours while an action was called, and whether it was answered."""
    mark = line.mark()
    request = replace(called, token=new_token())
    sound = isinstance(request.action, str) and isinstance(request.parameters, dict)
    await line.send(request.payload(), lawful=sound)
    after = await script.list_actions(line)
    own = (request.token, after.request.token)
    heard = await line.wait(lambda frame: echoes(frame, request.token), _MOMENT, mark)
    frames = [
        frame
        for frame in line.frames[mark:]
        if frame.sender == "peer"
        and isinstance(message_of(frame), dict)
        and not any(echoes(frame, token) for token in own)
    ]
    return frames, heard is not None


def _shape(frame: Frame) -> str:
    return json.dumps(outline(bare(message_of(frame)), 2), sort_keys=True)


def heard_elsewhere(lines: Sequence[Conversation]) -> Iterator[tuple[Frame, Frame]]:
    """Commands whose tokens came on another connection while they were waited for, each with the
    message that carried it.
    """
    for line in lines:
        sent = dict(_tokens(line, "assay"))
        answered = {token: frame.at for token, frame in reversed([*_tokens(line, "peer")])}
        for other in lines:
            own = {token for token, _ in _tokens(other, "assay")}
            for token, frame in _tokens(other, "peer"):
                astray = other is not line and token in sent and token not in own
                if astray and frame.at < answered.get(token, frame.at + 1):
                    yield sent[token], frame


def events_first(lines: Sequence[Conversation], survey: Survey) -> Iterator[tuple[Frame, ...]]:
    """Events that carry a token and come before its reply: command, event and reply.

    Which is which shows where no reply says of what event it tells, and the later one has the form
    of one.
    """
    known = [survey.listing, *survey.unknown, *(each.asked for each in survey.plain.values())]
    forms = {frozenset(each.reply) for each in known if isinstance(each.reply, dict)}
    if any("event" in form for form in forms):
        return
    for sent, heard in _followed(lines):
        first = message_of(heard[0])
        later = [frame for frame in heard[1:] if frozenset(message_of(frame)) in forms]
        if "event" in first and later:
            yield sent, heard[0], later[0]


def told_later(lines: Sequence[Conversation]) -> Iterator[tuple[Frame, ...]]:
    """Where the first message with a token is empty, and a later one of the same form is not."""
    for sent, heard in _followed(lines):
        first = message_of(heard[0])
        later = [
            frame
            for frame in heard[1:]
            if set(message_of(frame)) == set(first) and _tells(message_of(frame))
        ]
        if later and not _tells(first):
            yield sent, heard[0], later[0]


def _tells(said: Mapping[str, Any]) -> bool:
    """Is there more in it than plain words at the top?"""
    return any(isinstance(value, dict | list) and value for value in bare(said).values())


def _followed(lines: Sequence[Conversation]) -> Iterator[tuple[Frame, list[Frame]]]:
    """Commands, each with the messages that carried its token, where there are several."""
    for line in lines:
        found: dict[str, list[Frame]] = {}
        for token, frame in _tokens(line, "peer"):
            found.setdefault(token, []).append(frame)
        for token, frame in _tokens(line, "assay"):
            if len(found.get(token, ())) > 1:
                yield frame, found[token]


def _tokens(line: Conversation, sender: str) -> Iterator[tuple[str, Frame]]:
    """The messages of one side that carry a token of text."""
    for frame in line.frames:
        said = message_of(frame) if frame.sender == sender else None
        token = said.get("idempotence") if isinstance(said, dict) else None
        if isinstance(token, str):
            yield token, frame
