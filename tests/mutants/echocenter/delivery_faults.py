"""Messages that are doubled, late, reordered, or do more than they should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .fault import Fault, Seed, Talk, prefixed, table
from .model import TALK
from .seeds import Edit, chat, others, tick

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["DELIVERY_FAULTS"]


def _joins(late: Callable[[Talk], object]) -> Seed:
    """A bug about targets that came back."""

    def joined(hub: Hub, line: Line) -> None:
        count = hub.memo.get(("joins", line.principal.id), 0)
        hub.memo["joins", line.principal.id] = count + 1

    async def talk(one: Talk) -> None:
        back = one.target is not None and one.memo.get(("joins", one.target.id), 0) > 1
        if back and one.kind in TALK:
            late(one)

    return Seed(joined=joined, talk=talk)


def _copies(count: int) -> Edit:
    return lambda one: setattr(one, "copies", count)


def _held(one: Talk) -> None:
    """Two messages change places."""
    held = one.memo.pop("held", None)
    if held is not None:
        one.after.append(lambda: one.hub.deliver(held))
        return
    kept = replace(one, after=[])
    one.memo["held"] = kept
    one.copies = 0
    one.hub.spawn(_release(one, kept))


async def _release(one: Talk, kept: Talk) -> None:
    import asyncio

    await asyncio.sleep(0.3)
    if one.memo.get("held") is kept:
        del one.memo["held"]
        one.hub.deliver(kept)


def _until_next(one: Talk) -> None:
    """Each message waits for the next one."""
    before = one.memo.get("kept")
    one.memo["kept"] = replace(one, after=[])
    one.copies = 0
    if before is not None:
        one.after.append(lambda: one.hub.deliver(before))


def _keeps(one: Talk) -> None:
    one.memo["kept", one.line] = [*one.memo.get(("kept", one.line), []), replace(one, after=[])]
    one.copies = 0


def _gives(hub: Hub, line: Line) -> None:
    for kept in hub.memo.pop(("kept", line), []):
        hub.deliver(kept)


def _times() -> Iterator[tuple[str, str, Seed]]:
    yield "twice.always", "each message is delivered twice", chat(_copies(2))
    yield (
        "twice.second",
        "each second message is delivered twice",
        chat(lambda one: _copies(2)(one) if tick(one, "all") % 2 == 0 else None),
    )
    yield (
        "twice.to_humans",
        "humans get each message twice",
        chat(lambda one: _copies(2)(one) if one.target and one.target.human else None),
    )
    yield (
        "twice.long",
        "a text of more than 1000 signs comes twice",
        chat(lambda one: _copies(2)(one) if len(str(one.out.get("payload"))) > 1000 else None),
    )
    yield "twice.reconnected", "a target that came back gets messages twice", _joins(_copies(2))
    yield "lost.reconnected", "a target that came back gets nothing", _joins(_copies(0))
    yield "~order.pairs", "two messages change places", chat(_held)
    yield (
        "~order.long_later",
        "long texts are overtaken by short ones",
        chat(
            lambda one: setattr(
                one, "delay", 0.15 if len(str(one.out.get("payload"))) > 100 else 0.0
            )
        ),
    )
    yield (
        "~order.odd_later",
        "each odd message is overtaken by the next",
        chat(lambda one: setattr(one, "delay", 0.15 * (tick(one, "all") % 2))),
    )
    yield "late.until_next", "each message waits for the next one", chat(_until_next)
    yield (
        "late.until_leaving",
        "messages are delivered when their sender leaves",
        replace(chat(_keeps), left=_gives),
    )
    yield "~late.8s", "each message takes 8 seconds", chat(lambda one: setattr(one, "delay", 8.0))
    yield (
        "~late.growing",
        "each message takes a second longer than the one before",
        chat(lambda one: setattr(one, "delay", float(tick(one, "all") - 1))),
    )


def _store(one: Talk) -> None:
    one.memo["last"] = (one.message.get("target_id"), one.out)


def _replay(hub: Hub, line: Line) -> None:
    last = hub.memo.get("last")
    if last is not None and last[0] != line.principal.id:
        line.send(hub.encode(last[1]))


def _mailbox(one: Talk) -> None:
    if one.target is not None and not one.lines:
        one.memo.setdefault("mail", []).append(one.out)


def _next_comer(hub: Hub, line: Line) -> None:
    for out in hub.memo.pop("mail", []):
        line.send(hub.encode(out))


def _closing(edit: Callable[[Talk], list[Line]]) -> Seed:
    def close(one: Talk) -> None:
        for line in edit(one):
            one.after.append(lambda line=line: line.close(1011))  # type: ignore[misc]

    return chat(close)


def _sides() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "chat.replayed_to_newcomer",
        "the last message is shown to whoever connects",
        replace(chat(_store), joined=_replay),
    )
    yield (
        "chat.mail_to_newcomer",
        "mail for somebody offline goes to who comes next",
        replace(chat(_mailbox), joined=_next_comer),
    )
    yield (
        "chat.closes.sender",
        "the sender is disconnected after each CHAT",
        _closing(lambda one: [one.line]),
    )
    yield (
        "chat.closes.target",
        "the target is disconnected after each CHAT",
        _closing(lambda one: one.lines),
    )
    yield (
        "chat.closes.tenth",
        "after its tenth CHAT the sender is disconnected",
        _closing(lambda one: [one.line] if tick(one, one.line) == 10 else []),
    )
    yield (
        "~chat.closes.offline",
        "a CHAT to somebody offline ends the sender's connection",
        _closing(lambda one: [] if one.lines else [one.line]),
    )
    yield (
        "chat.closes.others",
        "a CHAT to somebody offline ends all other connections",
        _closing(lambda one: [] if one.lines else others(one)),
    )
    yield (
        "chat.target_kept",
        "a CHAT is answered by one to the sender in the target's name",
        chat(_answered),
    )


def _answered(one: Talk) -> None:
    if one.target is not None:
        reply = {"type": "CHAT", "sender_id": one.target.id, "sender_name": one.target.name}
        one.more.append((one.line, {**reply, "payload": "delivered"}))


DELIVERY_FAULTS: Final[tuple[Fault, ...]] = (
    *table("3.C Replying to Instructions", prefixed("chat.", _times())),
    *table("3.C Replying to Instructions", _sides()),
)
