"""Frames as one conversation: who said what on which connection, and what is marked or left out."""

from __future__ import annotations

from typing import Any

import pytest

from reports.body import LIMIT
from reports.frames import TINTS, Conversation, conversation, conversation_size, conversation_text
from tests.reports.builders import frame


def talk(*frames: dict[str, Any], pointers: tuple[str, ...] = (), limit: int = LIMIT) -> Any:
    return conversation(frames, pointers, "coordinator", limit)


def hits(shown: Conversation) -> list[int]:
    return [
        each.number
        for each in shown.frames
        if any(line.hit or line.missing for line in each.body.lines)
    ]


def numbers(shown: Conversation) -> list[int]:
    return [each.number for each in shown.frames]


def test_no_frames_are_no_conversation() -> None:
    assert talk(pointers=("/a",)) == Conversation()


def test_each_frame_says_whose_it_is() -> None:
    shown = talk(
        frame({"a": 1}, "assay", seconds=0.0014),
        frame("", kind="ping", connection="human", seconds=12),
        frame("the transport ended", kind="lost"),
    )
    assert [str(each) for each in shown.frames] == [
        "assay on agent-1, text, after 0.001 s",
        "coordinator on human, ping, after 12.000 s",
        "coordinator on agent-1, lost, without a close frame, after 0.250 s",
    ]
    assert [str(each.body) for each in shown.frames] == [
        '{\n  "a": 1\n}',
        "",
        "the transport ended",
    ]


def test_connections_keep_their_colour() -> None:
    names = [f"agent-{number % 8}" for number in range(16)]
    shown = talk(*(frame(connection=name) for name in names))
    assert [one.name for one in shown.connections] == names[:8]
    assert [one.tint for one in shown.connections] == [*range(TINTS), 0, 1]
    assert [each.connection.name for each in shown.frames] == names


def test_offence_is_marked_in_the_last_message_of_the_peer() -> None:
    frames = [
        frame({"a": 1}),
        frame({"a": 2}),
        frame({"a": 3}, "assay"),
        frame("a", kind="binary"),
        frame("1000", kind="close"),
    ]
    shown = talk(*frames, pointers=("/a", "/b"))
    assert hits(shown) == [2]
    assert shown.judged == shown.frames[1]
    assert talk(*frames).judged is None
    assert talk(*frames[2:], pointers=("/a",)).judged is None


@pytest.mark.parametrize(
    ("body", "pointers", "text"),
    [
        (None, (), "null"),
        (None, ("",), "null    <-- (whole body)"),
        ("", (), ""),
        ("", ("",), "    <-- (whole body)"),
        ("no JSON", ("/a",), "no JSON"),
    ],
)
def test_message_without_an_object(body: Any, pointers: tuple[str, ...], text: str) -> None:
    assert str(talk(frame(body), pointers=pointers).frames[0].body) == text


def test_long_conversation_is_shown_around_what_is_judged() -> None:
    frames = [frame(number, "assay") for number in range(10_000)]
    last = talk(*frames, limit=1_000)
    assert numbers(last)[-1] == 10_000
    assert len(last.frames) == 24
    assert last.earlier == "left out here: 9976 earlier frames, see results.json"
    assert last.later == ""
    frames[40] = frame({"a": 1})
    around = talk(*frames, pointers=("/a",), limit=1_000)
    assert numbers(around) == list(range(29, 53))
    assert around.earlier == "left out here: 28 earlier frames, see results.json"
    assert around.later == "left out here: 9948 later frames, see results.json"


def test_large_message_is_cut_but_shown() -> None:
    frames = [frame("x" * 9_000) for _ in range(9)]
    shown = talk(*frames, pointers=("",), limit=1_000)
    assert numbers(shown) == [6, 7, 8, 9]
    assert hits(shown) == [9]
    assert all(each.body.cut for each in shown.frames)


def test_size_is_bounded() -> None:
    assert conversation_size([], 1_000) == 0
    assert conversation_size([300], 1_000) == 500
    assert conversation_size([9_000], 1_000) == 1_200
    assert conversation_size([9_000] * 9, 1_000) == 5_000


def test_conversation_as_text() -> None:
    frames = [frame("x" * 2_000, "assay") for _ in range(9)]
    frames[4] = frame({"a": 1}, connection="human")
    shown = talk(*frames, pointers=("/a",), limit=1_000)
    text = "\n".join(conversation_text(shown))
    for part in (
        "--- left out here: 2 earlier frames, see results.json\n",
        "--- frame 5: coordinator on human, text, after 0.250 s\n{",
        '"a": 1    <-- /a',
        "--- frame 6: assay on agent-1, text",
        "--- left out here: 3 later frames, see results.json",
    ):
        assert part in text
