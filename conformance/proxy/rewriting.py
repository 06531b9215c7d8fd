"""The little that a proxy must change: where a request goes, and what was meant for the proxy."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from conformance.proxy.http_stream import Field, Head

__all__ = ["Rewriting", "path_and_query"]

_OURS = ("proxy-connection", "proxy-authorization")
"""Said to a proxy, and to nobody behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """`host` is the coordinator's authority, `origin` its origin, `prefix` what its paths begin
    with. `own` are the origins under which the proxy itself is known.

    All other bytes of a head stay as they came. The headers of a single hop stay too: each
    connection of a client has one of its own to the coordinator, and both end together.
    """

    host: str
    origin: str
    prefix: str = ""
    own: frozenset[str] = frozenset()

    def request(self, head: Head) -> bytes:
        """The head as the coordinator gets it."""
        start, _, _ = head.raw.lstrip(b"\r\n").partition(b"\n")
        method, _, rest = start.partition(b" ")
        _, _, version = rest.rpartition(b" ")
        target = self._target(head.target).encode("utf-8", "surrogateescape")
        lines = [b" ".join((method, target, version)) + b"\n"]
        lines += [self._field(field) for field in head.fields]
        end = b"\r\n" if head.raw.endswith(b"\r\n") else b"\n"
        return b"".join([*lines, end])

    def _target(self, target: str) -> str:
        path, query = path_and_query(target)
        asked = f"{path}?{query}" if query or target.endswith("?") else path
        return self.prefix + asked if asked.startswith("/") else asked

    def _field(self, field: Field) -> bytes:
        name = field.name.lower()
        if name in _OURS:
            return b""
        if name == "host":
            return self._with(field, self.host)
        if name == "origin" and field.value in self.own:
            return self._with(field, self.origin)
        return field.raw

    def _with(self, field: Field, value: str) -> bytes:
        end = b"\r\n" if field.raw.endswith(b"\r\n") else b"\n"
        name, _, rest = field.raw.partition(b":")
        space = b" " if rest[:1] in b" \t" else b""
        return name + b":" + space + value.encode() + end


def path_and_query(target: str) -> tuple[str, str]:
    """Of a request's target, also of the absolute form in which clients ask proxies."""
    if not target.startswith("/") and "://" in target:
        parts = urlsplit(target)
        return parts.path or "/", parts.query
    path, _, query = target.partition("?")
    return path, query
