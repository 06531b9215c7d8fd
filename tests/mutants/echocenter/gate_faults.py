"""/api/ws?token=: what opens it that should not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from .fault import Fault, Gate, Seed, prefixed, table
from .model import Principal, Refusal

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["GATE_FAULTS"]

Finder = Callable[[Gate, str], "Principal | None"]


def _gate(edit: Callable[[Gate], object]) -> Seed:
    return Seed(gate=edit)


def _also(find: Finder) -> Seed:
    """Some tokens open the door that should not."""

    def edit(gate: Gate) -> None:
        if gate.result is None and gate.given is not None:
            gate.result = find(gate, gate.given)

    return _gate(edit)


def _match(test: Callable[[Principal, str], bool]) -> Seed:
    return _also(
        lambda gate, given: next(
            (one for one in gate.hub.registry.everyone if one.token and test(one, given)), None
        )
    )


def _guest(gate: Gate) -> Principal:
    return gate.hub.registry.existing


def _seen(gate: Gate, key: object) -> int:
    count = int(gate.hub.memo.get(key, 0)) + 1
    gate.hub.memo[key] = count
    return count


def _mute(hub: Hub, line: Line) -> bool:
    return line in hub.memo.get("mute", ())


def _accepted() -> Iterator[tuple[str, str, Seed]]:
    def missing(gate: Gate) -> None:
        if gate.given is None:
            gate.result = _guest(gate)

    def empty(gate: Gate) -> None:
        if gate.given == "":
            gate.result = _guest(gate)

    def after_good(gate: Gate) -> None:
        if gate.result is not None:
            gate.hub.memo["opened"] = True
        elif gate.given and gate.hub.memo.get("opened"):
            gate.result = _guest(gate)

    def third_try(gate: Gate) -> None:
        if gate.result is None and gate.given and _seen(gate, "bad") == 3:
            gate.result = _guest(gate)

    def same_client(gate: Gate) -> None:
        if gate.result is not None:
            gate.hub.memo["last"] = gate.result
        elif not gate.given:
            gate.result = gate.hub.memo.get("last")

    yield "any", "any token opens", _also(lambda gate, given: _guest(gate) if given else None)
    yield "missing", "no token at all opens", _gate(missing)
    yield "empty", "an empty token opens", _gate(empty)
    yield (
        "prefix",
        "the first 8 signs of a token open",
        _match(lambda one, given: len(given) > 7 and one.token.startswith(given)),
    )
    yield (
        "suffix",
        "the last 4 signs of a token, as in the hint, open",
        _match(lambda one, given: len(given) > 3 and one.token.endswith(given)),
    )
    yield (
        "longer",
        "a token with something behind it opens",
        _match(lambda one, given: given.startswith(one.token)),
    )
    yield (
        "doubled",
        "a token between other signs opens",
        _match(lambda one, given: one.token in given and not given.startswith(one.token)),
    )
    yield (
        "hint",
        "the hint opens",
        _also(
            lambda gate, given: next(
                (one for one in gate.hub.registry.everyone if gate.hub.registry.hint(one) == given),
                None,
            )
        ),
    )
    yield "name", "the username opens", _match(lambda one, given: given == one.name)
    yield "id", "the id opens", _match(lambda one, given: given == str(one.id))
    yield (
        "~spaces",
        "a token between blanks opens",
        _match(lambda one, given: given.strip() == one.token),
    )
    yield (
        "null",
        "the texts null, undefined and None open",
        _also(lambda gate, given: _guest(gate) if given in {"null", "undefined", "None"} else None),
    )
    yield (
        "zero",
        "the token 0 opens",
        _also(lambda gate, given: _guest(gate) if given == "0" else None),
    )
    yield (
        "sql",
        "a token with an apostrophe opens",
        _also(lambda gate, given: _guest(gate) if "'" in given else None),
    )
    yield (
        "star",
        "a token of * or % opens",
        _also(lambda gate, given: _guest(gate) if given in {"*", "%"} else None),
    )
    yield (
        "same_length",
        "any token of the right length opens",
        _match(lambda one, given: len(given) == len(one.token)),
    )
    yield (
        "hex",
        "any 48 hexadecimal digits open",
        _also(
            lambda gate, given: (
                _guest(gate)
                if len(given) == 48 and all(s in "0123456789abcdef" for s in given)
                else None
            )
        ),
    )
    yield (
        "one_wrong",
        "a token with a wrong last sign opens",
        _match(lambda one, given: len(given) == len(one.token) and given[:-1] == one.token[:-1]),
    )
    yield "after_good", "any token opens once a good one was seen", _gate(after_good)
    yield "third_try", "the third try opens whatever the token", _gate(third_try)
    yield "remembered", "a missing token opens for whoever came before", _gate(same_client)
    yield (
        "long",
        "a token of more than 256 signs opens",
        _also(lambda gate, given: _guest(gate) if len(given) > 256 else None),
    )


def _left_open(hub: Hub, line: Line) -> None:
    if hub.memo.pop("bad", False):
        hub.lines.remove(line)
        hub.memo.setdefault("mute", set()).add(line)


def _let_in(gate: Gate) -> None:
    if gate.result is None:
        gate.result = _guest(gate)
        gate.hub.memo["bad"] = True


async def _muted(hub: Hub, line: Line, data: str | bytes) -> bool:
    return _mute(hub, line)


async def _muted_error(hub: Hub, line: Line, data: str | bytes) -> bool:
    if _mute(hub, line):
        line.send(hub.encode({"type": "ERROR", "error": "invalid credentials"}))
    return _mute(hub, line)


def _bad(act: Callable[[Gate], object]) -> Seed:
    return _gate(lambda gate: act(gate) if gate.result is None else None)


def _by_letters() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "upper",
        "a token in upper case opens",
        _match(lambda one, given: given.lower() == one.token.lower()),
    )


def _conduct() -> Iterator[tuple[str, str, Seed]]:
    def locks(gate: Gate) -> None:
        if gate.result is None:
            gate.hub.memo["locked"] = True
        elif gate.hub.memo.get("locked"):
            gate.result = None

    yield (
        "bad.left_open",
        "a bad token is let in and never heard",
        Seed(gate=_let_in, joined=_left_open, hear=_muted),
    )
    yield (
        "bad.told_only",
        "a bad token is let in and told so with each message",
        Seed(gate=_let_in, joined=_left_open, hear=_muted_error),
    )
    yield (
        "bad.listens",
        "who has a bad token hears but is not heard",
        Seed(gate=_let_in, joined=_marks, hear=_muted),
    )
    yield (
        "~bad.hangs",
        "a bad token is never answered",
        _bad(lambda gate: setattr(gate, "hang", True)),
    )
    yield (
        "~bad.status_500",
        "a bad token is answered with 500",
        _bad(lambda gate: setattr(gate, "refusal", Refusal(status=500))),
    )
    yield (
        "~bad.status_200",
        "a bad token is answered with 200",
        _bad(lambda gate: setattr(gate, "refusal", Refusal(status=200))),
    )
    yield "bad.crashes", "a bad token ends the server", _bad(lambda gate: gate.hub.crash())
    yield (
        "bad.closes_others",
        "a bad token ends all connections",
        _bad(lambda gate: [line.close(1011) for line in list(gate.hub.lines)]),
    )
    yield "bad.locks_others", "after a bad token nobody gets in", _gate(locks)


def _marks(hub: Hub, line: Line) -> None:
    if hub.memo.pop("bad", False):
        hub.memo.setdefault("mute", set()).add(line)


GATE_FAULTS: Final[tuple[Fault, ...]] = (
    *table("2. Connection", prefixed("gate.accepts.", _accepted())),
    *table("2. Connection", prefixed("gate.accepts.", _by_letters()), reading="exact"),
    *table("2. Connection", prefixed("gate.", _conduct())),
)
