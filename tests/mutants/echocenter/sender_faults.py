"""Who said it: sender_id and sender_name of what is delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from .fault import Fault, Seed, Talk, table
from .seeds import Edit, chat, chunk, end, final, routed, tick

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["SENDER_FAULTS"]


def _put(name: str, value: Callable[[Talk], Any]) -> Edit:
    def edit(one: Talk) -> None:
        one.out[name] = value(one)

    return edit


def _drop(name: str) -> Edit:
    return lambda one: one.out.pop(name, None)


def _forged(name: str) -> Edit:
    """What the client wrote wins."""

    def edit(one: Talk) -> None:
        if name in one.message:
            one.out[name] = one.message[name]

    return edit


def _by_humans(edit: Edit) -> Edit:
    return lambda one: edit(one) if one.line.principal.human else None


def _by_agents(edit: Edit) -> Edit:
    return lambda one: None if one.line.principal.human else edit(one)


def _previous(name: str) -> Edit:
    """The sender of the message before."""

    def edit(one: Talk) -> None:
        true = one.out[name]
        one.out[name] = one.memo.get("before", true)
        one.memo["before"] = true

    return edit


def _first(name: str) -> Edit:
    def edit(one: Talk) -> None:
        one.out[name] = one.memo.setdefault("first", one.out[name])

    return edit


def _late(edit: Edit) -> Edit:
    """From the eleventh message of a sender on."""
    return lambda one: edit(one) if tick(one, one.line.principal.id) > 10 else None


def _renamed(old: str, new: str) -> Edit:
    def edit(one: Talk) -> None:
        one.out[new] = one.out.pop(old)

    return edit


def _nested(one: Talk) -> None:
    one.out["sender"] = {"id": one.out.pop("sender_id"), "name": one.out["sender_name"]}


def _other(one: Talk) -> Any:
    everyone = one.hub.registry.everyone
    return next((who for who in everyone if who is not one.line.principal), everyone[0])


def _reconnected(name: str, value: Callable[[Talk], Any]) -> Seed:
    def joined(hub: Hub, line: Line) -> None:
        key = "joins", line.principal.id
        hub.memo[key] = hub.memo.get(key, 0) + 1

    async def talk(one: Talk) -> None:
        if one.kind == "CHAT" and one.memo["joins", one.line.principal.id] > 1:
            one.out[name] = value(one)

    return Seed(joined=joined, talk=talk)


def _ids() -> Iterator[tuple[str, str, Seed]]:
    put = "sender_id"
    rows: tuple[tuple[str, str, Edit], ...] = (
        ("forged", "the client's sender_id wins", _forged(put)),
        ("forged_by_humans", "a human's own sender_id wins", _by_humans(_forged(put))),
        ("forged_by_agents", "an agent's own sender_id wins", _by_agents(_forged(put))),
        ("string", "sender_id is a string", _put(put, lambda one: str(one.out[put]))),
        ("~float", "sender_id is written as 3.0", _put(put, lambda one: float(one.out[put]))),
        ("missing", "sender_id is left out", _drop(put)),
        ("missing_of_agents", "sender_id is missing if an agent speaks", _by_agents(_drop(put))),
        ("null", "sender_id is null", _put(put, lambda one: None)),
        ("zero", "sender_id is always 0", _put(put, lambda one: 0)),
        (
            "of_target",
            "sender_id is the target's own id",
            _put(put, lambda one: one.target.id if one.target else 0),
        ),
        (
            "of_admin",
            "sender_id is the administrator's",
            _put(put, lambda one: one.hub.registry.admin.id),
        ),
        ("of_other", "sender_id is somebody else's", _put(put, lambda one: _other(one).id)),
        ("next", "sender_id is one too high", _put(put, lambda one: one.out[put] + 1)),
        ("negative", "sender_id is negated", _put(put, lambda one: -one.out[put])),
        ("nested", "the id stands in an object `sender`", _nested),
        ("camel", "the field is called senderId", _renamed(put, "senderId")),
        ("called_from", "the field is called from_id", _renamed(put, "from_id")),
        ("first_ever", "everybody is shown as the first who spoke", _first(put)),
        ("previous", "sender_id is that of the message before", _previous(put)),
        (
            "token",
            "sender_id is the sender's api_token",
            _put(put, lambda one: one.line.principal.token),
        ),
        (
            "of_line",
            "sender_id is the number of the connection",
            _put(put, lambda one: 1000 + one.hub.lines.index(one.line)),
        ),
        (
            "late",
            "sender_id is 0 from a sender's eleventh message on",
            _late(_put(put, lambda one: 0)),
        ),
        (
            "of_human_string",
            "sender_id is a string when a human speaks",
            _by_humans(_put(put, lambda one: str(one.out[put]))),
        ),
    )
    for name, summary, edit in rows:
        mark = "~" if name.startswith("~") else ""
        yield f"{mark}chat.sender_id.{name.removeprefix('~')}", summary, chat(edit)
    yield (
        "chat.sender_id.reconnected",
        "after a reconnect the sender shows under a new id",
        _reconnected(put, lambda one: one.out[put] + 500),
    )


def _names() -> Iterator[tuple[str, str, Seed]]:
    put = "sender_name"
    rows: tuple[tuple[str, str, Edit], ...] = (
        ("forged", "the client's sender_name wins", _forged(put)),
        ("forged_by_humans", "a human's own sender_name wins", _by_humans(_forged(put))),
        ("missing", "sender_name is left out", _drop(put)),
        ("missing_of_agents", "sender_name is missing if an agent speaks", _by_agents(_drop(put))),
        ("null", "sender_name is null", _put(put, lambda one: None)),
        ("empty", "sender_name is empty", _put(put, lambda one: "")),
        (
            "of_target",
            "sender_name is the target's",
            _put(put, lambda one: one.target.name if one.target else ""),
        ),
        ("of_other", "sender_name is somebody else's", _put(put, lambda one: _other(one).name)),
        ("id", "sender_name is the id as text", _put(put, lambda one: str(one.out["sender_id"]))),
        ("number", "sender_name is a number", _put(put, lambda one: one.out["sender_id"])),
        ("role", "sender_name is the role", _put(put, lambda one: one.line.principal.kind)),
        ("lower", "sender_name is in lower case", _put(put, lambda one: one.out[put].lower())),
        ("upper", "sender_name is in upper case", _put(put, lambda one: one.out[put].upper())),
        ("cut", "sender_name is cut after 4 signs", _put(put, lambda one: one.out[put][:4])),
        (
            "tagged",
            "sender_name has the role behind it",
            _put(put, lambda one: one.out[put] + " (bot)"),
        ),
        ("token", "sender_name is the api_token", _put(put, lambda one: one.line.principal.token)),
        ("first_ever", "everybody has the name of who spoke first", _first(put)),
        ("previous", "sender_name is that of the message before", _previous(put)),
        ("camel", "the field is called senderName", _renamed(put, "senderName")),
        ("plain", "the field is called sender", _renamed(put, "sender")),
        ("late", "sender_name is lost from the eleventh message on", _late(_drop(put))),
    )
    for name, summary, edit in rows:
        yield f"chat.sender_name.{name}", summary, chat(edit)
    yield (
        "chat.sender_name.reconnected",
        "after a reconnect the sender's name is lost",
        _reconnected(put, lambda one: ""),
    )


def _leaks() -> Iterator[tuple[str, str, Seed]]:
    token = _put("sender_token", lambda one: one.line.principal.token)
    own = _put("auth", lambda one: {"token": one.target.token if one.target else ""})
    yield "~chat.leak.sender_token", "the message shows the sender's api_token", chat(token)
    yield "~chat.leak.target_token", "the message shows the target's api_token", chat(own)


def _owned(name: str) -> Edit:
    """Who was the first with a stream_id stays its sender."""

    def edit(one: Talk) -> None:
        key = "stream's", name, repr(one.out.get("stream_id"))
        one.out[name] = one.memo.setdefault(key, one.out[name])

    return edit


def _streams() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "stream.chunk.sender_id.of_first",
        "a chunk is shown as of who was the first to use its stream_id",
        chunk(_owned("sender_id")),
    )
    for kind, apply in (("chunk", chunk), ("final", final), ("end", end)):
        for name in ("sender_id", "sender_name"):
            yield (
                f"stream.{kind}.{name}.forged",
                f"in the stream's {kind} the client's {name} wins",
                apply(_forged(name)),
            )
        for name in ("sender_id", "sender_name"):
            yield (
                f"{'' if kind == 'final' else '~'}stream.{kind}.{name}.missing",
                f"{name} is missing in the stream's {kind}",
                apply(_drop(name)),
            )


def _relayed() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "chat.sender_id.forged_deployed",
        "the client's sender_id wins, in streams too",
        routed(_forged("sender_id")),
    )


SENDER_FAULTS: Final[tuple[Fault, ...]] = (
    *table("3.B Receiving Instructions", [*_ids(), *_names(), *_leaks()]),
    *table("3.B Receiving Instructions", _relayed(), reading="deployed"),
    *table("3.C Replying to Instructions", _streams()),
)
