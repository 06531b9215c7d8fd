"""A scenario that a mock plays to whoever comes: its workflows, one after another. Sans-I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.scenario.acts import Finished, Word
from mockserver.scenario.flow import Flow
from mockserver.scenario.inputs import InputError, given, given_by_name, shapes_of
from mockserver.scenario.order import mains
from mockserver.scenario.script import Script
from mockserver.session import Session
from schemas.arazzo.model import Scenario, Workflow
from schemas.spec import Role

if TYPE_CHECKING:
    from mockserver.app import Mock

__all__ = ["Playlist"]


class Playlist:
    """Plays the workflows of a scenario in a session, and tells in words how it goes.

    `roles` are those of the protocol's rows, `real` tells the seconds of real time. Raises
    `KeyError` for a workflow that is not there, `InputError` for an input.
    """

    def __init__(
        self,
        mock: Mock,
        session: Session,
        scenario: Scenario,
        *,
        roles: Mapping[str, Role],
        real: Callable[[], float],
        workflow: str = "",
        inputs: Mapping[str, Any] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.scenario = scenario
        self.workflow = workflow
        self.inputs = dict(inputs or {})
        self._mock = mock
        self._session = session
        self._roles = roles
        self._real = real
        self._tell = tell
        self._left: list[Workflow] = mains(scenario, workflow)
        self._done: list[tuple[Workflow, Script]] = []
        self._script: Script | None = None
        self._awaited: set[int] = set()
        self._told = 0
        _check_names(self._left, self.inputs)
        for each in self._left:
            self._inputs(each)  # what is wrong with them is told before anything starts

    def start(self) -> None:
        """Begin, or begin anew."""
        self._left = mains(self.scenario, self.workflow)
        self._done = []
        self._next()

    def stop(self) -> None:
        """The mock goes on from its state alone."""
        self._session.script = None
        self._script, self._left = None, []

    def tick(self) -> None:
        """Time has passed, or something was said."""
        if self._script is None:
            return
        if self._session.script is not self._script:  # the session began anew
            self.start()
            return
        self._script.tick()
        self._report(self._script)
        if self._script.finished is not None:
            self._tell(_ending(self._script.workflow, self._script.finished))
            self._next()

    def view(self) -> dict[str, Any]:
        """As the control interface shows it."""
        played = [*self._done, *([(self._script.workflow, self._script)] if self._script else [])]
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "workflows": [_view(workflow, script) for workflow, script in played],
            "to come": [workflow.id for workflow in self._left],
        }

    def _next(self) -> None:
        if self._script is not None and self._script.finished is not None:
            self._done.append((self._script.workflow, self._script))
        self._session.script = self._script = None
        self._awaited, self._told = set(), 0
        if not self._left:
            return
        workflow = self._left.pop(0)
        before = self._done[-1][1].flow.workflows if self._done else {}
        flow = Flow(
            self.scenario,
            workflow.key,
            direction="backward",
            inputs=self._inputs(workflow),
            roles=self._roles,
            before=before,
        )
        script = Script(self._mock, self._session, flow, workflow, self._real)
        self._script = self._session.script = script
        script.begin()
        self._mock.sockets.flush(self._session)
        self._report(script)

    def _inputs(self, workflow: Workflow) -> dict[str, Any]:
        said = given_by_name(workflow, self.inputs)
        return given(workflow, "backward", said, {}, lambda text: text)

    def _report(self, script: Script) -> None:
        for word in script.words[self._told :]:
            self._tell(_said(word))
        self._told = len(script.words)
        for number, step in script.flow.awaited:
            if number not in self._awaited:
                self._awaited.add(number)
                what = "must not come" if step.never else "awaits"
                self._tell(f"{script.workflow.id}: {what} {step.id} ({step.name})")


def _check_names(workflows: Sequence[Workflow], inputs: Mapping[str, Any]) -> None:
    """Raises `InputError` for an input that none of them has."""
    names = {name: None for each in workflows for name in shapes_of(each)}
    unknown = sorted(inputs.keys() - names.keys())
    if unknown:
        known = ", ".join(names) or "none"
        raise InputError(f"no workflow has an input {unknown[0]!r}; there are {known}")


def _said(word: Word) -> str:
    rows = ", ".join(word.requirements)
    verdict = {True: "keeps", False: "breaks", None: "leaves open"}[word.holds]
    return f"{word.step}: {verdict} {rows}" + (f": {word.message}" if word.message else "")


def _ending(workflow: Workflow, finished: Finished) -> str:
    how = "comes to its end" if finished.kept else f"breaks off: {finished.reason}"
    return f"{workflow.id}: {how}"


def _view(workflow: Workflow, script: Script) -> dict[str, Any]:
    finished = script.finished
    return {
        "workflow": workflow.id,
        "awaits": [{"step": step.id, "what": step.name} for _, step in script.flow.awaited],
        "words": [
            {
                "step": word.step,
                "requirements": list(word.requirements),
                "holds": word.holds,
                "message": word.message,
            }
            for word in script.words
        ],
        "finished": None
        if finished is None
        else {"kept": finished.kept, "reason": finished.reason, "outputs": finished.outputs},
    }
