"""SYSTEM_LOG: refused, altered, misdelivered, and what it does to everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from .fault import Fault, Seed, Talk, table
from .model import LEVELS
from .seeds import Edit, log, others, tick

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["LOG_FAULTS"]


def _inner(one: Talk) -> dict[str, Any]:
    given = one.out.get("payload")
    return dict(given) if isinstance(given, dict) else {}


def _close(one: Talk) -> None:
    one.copies = 0
    one.after.append(lambda: one.line.close(1008, "invalid log"))


def _cut(one: Talk) -> None:
    one.after.append(one.line.abort)


def _lost(one: Talk) -> None:
    one.copies = 0


def _level(level: str, edit: Edit) -> Seed:
    return log(lambda one: edit(one) if _inner(one).get("level") == level else None)


def _put(name: str, change: Callable[[Any], Any]) -> Edit:
    def edit(one: Talk) -> None:
        inner = _inner(one)
        if name in inner:
            one.out["payload"] = {**inner, name: change(inner[name])}

    return edit


def _deaf(one: Talk) -> None:
    """Nothing that its sender says afterwards is heard."""
    one.memo[one.line] = True


async def _deafened(hub: Hub, line: Line, data: str | bytes) -> bool:
    return line in hub.memo


def _who(line: Line) -> dict[str, Any]:
    return {"sender_id": line.principal.id, "sender_name": line.principal.name}


def _as_chat(choose: Callable[[Talk], list[Line]]) -> Edit:
    def edit(one: Talk) -> None:
        said = {"type": "CHAT", **_who(one.line), "payload": _inner(one).get("content", "")}
        one.more += [(line, dict(said)) for line in choose(one)]

    return edit


def _agents(one: Talk) -> list[Line]:
    return [line for line in others(one) if not line.principal.human]


def _humans(one: Talk) -> list[Line]:
    return [line for line in others(one) if line.principal.human]


def _instead(edit: Edit) -> Edit:
    def both(one: Talk) -> None:
        edit(one)
        one.copies = 0

    return both


def _pong(one: Talk) -> None:
    """The server answers in its own name."""
    admin = one.hub.registry.admin
    reply = {"type": "CHAT", "sender_id": admin.id, "sender_name": admin.name}
    one.more.append((one.line, {**reply, "payload": "log received"}))


def _needs_log() -> Seed:
    """A CHAT before the sender's first log is lost."""

    async def talk(one: Talk) -> None:
        if one.kind == "SYSTEM_LOG":
            one.memo[one.line] = True
        elif one.line not in one.memo and not one.line.principal.human:
            one.copies = 0

    return Seed(talk=talk)


def _target_needs_log() -> Seed:
    """An agent that logged nothing is not there for others."""

    async def talk(one: Talk) -> None:
        if one.kind == "SYSTEM_LOG":
            one.memo[one.line] = True
        else:
            one.lines = [line for line in one.lines if line.principal.human or line in one.memo]

    return Seed(talk=talk)


def _last_log() -> Seed:
    """A CHAT after a log has the log's content."""

    async def talk(one: Talk) -> None:
        if one.kind == "SYSTEM_LOG":
            one.memo[one.line] = _inner(one).get("content")
        elif one.line in one.memo:
            one.out["payload"] = one.memo.pop(one.line)

    return Seed(talk=talk)


def _levels() -> Iterator[tuple[str, str, Seed]]:
    for level in LEVELS:
        low = level.lower()
        yield (
            f"log.{low}.closes",
            f"a log of level {level} ends the connection",
            _level(level, _close),
        )
        yield (
            f"log.{low}.deafens",
            f"after a log of level {level} its sender is not heard",
            _deafening(level),
        )
        yield f"~log.{low}.lost", f"logs of level {level} are lost", _level(level, _lost)
        other = LEVELS[(LEVELS.index(level) + 1) % 4]
        yield (
            f"~log.{low}.relevelled",
            f"{level} is shown as {other}",
            _level(level, _put("level", _always(other))),
        )


def _always(value: str) -> Callable[[Any], Any]:
    return lambda _: value


def _deafening(level: str) -> Seed:
    return Seed(talk=_level(level, _deaf).talk, hear=_deafened)


def _contents() -> Iterator[tuple[str, str, Seed]]:
    changes: tuple[tuple[str, str, Edit], ...] = (
        ("level.lower", "the level is shown in lower case", _put("level", str.lower)),
        (
            "level.short",
            "WARNING is shown as WARN",
            _put("level", lambda s: "WARN" if s == "WARNING" else s),
        ),
        (
            "level.number",
            "the level is shown as a number",
            _put("level", lambda s: LEVELS.index(s) if s in LEVELS else 0),
        ),
        ("level.constant", "each level is shown as INFO", _put("level", lambda _: "INFO")),
        ("content.cut", "the content is cut after 16 signs", _put("content", lambda s: s[:16])),
        ("content.hash", "the content ends at a #", _put("content", lambda s: s.split("#")[0])),
        ("content.upper", "the content is in upper case", _put("content", str.upper)),
        (
            "content.ascii",
            "letters beyond ASCII are lost",
            _put("content", lambda s: s.encode("ascii", "ignore").decode()),
        ),
        ("content.dots", "the dots at the end are lost", _put("content", lambda s: s.rstrip("."))),
        ("content.empty", "the content is lost", _put("content", lambda _: "")),
        ("content.first", "the first content is shown for ever", _first_content),
        (
            "sender.of_other",
            "the log shows somebody else as its sender",
            lambda one: one.out.update(sender_id=one.hub.registry.admin.id, sender_name="admin"),
        ),
        (
            "sender.forged",
            "the client's sender_id wins in a log",
            lambda one: one.out.update(
                sender_id=one.message.get("sender_id", one.out["sender_id"])
            ),
        ),
        ("sender.of_first", "each log shows who sent the first one as its sender", _first_sender),
        ("twice", "each log is shown twice", lambda one: setattr(one, "copies", 2)),
    )
    for name, summary, edit in changes:
        yield f"~log.{name}", summary, log(edit)
    yield "~log.swapped", "two logs of a sender change places", Seed(talk=_swapped)
    yield "~log.unseen", "no dashboard shows any log", log(_lost)


def _first_content(one: Talk) -> None:
    content = one.memo.setdefault("content", _inner(one).get("content"))
    _put("content", lambda _: content)(one)


def _first_sender(one: Talk) -> None:
    one.out.update(one.memo.setdefault("sender", _who(one.line)))


async def _swapped(one: Talk) -> None:
    """Two logs of a line change places."""
    if one.kind != "SYSTEM_LOG":
        return
    held = one.memo.pop(one.line, None)
    if held is not None:
        one.after.append(lambda: one.hub.deliver(held))
    else:
        one.memo[one.line] = replace(one, after=[])
        one.copies = 0


def _conduct() -> Iterator[tuple[str, str, Seed]]:
    yield "~log.as_chat.agents", "a log reaches all agents as CHAT", log(_as_chat(_agents))
    yield "~log.as_chat.humans", "a log reaches humans as CHAT", log(_instead(_as_chat(_humans)))
    yield "~log.as_chat.sender", "a log comes back as CHAT", log(_as_chat(lambda one: [one.line]))
    yield "~log.as_chat.target", "a log with target_id is delivered there as CHAT", log(_targeted)
    yield "~log.answered", "a log is answered by a CHAT of the administrator", log(_pong)
    yield "log.closes", "each log ends the connection", log(_close)
    yield "log.cuts", "each log cuts the connection", log(_cut)
    yield (
        "log.second_closes",
        "the second log ends the connection",
        log(lambda one: _close(one) if tick(one, one.line) == 2 else None),
    )
    yield (
        "log.eleventh_closes",
        "the eleventh log ends the connection",
        log(lambda one: _close(one) if tick(one, one.line) == 11 else None),
    )
    yield (
        "log.deafens",
        "after a log its sender is not heard",
        Seed(talk=log(_deaf).talk, hear=_deafened),
    )
    yield "log.crashes", "a log ends the server", log(lambda one: one.after.append(one.hub.crash))
    yield "log.closes_others", "a log ends all other connections", log(_close_others)
    yield (
        "log.long_closes",
        "a content of more than 500 signs ends the connection",
        log(lambda one: _close(one) if len(str(_inner(one).get("content"))) > 500 else None),
    )
    yield (
        "log.unicode_closes",
        "a content beyond ASCII ends the connection",
        log(lambda one: None if str(_inner(one).get("content")).isascii() else _close(one)),
    )
    yield "log.humans_closed", "each log disconnects all humans", log(_close_humans)
    yield "log.needed_to_send", "an agent's CHAT is lost unless it sent a log before", _needs_log()
    yield "log.needed_to_receive", "an agent that sent no log gets nothing", _target_needs_log()
    yield "log.in_chat", "the CHAT after a log has the log's content", _last_log()
    yield "log.deafens_dashboard", "who was shown a log gets no CHAT any more", _deaf_dashboards()


def _targeted(one: Talk) -> None:
    number = one.message.get("target_id")
    target = one.hub.registry.by_id(number) if isinstance(number, int) else None
    if target is not None:
        _as_chat(lambda each: each.hub.lines_of(target))(one)


def _close_others(one: Talk) -> None:
    for line in others(one):
        line.close(1011)


def _close_humans(one: Talk) -> None:
    for line in _humans(one):
        line.close(1011)


def _deaf_dashboards() -> Seed:
    async def talk(one: Talk) -> None:
        if one.kind == "SYSTEM_LOG":
            one.memo.update(dict.fromkeys(one.lines, True))
        else:
            one.lines = [line for line in one.lines if line not in one.memo]

    return Seed(talk=talk)


LOG_FAULTS: Final[tuple[Fault, ...]] = tuple(
    table("3.A Sending Status Logs", [*_levels(), *_contents(), *_conduct()])
)
