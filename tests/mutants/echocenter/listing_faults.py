"""GET /api/users/agents: raw tokens, hints, and who is in it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any, Final

from .fault import Fault, Listing, RestTurn, Seed, prefixed, table
from .model import Answer, Obj, Principal

__all__ = ["LISTING_FAULTS"]


def _rows(edit: Callable[[Listing, Principal, Obj], object]) -> Seed:
    def each(one: Listing) -> None:
        for who, row in one.rows:
            edit(one, who, row)

    return Seed(listed=each)


def _field(name: str, value: Callable[[Principal], Any]) -> Seed:
    return _rows(lambda _, who, row: row.update({name: value(who)}))


def _kept(test: Callable[[Listing, Principal], bool]) -> Seed:
    def edit(one: Listing) -> None:
        one.rows = [(who, row) for who, row in one.rows if test(one, who)]

    return Seed(listed=edit)


def _raw_if(test: Callable[[Listing, Principal], bool]) -> Seed:
    """The raw token is in the row of some agents only."""
    return _rows(lambda one, who, row: row.update(api_token=who.token) if test(one, who) else None)


def _place(one: Listing, who: Principal) -> int:
    return [each for each, _ in one.rows].index(who)


def _after(edit: Callable[[RestTurn], object]) -> Seed:
    return Seed(rest=lambda turn: edit(turn) if turn.op == "list" else None)


def _all_tokens(turn: RestTurn) -> list[str]:
    return [one.token for one in turn.hub.registry.agents()]


def _connected_once(one: Listing, who: Principal) -> bool:
    seen = one.hub.memo.setdefault("seen", set())
    seen.update(line.principal.id for line in one.hub.lines)
    return who.id in seen


def _raw() -> Iterator[tuple[str, str, Seed]]:
    yield "api_token", "each row has the raw api_token", _field("api_token", lambda who: who.token)
    yield "token", "each row has the raw token in `token`", _field("token", lambda who: who.token)
    yield (
        "secret",
        "each row has the raw token in `secret`",
        _field("secret", lambda who: who.token),
    )
    yield (
        "nested",
        "each row has the raw token in `credentials`",
        _field("credentials", lambda who: {"type": "token", "value": who.token}),
    )
    yield (
        "listed",
        "each row has the raw token in an array",
        _field("tokens", lambda who: [who.token]),
    )
    yield (
        "url",
        "each row has a connection URL with the raw token",
        _field("ws_url", lambda who: f"/api/ws?token={who.token}"),
    )
    yield (
        "as_key",
        "each row has the raw token as the name of a field",
        _rows(lambda _, who, row: row.update({who.token: True})),
    )
    yield (
        "prefixed",
        "each row has the raw token behind a prefix",
        _field("authorization", lambda who: f"Bearer {who.token}"),
    )
    yield "in_hint", "the hint is the raw token", _field("token_hint", lambda who: who.token)
    yield (
        "hint_contains",
        "the hint contains the raw token",
        _field("token_hint", lambda who: f"token: {who.token}..."),
    )
    yield (
        "first",
        "the first row has the raw token",
        _raw_if(lambda one, who: _place(one, who) == 0),
    )
    yield (
        "newest",
        "the newest row has the raw token",
        _raw_if(lambda one, who: _place(one, who) == len(one.rows) - 1),
    )
    yield (
        "after_ten",
        "rows after the tenth have the raw token",
        _raw_if(lambda one, who: _place(one, who) > 9),
    )
    yield (
        "online",
        "rows of connected agents have the raw token",
        _raw_if(lambda one, who: bool(one.hub.lines_of(who))),
    )
    yield (
        "once_online",
        "agents that were listed while connected show the raw token ever after",
        _raw_if(_connected_once),
    )
    yield (
        "offline",
        "rows of agents that are not connected have the raw token",
        _raw_if(lambda one, who: not one.hub.lines_of(who)),
    )
    yield (
        "second_call",
        "from the second call on the rows have the raw token",
        _raw_if(lambda one, _: one.nth > 1),
    )
    yield (
        "fifth_call",
        "from the fifth call on the rows have the raw token",
        _raw_if(lambda one, _: one.nth > 4),
    )
    yield (
        "first_call",
        "in the first call the rows have the raw token",
        _raw_if(lambda one, _: one.nth == 1),
    )
    yield (
        "header",
        "a header has the raw tokens",
        _after(
            lambda turn: turn.answer.headers.update({"X-Agent-Tokens": ",".join(_all_tokens(turn))})
        ),
    )
    yield (
        "cookie",
        "a cookie has a raw token",
        _after(
            lambda turn: turn.answer.headers.update(
                {"Set-Cookie": f"agent={_all_tokens(turn)[-1]}; Path=/"}
            )
        ),
    )
    yield (
        "debug",
        "the tokens stand in a row of their own",
        _after(
            lambda turn: turn.answer.body.append(
                {"id": 0, "username": "_debug", "token_hint": "none", "tokens": _all_tokens(turn)}
            )
        ),
    )
    yield (
        "~base64",
        "each row has the token in base64",
        _field("key", lambda who: base64.b64encode(who.token.encode()).decode()),
    )
    yield (
        "~reversed",
        "each row has the token backwards",
        _field("key", lambda who: who.token[::-1]),
    )
    yield (
        "~upper",
        "each row has the token in upper case",
        _field("key", lambda who: who.token.upper()),
    )
    yield (
        "~halves",
        "each row has the token in two halves",
        _field("key", lambda who: [who.token[:24], who.token[24:]]),
    )
    yield (
        "~all_but_two",
        "the hint shows all but two signs",
        _field("token_hint", lambda who: who.token[:-2] + "**"),
    )
    yield (
        "~most",
        "the hint shows three quarters of the token",
        _field("token_hint", lambda who: who.token[: len(who.token) * 3 // 4] + "..."),
    )


def _hints() -> Iterator[tuple[str, str, Seed]]:
    yield "missing", "there is no token_hint", _rows(lambda _, __, row: row.pop("token_hint"))
    yield (
        "missing_new",
        "rows of new agents have no token_hint",
        _rows(
            lambda one, who, row: (
                None if who is one.hub.registry.existing else row.pop("token_hint")
            )
        ),
    )
    yield "null", "token_hint is null", _field("token_hint", lambda _: None)
    yield "empty", "token_hint is empty", _field("token_hint", lambda _: "")
    yield (
        "renamed",
        "the field is called hint",
        _rows(lambda _, __, row: row.update(hint=row.pop("token_hint"))),
    )
    yield (
        "camel",
        "the field is called tokenHint",
        _rows(lambda _, __, row: row.update(tokenHint=row.pop("token_hint"))),
    )
    yield "~number", "token_hint is a number", _field("token_hint", lambda who: len(who.token))
    yield (
        "~of_first",
        "each row has the hint of the first",
        _rows(
            lambda one, who, row: row.update(
                token_hint=one.hub.registry.hint(one.hub.registry.existing)
            )
        ),
    )
    yield (
        "missing_online",
        "a connected agent has no token_hint",
        _rows(lambda one, who, row: row.pop("token_hint") if one.hub.lines_of(who) else None),
    )


def _contents() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "lacks_new",
        "agents registered since the start are missing",
        _kept(lambda one, who: who is one.hub.registry.existing),
    )
    yield (
        "lacks_newest",
        "the newest agent is missing",
        _kept(lambda one, who: _place(one, who) < max(1, len(one.rows) - 1)),
    )
    yield (
        "lacks_first",
        "only the newest agent is listed",
        _kept(lambda one, who: _place(one, who) == len(one.rows) - 1),
    )
    yield (
        "lacks_after_ten",
        "agents after the tenth are missing",
        _kept(lambda one, who: _place(one, who) < 10),
    )
    yield (
        "lacks_after_three",
        "agents after the third are missing",
        _kept(lambda one, who: _place(one, who) < 3),
    )
    yield (
        "lacks_online",
        "connected agents are missing",
        _kept(lambda one, who: not one.hub.lines_of(who)),
    )
    yield (
        "lacks_offline",
        "agents that are not connected are missing",
        _kept(lambda one, who: bool(one.hub.lines_of(who))),
    )
    yield (
        "lacks_hyphens",
        "agents with a hyphen in their name are missing",
        _kept(lambda one, who: "-" not in who.name),
    )
    yield "empty", "the list is empty", _kept(lambda one, who: False)
    yield "stale", "the list is as it was at the first call", Seed(listed=_stale)
    yield "late", "a new agent is in the list from the second call on", Seed(listed=_late)
    yield (
        "~twice",
        "each agent is listed twice",
        Seed(listed=lambda one: one.rows.extend(list(one.rows))),
    )
    yield "nameless", "the rows have no name", _rows(lambda _, __, row: row.pop("username"))
    yield (
        "names_lower",
        "the names are in lower case",
        _field("username", lambda who: who.name.lower()),
    )
    yield "names_shifted", "the names belong to other rows", Seed(listed=_shifted)
    yield (
        "~ids_shifted",
        "the ids are one too high",
        _rows(lambda _, __, row: row.update(id=row["id"] + 1)),
    )
    yield (
        "~ids_strings",
        "the ids are strings",
        _rows(lambda _, __, row: row.update(id=str(row["id"]))),
    )
    yield "gone", "the path answers 404", _after(lambda turn: _replace(turn, 404))
    yield "method", "GET is not allowed", _after(lambda turn: _replace(turn, 405))
    yield "status_500", "the list is never given", _after(lambda turn: _replace(turn, 500))
    yield (
        "fifth_500",
        "with five agents and more the answer is 500",
        _after(lambda turn: _replace(turn, 500) if len(_all_tokens(turn)) > 4 else None),
    )
    yield (
        "online_500",
        "while an agent is connected the answer is 500",
        _after(lambda turn: _replace(turn, 500) if turn.hub.lines else None),
    )
    yield (
        "hangs",
        "the list is never answered",
        _after(lambda turn: setattr(turn.answer, "hang", True)),
    )
    yield "half", "the JSON breaks off", _after(_halved)
    yield "new_tokens", "each listing changes all tokens", _after(_new_tokens)
    yield (
        "drops_lines",
        "each listing ends all connections",
        _after(lambda turn: [line.close(1012) for line in list(turn.hub.lines)]),
    )


def _stale(one: Listing) -> None:
    one.rows = list(one.hub.memo.setdefault("rows", list(one.rows)))


def _late(one: Listing) -> None:
    known = one.hub.memo.setdefault("known", {one.hub.registry.existing.id})
    rows = [(who, row) for who, row in one.rows if who.id in known]
    known.update(who.id for who, _ in one.rows)
    one.rows = rows


def _shifted(one: Listing) -> None:
    names = [row["username"] for _, row in one.rows]
    for (_, row), name in zip(one.rows, [*names[1:], *names[:1]], strict=True):
        row["username"] = name


def _replace(turn: RestTurn, status: int) -> None:
    turn.answer = Answer(status=status, body={"error": "no list"})


def _halved(turn: RestTurn) -> None:
    turn.answer.body = b'[{"id": 1, "username": "Exis'
    turn.answer.headers["Content-Type"] = "application/json"


def _new_tokens(turn: RestTurn) -> None:
    for one in turn.hub.registry.agents():
        one.token = turn.hub.registry.new_token()


LISTING_FAULTS: Final[tuple[Fault, ...]] = (
    *table("1. Authentication", prefixed("list.raw.", _raw())),
    *table("1. Authentication", prefixed("list.hint.", _hints())),
    *table("1. Authentication", prefixed("list.", _contents())),
)
