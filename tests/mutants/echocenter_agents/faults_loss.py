"""Faults in how an agent takes a loss, comes back and leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from tests.mutants.echocenter_agents.dialing import at, token_only
from tests.mutants.echocenter_agents.edits import (
    Test,
    as_text,
    doubled,
    on,
    put,
    put_from,
    silent,
)
from tests.mutants.echocenter_agents.faults_log import single_quoted
from tests.mutants.echocenter_agents.model import (
    Address,
    Chat,
    Cue,
    Do,
    Edit,
    Fault,
    Json,
    Kind,
    Loss,
    Memory,
    Reshape,
    Say,
    Step,
    Style,
    Target,
)
from tests.mutants.echocenter_agents.replies import echo, said
from tests.mutants.echocenter_agents.words import chat

__all__ = ["LOSS_FAULTS"]

_again = partial(Fault, section="2. Connection", cue=Cue.RESTART)


def _losing(loss: Loss) -> Reshape:
    return lambda style: replace(style, on_loss=loss)


def _refused(loss: Loss) -> Reshape:
    return lambda style: replace(style, on_refusal=loss)


_TIGHT: Final = Loss(first_pause=0.01, longest_pause=0.01, says_why=False)


def _losses() -> Iterator[Fault]:
    for word, summary, loss, cue in (
        ("tight", "tries to come back without any pause", _TIGHT, Cue.OUTAGE),
        ("stays", "neither comes back nor leaves", Loss(stays=True, says_why=False), Cue.RESTART),
        ("no_reason", "leaves without a word", Loss(again=False, says_why=False), Cue.RESTART),
        (
            "success",
            "leaves with status 0 and without a word",
            Loss(again=False, says_why=False, status=0),
            Cue.RESTART,
        ),
        (
            "traceback",
            "dies with a traceback of a lost connection",
            Loss(crashes=True),
            Cue.RESTART,
        ),
    ):
        name = f"loss.{word}"
        yield _again(name=name, summary=summary, reshape=_losing(loss), cue=cue, implied=True)
    for word, summary, loss in (
        ("hammers", "asks again at once when it was refused", _TIGHT),
        ("stays", "hangs around in silence when it was refused", Loss(stays=True, says_why=False)),
        ("traceback", "dies with a traceback when it was refused", Loss(crashes=True)),
        (
            "success",
            "leaves with status 0 and without a word when it was refused",
            Loss(again=False, says_why=False, status=0),
        ),
    ):
        name, reshape = f"refused.{word}", _refused(loss)
        yield _again(name=name, summary=summary, reshape=reshape, cue=Cue.REFUSAL, implied=True)


def _second_time(address: Address) -> Reshape:
    def either(target: Target) -> str:
        return token_only(target) if target.n == 0 else address(target)

    return lambda style: replace(style, address=either)


def _is_back(say: Say, memory: Memory) -> bool:
    return memory.connection > 1 and say.kind is not Kind.OTHER


def _back(edit: Edit, only: Test = _is_back) -> Edit:
    return on(tuple(Kind), edit, only=only)


def _chat_is_back(say: Say, memory: Memory) -> bool:
    return memory.connection > 1 and say.kind is Kind.CHAT


def _log_is_back(say: Say, memory: Memory) -> bool:
    return memory.connection > 1 and say.kind is Kind.LOG


def _old_sender(_say: Say, memory: Memory) -> Json:
    return memory.chats[0].sender_id


def _reconnects() -> Iterator[Fault]:
    for word, summary, template in (
        ("no_token", "comes back without its token", "/api/ws"),
        ("other_path", "comes back at another path", "/ws?token={token}"),
        ("other_name", "comes back with the token called api_token", "/api/ws?api_token={token}"),
        ("placeholder", "comes back with a placeholder for a token", "/api/ws?token=None"),
    ):
        reshape = _second_time(at(template))
        yield _again(name=f"reconnect.{word}", summary=summary, reshape=reshape)
    for word, summary, edit in (
        ("silent", "says nothing any more after it came back", _back(silent)),
        ("no_reply", "does not answer after it came back", _back(silent, _chat_is_back)),
        ("log_level", "the level of its logs is RECONNECTED", _level_back()),
        (
            "log_text",
            "the payload of its logs is a text",
            _back(put("payload", "back"), _log_is_back),
        ),
        ("target", "answers the first sender of before", _old_target()),
        ("json", "its JSON is in single quotes", _back(as_text(single_quoted))),
        (
            "payload",
            "the payload of its replies is null",
            _back(put("payload", None), _chat_is_back),
        ),
    ):
        yield _again(name=f"reconnect.{word}", summary=summary, edit=edit)
    yield _again(
        name="reconnect.twice",
        summary="answers twice after it came back, as if both its lives were awake",
        edit=_back(doubled, _chat_is_back),
        implied=True,
    )
    yield _again(
        name="reconnect.old_answers",
        summary="answers the instructions of before once more when it is back",
        edit=on((Kind.LOG,), _with_old_answers),
        implied=True,
    )
    yield _again(
        name="reconnect.with_each_chat",
        summary="with each new instruction it answers those of before, too",
        answer=_old_and_new,
        implied=True,
    )


def _level_back() -> Edit:
    return _back(put("payload.level", "RECONNECTED"), _log_is_back)


def _old_target() -> Edit:
    return _back(put_from("target_id", _old_sender), _chat_is_back)


def _with_old_answers(say: Say, memory: Memory) -> Iterable[Step]:
    old = memory.chats if memory.connection > 1 else ()
    return (say, *(chat(each, said(each)) for each in old))


def _old_and_new(to: Chat, memory: Memory) -> Iterable[Step]:
    for old in memory.chats[: to.n]:
        if old.connection < to.connection:
            yield from echo(old, memory)
    yield from echo(to, memory)


def _terms() -> Iterator[Fault]:
    for word, summary, do in (
        ("ignored", "does not end on SIGTERM", Do.HANG),
        ("traceback", "ends on SIGTERM with a traceback", Do.CRASH),
    ):
        yield Fault(
            name=f"sigterm.{word}",
            summary=summary,
            section="4. Code Example",
            implied=True,
            cue=Cue.SIGTERM,
            reshape=partial(_terminating, do=do),
        )


def _terminating(style: Style, *, do: Do) -> Style:
    return replace(style, on_term=do)


LOSS_FAULTS: Final[tuple[Fault, ...]] = (
    *_losses(),
    *_reconnects(),
    *_terms(),
)
