"""What a test holds in its hands: a mock coordinator with a state of this test's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.findings import found, nothing_judged
from assay.mock_process import Ask, MockProcess

if TYPE_CHECKING:
    import ssl

__all__ = ["MockClock", "MockCoordinator"]

_UNSAID: Any = object()


class MockClock:
    """The clock of one test's session. It starts at the present time (UTC)."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def now(self) -> float:
        """The coordinator's time, in seconds since 1970 (UTC)."""
        return float(self._ask("GET", "clock")["seconds"])

    def advance(self, seconds: float) -> float:
        """Let virtual time pass in no time, and return the new time (seconds since 1970).

        All that falls due meanwhile happens in its order. Raises `MockError` on a real clock, and
        for a step back.
        """
        return float(self._ask("POST", "clock/advance", {"seconds": seconds})["seconds"])


class MockCoordinator:
    """A mock coordinator as one test sees it: state, transcript, connections, clock and faults are
    its own.

    Methods raise `MockError` when the mock is gone or refuses what it is asked.
    """

    url: str
    """Base URL of this test's session, without a slash at its end: give it to the client."""
    ws_url: str
    """Base URL of its WebSockets, likewise: the channel's path comes behind it."""
    host: str
    port: int
    grpc: str
    """`HOST:PORT` of its procedures (calls need `metadata`), or empty where there are none."""
    token: str
    """What each request must carry, or empty where none does."""
    ca: str
    """PEM file of the authority that vouches for the mock; empty where it speaks no TLS."""
    credentials: Mapping[str, str]
    """`username` and `password` of somebody who may log in; empty where the protocol knows no
    authentication. Agents get theirs from `enrol`.
    """
    metadata: Mapping[str, str]
    """Leads to this test's session by gRPC, and carries the token."""
    headers: Mapping[str, str]
    """Leads to this test's session too, for a client that takes host and port but no path."""
    clock: MockClock

    def __init__(self, process: MockProcess, session: str) -> None:
        self.host, self.port = process.host, process.port
        self.url = f"{process.url}/_assay/sessions/{session}"
        self.ws_url = self.url.replace("http", "ws", 1)
        self.grpc, self.token = process.grpc, process.token
        self.ca = process.ca
        self.credentials = process.credentials
        self.headers = {"X-Assay-Session": session}
        bearer = {"authorization": f"Bearer {self.token}"} if self.token else {}
        self.metadata = {"x-assay-session": session, **bearer}
        self._process = process
        self._ask = Ask(process, session)
        self.clock = MockClock(self._ask)

    def __repr__(self) -> str:
        return f"<MockCoordinator {self._process.options.protocol} {self.url}>"

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        """For a client's TLS: it trusts this mock's authority. `None` where there is no TLS."""
        return self._process.ssl_context

    # Look in

    def state(self) -> dict[str, Any]:
        """All that the coordinator knows at this moment. Its shape is the protocol's own."""
        return dict(self._ask("GET", "state"))

    def transcript(self, since: int = 0) -> list[dict[str, Any]]:
        """The exchanges after number `since`, oldest first, handshakes of WebSockets among them.

        Each has `number` (from 1), `at` (ISO 8601, UTC), `took_ms`, `operation` (`None` for an
        unknown endpoint), `request` (method, path, query, headers, body), `violations`, `response`
        (status, headers, body; status 0 for a dropped connection) and `faults`. Frames are numbered
        together with them; the latest 10 000 of both are kept.
        """
        return list(self._ask("GET", f"transcript?since={since}")["exchanges"])

    def frames(self, since: int = 0) -> list[dict[str, Any]]:
        """What was said on WebSockets after number `since`, by both sides, oldest first.

        Each has `number`, `at`, `connection` (its number), `principal` (who is connected), `sender`
        (`agent` or `coordinator`), `kind` (text, binary, ping, pong, close, or lost where there was
        no close), `message` (its id in the AsyncAPI document, or `None`), `body`, `violations`,
        `faults`, and for a close its `code`.
        """
        return list(self._ask("GET", f"transcript?since={since}")["frames"])

    def connections(self) -> list[dict[str, Any]]:
        """The WebSockets that are open: `connection` (a number), `channel` and `principal`."""
        return list(self._ask("GET", "connections")["connections"])

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """Each requirement that the requests and messages so far touched, by id.

        Each has `verdict` (`pass`, `fail`, or `warn` where the document only implies it), `text`,
        `seen` (messages that touched it), `violations`, and `exchange` or `frame`: the number of
        the first that broke it.
        """
        return dict(self._ask("GET", "verdicts")["verdicts"])

    # Steer

    def reset(self) -> None:
        """Begin anew from the same seed: state, transcript and faults are gone, connections end."""
        self._ask("POST", "reset")

    def restart(self) -> None:
        """Do as a coordinator that was restarted: connections end, and it knows no more than what
        it would keep on disk. The transcript goes on.
        """
        self._ask("POST", "restart")

    def enrol(self, name: str) -> Mapping[str, str]:
        """Make an agent known, and return what it needs to connect: `token`, `username`,
        `password`, whichever the protocol has. Empty where it needs nothing.
        """
        return dict(self._ask("POST", "enrol", {"name": name}))

    def say(
        self,
        message: Any = _UNSAID,
        *,
        text: str | None = None,
        connection: int | str | None = None,
    ) -> list[int]:
        """Say anything at all to a client, lawful or not: `message` as JSON, or `text` as it is.

        `connection` is a number or a principal's name; without it, all are meant. Returns their
        numbers. Raises `MockError` where nobody is connected.
        """
        said = {} if message is _UNSAID else {"message": message}
        if text is not None:
            said["text"] = text
        return list(
            self._ask("POST", "connections/say", {**said, "connection": connection})["said"]
        )

    def close_connections(
        self, code: int = 1000, *, connection: int | str | None = None, reason: str = ""
    ) -> list[int]:
        """End one connection, or all of them, and return their numbers.

        `code` is from 1000 to 4999; one that no close frame may carry (1005, 1006, 1015) ends them
        without any. Raises `MockError` where nobody is connected.
        """
        said = {"code": code, "connection": connection, "reason": reason}
        return list(self._ask("POST", "connections/close", said)["closed"])

    def command(self, name: str, /, **said: Any) -> Any:
        """Carry out a command of the protocol's own (`docs/<protocol>.md` lists them), and return
        what it returns: `command("directive", to="Scout", text="report")`.
        """
        return self._ask("POST", name, said)

    def fault(self, kind: str, **options: Any) -> None:
        """Plan a fault, after those that are planned already; several strike together.

        `kind`, of answers and handshakes: `status` (answers `status`, by default 503, and does
        nothing), `rate_limit` (429, with `retry_after`), `delay` (by `seconds`, or drawn:
        `distribution="normal", mean=1, deviation=0.2`), `drop`, `reset` and `half_open` (nothing
        is answered, and the connection ends, is reset, or stays open), `stale` (what was said
        before is said again). Of bodies and of the coordinator's messages: `extra` (a field that
        no document knows), `corrupt_field` and `wrong_correlation` (at a JSON `pointer`),
        `garbage`, `empty`, `truncate`, `dribble` (in pieces of `size` bytes with `pause` seconds
        between them). Of messages on WebSockets alone: `duplicate`, `reorder`, `corrupt`,
        `fragment`, `close` (with `code`) and `hang`; `delay`, `drop` and most others strike them
        too. Options of all: `operation` (a glob of operationIds, channels and messages, by default
        `*`), `times` (by default 1; `None` for ever), `skip` (those that it lets pass first),
        `every` (each nth of the others) and `chance` (0 to 1, from the mock's seed).
        `docs/faults.md` tells of each. Raises `MockError` for a fault that does not exist, and for
        one that could never strike.
        """
        self._ask("POST", "faults", {"kind": kind, **options})

    def clear_faults(self) -> None:
        """Forget the faults that have not struck yet."""
        self._ask("DELETE", "faults")

    # Judge

    def assert_conformant(self, *, strict: bool = False) -> None:
        """Fail the test where what the client sent so far breaks a requirement: say which and how.

        Requests count, and messages on WebSockets. What the document only implies warns, and is let
        through unless `strict`. A client that sent nothing, or nothing that the protocol knows,
        fails too: nothing of it could be judged.
        """
        __tracebackhide__ = True
        said = self._ask("GET", "transcript")
        exchanges, frames = said["exchanges"], said["frames"]
        reason = nothing_judged(self.url, exchanges, frames)
        if reason:
            raise AssertionError(reason)
        wrong = found(self.verdicts(), exchanges, frames, strict=strict)
        if wrong:
            protocol = self._process.options.protocol
            head = f"the client does not keep {protocol}: {len(wrong)} found at {self.url}"
            raise AssertionError("\n\n".join([head, *wrong]))
