"""An agent as a child: what it is given, what is kept of it, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from conformance.agent_process import AgentProcess, Ending, fill_command
from conformance.context import VARIABLE

VALUES = {"url": "http://127.0.0.1:1", "name": "agent-x", "ws_url": "ws://127.0.0.1:1"}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  # what it waits for is another process
            await asyncio.sleep(0.01)


def lives(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def life(*command: str, values: Mapping[str, str] = VALUES) -> Ending:
    """From the start of an agent to an end of its own."""
    agent = AgentProcess(command, values)
    await agent.start()
    await until(lambda: not agent.running)
    return await agent.end()


async def ready(script: str) -> AgentProcess:
    """A shell script as the agent, once it said that it is ready."""
    agent = AgentProcess(["sh", "-c", script], VALUES)
    await agent.start()
    await until(lambda: b"ready" in agent._output)
    return agent


def test_placeholders_are_filled_wherever_they_stand() -> None:
    command = ["run", "--to={url}/x", "{name}{name}", "{unknown}", "{ws_url}", "{}"]
    assert fill_command(command, VALUES) == [
        "run",
        "--to=http://127.0.0.1:1/x",
        "agent-xagent-x",
        "{unknown}",
        "ws://127.0.0.1:1",
        "{}",
    ]


async def test_the_agent_gets_its_values_and_nothing_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("ASSAY_USER_PYTHONPATH", "/theirs")
    monkeypatch.setenv(VARIABLE, "secret")
    monkeypatch.setenv("OF_THE_USER", "kept")
    show = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    ending = await life(sys.executable, "-I", "-c", show, "{url}")
    arguments, environment = json.loads(ending.output)
    assert arguments == ["http://127.0.0.1:1"]
    assert environment["ASSAY_URL"] == "http://127.0.0.1:1"
    assert environment["ASSAY_WS_URL"] == "ws://127.0.0.1:1"
    assert environment["ASSAY_NAME"] == "agent-x"
    assert environment["PYTHONPATH"] == "/theirs"
    assert environment["OF_THE_USER"] == "kept"
    assert "ASSAY_USER_PYTHONPATH" not in environment
    assert VARIABLE not in environment


async def test_our_own_path_does_not_leak_where_the_user_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.delenv("ASSAY_USER_PYTHONPATH", raising=False)
    ending = await life("sh", "-c", 'echo "[${PYTHONPATH-none}]"')
    assert ending.output == "[none]\n"


async def test_output_of_both_kinds_is_kept_to_its_last_word() -> None:
    for _ in range(5):  # it must never depend on who is quicker
        ending = await life("sh", "-c", "echo out; echo err >&2; exit 3")
        assert ending == Ending(code=3, output="out\nerr\n", asked=False, stubborn=False)
        assert not ending.broke_down, "an exit code alone is an orderly end"
        assert ending.describe() == "it ended with 3: err"


async def test_of_much_output_the_end_is_kept() -> None:
    ending = await life("sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; echo the end")
    assert ending.output.endswith("xxthe end\n")
    assert len(ending.output) == 64 * 1024


async def test_output_that_is_no_text_is_kept_all_the_same() -> None:
    ending = await life("printf", r"a\377b")
    assert ending.output == "a�b"


async def test_a_silent_agent_is_told_as_such() -> None:
    assert (await life("true")).describe() == "it ended with 0: (it said nothing)"


async def test_an_agent_that_is_asked_may_say_goodbye() -> None:
    script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.02; done"
    ending = await (await ready(script)).end()
    assert ending.output.endswith("bye\n")
    assert (ending.code, ending.asked, ending.stubborn) == (0, True, False)


async def test_an_agent_without_a_handler_ends_by_the_signal_and_in_order() -> None:
    ending = await (await ready("echo ready; exec sleep 60")).end()
    assert (ending.code, ending.asked, ending.stubborn) == (-15, True, False)
    assert not ending.broke_down


async def test_a_stubborn_agent_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.agent_process._GRACE", 0.3)
    agent = await ready("trap '' TERM; echo ready; while :; do sleep 0.02; done")
    began = time.monotonic()
    ending = await agent.end()
    assert (ending.code, ending.asked, ending.stubborn) == (-9, True, True)
    assert 0.25 < time.monotonic() - began < 3
    assert not agent.running


@pytest.mark.parametrize("parent", ["wait", "exit 0"])
async def test_children_of_the_agent_do_not_outlive_it(
    parent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.agent_process._GRACE", 0.5)
    child = "trap '' TERM; echo child=$$; while :; do sleep 0.05; done"
    began = time.monotonic()
    agent = await ready(f"sh -c \"{child.replace('$$', chr(92) + '$$')}\" & sleep 0.1; "
                        f"echo ready; {parent}")  # fmt: skip
    await until(lambda: b"child=" in agent._output)
    ending = await agent.end()
    pid = int(ending.output.partition("child=")[2].split()[0])
    await until(lambda: not lives(pid))
    assert time.monotonic() - began < 10
    assert pid != os.getpid()


@pytest.mark.parametrize(
    ("command", "broke_down"),
    [
        (("sh", "-c", "kill -SEGV $$"), True),
        (("sh", "-c", "kill -KILL $$"), True),
        ((sys.executable, "-I", "-c", "raise ValueError('x')"), True),
        (("sh", "-c", "echo 'panic: oh'; exit 2"), True),
        (("sh", "-c", "echo Traceback is a word; exit 2"), False),
        (("sh", "-c", "echo 'panic: oh'; exit 0"), False),
        (("sh", "-c", "printf 'Error: oh\\n  at a.js:1\\n\\nNode.js v20.1.0\\n'; exit 1"), True),
        (("sh", "-c", "printf 'Node.js v20.1.0\\nno luck\\n'; exit 1"), False),
        (("sh", "-c", "echo \"thread 'main' panicked at src/main.rs:2:5:\"; exit 101"), True),
        (("false",), False),
        (("true",), False),
    ],
)
async def test_a_breakdown_is_told_from_an_end_in_order(
    command: tuple[str, ...], broke_down: bool
) -> None:
    assert (await life(*command)).broke_down is broke_down


async def test_a_command_that_cannot_be_run_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        await AgentProcess(["/no/such/agent"], VALUES).start()


@pytest.mark.parametrize(
    ("code", "asked", "output", "wrecked"),
    [
        (1, True, "Traceback (most recent call last):\n  ...\nKeyboardInterrupt\n", True),
        (1, True, "TypeError: x is not a function\n    at main\n\nNode.js v20.11.0\n", True),
        (1, False, 'Exception in thread "main" java.lang.NullPointerException\n', True),
        (-11, False, "", True),
        (-15, True, "Traceback (most recent call last)", False),  # of an earlier one, say
        (143, True, "Traceback (most recent call last)", False),
        (130, True, "", False),
        (1, False, "cannot reach the coordinator\n", False),
        (0, True, "Traceback (most recent call last)", False),
        (None, True, "", False),
    ],
)
def test_who_breaks_down_as_it_ends_is_wrecked(
    code: int | None, asked: bool, output: str, wrecked: bool
) -> None:
    ending = Ending(code=code, output=output, asked=asked, stubborn=False)
    assert ending.wrecked is wrecked


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (
            "main.js:3\n\nTypeError: no token\n    at main (x.js:3:7)\n\nNode.js v20.11.0\n",
            "TypeError: no token",
        ),
        (
            '<_InactiveRpcError of RPC:\n\tdetails = "cannot be parsed"\n>\n',
            'details = "cannot be parsed"',
        ),
        ("it said 42\n}\n", "it said 42"),
        ("}\n", "}"),
        ("", "(it said nothing)"),
    ],
)
def test_of_what_it_said_last_the_line_that_says_something_is_told(output: str, told: str) -> None:
    ending = Ending(code=1, output=output, asked=False, stubborn=False)
    assert ending.describe() == f"it ended with 1: {told}"
