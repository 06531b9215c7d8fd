"""Where the peer is, how to reach it, what it claims, and what it offers beside its protocol."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from schemas.errors import PackError, Problem
from schemas.files import check, line_of, read
from schemas.spec import Protocol

__all__ = [
    "ALONE",
    "Apart",
    "Credentials",
    "Hook",
    "Operator",
    "Principal",
    "RateLimit",
    "Target",
    "Tls",
    "read_target",
]

ALONE = "main"
"""The name of who shares a run with no other worker."""

_HTTP = re.compile(r"(?i)^(?:ws|http)(?=s?://)")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files in PEM: the authority to trust, and our own certificate with its key."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    verify: bool | None = None
    """`None` leaves it to the protocol: some coordinators sign their own certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody who administers agents: what a request of theirs carries, and the PEM files of a
    certificate of theirs.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    cert: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """No more than `requests` in any `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Of a person, or of a script, that may log in."""

    username: str = ""
    password: str = ""

    def __bool__(self) -> bool:
        return bool(self.username)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who can connect with a token. `kind` is `human` or `agent`; `id` is the number by
    which messages are routed to it, where it is known.
    """

    name: str
    kind: str
    token: str
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Something that no endpoint of the document offers: a command to run, or a request to send.

    `result` is a JSON Pointer to what it hands over, in the JSON that it prints or answers.
    """

    command: tuple[str, ...] = ()
    url: str = ""
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    result: str = ""
    timeout: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How a worker finds a state of its own at the peer: a `path` after the peer's URL, and
    `metadata` for its procedures. `{worker}` in either is the name of the worker.
    """

    path: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One peer. `secrets` are the values that came from the environment, to be masked."""

    name: str = ""
    version: str = ""
    url: str = ""
    grpc: str = ""
    """`HOST:PORT` where its procedures are called."""
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What goes with every call of a procedure."""
    tls: Tls = Tls()
    credentials: Credentials = Credentials()
    operator: Operator = Operator()
    principals: tuple[Principal, ...] = ()
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    time_scale: float = 1.0
    rate_limit: RateLimit | None = None
    timeout: float = 10.0
    secrets: tuple[str, ...] = ()
    apart: Apart | None = None
    """Where there is none, all workers find the same."""

    def claimed(self, protocol: Protocol) -> list[str]:
        """The capabilities that the peer claims: all that it does not disclaim."""
        return [name for name in protocol.capabilities if self.capabilities.get(name, True)]

    def for_protocol(self, protocol: Protocol) -> Target:
        """With what the protocol says where the target does not."""
        verify = self.tls.verify
        trusting = protocol.tls and not self.tls.ca
        known = not trusting if verify is None else verify
        metadata = self.metadata or self._bearer(protocol)
        return replace(self, tls=replace(self.tls, verify=known), metadata=metadata)

    def _bearer(self, protocol: Protocol) -> Mapping[str, str]:
        """The token that requests carry in a header, as gRPC carries one."""
        token = self.token(protocol)
        return {"authorization": f"Bearer {token}"} if token and protocol.grpc else {}

    def token(self, protocol: Protocol) -> str:
        """The token that requests carry in the protocol's own header, or an empty text."""
        wanted = protocol.token_header.lower()
        found = (value for name, value in self.headers.items() if name.lower() == wanted)
        return next(found, "")

    def with_token(self, token: str, protocol: Protocol) -> Target:
        """The same peer, which wants that token with each request."""
        headers = {**self.headers, protocol.token_header: token}
        return replace(self, headers=headers, secrets=(*self.secrets, token))

    def with_url(self, url: str) -> Target:
        """The same peer elsewhere. `ws` and `wss` mean `http` and `https`: it is one port."""
        return replace(self, url=_HTTP.sub("http", url))

    def for_worker(self, worker: str) -> Target:
        """As that worker is to see it: with a state of its own, where there is one for each."""
        if self.apart is None or worker == ALONE:
            return self
        more = {name: _named(text, worker) for name, text in self.apart.metadata.items()}
        url = self.url.rstrip("/") + _named(self.apart.path, worker)
        return replace(self, url=url, metadata={**self.metadata, **more})

    @property
    def ws_url(self) -> str:
        """The base URL of its WebSockets, without a slash at its end."""
        return self.url.rstrip("/").replace("http", "ws", 1)

    def with_credentials(self, credentials: Credentials) -> Target:
        secrets = (*self.secrets, credentials.password)
        return replace(self, credentials=credentials, secrets=secrets)


def _named(text: str, worker: str) -> str:
    return text.replace("{worker}", worker)


def read_target(path: Path, protocol: Protocol) -> Target:
    """A target file. Raises `PackError` with file, line, value and hint for anything wrong."""
    data = read(path)
    problems = list(check(data, "target", path))
    if not problems:
        problems = list(_unknown_names(data, protocol, path))
    if problems:
        raise PackError(*problems)
    secrets: list[str] = []
    filled = _fill(data, path, [], secrets)
    headers, metadata = filled.get("headers", {}), filled.get("metadata", {})
    tls = _with_paths(filled.get("tls", {}), path.parent)
    operator = Operator(**_with_paths(filled.get("operator", {}), path.parent))
    hooks = {
        name: Hook(**{**hook, "command": tuple(hook.get("command", ()))})
        for name, hook in filled.get("hooks", {}).items()
    }
    limit = filled.get("rate_limit")
    credentials = Credentials(**filled.get("credentials", {}))
    principals = tuple(Principal(**said) for said in filled.get("principals", ()))
    plain = {
        key: filled[key]
        for key in ("name", "version", "grpc", "capabilities", "time_scale", "timeout")
        if key in filled
    }
    told = (credentials.password, *(principal.token for principal in principals))
    return Target(
        **plain,
        headers=headers,
        metadata=metadata,
        tls=Tls(**tls),
        credentials=credentials,
        operator=operator,
        principals=principals,
        hooks=hooks,
        rate_limit=RateLimit(**limit) if limit else None,
        apart=Apart(**filled["apart"]) if "apart" in filled else None,
        secrets=(
            *secrets,
            *headers.values(),
            *metadata.values(),
            *operator.headers.values(),
            *filter(None, told),
        ),
    ).with_url(filled.get("url", ""))


def _with_paths(said: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Names of files are relative to the target file."""
    return {
        key: str(folder / value) if isinstance(value, str) else value for key, value in said.items()
    }


def _unknown_names(data: Mapping[str, Any], protocol: Protocol, path: Path) -> Iterator[Problem]:
    for kind, one, known in (
        ("capabilities", "capability", protocol.capabilities),
        ("hooks", "hook", protocol.hooks),
    ):
        for name in data.get(kind, {}):
            if name not in known:
                yield Problem(
                    file=str(path),
                    line=line_of(path, [kind, name]),
                    pointer=f"/{kind}/{name}",
                    message=f"{protocol.id} has no such {one}",
                    value=name,
                    hint=f"{kind}: {', '.join(known) or 'none'}",
                )


def _fill(value: Any, path: Path, at: list[str], secrets: list[str]) -> Any:
    """Put the environment's values in, and remember them as secrets."""
    if isinstance(value, dict):
        return {key: _fill(item, path, [*at, key], secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, path, [*at, str(i)], secrets) for i, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def put(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise PackError(
                Problem(
                    file=str(path),
                    line=line_of(path, at),
                    pointer="/" + "/".join(at),
                    message=f"the environment has no {match[1]}",
                    hint=f"export {match[1]}=… before the run",
                )
            )
        secrets.append(found)
        return found

    return _VARIABLE.sub(put, value)
