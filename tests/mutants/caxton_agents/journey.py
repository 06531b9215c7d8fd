"""The chapters of a journey: each a few operations with a purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from tests.mutants.caxton_agents import words
from tests.mutants.caxton_agents.being import Being, LeaveError
from tests.mutants.caxton_agents.bugs import Bug
from tests.mutants.caxton_agents.caller import Caller
from tests.mutants.caxton_agents.ear import Ear
from tests.mutants.caxton_agents.model import Answer, Chapter, What
from tests.mutants.caxton_agents.pages import Pages

__all__ = ["Journey"]

_RUSH = 24
_FLOOD = 230
_LATE = frozenset({Chapter.RELOAD, Chapter.UPDATE, Chapter.ROLLOUT})
"""Chapters that count as deployments: who deploys agents too has them in each third journey only,
so as to keep the limits.
"""

_OVER = frozenset({"completed", "failed", "cancelled", "rolled_back", "timeout", "expired"})


class Journey:
    """All that one client does to a coordinator, again and again."""

    def __init__(self, being: Being, caller: Caller, ears: list[Ear]) -> None:
        self._being = being
        self._caller = caller
        self._ears = ears
        self._pages = Pages(being, caller)
        self._messages = 0
        self._chapters: Mapping[Chapter, Callable[[], Awaitable[None]]] = {
            Chapter.FIND: self._find,
            Chapter.DEPLOY: self._deploy,
            Chapter.MESSAGES: self._talk,
            Chapter.AGENTS: self._list,
            Chapter.TASK: self._work,
            Chapter.ROLLOUT: self._roll_out,
            Chapter.RELOAD: self._reload,
            Chapter.UPDATE: self._update,
            Chapter.METRICS: self._measure,
            Chapter.END: self._end,
        }

    async def travel(self) -> None:
        """One journey. Raises what a seeded bug dies of."""
        own, turn = self._being.style.chapters, self._being.memory.round % 3
        spares = Chapter.DEPLOY in own and turn != 0
        chapters = [each for each in own if not (spares and each in _LATE)]
        if not self._being.style.concurrent:
            for chapter in chapters:
                await self._chapters[chapter]()
            return
        edges = {Chapter.FIND, Chapter.DEPLOY, Chapter.END}
        for chapter in chapters:
            if chapter in edges - {Chapter.END}:
                await self._chapters[chapter]()
        async with asyncio.TaskGroup() as group:
            for chapter in chapters:
                if chapter not in edges:
                    group.create_task(_run(self._chapters[chapter]))
        if Chapter.END in chapters:
            await self._end()

    async def tidy(self) -> None:
        """Remove what it has deployed, in a hurry."""
        memory = self._being.memory
        if memory.agent_id and memory.agent_name:
            await self._caller.ask(What.REMOVE, about=memory.agent_id)

    async def _find(self) -> None:
        """Take an agent that is there; where there is none, deploy one."""
        memory = self._being.memory
        if memory.agent_id:
            return
        found = await self._pages.agents()
        memory.agents = list(found.values())
        if memory.agents:
            await self._settle(memory.agents[0])
        else:
            await self._deploy()

    async def _deploy(self) -> None:
        being, memory = self._being, self._being.memory
        if memory.agent_id:
            return
        if being.has(Bug.RUSHES_DEPLOYS):
            await self._rush()
        memory.agent_name = self._name()
        answer = await self._new()
        if answer.status == 409 and not (being.style.adopts and await self._adopt()):
            memory.lives += 1
            memory.agent_name = self._name()
            answer = await self._new()
        own = answer.text("agent_id")
        if answer.well and own:
            await self._settle(own)
        if being.has(Bug.QUITS_EARLY):
            raise LeaveError(0)
        if self._being.memory.agent_id and not being.has(Bug.NEVER_WAITS):
            await self._await_running()

    async def _new(self) -> Answer:
        memory = self._being.memory
        config = words.new_config(self._being.style, memory.agent_name)
        return await self._caller.act(What.DEPLOY, look=self._adopt, body=config, wasm=words.WASM)

    async def _rush(self) -> None:
        for n in range(_RUSH):
            config = words.new_config(self._being.style, f"{self._name()}-rush-{n}")
            await self._caller.ask(What.DEPLOY, body=config, wasm=words.WASM)

    def _name(self) -> str:
        memory = self._being.memory
        life = f"-{memory.lives + 1}" if memory.lives else ""
        litter = f"-r{memory.round}" if self._being.has(Bug.LITTERS) else ""
        return f"{memory.name}{life}{litter}"

    async def _adopt(self) -> bool:
        """Take the agent that has its name already, if there is one."""
        found = await self._pages.agents()
        own = found.get(self._being.memory.agent_name)
        if own is not None:
            await self._settle(own)
        return own is not None

    async def _settle(self, agent_id: str) -> None:
        self._being.memory.agent_id = agent_id
        for ear in self._ears:
            await ear.about(agent_id)

    async def _await_running(self) -> None:
        """Be patient: ``loaded`` and ``updating`` are ways to be on, and so is the unknown."""
        for _ in range(self._being.style.polls):
            answer = await self._caller.read(What.GET, about=self._being.memory.agent_id)
            if answer.text("status") in {"running", "failed"} or answer.status == 404:
                return
            await self._being.rest(self._being.style.poll)

    async def _talk(self) -> None:
        being, memory = self._being, self._being.memory
        if not memory.agent_id:
            return
        memory.awaited.clear()
        for n in range(being.style.messages):
            self._messages += 1
            mark = f"{memory.name}-{self._messages}-{memory.rng.randrange(10**6):06}"
            if not being.style.awaits or not n:
                memory.conversation = f"talk-{mark}"
            reply_with = f"answer-{mark}"
            memory.asked |= {memory.conversation, reply_with}
            memory.awaited.append(reply_with)
            body = words.message(being.style, memory, memory.agent_id, reply_with, n)
            waits = self._caller.speaks(What.CALL_WAIT) and n == being.style.messages - 1
            if waits:
                await self._caller.ask(What.CALL_WAIT, body=body)
            else:
                await self._caller.act(What.SEND, look=self._is_there, body=body)
            if not being.style.awaits:
                await self._pages.history(memory.conversation)
        if being.style.awaits:
            await self._await_replies()

    async def _await_replies(self) -> None:
        """Look for the replies, but not for ever."""
        being, memory = self._being, self._being.memory
        looks = 0
        while memory.awaited and (looks < being.style.polls or being.has(Bug.WAITS_ON)):
            looks += 1
            await self._pages.history(memory.conversation)
            await being.rest(being.style.poll)

    async def _is_there(self) -> bool:
        """Whether the history has the newest conversation."""
        return bool(await self._pages.history(self._being.memory.conversation))

    async def _list(self) -> None:
        memory = self._being.memory
        memory.agents = list((await self._pages.agents("running")).values())

    async def _work(self) -> None:
        being, memory = self._being, self._being.memory
        participants = [memory.agent_id] if memory.agent_id else memory.agents[:3]
        if being.has(Bug.TASKS_REMOVED) and memory.removed:
            participants = [memory.removed]
        if not participants:
            return
        if being.has(Bug.DISTRIBUTES_FIRST):
            await self._caller.ask(
                What.DISTRIBUTE, about="task_1", body=words.distribution(being.style)
            )
        body = words.task(being.style, memory, participants)
        # Nothing lists tasks: where its fate is unknown, the next journey makes another one.
        answer = await self._caller.act(What.TASK, look=None, body=body)
        own = answer.text("task_id")
        if not own:
            return

        async def given_out() -> bool:
            told = await self._caller.read(What.PROGRESS, about=own)
            return told.text("status") not in {"", "created"}

        for _ in range(2 if being.has(Bug.DISTRIBUTES_TWICE) else 1):
            body = words.distribution(being.style)
            await self._caller.act(What.DISTRIBUTE, look=given_out, about=own, body=body)
        await self._follow(What.PROGRESS, own)

    async def _follow(self, what: What, own: str) -> None:
        for _ in range(self._being.style.polls):
            answer = await self._caller.read(what, about=own)
            if answer.text("status") in _OVER or answer.status == 404:
                return
            await self._being.rest(self._being.style.poll)

    async def _roll_out(self) -> None:
        being, memory = self._being, self._being.memory
        if not memory.agent_id:
            return
        if being.has(Bug.MONITORS_FIRST):
            await self._caller.ask(What.MONITOR, about="deploy_1")
        body = words.rollout(being.style, memory, memory.agent_id)
        # It would show nowhere under its own id: unknown fates stay unknown.
        answer = await self._caller.act(What.ROLLOUT, look=None, body=body)
        own = answer.text("deployment_id")
        if not own:
            return
        await self._follow(What.MONITOR, own)

        async def rolling_back() -> bool:
            told = await self._caller.read(What.MONITOR, about=own)
            return told.text("status").startswith("roll")

        often = being.style.rolls_back
        if often and not memory.round % often:
            for _ in range(2 if being.has(Bug.ROLLS_BACK_TWICE) else 1):
                body = words.rollback(being.style)
                await self._caller.act(What.ROLLBACK, look=rolling_back, about=own, body=body)
            await self._caller.read(What.MONITOR, about=own)

    async def _reload(self) -> None:
        own = self._being.memory.agent_id
        if own:
            await self._caller.act(
                What.RELOAD,
                look=self._looked,
                about=own,
                body=words.reload_config(self._being.style),
                wasm=words.WASM_AGAIN,
            )

    async def _update(self) -> None:
        own = self._being.memory.agent_id
        if own:
            body = words.update(self._being.style)
            await self._caller.act(What.UPDATE, look=self._looked, about=own, body=body)
            await self._await_running()

    async def _looked(self) -> bool:
        """A look at the agent; what it was to become is not worth a second try."""
        await self._caller.read(What.GET, about=self._being.memory.agent_id)
        return True

    async def _measure(self) -> None:
        being, own = self._being, self._being.memory.agent_id
        if being.has(Bug.FLOODS_METRICS):
            for _ in range(_FLOOD):
                await self._caller.ask(What.SYSTEM)  # whatever the answer is
        await self._caller.read(What.SYSTEM)
        if own:
            await self._caller.read(What.METRICS, about=own, query=(("period", "1h"),))

    async def _end(self) -> None:
        being, memory = self._being, self._being.memory
        own = memory.agent_id
        if not own:
            return
        if being.has(Bug.REDEPLOYS) or being.has(Bug.LITTERS):
            memory.agent_id = ""
            return
        if being.style.stops_first:
            await self._stop(own)
        for _ in range(2 if being.has(Bug.REMOVES_TWICE) else 1):
            await self._caller.act(What.REMOVE, look=self._is_gone, about=own)
        memory.agent_id, memory.removed = "", own
        await self._haunt(own)

    async def _stop(self, own: str) -> None:
        being = self._being

        async def is_stopping() -> bool:
            told = await self._caller.read(What.GET, about=own)
            return told.status == 404 or told.text("status") in {"draining", "stopped"}

        for _ in range(2 if being.has(Bug.STOPS_TWICE) else 1):
            body = words.stop(being.style)
            await self._caller.act(What.STOP, look=is_stopping, about=own, body=body)
        for _ in range(being.style.polls):
            answer = await self._caller.read(What.GET, about=own)
            if answer.text("status") in {"stopped", "unloaded", "failed"} or not answer.well:
                break
            await being.rest(being.style.poll)
        if being.has(Bug.SENDS_TO_STOPPED):
            await self._send_late(own)

    async def _is_gone(self) -> bool:
        told = await self._caller.read(What.GET, about=self._being.memory.agent_id)
        return told.status == 404

    async def _haunt(self, own: str) -> None:
        """What some do to an agent that is not there any more."""
        being, caller = self._being, self._caller
        if being.has(Bug.SENDS_TO_REMOVED):
            await self._send_late(own)
        if being.has(Bug.UPDATES_REMOVED):
            await caller.ask(What.UPDATE, about=own, body=words.update(being.style))
        if being.has(Bug.RELOADS_REMOVED):
            body = words.reload_config(being.style)
            await caller.ask(What.RELOAD, about=own, body=body, wasm=words.WASM_AGAIN)
        if being.has(Bug.MEASURES_REMOVED):
            await caller.ask(What.METRICS, about=own, query=(("period", "1h"),))

    async def _send_late(self, own: str) -> None:
        memory = self._being.memory
        self._messages += 1
        memory.conversation = f"talk-{memory.name}-late-{self._messages}"
        body = words.message(self._being.style, memory, own, f"late-{self._messages}", 0)
        await self._caller.ask(What.SEND, body=body)


async def _run(chapter: Callable[[], Awaitable[None]]) -> None:
    await chapter()
