"""Faults in the opening handshake's octets (RFC 6455, section 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .fault import wired
from .frames import key_is_legal
from .handmade import Wire
from .model import Admit, RefuseClose, RefuseHttp, Upgrade

__all__ = ["HANDSHAKE_FAULTS"]


def _switching(change: Callable[[str], str]) -> type[Wire]:
    class Changed(Wire):
        def switching(self, upgrade: Upgrade, subprotocol: str | None) -> str:
            return change(super().switching(upgrade, subprotocol))

    return Changed


def _swap(old: str, new: str) -> type[Wire]:
    return _switching(lambda text: text.replace(old, new))


def _header_lost(name: str) -> type[Wire]:
    def change(text: str) -> str:
        return "\r\n".join(one for one in text.split("\r\n") if not one.startswith(f"{name}:"))

    return _switching(change)


class _ConstantAccept(Wire):
    def accept(self, key: str) -> str:
        return "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class _EchoedKey(Wire):
    def accept(self, key: str) -> str:
        return key


class _LowerAccept(Wire):
    def accept(self, key: str) -> str:
        return super().accept(key).lower()


def _tolerates(check: Callable[[str, Upgrade], bool]) -> type[Wire]:
    """Upgrade what should be refused, when the check says so."""

    class Tolerant(Wire):
        def bad_upgrade(self, method: str, upgrade: Upgrade) -> int:
            status = super().bad_upgrade(method, upgrade)
            return 0 if status and check(method, upgrade) else status

        def switching(self, upgrade: Upgrade, subprotocol: str | None) -> str:
            if not upgrade.values("sec-websocket-key"):
                key = ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
                upgrade = Upgrade(path=upgrade.path, fields=(*upgrade.fields, key))
            return super().switching(upgrade, subprotocol)

    return Tolerant


def _keyless(method: str, upgrade: Upgrade) -> bool:
    return not upgrade.values("sec-websocket-key")


def _bad_key(method: str, upgrade: Upgrade) -> bool:
    keys = upgrade.values("sec-websocket-key")
    return len(keys) == 1 and not key_is_legal(keys[0])


def _other_version(method: str, upgrade: Upgrade) -> bool:
    return upgrade.values("sec-websocket-version") not in {(), ("13",)}


def _demands(check: Callable[[Upgrade], bool]) -> type[Wire]:
    """Refuse what should be upgraded, unless the check holds."""

    class Demanding(Wire):
        def bad_upgrade(self, method: str, upgrade: Upgrade) -> int:
            return super().bad_upgrade(method, upgrade) or (0 if check(upgrade) else 400)

    return Demanding


class _NoVersionHint(Wire):
    async def refuse(self, verdict: RefuseHttp) -> None:
        if verdict.status == 426:
            verdict = RefuseHttp(status=400)
        await super().refuse(verdict)


class _FirstUpgradeOnly(Wire):
    """A non-WebSocket request stops the server."""

    def bad_upgrade(self, method: str, upgrade: Upgrade) -> int:
        status = super().bad_upgrade(method, upgrade)
        if status:
            self.agent.die()
        return status


class _PathCrash(Wire):
    """A request for an unknown path stops the server."""

    async def refuse(self, verdict: RefuseHttp) -> None:
        await super().refuse(verdict)
        if verdict.status == 404:
            self.agent.die()


class _FrameBeforeAnswer(Wire):
    """The first frame leaves before the answer to the upgrade."""

    async def handshake(self) -> tuple[Upgrade, Admit | RefuseClose] | None:
        self.writer.write(b"\x89\x00")
        return await super().handshake()


HANDSHAKE_FAULTS: Final = (
    wired("rfc.accept.constant", "`Sec-WebSocket-Accept` is always the same", _ConstantAccept),
    wired("rfc.accept.key_echoed", "`Sec-WebSocket-Accept` is the key itself", _EchoedKey),
    wired("rfc.accept.lower_case", "`Sec-WebSocket-Accept` is in lower case", _LowerAccept),
    wired("rfc.accept.missing", "no `Sec-WebSocket-Accept`", _header_lost("Sec-WebSocket-Accept")),
    wired("rfc.upgrade.missing", "the answer has no `Upgrade`", _header_lost("Upgrade")),
    wired("rfc.connection.missing", "the answer has no `Connection`", _header_lost("Connection")),
    wired("rfc.upgrade.other", "`Upgrade: h2c`", _swap("Upgrade: websocket", "Upgrade: h2c")),
    wired(
        "rfc.connection.close",
        "`Connection: close`",
        _swap("Connection: Upgrade", "Connection: close"),
    ),
    wired(
        "rfc.status.200",
        "the upgrade is answered with 200",
        _swap("101 Switching Protocols", "200 OK"),
    ),
    wired(
        "rfc.status.100",
        "the upgrade is answered with 100",
        _swap("101 Switching Protocols", "100 Go"),
    ),
    wired(
        "rfc.extension.not_offered",
        "an extension is selected that was never offered",
        _swap("Connection: Upgrade", "Connection: Upgrade\r\nSec-WebSocket-Extensions: x-zip"),
    ),
    wired(
        "rfc.line_ends",
        "the answer's lines end with a bare line feed",
        _switching(lambda text: text.replace("\r\n", "\n")),
        implied=True,
    ),
    wired("rfc.key.missing_accepted", "an upgrade without a key is served", _tolerates(_keyless)),
    wired("rfc.key.bad_accepted", "a key that is no 16 octets is served", _tolerates(_bad_key)),
    wired(
        "rfc.version.other_accepted",
        "an upgrade to another version than 13 is served",
        _tolerates(_other_version),
    ),
    wired(
        "rfc.version.missing_accepted",
        "an upgrade without a version is served",
        _tolerates(lambda _m, u: not u.values("sec-websocket-version")),
    ),
    wired(
        "rfc.version.no_hint",
        "another version is refused without naming 13",
        _NoVersionHint,
        implied=True,
    ),
    wired(
        "rfc.method.post_accepted",
        "an upgrade with POST is served",
        _tolerates(lambda method, _u: method == "POST"),
    ),
    wired(
        "rfc.upgrade.case_matters",
        "`Upgrade: WebSocket` is refused for its capitals",
        _demands(lambda u: u.values("upgrade") == ("websocket",)),
    ),
    wired(
        "rfc.connection.only_upgrade",
        "`Connection: keep-alive, Upgrade` is refused",
        _demands(lambda u: u.values("connection")[0].lower() == "upgrade"),
    ),
    wired(
        "rfc.header.names_case_matters",
        "header names in lower case are not read",
        _demands(lambda u: any(name == "Sec-WebSocket-Key" for name, _ in u.fields)),
    ),
    wired(
        "rfc.header.extension_refused",
        "an upgrade that offers a compression is refused",
        _demands(lambda u: not u.values("sec-websocket-extensions")),
    ),
    wired("rfc.crash.plain_http", "a plain HTTP request stops the server", _FirstUpgradeOnly),
    wired("rfc.crash.path", "an unknown path stops the server", _PathCrash, implied=True),
    wired("rfc.answer.frame_first", "a frame comes before the answer", _FrameBeforeAnswer),
)
