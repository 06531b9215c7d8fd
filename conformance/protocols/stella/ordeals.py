"""What a stella agent is told and given that nobody wrote down: whether it does its tasks all the
same, and lives on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.examiner import Situation
from conformance.fuzz.answers import Answers
from conformance.fuzz.ordeal import Ordeal, Trial
from conformance.protocols.stella.foreman import Edit, Foreman
from conformance.protocols.stella.impostor import USUAL
from conformance.protocols.stella.notes import Notebook
from conformance.stage import GoneError, Play, Stage
from mockserver.coordinator import Answer, Call

__all__ = ["ROWS", "at_usual_pace", "endure"]

_AT_ONCE = 6
"""Trials that come with one heartbeat."""

_EACH = 1.5
"""Seconds that each task takes of an agent that does one after the other."""

_HEARD = 0.3
"""Seconds in which an agent has heard what it was told on its stream."""

_FREE = ("payload", "credentials", "config")
"""What holds names of its own, which say something to somebody."""

_LETTERS = "abcXYZ019-_.:;,=+@!~ %/?#&'()*\u00e4\u00e9\u4e2d\u05d0\U0001f916"

_TYPES = ("notice", "agent_config", "x.maintenance", "task-paused", "TASK", "\u4e2d\u6587", " ", "")

_NO_JSON = ("hello", "{", '{"type": "task_assigned"', "{'type': 'x'}", "<b>hi</b>", "\u4e2d", "")


class _Round:
    """Some trials at once. Each gives a task: it is the odd thing, or shows what becomes of it."""

    def __init__(self, foreman: Foreman) -> None:
        self.foreman = foreman
        self.answers = Answers(foreman.stage.session.coordinator.protocol)
        self.edits: list[Edit] = []
        self.tasks: dict[str, Trial] = {}
        self.given: list[Mapping[str, Any]] = []
        self.pieces: list[tuple[Mapping[str, Any], Trial]] = []

    def begin(self, trials: list[Trial]) -> None:
        for trial in trials:
            _KINDS[trial.kind][1](self, trial)
        self.foreman.edits[:] = self.edits

    def add(self, trial: Trial, **fields: Any) -> Mapping[str, Any]:
        task = self.foreman.task(f"{trial.kind} {trial.number}", **fields)
        self.tasks[task["taskId"]] = trial
        self.given.append(task)
        return task

    async def give(self) -> None:
        """On the best way; after what was said on the stream has been heard."""
        foreman = self.foreman
        if foreman.book.streams and not foreman.stage.session.lines:
            await foreman.connected()  # silence 12: it may have ended it over that
        whole = [each for each in self.given if each not in [task for task, _ in self.pieces]]
        foreman.give(*whole)
        for task, trial in self.pieces:
            count = trial.oddities.rng.choice((2, 3, 9))
            foreman.say({"type": "task_assigned", "task": task}, fragments=count)

    async def done(self) -> Trial | None:
        """The first trial whose task is not reported. What was told on a stream that ended is told
        once more.
        """
        foreman, streams = self.foreman, len(self.foreman.stage.handshakes)
        within = foreman.patience + _EACH * len(self.tasks)
        if not await foreman.done(self.tasks, within) and len(foreman.stage.handshakes) > streams:
            foreman.give(*self.given)
            await foreman.done(self.tasks, within)
        reported = {heard.parameters["taskId"] for heard in foreman.asked("completeTask")}
        return next((trial for name, trial in self.tasks.items() if name not in reported), None)


def _fields(round_: _Round, trial: Trial) -> None:
    odd = trial.oddities

    def edit(call: Call, said: Answer) -> Answer:
        lawful = isinstance(said.body, dict) and said.status < 300
        return round_.answers.beside(call.operation, said, odd, _FREE) if lawful else said

    round_.edits.append(edit)
    round_.add(trial)


def _payload(round_: _Round, trial: Trial) -> None:
    odd = trial.oddities
    plain = {"image": "assay.invalid/nothing", "tag": "1", "note": odd.text()}
    round_.add(trial, payload={**plain, f"x_{odd.member()}": odd.value()})


def _id(round_: _Round, trial: Trial) -> None:
    odd = trial.oddities
    text = "".join(odd.rng.choices(_LETTERS, k=odd.rng.choice((1, 3, 12, 60))))
    round_.add(trial, taskId=f"{trial.number}-{text}-z")


def _again(round_: _Round, trial: Trial) -> None:
    round_.given.append(round_.add(trial))


def _say(round_: _Round, trial: Trial, text: str) -> None:
    round_.foreman.stage.inject(text.encode())
    round_.add(trial)


def _other_type(round_: _Round, trial: Trial) -> None:
    odd = trial.oddities
    said = {"type": odd.rng.choice(_TYPES), "text": odd.value()}
    _say(round_, trial, odd.written(odd.beside(said)))


def _unknown_task(round_: _Round, trial: Trial) -> None:
    odd = trial.oddities
    said = {"type": "task_cancelled", "taskId": f"nobody-knows-{odd.text()}"}
    _say(round_, trial, odd.written(odd.beside(said)))


def _no_object(round_: _Round, trial: Trial) -> None:
    odd = trial.oddities
    said = odd.rng.choice((odd.text(), odd.number(), None, True, [], [odd.value()]))
    _say(round_, trial, odd.rng.choice((odd.written(said), odd.rng.choice(_NO_JSON))))


def _pieces(round_: _Round, trial: Trial) -> None:
    round_.pieces.append((round_.add(trial), trial))


_Do = Callable[[_Round, Trial], None]

_CALM: Mapping[str, tuple[str, _Do]] = {
    "odd fields": ("STELLA-AGENT-ODD-001", _fields),
    "an odd payload": ("STELLA-AGENT-COMP-009", _payload),
    "an odd id": ("STELLA-AGENT-TASK-008", _id),
    "told twice": ("STELLA-AGENT-TASK-006", _again),
}
_STREAM: Mapping[str, tuple[str, _Do]] = {
    "another type": ("STELLA-AGENT-ODD-005", _other_type),
    "an unknown task": ("STELLA-AGENT-ODD-001", _unknown_task),
    "no object": ("STELLA-AGENT-ODD-006", _no_object),
}
_PIECES: Mapping[str, tuple[str, _Do]] = {"fragments": ("STELLA-AGENT-WIRE-017", _pieces)}
_KINDS = {**_CALM, **_STREAM, **_PIECES}

ROWS: Mapping[str, str] = {kind: row for kind, (row, _) in _KINDS.items()}
"""The row that each kind of trial is judged by."""


async def endure(ordeal: Ordeal, stage: Stage, *, book: Notebook) -> None:
    """Play rounds of trials until a task is not reported, or all are."""
    async with Foreman(stage, book, ordeal.name) as foreman:
        try:
            await _endure(ordeal, foreman)
        except GoneError:
            return
        finally:
            notes = foreman.notes
    if ordeal.broken and not ordeal.certain and notes.excuse:
        ordeal.forgive()


async def _endure(ordeal: Ordeal, foreman: Foreman) -> None:
    await foreman.arrive()
    await foreman.connected()
    stage = foreman.stage
    while trials := ordeal.several(_AT_ONCE, stage.mark, _able(foreman)):
        round_ = _Round(foreman)
        round_.begin(trials)
        if any(trial.kind in _STREAM for trial in trials):
            await foreman.live(_HEARD)
        await round_.give()
        late = await round_.done()
        if late is not None:
            ordeal.breaks("the task that came then was not reported", late, certain=False)
        elif round_.edits and not await foreman.beats(1):
            ordeal.breaks("no heartbeat came afterwards", certain=False)
    foreman.edits.clear()


def _able(foreman: Foreman) -> Mapping[str, Any]:
    """The kinds that can be tried with this agent."""
    book = foreman.book
    ways = {**_CALM, **(_STREAM if book.streams else {})}
    return {**ways, **(_PIECES if "stream" in book.ways else {})}


def at_usual_pace(name: str, play: Play) -> Situation:
    """A situation with the intervals that all others have."""
    return Situation(name=name, commands=(("configure", USUAL),), play=play)
