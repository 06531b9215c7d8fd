"""Hooks: a command or a request of the target's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import mockserver
from conformance.hooks import HookError, run_hook
from conformance.marks import UnjudgeableError
from conformance.target import Hook, Target, Tls
from tests.conformance.peers import Line, answer, closed_port, listening

SHOW = "import json, sys; print(json.dumps(sys.argv[1:]))"


def target(hook: Hook, url: str = "http://peer:1/base/") -> Target:
    return Target(url=url, hooks={"force": hook})


async def run(hook: Hook, url: str = "http://peer:1/base/", **values: Any) -> Any:
    async with asyncio.timeout(20):
        return await run_hook(target(hook, url), "force", values)


def python(code: str, *words: str, **more: Any) -> Hook:
    return Hook(command=(sys.executable, "-c", code, *words), **more)


async def test_a_command_gets_its_placeholders_and_its_output_comes_back() -> None:
    hook = python(SHOW, "{operation}", "at {url}", "{status}", "{other}", "{operation}-{status}")
    said = await run(hook, operation="getHealth", status=503)
    assert json.loads(said) == [
        "getHealth",
        "at http://peer:1/base",
        "503",
        "{other}",
        "getHealth-503",
    ]


async def test_a_command_is_no_shell() -> None:
    assert json.loads(await run(python(SHOW, "$HOME; {x}"), x="`id`")) == ["$HOME; `id`"]


async def test_a_command_that_fails_says_so() -> None:
    with pytest.raises(HookError, match=r"ended with 3: out of order") as caught:
        await run(python("import sys; print('out of order', file=sys.stderr); sys.exit(3)"))
    assert isinstance(caught.value, UnjudgeableError), "it makes the check inconclusive"


async def test_a_command_that_is_not_there_says_so() -> None:
    with pytest.raises(HookError, match=r"'force' failed: .*/no/such/command"):
        await run(Hook(command=("/no/such/command",)))


async def test_a_hook_that_the_target_lacks_is_named() -> None:
    with pytest.raises(HookError, match="the target has no hook 'advance'"):
        await run_hook(target(Hook()), "advance", {})


async def test_a_command_that_takes_too_long_is_killed_and_its_children_with_it(
    tmp_path: Path,
) -> None:
    pids = tmp_path / "pids"
    child = f"echo $$ >> {shlex.quote(str(pids))}; exec sleep 60"
    script = f"sh -c {shlex.quote(child)} & echo $$ >> {shlex.quote(str(pids))}; wait"
    began = time.monotonic()
    with pytest.raises(HookError, match=r"'force' took more than 0\.7 s"):
        await run(Hook(command=("sh", "-c", script), timeout=0.7))
    assert time.monotonic() - began < 5
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    async with asyncio.timeout(5):
        while any(_lives(pid) for pid in started):  # noqa: ASYNC110  # other processes
            await asyncio.sleep(0.02)


def _lives(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc/self").exists()


async def test_a_request_keeps_numbers_numbers() -> None:
    heard: list[bytes] = []

    async def serve(line: Line) -> None:
        heard.append(await line.heard())
        await line.say(answer(b"done"))

    body = {"s": "{seconds}", "n": ["{status}", "{status} for {operation}", 1, None], "o": "{o}"}
    hook = Hook(url="/hook/{operation}", method="PUT", json=body, headers={"X-Own": "1"})
    async with listening(serve) as url:
        said = await run(hook, url + "/base/", operation="getHealth", status=503, seconds=1.5)
    assert said == "done"
    head, _, sent = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /base/hook/getHealth HTTP/1.1\r\n")
    assert b"x-own: 1" in head.lower()
    assert json.loads(sent) == {"s": 1.5, "n": [503, "503 for getHealth", 1, None], "o": "{o}"}


@pytest.mark.parametrize("place", ["{url}/hook", "http://127.0.0.1:PORT/base/hook"])
async def test_a_request_goes_to_an_absolute_url_as_well(place: str) -> None:
    heard: list[bytes] = []

    async def serve(line: Line) -> None:
        heard.append(await line.heard())
        await line.say(answer(b"\xff\xfe", "200 OK", "Content-Type: text/plain; charset=utf-8"))

    async with listening(serve) as url:
        port = url.rpartition(":")[2]
        assert await run(Hook(url=place.replace("PORT", port)), url + "/base")
    assert heard[0].startswith(b"POST /base/hook HTTP/1.1\r\n")


async def test_a_request_that_is_refused_says_so() -> None:
    async def serve(line: Line) -> None:
        await line.heard()
        await line.say(answer(b"no such fault", "422 No"))

    async with listening(serve) as url:
        with pytest.raises(HookError, match="answered 422: no such fault"):
            await run(Hook(url="/hook"), url)


async def test_a_request_without_an_answer_says_so() -> None:
    async def serve(line: Line) -> None:
        await line.heard()
        await line.heard()

    async with listening(serve) as url:
        with pytest.raises(HookError, match=r"took more than 0\.3 s"):
            await run(Hook(url="/hook", timeout=0.3), url)
    with pytest.raises(HookError, match="'force' failed: "):
        await run(Hook(url=f"http://127.0.0.1:{await closed_port()}/"))


async def test_the_documented_hook_forces_our_own_mock() -> None:
    body = {"kind": "status", "operation": "{operation}", "status": "{status}"}
    async with mockserver.start("aitbc") as mock:
        await run(Hook(url="/_assay/faults", json=body), mock.url, operation="getAgent", status=500)
        (fault,) = mock.session.faults
    assert (fault.kind, fault.operation, fault.status) == ("status", "getAgent", 500)


async def test_what_a_hook_hands_over_stands_at_its_result() -> None:
    told = python('print(\'{"made": {"id": 17}}\')', result="/made/id")
    assert await run(told) == 17


async def test_a_hook_that_hands_nothing_over_says_so() -> None:
    with pytest.raises(HookError, match=r"'force' handed nothing over at /id: \{\"no\": 1\}"):
        await run(python("print('{\"no\": 1}')", result="/id"))
    with pytest.raises(HookError, match="handed nothing over at /id: Hello"):
        await run(python("print('Hello')", result="/id"))


async def test_an_object_is_an_argument_in_json() -> None:
    said = await run(python(SHOW, "{task}"), task={"taskType": "nomad.run"})
    assert json.loads(json.loads(said)[0]) == {"taskType": "nomad.run"}


async def test_a_hook_below_the_peers_url_trusts_what_the_target_trusts() -> None:
    async with mockserver.start("architect") as mock:
        hook = Hook(url="/_assay/ready", method="GET", result="/protocol")
        trusting = Target(url=mock.url, tls=Tls(ca=mock.ca), hooks={"force": hook})
        assert await run_hook(trusting, "force", {}) == "architect"
        with pytest.raises(HookError, match="failed"):
            await run_hook(Target(url=mock.url, hooks={"force": hook}), "force", {})
