"""A second, independent reading of the document: what a client breaks in one story.

A plain complaint rests on what the document says or shows; an implied one on plain reading only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tests.mutants.caxton_agents.judge_calls import call_complaints
from tests.mutants.caxton_agents.judge_conduct import conduct_complaints
from tests.mutants.caxton_agents.judge_fields import body_complaints, query_complaints
from tests.mutants.caxton_agents.judge_forms import form_complaints
from tests.mutants.caxton_agents.judge_socket import socket_complaints
from tests.mutants.caxton_agents.model import What
from tests.mutants.caxton_agents.reading import Complaint, plain, suspected
from tests.mutants.caxton_agents.record import Seen
from tests.mutants.caxton_agents.rehearsal import Story
from tests.mutants.caxton_agents.stage import TOKEN

__all__ = ["complaints"]

_END: Final = 2.6
_PATH: Final = re.compile(r"(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*", re.ASCII)
_FORMS: Final = frozenset({What.DEPLOY, What.RELOAD})
_JSON: Final = frozenset(
    {What.UPDATE, What.STOP, What.SEND, What.TASK, What.DISTRIBUTE, What.ROLLOUT, What.ROLLBACK}
)


def complaints(story: Story) -> tuple[Complaint, ...]:
    """Everything that is wrong with it."""
    return tuple(_complaints(story))


def _complaints(story: Story) -> Iterator[Complaint]:
    yield from _ending(story)
    yield from _secrets(story)
    for seen in story.stage.seen:
        yield from _request(seen)
    yield from call_complaints(story)
    yield from conduct_complaints(story)
    yield from socket_complaints(story)


def _request(seen: Seen) -> Iterator[Complaint]:
    what = seen.what
    if not _PATH.fullmatch(seen.path):
        yield suspected(f"a path that is not encoded: {seen.path}")
    if what is None:
        yield plain(f"nobody documents {seen.method} {seen.path}")
        return
    if seen.header("X-Caxton-Token") != TOKEN:
        heavy = suspected if what is What.CONNECT else plain
        yield heavy(f"{what.value}: X-Caxton-Token {str(seen.header('X-Caxton-Token'))[:12]!r}")
    yield from query_complaints(what, seen.query)
    kind = (seen.header("Content-Type") or "").replace(" ", "").lower()
    if what in _FORMS:
        yield from form_complaints(seen)
    elif what in _JSON:
        if kind not in {"application/json", "application/json;charset=utf-8"}:
            yield plain(f"{what.value}: content type {kind!r}")
        yield from body_complaints(what, seen.json)
    elif seen.body:
        yield suspected(f"{what.value}: a body of {len(seen.body)} bytes")


def _ending(story: Story) -> Iterator[Complaint]:
    if story.left is None:
        yield suspected("it does not end")
    elif story.left < story.told and not (story.style.once and story.end == 0):
        yield suspected(f"it left by itself: {story.end}")
    elif story.end != 0:
        yield suspected(f"it ended with {story.end}")
    elif story.left - story.told > _END + 2 * story.lag:
        yield suspected(f"it took {story.left - story.told:.1f} s to end")


def _secrets(story: Story) -> Iterator[Complaint]:
    if TOKEN in "\n".join(story.said):
        yield suspected("prints its token")
    for seen in story.stage.seen:
        if TOKEN in seen.target:
            yield suspected(f"the token in {seen.target}")
        if TOKEN.encode() in seen.body:
            yield suspected(f"the token in the body of {seen.method} {seen.path}")
        for name, value in seen.headers:
            if TOKEN in value and name.lower() != "x-caxton-token":
                yield suspected(f"the token in the header {name}")
    for line in story.stage.lines:
        if any(TOKEN.encode() in frame.payload for _, frame in line.frames):
            yield suspected("the token on the WebSocket")
