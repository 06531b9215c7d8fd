"""What was said before, for faults that say it again."""

from __future__ import annotations

from mockserver.coordinator import Answer
from mockserver.faults.kinds import ENDS
from mockserver.json_text import read_json
from mockserver.transcript import Frame, Transcript
from schemas.spec import Channel

__all__ = ["previous_answer", "previous_messages"]


def previous_answer(transcript: Transcript, operation: str, path: str) -> Answer | None:
    """The answer that this operation gave last: at this path, or else at any. `None` where it gave
    none.
    """
    said = [entry for entry in transcript if entry.operation == operation and entry.status]
    here = [entry for entry in said if entry.path == path]
    if not said:
        return None
    last = (here or said)[-1]
    try:
        body = read_json(last.answer)
    except ValueError:
        return Answer(status=last.status, raw=last.answer, headers=last.answer_headers)
    return Answer(status=last.status, body=body, headers=last.answer_headers)


def previous_messages(
    transcript: Transcript, channel: Channel, principal: str, last: int
) -> list[Frame]:
    """The `last` texts that were said on the latest connection of that principal to a channel."""
    said = [
        frame
        for frame in transcript.frames
        if (frame.sender, frame.kind, frame.principal) == ("coordinator", "text", principal)
        and (not frame.message or frame.message in channel.messages)
        and not ENDS.intersection(frame.faults)
    ]
    return [frame for frame in said if frame.connection == said[-1].connection][-last:]
