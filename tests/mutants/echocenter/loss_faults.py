"""Messages that are lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from .fault import Fault, Seed, Talk, prefixed, table
from .seeds import lose, tick

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["LOSS_FAULTS"]


def _losses() -> Iterator[tuple[str, str, Seed]]:
    def human(one: Talk) -> bool:
        return one.line.principal.human

    def to_human(one: Talk) -> bool:
        return one.target is not None and one.target.human

    def spoke(one: Talk) -> bool:
        return any(line.heard for line in one.lines)

    yield "all", "no CHAT is delivered", lose(lambda one: True)
    yield (
        "agent_to_agent",
        "agents do not hear each other",
        lose(lambda one: not human(one) and not to_human(one)),
    )
    yield (
        "human_to_agent",
        "agents do not hear humans",
        lose(lambda one: human(one) and not to_human(one)),
    )
    yield (
        "agent_to_human",
        "humans do not hear agents",
        lose(lambda one: not human(one) and to_human(one)),
    )
    yield (
        "~human_to_human",
        "humans do not hear each other",
        lose(lambda one: human(one) and to_human(one)),
    )
    yield (
        "~to_self",
        "what one says to oneself is lost",
        lose(lambda one: one.target is one.line.principal),
    )
    yield (
        "first",
        "the first message of a connection is lost",
        lose(lambda one: tick(one, one.line) == 1),
    )
    yield (
        "after_first",
        "only the first message of a connection is delivered",
        lose(lambda one: tick(one, one.line) > 1),
    )
    yield (
        "after_first_pair",
        "one sender reaches one target only once",
        lose(lambda one: tick(one, one.line.principal.id, one.message.get("target_id")) > 1),
    )
    yield (
        "after_ten",
        "the eleventh message and all later ones are lost",
        lose(lambda one: tick(one, "all") > 10),
    )
    yield (
        "after_20",
        "a connection's messages are lost from the 21st on",
        lose(lambda one: tick(one, one.line) > 20),
    )
    yield "third", "each third message is lost", lose(lambda one: tick(one, "all") % 3 == 0)
    yield "tenth", "each tenth message is lost", lose(lambda one: tick(one, "all") % 10 == 0)
    yield (
        "target_silent",
        "a target that never sent anything gets nothing",
        lose(lambda one: not spoke(one)),
    )
    yield "target_spoke", "a target that sent something gets nothing more", lose(spoke)
    yield (
        "target_older",
        "who connected before the sender gets nothing",
        lose(
            lambda one: any(
                one.hub.lines.index(line) < one.hub.lines.index(one.line) for line in one.lines
            )
        ),
    )
    yield (
        "target_newer",
        "who connected after the sender gets nothing",
        lose(
            lambda one: any(
                one.hub.lines.index(line) > one.hub.lines.index(one.line) for line in one.lines
            )
        ),
    )
    yield (
        "fourth_agent",
        "only the first three agents get messages",
        lose(lambda one: one.target in list(one.hub.registry.agents())[3:]),
    )
    yield (
        "fifth_line",
        "with five connections nothing is delivered",
        lose(lambda one: len(one.hub.lines) >= 5),
    )
    yield (
        "~extra_field",
        "a message with an unknown field is lost",
        lose(
            lambda one: bool(
                set(one.message)
                - {"type", "target_id", "payload", "stream_id", "sender_id", "sender_name"}
            )
        ),
    )
    yield (
        "~sender_given",
        "a message in which the client names a sender is lost",
        lose(lambda one: "sender_id" in one.message),
    )
    yield (
        "type_not_first",
        "a message that does not begin with its type is lost",
        lose(lambda one: next(iter(one.message)) != "type"),
    )
    yield "quick", "the second of two messages within 50 ms is lost", lose(_quick)
    yield "missed_once", "who was once addressed while offline gets nothing any more", lose(_missed)
    yield (
        "second_target",
        "a connection reaches one target only",
        lose(
            lambda one: (
                one.memo.setdefault(one.line, one.message.get("target_id"))
                != one.message.get("target_id")
            )
        ),
    )
    yield "not_replied", "a second message before the target's reply is lost", lose(_unanswered)
    yield "unless_asked", "an agent reaches only who wrote to it before", lose(_unasked)


def _clock(one: Talk) -> float:
    import asyncio

    return asyncio.get_running_loop().time() if one.hub else 0.0


def _quick(one: Talk) -> bool:
    now = _clock(one)
    before = one.memo.get(one.line, 0.0)
    one.memo[one.line] = now
    return bool(now - before < 0.05)


def _missed(one: Talk) -> bool:
    missed = one.memo.setdefault("missed", set())
    if one.target is not None and not one.lines:
        missed.add(one.target.id)
    return one.target is not None and one.target.id in missed


def _unanswered(one: Talk) -> bool:
    open_ = one.memo.setdefault("open", set())
    mine, theirs = one.line.principal.id, one.message.get("target_id")
    open_.discard((theirs, mine))
    again = (mine, theirs) in open_
    open_.add((mine, theirs))
    return again


def _unasked(one: Talk) -> bool:
    asked = one.memo.setdefault("asked", set())
    mine, theirs = one.line.principal.id, one.message.get("target_id")
    asked.add((mine, theirs))
    return not one.line.principal.human and (theirs, mine) not in asked


def _raw(lost: Callable[[str], bool]) -> Seed:
    """Frames that are lost for how they are written."""

    async def hear(hub: Hub, line: Line, data: str | bytes) -> bool:
        return isinstance(data, str) and lost(data)

    return Seed(hear=hear)


def _spellings() -> Iterator[tuple[str, str, Seed]]:
    yield "pretty", "JSON with line ends is not understood", _raw(lambda s: "\n" in s)
    yield (
        "compact",
        "JSON without blanks is not understood",
        _raw(lambda s: '":' in s and '": ' not in s),
    )
    yield "escapes", "JSON with \\u escapes is not understood", _raw(lambda s: "\\u" in s)
    yield (
        "utf8",
        "JSON with letters beyond ASCII is not understood",
        _raw(lambda s: not s.isascii()),
    )
    yield (
        "~leading_space",
        "JSON after white space is not understood",
        _raw(lambda s: s[:1].isspace()),
    )


LOSS_FAULTS: Final[tuple[Fault, ...]] = (
    *table("3.C Replying to Instructions", prefixed("chat.lost.", _losses())),
    *table("3. Message Protocol", prefixed("json.lost.", _spellings())),
)
