"""Runs a target's hooks: what a check needs done that no endpoint of the document does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from conformance.clients.http import tls_context
from conformance.marks import UnjudgeableError
from conformance.target import Hook, Target
from schemas import pointer as json_pointer

__all__ = ["HookError", "Hooks", "Keep", "run_hook"]


Keep = Callable[[str, Mapping[str, Any], Any, float], None]


class HookError(UnjudgeableError):
    """A hook is missing or did not do its work: what needs it is inconclusive."""


class Hooks:
    """The hooks of a target, for who needs them often: requests share their connections. `keep` is
    told of each that was run: its name, the values, what it handed over, and when it was begun.
    """

    def __init__(self, target: Target, keep: Keep = lambda *_: None) -> None:
        self.target = target
        self._keep = keep
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, name: str, values: Mapping[str, Any]) -> Any:
        """As `run_hook` does."""
        began = time.monotonic()
        handed = await _run(self.target, name, values, self._connections)
        self._keep(name, values, handed, began)
        return handed

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:  # a command needs none
            connector = aiohttp.TCPConnector(keepalive_timeout=2)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


async def run_hook(target: Target, name: str, values: Mapping[str, Any]) -> Any:
    """Run the hook of that name and return what it hands over: what stands at its `result`, or
    all the text that it printed or answered.

    `{placeholders}` in its texts take their values from `values`, and `{url}` is the peer's base
    URL; a text that is one placeholder and nothing else becomes the value itself, a number for a
    number. Raises `HookError` with the cause.
    """
    hooks = Hooks(target)
    try:
        return await hooks(name, values)
    finally:
        await hooks.close()


async def _run(
    target: Target,
    name: str,
    values: Mapping[str, Any],
    connections: Callable[[], aiohttp.ClientSession],
) -> Any:
    hook = target.hooks.get(name)
    if hook is None:
        raise HookError(f"the target has no hook {name!r}")
    known = {"url": target.url.rstrip("/"), **values}
    try:
        async with asyncio.timeout(hook.timeout):
            if hook.command:
                return _result(name, hook, await _command(hook, known))
            try:
                said = await _request(target, hook, known, connections())
            except aiohttp.ServerDisconnectedError:  # an idle connection may end as we write to it
                said = await _request(target, hook, known, connections())
            return _result(name, hook, said)
    except TimeoutError as error:
        raise HookError(f"the hook {name!r} took more than {hook.timeout:g} s") from error
    except (OSError, aiohttp.ClientError) as error:
        raise HookError(f"the hook {name!r} failed: {error}") from error


def _result(name: str, hook: Hook, said: str) -> Any:
    if not hook.result:
        return said
    try:
        return json_pointer.dig(json.loads(said), json_pointer.parse(hook.result))
    except (ValueError, LookupError) as error:
        raise HookError(
            f"the hook {name!r} handed nothing over at {hook.result}: {said.strip()[:200]}"
        ) from error


async def _command(hook: Hook, values: Mapping[str, Any]) -> str:
    words = [_word(_fill(word, values)) for word in hook.command]
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # so that its own children can be ended with it
    )
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    if process.returncode:
        said = err.decode("utf-8", "replace").strip()[-300:]
        raise HookError(f"the hook {words[0]} ended with {process.returncode}: {said}")
    return out.decode("utf-8", "replace")


def _word(value: Any) -> str:
    """As an argument of a command: what is no text and no number is JSON."""
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


async def _request(
    target: Target, hook: Hook, values: Mapping[str, Any], session: aiohttp.ClientSession
) -> str:
    url = str(_fill(hook.url, values))
    if url.startswith("/"):
        url = values["url"] + url
    ours = url.startswith(target.url.rstrip("/"))  # the target's certificates speak for it alone
    async with session.request(
        hook.method,
        url,
        json=_fill(hook.json, values),
        headers=dict(hook.headers),
        ssl=tls_context(target) if ours and url.startswith("https") else True,
    ) as response:
        text = await response.text(errors="replace")
        if response.status >= 300:
            raise HookError(f"the hook's request was answered {response.status}: {text[:300]}")
        return text


def _fill(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    if not isinstance(value, str):
        return value
    if value.startswith("{") and value.endswith("}") and value[1:-1] in values:
        return values[value[1:-1]]
    for name, known in values.items():
        value = value.replace(f"{{{name}}}", str(known))
    return value
