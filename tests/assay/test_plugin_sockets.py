"""The fixture in users' own suites, where the protocol speaks WebSocket, and TLS."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.assay.user_project import HOME, Outcome, UserProject

ECHOCENTER = "--assay-protocol=echocenter"

# What the tests below start with, beside the client of a few lines: one for WebSockets.
_SOCKETS = """
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as open_socket
from assay.pytest_plugin import MockError


def connect(mock, name="Scout", **options):
    url = f"{mock.ws_url}/api/ws?token={mock.enrol(name)['token']}"
    return open_socket(url, proxy=None, **options)


def hear(socket):
    return json.loads(socket.recv(10))


def say(socket, **said):
    socket.send(json.dumps(said))


LOG = {"type": "SYSTEM_LOG", "payload": {"level": "INFO", "content": "here"}}

"""

# Two rows of a pack of our own, so that nothing here hangs on how the pack that ships words its.
_REQUIREMENTS = """
requirements:
  - id: OWN-CHAT-001
    level: MUST
    role: agent
    basis: stated
    section: "3"
    capability: chat
    text: A chat names its receiver by a number.
    place: {message: chat, pointer: /target_id}
  - id: OWN-LOG-001
    level: MUST
    role: agent
    basis: implied
    section: "3"
    capability: logs
    text: A log has one of the four levels.
    place: {message: systemLog, pointer: /payload/level}
"""


@pytest.fixture
def project(tmp_path: Path) -> UserProject:
    return UserProject(tmp_path)


def write(project: UserProject, text: str) -> None:
    (project.folder / "sockets.py").write_text("import json\n" + _SOCKETS)
    project.test("from sockets import *\n\n" + text)


def passed(outcome: Outcome, count: int) -> None:
    assert outcome.counts() == {"passed": count}, outcome.text


@pytest.fixture
def own_pack(project: UserProject) -> str:
    folder = project.folder / "pack"
    shutil.copytree(HOME / "schemas/protocols/echocenter", folder)
    (folder / "requirements.yaml").write_text(_REQUIREMENTS)
    return f"--assay-protocol={folder}"


def test_echocenter_is_steered_and_sessions_are_kept_apart(project: UserProject) -> None:
    write(
        project,
        '''
from contextlib import ExitStack
kept, left_open = ExitStack(), []

def test_one(mock_coordinator):
    mock = mock_coordinator
    assert mock.ws_url.startswith(f"ws://{mock.host}:{mock.port}/_assay/sessions/")
    assert (mock.ca, mock.ssl_context) == ("", None)
    assert mock.credentials == {"username": "admin", "password": "assay-admin"}
    with pytest.raises(MockError, match="nobody is connected"):
        mock.say({"type": "CHAT"})
    socket = kept.enter_context(connect(mock))
    left_open.append(socket)
    (found,) = mock.connections()
    assert found == {"connection": 1, "channel": "socket", "principal": "Scout"}
    given = mock.command("directive", to="Scout", text="report")
    asked = hear(socket)
    assert (given["status"], asked["payload"]) == ("waiting", "[DIRECTIVE] report")
    say(socket, type="CHAT", target_id=asked["sender_id"], payload="all quiet")
    mock.command("chat", **{"from": "Butler", "to": "Scout", "text": "thank you"})
    assert hear(socket)["payload"] == "thank you"
    (done,) = mock.command("directives")["directives"]
    assert done["answer"] == "all quiet"
    said = [(frame["sender"], frame["message"]) for frame in mock.frames()]
    wanted = ("coordinator", "deliveredChat")
    assert said == [wanted, ("agent", "chat"), wanted]
    last = mock.frames()[-1]
    assert mock.frames(since=last["number"] - 1) == [last]
    assert [entry["operation"] for entry in mock.transcript()] == ["socket"]

def test_two(mock_coordinator):
    mock = mock_coordinator
    assert (mock.connections(), mock.frames(), mock.state()["agents"]) == ([], [], [])
    with connect(mock, "Rover") as first, connect(mock, "Scout") as second:
        assert mock.say({"type": "NEWS"}) == [1, 2]
        assert hear(first) == hear(second) == {"type": "NEWS"}
        assert mock.say(text="{", connection="Scout") == [2]
        assert second.recv(10) == "{"
        with pytest.raises(MockError, match="either"):
            mock.say()
        with pytest.raises(MockError, match="nobody is connected as 'Butler'"):
            mock.close_connections(connection="Butler")
        assert mock.close_connections(4001, connection=1, reason="enough") == [1]
        with pytest.raises(ConnectionClosed) as ended:
            first.recv(10)
        assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (4001, "enough")
        mock.restart()
        with pytest.raises(ConnectionClosed) as ended:
            second.recv(10)
        assert ended.value.rcvd.code == 1012

def test_three(mock_coordinator):
    """Nobody of another session was touched."""
    left_open[0].send(json.dumps(LOG))
    assert left_open[0].ping().wait(10)
    kept.close()
''',
    )
    passed(project.run(ECHOCENTER), 3)


def test_faults_strike_messages_and_handshakes(project: UserProject) -> None:
    write(
        project,
        """
def test_faults(mock_coordinator):
    mock = mock_coordinator
    chat = {"to": "Scout", "text": "hello"}
    mock.fault("status", operation="socket", status=503)
    with pytest.raises(InvalidStatus) as refused, connect(mock):
        pass
    assert refused.value.response.status_code == 503
    with connect(mock) as socket:
        mock.fault("duplicate")
        mock.command("chat", **chat)
        assert hear(socket) == hear(socket)
        mock.fault("corrupt")
        mock.fault("fragment", skip=1)
        mock.command("chat", **chat)
        with pytest.raises(ValueError):
            hear(socket)
        mock.command("chat", **chat)
        assert len([*socket.recv_streaming()]) == 3
        mock.fault("reorder", operation="deliveredChat")
        mock.command("chat", to="Scout", text="first")
        mock.command("chat", to="Scout", text="second")
        assert [hear(socket)["payload"] for _ in "12"] == ["second", "first"]
        mock.fault("close", code=4002)
        mock.command("chat", **chat)
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(10)
        assert ended.value.rcvd.code == 4002
    with connect(mock, close_timeout=0.1) as socket:
        mock.fault("hang")
        mock.command("chat", **chat)
        with pytest.raises(TimeoutError):
            socket.recv(0.2)
    struck = [frame["faults"] for frame in mock.frames() if frame["faults"]]
    assert struck == [["duplicate"], ["corrupt"], ["fragment"], ["reorder"], ["close"], ["hang"]]
""",
    )
    passed(project.run(ECHOCENTER), 1)


def test_architect_over_tls(project: UserProject) -> None:
    write(
        project,
        """
import ssl

def call(mock, values, **options):
    offered = ["SMP1.0", values["username"], values["password"]]
    options = {"ssl": mock.ssl_context, **options}
    with open_socket(f"{mock.ws_url}/ws", subprotocols=offered, proxy=None, **options) as socket:
        assert socket.subprotocol == "SMP1.0"
        socket.send('{"action": "servers", "parameters": {}, "idempotence": 1}')
        return hear(socket)

def test_tls(mock_coordinator):
    mock = mock_coordinator
    assert mock.url.startswith("https://")
    assert mock.ws_url.startswith("wss://")
    assert Path(mock.ca).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert mock.ssl_context is mock.ssl_context
    assert call(mock, mock.credentials)["idempotence"] == 1
    own = ssl.create_default_context(cafile=mock.ca)
    assert call(mock, mock.enrol("Ann"), ssl=own)["parameters"]
    with pytest.raises(ssl.SSLCertVerificationError):
        call(mock, mock.credentials, ssl=ssl.create_default_context())
    assert mock.command("fail", action="servers")["failing"] == {"servers": 1}
    assert "error" in call(mock, mock.credentials)
    assert mock.state()["calls"] == {"servers": 3}

@pytest.mark.assay(tls=False, user=("ann", "secret"), dialect="deployed")
class TestOther:
    def test_no_tls(self, mock_coordinator):
        assert mock_coordinator.ws_url.startswith("ws://")
        assert mock_coordinator.credentials == {"username": "ann", "password": "secret"}
        assert call(mock_coordinator, mock_coordinator.credentials)["status"] == "ok"

    def test_turned_away(self, mock_coordinator):
        with pytest.raises(InvalidStatus):
            call(mock_coordinator, {"username": "ann", "password": "wrong"})
        with pytest.raises(AssertionError) as told:
            mock_coordinator.assert_conformant()
        assert "nothing to judge: none of 1 requests" in str(told.value)
        assert "GET /ws, answered 401" in str(told.value)
""",
    )
    passed(project.run("--assay-protocol=architect"), 3)


def test_options_of_the_marker_that_cannot_be(project: UserProject) -> None:
    write(
        project,
        """
@pytest.mark.assay(user="ann:secret")
def test_user(mock_coordinator):
    pass

@pytest.mark.assay(user=("a:b", "secret"))
def test_colon(mock_coordinator):
    pass

@pytest.mark.assay(dialect="spoken")
def test_dialect(mock_coordinator):
    pass

@pytest.mark.assay(production=True, tls=True)
def test_production(mock_coordinator):
    import ssl
    context = mock_coordinator.ssl_context
    connection = HTTPSConnection(mock_coordinator.host, mock_coordinator.port, context=context)
    connection.request("GET", "/api/dev/mock/agent-token/Scout", headers=mock_coordinator.headers)
    assert connection.getresponse().status == 404
    connection.close()
    (seen,) = mock_coordinator.transcript()
    assert seen["operation"] == "getAgentToken"
""".replace("import ssl", "from http.client import HTTPSConnection"),
    )
    outcome = project.run(ECHOCENTER)
    assert outcome.counts() == {"errors": 3, "passed": 1}, outcome.text
    assert "user=(name, password), and no colon in the name, not 'ann:secret'" in outcome.text
    assert "--dialect is documented or deployed, not 'spoken'" in outcome.text


def test_messages_are_judged(project: UserProject, own_pack: str) -> None:
    write(
        project,
        """
def test_lawful(mock_coordinator):
    with connect(mock_coordinator) as socket:
        mock_coordinator.assert_conformant()  # it came in, and need not say anything
        say(socket, **LOG)
        say(socket, type="CHAT", target_id=1, payload="hello")
    mock_coordinator.assert_conformant(strict=True)
    row = mock_coordinator.verdicts()["OWN-CHAT-001"]
    assert (row["verdict"], row["seen"]) == ("pass", 1)

def test_implied(mock_coordinator):
    with connect(mock_coordinator) as socket:
        say(socket, type="SYSTEM_LOG", payload={"level": "LOUD", "content": "here"})
    mock_coordinator.assert_conformant()
    with pytest.raises(AssertionError, match="OWN-LOG-001 .warn."):
        mock_coordinator.assert_conformant(strict=True)

def test_unlawful(mock_coordinator):
    with connect(mock_coordinator) as socket:
        say(socket, **LOG)
        say(socket, type="CHAT", target_id="admin", payload="hello")
        socket.send("{type: CHAT}".encode())
    mock_coordinator.assert_conformant()

def test_unsound(mock_coordinator):
    with pytest.raises(ValueError):  # the answer is no JSON
        call(mock_coordinator.url + "/api/ws", headers={"Upgrade": "websocket"})
    mock_coordinator.assert_conformant()

def test_turned_away_by_a_fault(mock_coordinator):
    mock_coordinator.fault("status", operation="socket")
    with pytest.raises(InvalidStatus), connect(mock_coordinator):
        pass
    mock_coordinator.assert_conformant()

def test_silent(mock_coordinator):
    mock_coordinator.enrol("Scout")
    mock_coordinator.assert_conformant()
""".replace('"/api/ws", headers', '"/api/ws", headers'),
    )
    outcome = project.run(own_pack)
    assert outcome.counts() == {"failed": 3, "passed": 3}, outcome.text
    for text in (
        "2 found at http",
        "OWN-CHAT-001 (fail)",
        "A chat names its receiver by a number.",
        '- /target_id: "admin" is not of type',
        "in frame 3, on connection 1 of Scout: chat",
        '{"type": "CHAT", "target_id": "admin", "payload": "hello"}',
        "a message was said unlawfully",
        "is not well-formed JSON",
        "in frame 4, on connection 1 of Scout: a message that the protocol does not know (binary)",
        '"{type: CHAT}"',
        "socket was called unlawfully",
        "nothing to judge: no request has come to http",
    ):
        assert text in outcome.text, text
