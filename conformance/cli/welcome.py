"""What `assay mock` says first: where it is, and lines to try that work as they stand."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from mockserver import RunningMock
from mockserver.app import Mock
from mockserver.passage import Outcome, Request
from schemas.spec import Operation

__all__ = ["welcome"]

_Agents = Mapping[str, Mapping[str, str]]


def welcome(mock: RunningMock, agents: _Agents, *, virtual: bool) -> str:
    """All of it. `agents` are those made known beforehand, with what each connects with."""
    protocol = mock.mock.protocol
    lines = [
        f"{protocol.title}, mock coordinator ({protocol.id} {protocol.version})",
        "",
        *_aligned(_of_requests(mock)),
        *_aligned(_of_procedures(mock)),
        *_aligned(_of_people(mock, agents)),
        *_aligned(_of_sockets(mock, agents)),
        *_aligned(_of_control(mock, virtual=virtual)),
    ]
    return "\n".join([*lines, "", "Ctrl-C ends it.", ""])


def _aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    return [f"  {what:10}  {told}" for what, told in rows]


def _of_requests(mock: RunningMock) -> Iterator[tuple[str, str]]:
    protocol = mock.mock.protocol
    yield "base URL", mock.url
    if mock.ca:
        yield "authority", f"{mock.ca}  (PEM; trust it, or check no certificate)"
    example = _example_that_works(mock)
    if example is not None:
        yield "try it", _curl(mock, example.path, example.request_example, _token(mock))
    if any(operation.path == "/docs" for operation in protocol):
        yield "browse", f"{mock.url}/docs"


def _token(mock: RunningMock) -> dict[str, str]:
    """The header that every request needs, where the protocol has one."""
    name = mock.mock.protocol.token_header
    return {name: mock.mock.settings.token} if name else {}


def _of_procedures(mock: RunningMock) -> Iterator[tuple[str, str]]:
    if mock.grpc:
        words = ["grpcurl", *([] if mock.ca else ["-plaintext"])]
        words += ["-cacert", mock.ca] if mock.ca else []
        words += ["-H", f"authorization: Bearer {mock.mock.settings.token}"]
        yield "gRPC", mock.grpc
        yield "list them", shlex.join([*words, mock.grpc, "list"])


def _of_people(mock: RunningMock, agents: _Agents) -> Iterator[tuple[str, str]]:
    protocol, settings = mock.mock.protocol, mock.mock.settings
    if protocol.token_header:
        yield "token", f"{protocol.token_header}: {settings.token}"
    if protocol.authentication in ("token", "subprotocol"):
        yield "log in as", f"{settings.username} with the password {settings.password}"
    for name, values in agents.items():
        told = "  ".join(f"{key} {value}" for key, value in values.items())
        yield "agent", f"{name}: {told or 'needs nothing to connect'}"
    if protocol.authentication == "mtls":
        yield from _of_registration(mock, agents)
    if protocol.authentication == "token" and not agents:
        yield (
            "agents",
            "need a token: --agent NAME gives one, and so does the next line at any time",
        )
        yield "", _curl(mock, "/_assay/enrol", {"name": "Scout"})


def _of_registration(mock: RunningMock, agents: _Agents) -> Iterator[tuple[str, str]]:
    """How an agent comes by its certificate."""
    register = mock.mock.protocol.operations["registerAgent"]
    known = next(iter(agents.items()), None)
    if known is None:
        yield "agents", "register with a token: --agent NAME makes one, and so does the next line"
        yield "", _curl(mock, "/_assay/mint", {})
    name, token = ("Scout", "TOKEN") if known is None else (known[0], known[1]["token"])
    body = {**register.request_example, "name": name}
    yield "register", _curl(mock, register.path, body, {"X-Agent-Token": token})
    if mock.ca:
        yield "then", "keep certificate.cert and .key, and use them: curl --cert … --key …"


def _of_sockets(mock: RunningMock, agents: _Agents) -> Iterator[tuple[str, str]]:
    protocol = mock.mock.protocol
    first = next(iter(agents.values()), {})
    for channel in protocol.channels.values():
        url = mock.ws_url + channel.path
        example = next(
            (each.example for each in channel.messages.values() if each.sender == "agent"), None
        )
        yield "WebSocket", url
        if protocol.authentication == "subprotocol":
            offered = _offered(mock, first)
            yield "header", f"Sec-WebSocket-Protocol: {', '.join(offered)}"
            yield "try it", _program(url, mock.ca, offered, example)
        elif protocol.authentication != "mtls" and (
            protocol.authentication == "none" or first.get("token")
        ):
            query = f"?token={quote(first['token'], safe='')}" if first.get("token") else ""
            trust = f"SSL_CERT_FILE={shlex.quote(mock.ca)} " if mock.ca else ""
            yield "connect", f"{trust}{_python()} -m websockets {shlex.quote(url + query)}"
            if example is not None:
                yield "then type", orjson.dumps(example).decode()


def _of_control(mock: RunningMock, *, virtual: bool) -> Iterator[tuple[str, str]]:
    protocol, url = mock.mock.protocol, mock.url
    yield "look in", f"{url}/_assay/state   /_assay/transcript   /_assay/verdicts"
    own = mock.session.coordinator.own_commands()
    if own:
        told = "   ".join(f"/_assay/{name}" for name in own)
        yield "steer", f"POST {told}   (docs/{protocol.id}.md)"
    yield "isolate", f"{url}/_assay/sessions/NAME is a base URL with a state of its own"
    if virtual:
        yield "advance", _curl(mock, "/_assay/clock/advance", {"seconds": 60})
    yield "seed", str(mock.mock.seed)


def _example_that_works(mock: RunningMock) -> Operation | None:
    """The first request of the document that is answered well as it stands, tried on a mock of its
    own; those with a body before those without.
    """
    settings, protocol = mock.mock.settings, mock.mock.protocol
    trial = Mock(protocol, seed=mock.mock.seed, settings=settings)
    for operation in sorted(protocol, key=lambda each: each.request_example is None):
        said = operation.request_example
        curl_does_so = operation.method == ("GET" if said is None else "POST")
        if not curl_does_so or "{" in operation.path:
            continue
        body = b"" if said is None else orjson.dumps(said)
        headers = _token(mock)
        request = Request(method=operation.method, path=operation.path, body=body, headers=headers)
        outcome = trial.serve(request, trial.sessions.get())
        if isinstance(outcome, Outcome) and outcome.status < 400:
            return operation
    return None


def _curl(
    mock: RunningMock, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> str:
    words = ["curl", *(["--cacert", mock.ca] if mock.ca else [])]
    for name, value in (headers or {}).items():
        words += ["-H", f"{name}: {value}"]
    if body is not None:
        words += ["-H", "content-type: application/json", "-d", orjson.dumps(body).decode()]
    return shlex.join([*words, mock.url + path])


def _offered(mock: RunningMock, agent: Mapping[str, str]) -> list[str]:
    """The sub-protocols by which an agent, or else whoever may log in, is let in."""
    from mockserver.protocols.architect.door import VERSION  # no other protocol needs it

    settings = mock.mock.settings
    name = agent.get("username", settings.username)
    return [VERSION, name, agent.get("password", settings.password)]


def _program(url: str, ca: str, offered: list[str], example: Any) -> str:
    """A command for a shell: that of `websockets` itself offers no sub-protocols."""
    trust = f",\n    ssl=ssl.create_default_context(cafile={_literal(ca)})" if ca else ""
    code = f"""
import ssl
from websockets.sync.client import connect
with connect({_literal(url)}, subprotocols={_literal(offered)}{trust}) as agent:
    agent.send({_literal(orjson.dumps(example).decode())})
    print(agent.recv())
"""
    return f"{_python()} -c {shlex.quote(code)}"


def _literal(value: str | list[str]) -> str:
    """In Python, with double quotes: a shell takes the whole between single ones."""
    return orjson.dumps(value).decode()


def _python() -> str:
    """How a shell calls the Python that has `websockets`: ours."""
    found = shutil.which("python")
    ours = found is not None and Path(found).parent == Path(sys.executable).parent
    return "python" if ours else shlex.quote(sys.executable)
