"""The plugin in users' own suites: each test runs a pytest of its own over a small project."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.assay.user_project import HOME, ROOMS, Outcome, UserProject, write_hostile

AITBC = "--assay-protocol=aitbc"
VIRTUAL = "@pytest.mark.assay(protocol='aitbc', clock='virtual')"


@pytest.fixture
def project(tmp_path: Path) -> UserProject:
    return UserProject(tmp_path)


def passed(outcome: Outcome, count: int = 1) -> bool:
    assert outcome.counts() == {"passed": count}, outcome.text
    return outcome.code == 0


# A guest in the user's process


def test_plugin_comes_by_itself_and_brings_none_of_our_packages(tmp_path: Path) -> None:
    project = UserProject(tmp_path, autoload=True)
    project.test(f"""
        def test_guest(mock_coordinator):
            assert register(mock_coordinator.url)[0] == 200
            mock_coordinator.assert_conformant()
            ours = {{name.partition(".")[0] for name in sys.modules}} & set({ROOMS})
            assert not ours
        """)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nassay_protocol = aitbc\nasyncio_default_fixture_loop_scope = function\n"
    )
    # Two other plugins of this environment bring a package `schemas` of their own or none at all;
    # neither is ours to load here.
    assert passed(project.run("-p", "no:schemathesis", "-p", "no:allure_pytest"))


def test_plugin_imports_only_the_standard_library_and_little_of_it() -> None:
    told = subprocess.run(
        [sys.executable, "-P", "-c", _WHAT_IT_IMPORTS],
        env={**os.environ, "PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    milliseconds, *names = told.split()
    foreign = {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}
    own = {f"assay.{name}" for name in ("findings", "mock_coordinator", "mock_process")}
    assert foreign == {"assay", "assay.pytest_plugin", *own}
    assert not {"asyncio", "http", "http.client", "subprocess", "ssl"} & set(names)
    assert float(milliseconds) < 30


_WHAT_IT_IMPORTS = """
import sys, time
import pytest
before, began = set(sys.modules), time.process_time()
import assay.pytest_plugin
print((time.process_time() - began) * 1000, *(set(sys.modules) - before))
"""


def test_plugin_starts_nothing_where_its_fixture_is_not_used(project: UserProject) -> None:
    project.test("""
        def test_alone():
            import threading
            assert not [one for one in threading.enumerate() if one.name.startswith("assay")]
            assert "http.client" in sys.modules  # our own import above, to show that this works
        """)
    assert passed(project.run(AITBC))


def test_packages_of_the_user_with_our_names_do_no_harm(project: UserProject) -> None:
    write_hostile(project.folder)
    elsewhere = project.folder / "elsewhere"
    elsewhere.mkdir()
    write_hostile(elsewhere)
    project.pythonpath = [".", str(elsewhere), str(HOME)]
    project.test("""
        def test_collision(mock_coordinator):
            with pytest.raises(RuntimeError, match="the user's own schemas"):
                import schemas
            assert register(mock_coordinator.url)[0] == 200
            mock_coordinator.assert_conformant()
        """)
    assert passed(project.run(AITBC))


# What a test gets


def test_tests_share_a_mock_but_no_state(project: UserProject) -> None:
    project.test("""
        ports = set()

        @pytest.mark.parametrize("turn", range(3))
        def test_alone(mock_coordinator, turn):
            ports.add(mock_coordinator.port)
            assert len(ports) == 1
            assert mock_coordinator.state()["agents"] == []
            assert mock_coordinator.transcript() == []
            assert register(mock_coordinator.url)[0] == 200
            assert len(mock_coordinator.state()["agents"]) == 1
            mock_coordinator.fault("status", times=None)
        """)
    assert passed(project.run(AITBC), 3)


def test_other_options_get_another_mock(project: UserProject) -> None:
    project.test("""
        ids = {}

        def submit(url):
            body = {"task_data": {}, "priority": "low"}
            return call(f"{url}/tasks/submit", "POST", body)[1]["task_id"]

        @pytest.mark.assay(seed=1)
        class TestSeed:
            def test_one(self, mock_coordinator):
                ids["one"] = submit(mock_coordinator.url)

            @pytest.mark.assay(clock="virtual")
            def test_one_again(self, mock_coordinator):
                assert submit(mock_coordinator.url) == ids["one"]
                mock_coordinator.clock.advance(1)

            @pytest.mark.assay(seed=2)
            def test_two(self, mock_coordinator):
                assert submit(mock_coordinator.url) != ids["one"]
        """)
    assert passed(project.run(AITBC), 3)


def test_header_leads_to_the_session_too(project: UserProject) -> None:
    project.test("""
        def test_header(mock_coordinator):
            root = f"http://{mock_coordinator.host}:{mock_coordinator.port}"
            assert register(root, headers=mock_coordinator.headers)[0] == 200
            assert len(mock_coordinator.state()["agents"]) == 1
            assert mock_coordinator.credentials == {}
        """)
    assert passed(project.run(AITBC))


def test_transcript_verdicts_reset_and_restart(project: UserProject) -> None:
    project.test("""
        def test_inspection(mock_coordinator):
            mock = mock_coordinator
            register(mock.url)
            register(mock.url, kind="robot")
            first, second = mock.transcript()
            assert (first["operation"], first["response"]["status"]) == ("registerAgent", 200)
            assert second["request"]["body"]["agent_type"] == "robot"
            assert mock.transcript(since=1) == [second]
            row = mock.verdicts()["AITBC-AGENT-REG-003"]
            assert (row["verdict"], row["seen"], row["exchange"]) == ("fail", 2, 2)

            mock.restart()
            assert mock.state()["agents"] == []
            assert call(f"{mock.url}/agents/walker")[0] == 404
            assert len(mock.transcript()) == 3

            mock.reset()
            assert mock.transcript() == []
            assert mock.verdicts() == {}
        """)
    assert passed(project.run(AITBC))


def test_virtual_clock_plays_a_lost_heartbeat(project: UserProject) -> None:
    project.test(f"""
        from assay.pytest_plugin import MockError

        {VIRTUAL}
        def test_lost(mock_coordinator):
            register(mock_coordinator.url)
            began = mock_coordinator.clock.now()
            assert mock_coordinator.clock.now() == began
            assert mock_coordinator.clock.advance(3600) == began + 3600
            assert mock_coordinator.state()["agents"][0]["status"] == "stale"
            with pytest.raises(MockError, match="time does not go back"):
                mock_coordinator.clock.advance(-1)

        def test_real(mock_coordinator):
            began = mock_coordinator.clock.now()
            assert mock_coordinator.clock.now() > began
            with pytest.raises(MockError, match="runs on the real clock"):
                mock_coordinator.clock.advance(1)
        """)
    assert passed(project.run(AITBC), 2)


def test_faults_strike_as_planned(project: UserProject) -> None:
    project.test("""
        from http.client import RemoteDisconnected
        from assay.pytest_plugin import MockError

        def test_faults(mock_coordinator):
            mock, health = mock_coordinator, f"{mock_coordinator.url}/health"
            mock.fault("status", status=500, operation="getHealth", skip=1)
            assert [call(health)[0] for _ in range(3)] == [200, 500, 200]
            mock.fault("drop")
            with pytest.raises((ConnectionError, RemoteDisconnected)):
                call(health)
            mock.fault("extra")
            assert "x_unheard_of" in call(health)[1]
            mock.fault(kind="status", times=None)
            mock.clear_faults()
            assert call(health)[0] == 200

        def test_unknown(mock_coordinator):
            with pytest.raises(MockError, match="kind is one of status, rate_limit"):
                mock_coordinator.fault("plague")
            with pytest.raises(MockError, match="a fault has no color"):
                mock_coordinator.fault("drop", color="red")
            with pytest.raises(MockError, match="did you mean 'registerAgent'"):
                mock_coordinator.fault("drop", operation="regsterAgent")
        """)
    assert passed(project.run(AITBC), 2)


# Judging the client


def test_assert_conformant_lets_a_lawful_client_through(project: UserProject) -> None:
    project.test("""
        def test_lawful(mock_coordinator):
            register(mock_coordinator.url)
            call(f"{mock_coordinator.url}/agents/discover", "POST", {"agent_type": "worker"})
            mock_coordinator.assert_conformant()
            mock_coordinator.assert_conformant(strict=True)
        """)
    assert passed(project.run(AITBC))


def test_assert_conformant_says_what_is_broken_how_and_where(project: UserProject) -> None:
    project.test("""
        def test_unlawful(mock_coordinator):
            register(mock_coordinator.url)
            register(mock_coordinator.url, agent=7, kind="robot")
            mock_coordinator.assert_conformant()
        """)
    outcome = project.run(AITBC)
    assert outcome.counts() == {"failed": 1}, outcome.text
    for text in (
        "the client does not keep aitbc: 2 found",
        "AITBC-AGENT-REG-002 (fail)",
        "AITBC-AGENT-REG-003 (fail)",
        "A registration says the agent's type, one of worker, provider, consumer and general.",
        '- /agent_type: "robot" is not one of',
        "in request 2: POST /agents/register",
        '{"agent_id": 7, "agent_type": "robot"}',
        "answered 422",
        "mock_coordinator.assert_conformant()",
    ):
        assert text in outcome.text
    assert "_broken_requirement" not in outcome.text, "our own frames are nobody's business"


def test_assert_conformant_sees_a_body_that_is_no_json(project: UserProject) -> None:
    project.test("""
        def test_garbage(mock_coordinator):
            call(f"{mock_coordinator.url}/agents/register", "POST", b"{agent_id: walker}")
            mock_coordinator.assert_conformant()
        """)
    outcome = project.run(AITBC)
    assert outcome.counts() == {"failed": 1}, outcome.text
    assert "is not well-formed JSON" in outcome.text
    assert '"{agent_id: walker}"' in outcome.text


def test_assert_conformant_is_not_green_where_nothing_was_judged(project: UserProject) -> None:
    project.test("""
        def test_silent(mock_coordinator):
            mock_coordinator.assert_conformant()

        def test_lost(mock_coordinator):
            call(f"{mock_coordinator.url}/api/v1/agents/register", "POST", {})
            mock_coordinator.assert_conformant()
        """)
    outcome = project.run(AITBC)
    assert outcome.counts() == {"failed": 2}, outcome.text
    assert "nothing to judge: no request has come to http://" in outcome.text
    assert "the first: POST /api/v1/agents/register" in outcome.text


# Beside other plugins


def test_each_xdist_worker_has_a_mock_of_its_own(project: UserProject) -> None:
    project.test("""
        @pytest.mark.parametrize("turn", range(4))
        def test_worker(mock_coordinator, turn, request, worker_id):
            assert mock_coordinator.state()["agents"] == []
            register(mock_coordinator.url)
            port = str(mock_coordinator.port)
            path = Path(f"port-{worker_id}")
            assert not path.exists() or path.read_text() == port
            path.write_text(port)
        """)
    assert passed(project.run(AITBC, "-p", "xdist.plugin", "-n", "2"), 4)
    ports = [path.read_text() for path in project.folder.glob("port-gw*")]
    assert len(set(ports)) == 2


def test_asyncio_tests_may_call_it(project: UserProject) -> None:
    project.test("""
        import asyncio

        async def test_async(mock_coordinator):
            status, _ = await asyncio.to_thread(register, mock_coordinator.url)
            assert status == 200
            mock_coordinator.assert_conformant()
        """)
    words = ["-p", "pytest_asyncio.plugin", "-o", "asyncio_mode=auto"]
    words += ["-o", "asyncio_default_fixture_loop_scope=function"]
    assert passed(project.run(AITBC, *words))


def test_anyio_tests_may_call_it(project: UserProject) -> None:
    project.test("""
        @pytest.mark.anyio
        async def test_async(mock_coordinator):
            assert register(mock_coordinator.url)[0] == 200
            mock_coordinator.assert_conformant()

        @pytest.fixture
        def anyio_backend():
            return "asyncio"
        """)
    assert passed(project.run(AITBC, "-p", "anyio"))


# The mock's process


def test_long_log_does_not_block_the_mock(project: UserProject) -> None:
    project.test("""
        def test_much(mock_coordinator):
            for _ in range(150):  # 150 times 2 kB: more than any pipe holds
                register(mock_coordinator.url, agent="a" * 2000)
            assert len(mock_coordinator.transcript()) == 150
        """)
    assert passed(project.run(AITBC))


_NOTES_ITS_PROCESS = """
import time

def test_note(mock_coordinator):
    pid = mock_coordinator._ask._child._process.pid
    Path("pid.tmp").write_text(str(pid))
    Path("pid.tmp").rename("pid")
    {after}
"""


def test_mock_is_gone_when_pytest_has_ended(project: UserProject) -> None:
    project.test(_NOTES_ITS_PROCESS.format(after="assert register(mock_coordinator.url)[0] == 200"))
    assert passed(project.run(AITBC))
    assert not is_running(int((project.folder / "pid").read_text()))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_mock_is_gone_when_pytest_was_interrupted(
    project: UserProject, how: signal.Signals
) -> None:
    project.test(_NOTES_ITS_PROCESS.format(after="time.sleep(60)"))
    suite = project.start(AITBC)
    try:
        note = project.folder / "pid"
        assert within(30, note.exists)
        pid = int(note.read_text())
        assert is_running(pid)
        suite.send_signal(how)
        suite.wait(20)
        assert within(10, lambda: not is_running(pid))
    finally:
        suite.kill()
        suite.wait()


def test_mock_that_dies_is_reported_and_replaced(project: UserProject) -> None:
    project.test("""
        from assay.pytest_plugin import MockError

        def test_dies(mock_coordinator):
            os.kill(mock_coordinator._ask._child._process.pid, 9)
            with pytest.raises(MockError, match=r"'aitbc' does not answer.*ended with -9"):
                mock_coordinator.state()

        def test_next(mock_coordinator):
            assert mock_coordinator.state()["agents"] == []
        """)
    assert passed(project.run(AITBC), 2)


# What cannot be


def test_unknown_protocol_is_told_with_those_that_are_known(project: UserProject) -> None:
    project.test("""
        @pytest.mark.assay(protocol="semaphore")
        def test_unknown(mock_coordinator):
            pass
        """)
    outcome = project.run()
    assert outcome.counts() == {"error": 1}, outcome.text
    assert "the mock of 'semaphore' could not be started (it ended with 2)" in outcome.text
    assert "semaphore: is neither a protocol that ships nor a folder" in outcome.text
    assert "protocols: aitbc" in outcome.text


def test_missing_protocol_and_unknown_options_are_usage_errors(project: UserProject) -> None:
    project.test("""
        def test_nothing(mock_coordinator):
            pass

        @pytest.mark.assay(protocol="aitbc", sead=3)
        def test_misspelt(mock_coordinator):
            pass
        """)
    outcome = project.run("--strict-markers")
    assert outcome.counts() == {"errors": 2}, outcome.text
    assert "which protocol? Say it with @pytest.mark.assay(protocol=...)" in outcome.text
    assert "clock=, dialect=, user=, tls=, production=, not sead" in outcome.text


def within(seconds: float, condition: object) -> bool:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    """Whether that process is there, and no zombie that nobody has fetched yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
