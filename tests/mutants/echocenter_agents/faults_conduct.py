"""Faults in whom an agent answers, how often, and what it mixes up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from tests.mutants.echocenter_agents.edits import doubled, late, on, silent, then
from tests.mutants.echocenter_agents.faults_hearing import only
from tests.mutants.echocenter_agents.model import (
    Chat,
    Cue,
    Do,
    Edit,
    Fault,
    Incoming,
    Kind,
    Memory,
    Pause,
    React,
    Say,
    Step,
)
from tests.mutants.echocenter_agents.replies import DIRECTIVE, echo, said
from tests.mutants.echocenter_agents.words import chat

__all__ = ["CONDUCT_FAULTS"]

_CHAT: Final = (Kind.CHAT,)
_bad = partial(Fault, section="3.C Replying to Instructions")
_Test = Callable[[Chat, Memory], bool]
THINK: Final = 0.15


def _seen_before(to: Chat, memory: Memory) -> bool:
    return any(each.text == to.text for each in memory.chats[: to.n])


def _lost() -> Iterator[Fault]:
    for name, summary, test, cue, implied in (
        ("no_reply", "never answers", lambda _c, _m: False, Cue.CHAT, False),
        ("first_only", "answers the first instruction only", _is_first, Cue.SENDERS, False),
        ("first_sender_only", "answers nobody but the first sender", _is_loyal, Cue.SENDERS, False),
        ("not_the_first", "misses the first instruction", _is_later, Cue.SENDERS, False),
        ("every_other", "answers every other instruction", _is_even, Cue.SENDERS, False),
        ("stops_after_ten", "answers ten instructions, then none", _is_early, Cue.MANY, False),
        ("admin_only", "answers only senders whose name is admin", _is_admin, Cue.CHAT, False),
        ("one_only", "answers only sender 1, as in the example", _is_one, Cue.CHAT, False),
        ("news_only", "answers no text that it has seen before", _is_news, Cue.REPEAT, False),
        ("alternating_only", "answers no sender twice in a row", _is_turn, Cue.REPEAT, False),
    ):
        yield _bad(
            name=f"chat.{name}", summary=summary, answer=only(test), cue=cue, implied=implied
        )


def _is_first(to: Chat, _memory: Memory) -> bool:
    return to.n == 0


def _is_later(to: Chat, _memory: Memory) -> bool:
    return to.n > 0


def _is_even(to: Chat, _memory: Memory) -> bool:
    return to.n % 2 == 0


def _is_early(to: Chat, _memory: Memory) -> bool:
    return to.n < 10


def _is_admin(to: Chat, _memory: Memory) -> bool:
    return to.frame.get("sender_name") == "admin"


def _is_one(to: Chat, _memory: Memory) -> bool:
    return to.sender_id == 1


def _is_loyal(to: Chat, memory: Memory) -> bool:
    return to.sender_id == memory.chats[0].sender_id


def _is_news(to: Chat, memory: Memory) -> bool:
    return not _seen_before(to, memory)


def _is_turn(to: Chat, memory: Memory) -> bool:
    return not to.n or memory.chats[to.n - 1].sender_id != to.sender_id


def _too_much() -> Iterator[Fault]:
    unasked: tuple[tuple[str, str, Edit], ...] = (
        ("twice", "answers each instruction twice", on(_CHAT, doubled)),
        ("twice_later", "answers twice from the third on", on(_CHAT, late(doubled, 2))),
        ("twice_slowly", "answers again after a while", on(_CHAT, _again_later)),
    )
    for word, summary, edit in unasked:
        cue = Cue.MANY if word == "twice_later" else Cue.CHAT
        yield _bad(name=f"chat.{word}", summary=summary, edit=edit, implied=True, cue=cue)
    yield _bad(
        name="chat.talks_on",
        summary="after its answer it goes on talking to the sender, without end",
        answer=_talking_on,
        implied=True,
    )
    yield _bad(
        name="chat.replays_all",
        summary="answers all earlier instructions again with each new one",
        answer=_replaying,
        cue=Cue.SENDERS,
        implied=True,
    )
    yield _bad(
        name="chat.copies_everybody",
        summary="the answer goes to every sender so far",
        answer=_copying,
        cue=Cue.SENDERS,
        implied=True,
    )
    yield _bad(
        name="chat.also_broadcast",
        summary="the answer is sent once more, to nobody in particular",
        answer=_broadcasting,
    )


def _again_later(say: Say, _memory: Memory) -> Iterable[Step]:
    return (say, Pause(0.4), say)


def _talking_on(to: Chat, memory: Memory) -> Iterable[Step]:
    yield from echo(to, memory)
    for n in range(100_000):
        yield Pause(0.1)
        yield chat(to, f"and another thing ({n})")


def _replaying(_to: Chat, memory: Memory) -> Iterable[Step]:
    for earlier in tuple(memory.chats):
        yield from echo(earlier, memory)


def _copying(to: Chat, memory: Memory) -> Iterable[Step]:
    for target in {str(each.sender_id): each for each in memory.chats}.values():
        yield chat(target, said(to))


def _broadcasting(to: Chat, memory: Memory) -> Iterable[Step]:
    yield from echo(to, memory)
    yield replace(chat(to, said(to)), message={"type": "CHAT", "payload": said(to)})


def _last_sender(to: Chat, memory: Memory) -> Iterable[Step]:
    """One variable for the current sender, and a pause in which it changes."""
    yield Pause(THINK)
    yield chat(memory.chats[-1], said(to))


def _last_text(to: Chat, memory: Memory) -> Iterable[Step]:
    yield Pause(THINK)
    yield chat(to, said(memory.chats[-1]))


def _newest_only(to: Chat, memory: Memory) -> Iterable[Step]:
    yield Pause(THINK)
    if memory.chats[-1] is to:
        yield chat(to, said(to))


def _busy(to: Chat, memory: Memory) -> Iterable[Step]:
    if memory.texts.get("busy"):
        return
    memory.texts["busy"] = "yes"
    yield Pause(THINK)
    yield chat(to, said(to))
    memory.texts["busy"] = ""


def _crossed(to: Chat, memory: Memory) -> Iterable[Step]:
    """Two that wait at the same time get each other's answers."""
    waiting = memory.texts.pop("waiting", None)
    if waiting is not None:
        first = memory.chats[int(waiting)]
        yield chat(to, said(first))
        yield chat(first, said(to))
        return
    memory.texts["waiting"] = str(to.n)
    yield Pause(THINK)
    if memory.texts.get("waiting") == str(to.n):
        del memory.texts["waiting"]
        yield chat(to, said(to))


def _joined(to: Chat, memory: Memory) -> Iterable[Step]:
    """The texts of all who talk at once, in an answer to the last."""
    yield Pause(THINK)
    if memory.chats[-1] is to:
        heard = memory.chats[int(memory.texts.get("answered", "0")) :]
        memory.texts["answered"] = str(len(memory.chats))
        yield chat(to, " / ".join(said(each) for each in heard))


def _leaking(to: Chat, memory: Memory) -> Iterable[Step]:
    """What another sender said before is repeated to this one."""
    before = [each for each in memory.chats[: to.n] if each.sender_id != to.sender_id]
    yield chat(to, said(to) + (f" (earlier: {before[-1].text})" if before else ""))


def _stale(to: Chat, memory: Memory) -> Iterable[Step]:
    """Always one answer behind."""
    earlier = memory.texts.get("text", "nothing yet")
    memory.texts["text"] = said(to)
    yield chat(to, earlier)


def _mixed() -> Iterator[Fault]:
    for word, summary, answer, cue, implied in (
        ("last_sender", "answers whoever spoke last when it is done", _last_sender, None, False),
        ("last_text", "the answer is to whatever was said last", _last_text, None, True),
        ("newest_only", "a new instruction drops the one at work", _newest_only, None, False),
        ("busy", "loses what comes while it is thinking", _busy, None, False),
        ("crossed", "two senders at once get each other's answers", _crossed, None, True),
        ("joined", "two instructions at once get one answer", _joined, None, False),
        ("leaking", "tells one sender what another has said", _leaking, Cue.SENDERS, True),
        ("stale", "answers with the text meant for the one before", _stale, Cue.SENDERS, True),
    ):
        name, shown = f"chat.mixed.{word}", cue or Cue.TOGETHER
        yield _bad(name=name, summary=summary, answer=answer, cue=shown, implied=implied)


def _late() -> Iterator[Fault]:
    yield _bad(
        name="chat.forty_seconds",
        summary="each answer takes forty seconds",
        answer=lambda to, _memory: (Pause(40.0), chat(to, said(to))),
        implied=True,
    )
    yield _bad(
        name="chat.slower_and_slower",
        summary="each answer takes twice as long as the one before",
        answer=lambda to, _memory: (Pause(0.02 * 2**to.n), chat(to, said(to))),
        implied=True,
        cue=Cue.MANY,
    )
    yield _bad(
        name="chat.held_back",
        summary="an answer is sent only when the next instruction comes",
        edit=on(_CHAT, _held),
        cue=Cue.SENDERS,
    )


def _held(say: Say, memory: Memory) -> Iterable[Step]:
    earlier, memory.held = tuple(memory.held), [say]
    return earlier


def _directives() -> Iterator[Fault]:
    bad = partial(
        Fault, section="3.B Receiving Instructions", cue=Cue.DIRECTIVE, style="butler_hand"
    )
    for word, summary, react in (
        ("ignored", "does not answer a Butler's directive", _on_directive()),
        ("crash", "dies with a traceback of a directive", _on_directive(Do.CRASH)),
        ("hang", "never does anything again after a directive", _on_directive(Do.HANG)),
    ):
        yield bad(name=f"directive.{word}", summary=summary, react=react)
    yield bad(
        name="directive.log_only",
        summary="reports the result of a directive in logs only",
        edit=on(_CHAT, silent, only=lambda s, _m: bool(s.chat and DIRECTIVE in s.chat.text)),
    )
    yield bad(
        name="directive.twice",
        summary="executes and answers a directive twice",
        edit=on(_CHAT, doubled, only=lambda s, _m: bool(s.chat and DIRECTIVE in s.chat.text)),
        implied=True,
    )


def _on_directive(*steps: Step) -> React:
    def react(heard: Incoming, _memory: Memory) -> Iterable[Step] | None:
        return steps if heard.chat and heard.chat.text.startswith(DIRECTIVE) else None

    return react


def _ends() -> Iterator[Fault]:
    for word, do in (
        ("crashes", Do.CRASH),
        ("quits", Do.QUIT),
        ("drops", Do.DROP),
        ("spins", Do.SPIN),
    ):
        yield _bad(
            name=f"chat.{word}_after_reply",
            summary=f"after its first answer it {do.value}",
            edit=on(_CHAT, then(lambda say, _memory: (say,), do)),
            implied=do is Do.DROP,
        )


CONDUCT_FAULTS: Final[tuple[Fault, ...]] = (
    *_lost(),
    *_too_much(),
    *_mixed(),
    *_late(),
    *_directives(),
    *_ends(),
)
