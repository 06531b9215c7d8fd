"""Faults of the connection's first bytes: header, path, address, RFC 6455 upgrade."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from tests.mutants.architect_agents.model import Fault, Needs, Style
from tests.mutants.architect_agents.wire import PROTOCOL, Upgrade, Wire

__all__ = ["UPGRADE_FAULTS"]

_AUTH: Final = "Sec-Websocket-Protocol header"
_CONNECT: Final = "connecting through ws or wss"
_PATH: Final = "example, the URI"
_RFC: Final = "WebSocket connection (RFC 6455, 4.1)"


def _offer(
    name: str,
    summary: str,
    make: Callable[[str, str], str | tuple[str, ...]],
    *,
    implied: bool = False,
) -> Fault:
    """``make``: from user name and password to the header's value, or values."""

    def spell(upgrade: Upgrade, _connection: int) -> Upgrade:
        made = make(upgrade.username, upgrade.password)
        return upgrade.having(PROTOCOL, *((made,) if isinstance(made, str) else made))

    return Fault(
        name=f"auth.{name}",
        reading="sequential",
        section=_AUTH,
        summary=summary,
        implied=implied,
        wire=Wire(upgrade=spell),
    )


def _offers() -> Iterator[Fault]:
    bad = _offer
    yield bad("swapped", "password before user name", lambda u, p: f"SMP1.0, {p}, {u}")
    yield bad("version_last", "SMP1.0 stands last", lambda u, p: f"{u}, {p}, SMP1.0")
    yield bad("version_second", "SMP1.0 stands second", lambda u, p: f"{u}, SMP1.0, {p}")
    yield bad("version_missing", "no SMP1.0", lambda u, p: f"{u}, {p}")
    yield bad("version_lower", "smp1.0 in small letters", lambda u, p: f"smp1.0, {u}, {p}")
    yield bad("version_2", "SMP2.0 instead of SMP1.0", lambda u, p: f"SMP2.0, {u}, {p}")
    yield bad("version_1_1", "SMP1.1 instead of SMP1.0", lambda u, p: f"SMP1.1, {u}, {p}")
    yield bad("version_bare", "SMP without a number", lambda u, p: f"SMP, {u}, {p}")
    yield bad("version_dash", "SMP-1.0", lambda u, p: f"SMP-1.0, {u}, {p}")
    yield bad("version_short", "SMP1 without .0", lambda u, p: f"SMP1, {u}, {p}")
    yield bad("user_missing", "no user name", lambda _u, p: f"SMP1.0, {p}")
    yield bad("password_missing", "no password", lambda u, _p: f"SMP1.0, {u}")
    yield bad("version_only", "neither user name nor password", lambda _u, _p: "SMP1.0")
    yield bad(
        "user_twice", "the user name in place of the password", lambda u, _p: f"SMP1.0, {u}, {u}"
    )
    yield bad(
        "password_cut",
        "the last sign of the password is lost",
        lambda u, p: f"SMP1.0, {u}, {p[:-1]}",
    )
    yield bad(
        "password_case", "the password in other case", lambda u, p: f"SMP1.0, {u}, {p.swapcase()}"
    )
    yield bad(
        "user_case", "the user name in other case", lambda u, p: f"SMP1.0, {u.swapcase()}, {p}"
    )
    yield bad("password_hashed", "a hash of the password", lambda u, p: f"SMP1.0, {u}, {_hash(p)}")
    yield bad("password_base64", "the password in base64", lambda u, p: f"SMP1.0, {u}, {_b64(p)}")
    yield bad("joined", "user:password as one word", lambda u, p: f"SMP1.0, {u}:{p}")
    yield bad("blanks", "blanks without commas", lambda u, p: f"SMP1.0 {u} {p}")
    yield bad("semicolons", "semicolons instead of commas", lambda u, p: f"SMP1.0; {u}; {p}")
    yield bad(
        "quoted", "quotes around user name and password", lambda u, p: f'SMP1.0, "{u}", "{p}"'
    )
    yield bad(
        "braces", "the braces of the template are left", lambda u, p: f"SMP1.0, {{{u}}}, {{{p}}}"
    )
    yield bad(
        "placeholders", "the template's own words", lambda _u, _p: "SMP1.0, username, password"
    )
    yield bad(
        "named",
        "username= and password= in front",
        lambda u, p: f"SMP1.0, username={u}, password={p}",
    )
    yield bad(
        "fourth", "a fourth offer behind the password", lambda u, p: f"SMP1.0, {u}, {p}, chat"
    )
    yield bad(
        "other_first", "another offer in front of SMP1.0", lambda u, p: f"chat, SMP1.0, {u}, {p}"
    )
    yield bad(
        "between",
        "another offer between user name and password",
        lambda u, p: f"SMP1.0, {u}, chat, {p}",
    )
    yield bad("version_twice", "SMP1.0 is offered twice", lambda u, p: f"SMP1.0, SMP1.0, {u}, {p}")
    yield bad(
        "lines_swapped",
        "three lines, the password's before the user name's",
        lambda u, p: ("SMP1.0", p, u),
    )
    yield bad("empty_header", "the header is there and empty", lambda _u, _p: "")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _b64(text: str) -> str:
    # "=" is no sign of a header token.
    return base64.b64encode(text.encode()).decode().rstrip("=")


Spell = Callable[[Upgrade], Upgrade]


def _spelt(
    name: str,
    section: str,
    summary: str,
    spell: Spell,
    *,
    implied: bool = False,
    reading: str = "sequential",
) -> Fault:
    return Fault(
        name=name,
        reading=reading,
        section=section,
        summary=summary,
        implied=implied,
        wire=Wire(upgrade=lambda upgrade, _connection: spell(upgrade)),
    )


def _basic(upgrade: Upgrade) -> str:
    return base64.b64encode(f"{upgrade.username}:{upgrade.password}".encode()).decode()


def _query(upgrade: Upgrade) -> str:
    return f"?username={quote(upgrade.username)}&password={quote(upgrade.password)}"


def _elsewhere() -> Iterator[Fault]:
    def bare(name: str, summary: str, spell: Spell) -> Fault:
        return _spelt(f"auth.{name}", _AUTH, summary, lambda u: spell(u.without(PROTOCOL)))

    yield bare("header_missing", "no authentication header at all", lambda u: u)
    yield bare(
        "basic",
        "HTTP basic authentication instead",
        lambda u: u.having("Authorization", f"Basic {_basic(u)}"),
    )
    yield bare(
        "bearer",
        "the password as a bearer token instead",
        lambda u: u.having("Authorization", f"Bearer {u.password}"),
    )
    yield bare(
        "query",
        "the credentials in the query instead",
        lambda u: replace(u, target=u.target + _query(u)),
    )
    yield bare(
        "cookie",
        "the credentials in a cookie instead",
        lambda u: u.having("Cookie", f"username={u.username}; password={u.password}"),
    )
    yield bare(
        "header_plural",
        "Sec-WebSocket-Protocols, with an s",
        lambda u: u.having("Sec-WebSocket-Protocols", f"SMP1.0, {u.username}, {u.password}"),
    )
    yield bare(
        "header_x",
        "headers of its own making",
        lambda u: u.having("X-Username", u.username).having("X-Password", u.password),
    )
    yield bare(
        "half_in_query",
        "the version in the header, the credentials in the query",
        lambda u: replace(u.having(PROTOCOL, "SMP1.0"), target=u.target + _query(u)),
    )
    yield Fault(
        name="auth.login_frame",
        reading="sequential",
        section=_AUTH,
        summary="no header; the credentials come as the first message",
        wire=Wire(upgrade=lambda u, _n: u.without(PROTOCOL), logs_in_by_frame=True),
    )
    yield Fault(
        name="auth.probe",
        reading="sequential",
        section=_AUTH,
        summary="each time it first tries without credentials",
        implied=True,
        wire=Wire(probes=True),
    )
    for name, summary, again in (
        (
            "again_missing",
            "the header is forgotten when it comes back",
            lambda u: u.without(PROTOCOL),
        ),
        (
            "again_swapped",
            "user name and password swapped when it comes back",
            lambda u: u.having(PROTOCOL, f"SMP1.0, {u.password}, {u.username}"),
        ),
        (
            "again_version_lost",
            "SMP1.0 is lost when it comes back",
            lambda u: u.having(PROTOCOL, f"{u.username}, {u.password}"),
        ),
    ):
        yield Fault(
            name=f"auth.{name}",
            reading="sequential",
            section=_AUTH,
            summary=summary,
            needs=Needs.LOST,
            wire=Wire(upgrade=_from_second(again)),
        )
    second = Wire(upgrade=_from_second(lambda u: u.without(PROTOCOL)))
    yield Fault(
        name="auth.second_bare",
        reading="twins",
        section=_AUTH,
        summary="of two connections at once the second has no header",
        wire=second,
    )


def _from_second(spell: Spell) -> Callable[[Upgrade, int], Upgrade]:
    return lambda upgrade, connection: spell(upgrade) if connection else upgrade


def _paths() -> Iterator[Fault]:
    for name, change in (
        ("root", lambda _t: "/"),
        ("upper", lambda t: t[:-3] + "/WS"),
        ("trailing_slash", lambda t: t + "/"),
        ("double_slash", lambda t: "/" + t),
        ("api", lambda t: "/api" + t),
        ("websocket", lambda t: t[:-3] + "/websocket"),
        ("wss", lambda t: t + "s"),
        ("socket_io", lambda _t: "/socket.io/?EIO=4&transport=websocket"),
        ("user", lambda t: t + "/agent"),
    ):
        at = change("/ws")
        change_it, implied = _retarget(change), name == "root"
        yield _spelt(f"path.{name}", _PATH, f"connects to {at}", change_it, implied=implied)
    yield _spelt(
        "path.fragment",
        _RFC,
        "a fragment in the request target",
        _retarget(lambda target: target + "#agent"),
        implied=True,
    )


def _retarget(change: Callable[[str], str]) -> Spell:
    return lambda upgrade: replace(upgrade, target=change(upgrade.target))


def _rfc() -> Iterator[Fault]:
    def bad(name: str, summary: str, spell: Spell, *, implied: bool = False) -> Fault:
        return _spelt(f"upgrade.{name}", _RFC, summary, spell, implied=implied)

    version, key = "Sec-WebSocket-Version", "Sec-WebSocket-Key"
    yield bad("version_8", "Sec-WebSocket-Version 8", lambda u: u.having(version, "8"))
    yield bad("version_missing", "no Sec-WebSocket-Version", lambda u: u.without(version))
    yield bad("key_missing", "no Sec-WebSocket-Key", lambda u: u.without(key))
    yield bad(
        "key_short",
        "a key of 8 bytes",
        lambda u: u.having(key, base64.b64encode(b"8 bytes.").decode()),
    )
    yield bad(
        "key_no_base64", "a key that is no base64", lambda u: u.having(key, "not base64 at all!")
    )
    yield bad("key_twice", "two keys", lambda u: u.having(key, *[_key_of(u)] * 2))
    constant = base64.b64encode(b"always the same!").decode()
    same = bad(
        "key_constant", "the same key for each connection", lambda u: u.having(key, constant)
    )
    yield replace(same, implied=True, needs=Needs.LOST)
    yield bad("upgrade_missing", "no Upgrade header", lambda u: u.without("Upgrade"))
    yield bad("upgrade_other", "an upgrade to h2c", lambda u: u.having("Upgrade", "h2c"))
    yield bad("connection_missing", "no Connection header", lambda u: u.without("Connection"))
    yield bad("connection_close", "Connection: close", lambda u: u.having("Connection", "close"))
    yield bad("host_missing", "no Host header", lambda u: u.without("Host"))
    yield bad("http_1_0", "HTTP/1.0", lambda u: replace(u, version="HTTP/1.0"))
    yield bad("post", "POST instead of GET", lambda u: replace(u, method="POST"))
    yield Fault(
        name="upgrade.early_data",
        reading="sequential",
        section=_RFC,
        summary="a request is sent before the upgrade is answered",
        wire=Wire(early=True),
    )


def _key_of(upgrade: Upgrade) -> str:
    """The key of an upgrade."""
    return dict(upgrade.headers)["Sec-WebSocket-Key"]


def _plain(upgrade: Upgrade) -> Upgrade:
    return replace(upgrade, headers=(upgrade.headers[0], *upgrade.headers[-1:]))


def _post(upgrade: Upgrade) -> Upgrade:
    body = json.dumps({"action": "list_actions", "parameters": {}}).encode()
    plain = _plain(upgrade).having("Content-Type", "application/json")
    return replace(plain.having("Content-Length", str(len(body))), method="POST", body=body)


def _connections() -> Iterator[Fault]:
    yield _spelt("http.get", _CONNECT, "a plain GET, no upgrade", _plain)
    yield _spelt("http.post", _CONNECT, "a request as the body of a POST, no WebSocket", _post)

    def secure(name: str, summary: str, reshape: Callable[[Style], Style]) -> Fault:
        return Fault(
            name=f"tls.{name}",
            reading="sequential",
            section=_CONNECT,
            summary=summary,
            needs=Needs.WSS,
            reshape=reshape,
        )

    yield secure(
        "ignored", "speaks ws where the address says wss", lambda s: replace(s, ignores_tls=True)
    )
    yield secure(
        "self_signed_refused", "trusts public authorities only", lambda s: replace(s, verifies=True)
    )
    yield Fault(
        name="connection.per_call",
        reading="sequential",
        section=_CONNECT,
        summary="a new connection for each round of calls, one right after the other",
        implied=True,
        reshape=lambda s: replace(s, rounds=1, connection_per_call=True, period=0.0),
    )
    yield Fault(
        name="connection.printed",
        reading="sequential",
        section=_CONNECT,
        summary="prints its password before it connects",
        implied=True,
        reshape=lambda s: replace(s, prints="connecting with the password {password}"),
    )
    yield Fault(
        name="connection.crowd",
        reading="sequential",
        section=_CONNECT,
        summary="twenty further connections that it never uses",
        implied=True,
        reshape=lambda s: replace(s, crowd=20),
    )


UPGRADE_FAULTS: Final = (*_offers(), *_elsewhere(), *_paths(), *_rfc(), *_connections())
