"""The suite's pytest plugin: what a check may use, what it must declare, and where verdicts go.

It is loaded by name in a process of its own, which `assay test` starts; users' own tests load
`assay.pytest_plugin` instead.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from conformance.context import RunContext
from conformance.fuzz.budget import SECONDS, Debt
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.marks import MARKS, UnjudgeableError, in_profile
from conformance.masking import Masker
from conformance.progress import Progress
from conformance.recorder import Recorder, encode
from conformance.replay.journal import Journal
from conformance.resuming import NOTHING, check_id, read_earlier
from conformance.tally import Tally
from conformance.turns import in_turn, worker_name
from conformance.verdict import Finding
from conformance.witness import Rulebook
from schemas import load, load_requirements
from schemas.spec import Requirement

__all__ = ["Suite"]

pytest_plugins = ["conformance.reach", "conformance.fuzz.fixtures"]

_RECORDS = "assay-records"
_LATER = "assay-later"
_SUITE = pytest.StashKey["Suite"]()


class Suite:
    """One run, as every check sees it."""

    def __init__(self, context: RunContext) -> None:
        self.protocol = load(context.protocol)
        self.all_rows = dict(load_requirements(self.protocol))
        if context.scenario:
            from conformance.scenario.reading import rows_of  # a run of the suite has no use for it

            self.all_rows |= rows_of(context, self.protocol)
        target = context.target.for_protocol(self.protocol).for_worker(worker_name())
        context = replace(context, target=target)
        self.context = context
        claimed = set(context.target.claimed(self.protocol))
        selected: dict[str, Requirement] = {
            row.id: row
            for row in self.all_rows.values()
            if context.selects(row) and row.capability in claimed
        }
        self.book = Rulebook(
            self.protocol,
            selected,
            strict=context.strict,
            role=context.role,
            disclaimed=self.protocol.capabilities.keys() - claimed,
        )
        self.mask = Masker(context.target.secrets)
        self.journal = Journal(self.protocol, context.target, context.run)
        self.earlier = read_earlier(Path(context.earlier)) if context.earlier else NOTHING
        self.fuzzing_checks = 0
        self.debt = Debt()

    @property
    def fuzz_seconds(self) -> float:
        """What each check that generates its cases may spend."""
        said = self.context.fuzz
        whole = SECONDS[self.context.profile] if said is None else said
        return whole / max(1, self.fuzzing_checks)

    def wants(self, item: pytest.Item) -> bool:
        """Is a check to run: does its profile come in, and is any of what it judges selected?"""
        profile = item.get_closest_marker("from_profile")
        if profile and not in_profile(profile.args[0], self.context.profile):
            return False
        if item.get_closest_marker("fuzzes"):
            if not self.fuzz_seconds:
                return False
        elif check_id(item.nodeid) in self.earlier.ended:
            return False
        situation = _situation(item)
        if situation is not None and not self.context.plays(situation):
            return False
        names = declared(item)
        return any(
            name in self.book.requirements or self.all_rows[name].capability in self._everywhere
            for name in names
        )

    @cached_property
    def _everywhere(self) -> frozenset[str]:
        """The capabilities in whose messages something is selected that no check need declare."""
        rows = self.book.requirements.values()
        seen_anywhere = any(row.place or row.rule for row in rows)
        if any(row.rule for row in rows) or (self.context.role == "agent" and seen_anywhere):
            return frozenset(self.protocol.capabilities)
        return frozenset(row.capability for row in rows if row.place)

    def restrict(self, items: Sequence[pytest.Item]) -> None:
        """Have an agent led through nothing but the situations that these checks look at."""
        names = {_situation(item) for item in items if "examiner" in _fixtures(item)}
        if names and None not in names:
            wanted = tuple(sorted(name for name in names if name is not None))
            self.context = replace(self.context, situations=wanted)


def _situation(item: pytest.Item) -> str | None:
    """The situation that a check of an agent looks at, if it is one and not all."""
    callspec: Any = getattr(item, "callspec", None)
    if callspec is None:
        return None
    part = callspec.params.get("part")  # a scenario is a situation too
    name: str | None = part.name if part is not None else callspec.params.get("situation")
    return name


def _fixtures(item: pytest.Item) -> Sequence[str]:
    names: Sequence[str] = getattr(item, "fixturenames", ())
    return names


def declared(item: pytest.Item) -> list[str]:
    """The requirements that a check declares, from the outermost mark in."""
    return [name for mark in item.iter_markers("requirement") for name in mark.args]


def pytest_configure(config: pytest.Config) -> None:
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As shells start what goes on in the background; the command asks us to end by it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    suite = Suite(RunContext.from_environment())
    config.stash[_SUITE] = suite
    if not hasattr(config, "workerinput"):  # workers report to the one process that writes
        config.pluginmanager.register(_Controller(suite), "assay-controller")


@pytest.hookimpl(tryfirst=True)  # before anybody else counts them
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    suite = config.stash[_SUITE]
    unknown = [
        f"{item.nodeid} judges {name}, which is no requirement of {suite.protocol.id}"
        for item in items
        for name in declared(item)
        if name not in suite.all_rows
    ]
    unknown += [f"{item.nodeid} declares no requirement" for item in items if not declared(item)]
    if unknown:
        raise pytest.UsageError("\n".join(unknown))
    kept = [item for item in items if suite.wants(item)]
    dropped = [item for item in items if not suite.wants(item)]
    config.hook.pytest_deselected(items=dropped)
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[_LATER] = _first_profiles(dropped)
    suite.fuzzing_checks = sum(item.get_closest_marker("fuzzes") is not None for item in kept)
    kept.sort(key=_turn)
    items[:] = kept
    suite.restrict(kept)


def _turn(item: pytest.Item) -> int:
    """What was never said before comes after all that was thought out; and what uses a rate of the
    peer's up comes last of all: until then it is everybody's.
    """
    if item.get_closest_marker("exhausts"):
        return 2
    return 1 if item.get_closest_marker("fuzzes") else 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with in_turn(item, item.config.stash[_SUITE].context.record):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns what a check found, or how it broke off, into records on the report."""
    report = yield
    suite = item.config.stash[_SUITE]
    judge: Judge | None = getattr(item, "funcargs", {}).get("judge")
    broke = call.excinfo.value if call.excinfo is not None else None
    records: list[dict[str, Any]] = []
    if isinstance(broke, UnjudgeableError):
        # Nothing went wrong; a check that could not be set up has nothing to run, though.
        report.outcome = "skipped" if call.when == "setup" else "passed"
        report.longrepr = ("", 0, str(broke)) if call.when == "setup" else None
        judge = judge or Judge(_name(item), declared(item), suite.book)
        judge.end(str(broke))
    elif broke is not None and not isinstance(broke, KeyboardInterrupt | pytest.exit.Exception):
        lines = traceback.format_exception(broke)
        what = suite.mask.text(repr(broke))
        records.append({"error": what, "traceback": suite.mask.text("".join(lines))[-8000:]})
        if judge is not None:
            judge.end(f"a fault in Assay broke the check off: {what}")
    ended = call.when == "call" or (call.when == "setup" and broke is not None)
    if judge is not None and ended:
        records += [finding.record(suite.mask) for finding in judge.findings()]
        records.append(judge.tally.record(judge.check))
    if records:
        # As text: not everything that a peer says survives the way from a worker otherwise.
        report.user_properties.append((_RECORDS, [encode(record) for record in records]))
    return report


def _first_profiles(items: list[pytest.Item]) -> dict[str, str]:
    """From which profile on requirements are judged whose checks are left out here."""
    later: dict[str, str] = {}
    for item in items:
        mark = item.get_closest_marker("from_profile")
        for name in declared(item) if mark else ():
            later.setdefault(name, mark.args[0] if mark else "")
    return later


class _Controller:
    """The one process that writes: run.jsonl, and a word on the terminal."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.recorder = Recorder(Path(suite.context.record))
        self.progress = Progress(sys.stdout)
        self.judged: set[str] = set()
        self.covered = Tally()
        self.later: dict[str, str] = {}
        self.collected = True
        known = {entry["requirement"] for entry in suite.context.baseline}
        self.fatal = suite.all_rows.keys() - known if suite.context.fail_fast else set()
        rows = suite.all_rows.values()
        self.recorder.header(suite.context, suite.protocol, rows, suite.earlier)
        self._recall()

    def _recall(self) -> None:
        """What the run that this one goes on from has found stands in this one's record too."""
        for record in self.suite.earlier.records:
            self.recorder.write(record)
            if record["record"] == "verdict":
                self.judged.add(record["requirement"])
            elif record["record"] == "coverage":
                self.covered.add(Tally.of(record))

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self.session = session

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.later |= _first_profiles(items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker ended: what it left out, it alone knows."""
        self.later |= getattr(node, "workeroutput", {}).get(_LATER, {})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collected = False
            self.recorder.error(report.nodeid, "a check cannot be loaded", report.longreprtext)
            self.progress.error(report.nodeid, report.longreprtext)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.progress.total = len(session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, records in report.user_properties:
            if name == _RECORDS and isinstance(records, list):
                for record in records:
                    self._write(report, orjson.loads(record))
        if report.when == "call":
            self.progress.step()
            if report.passed:
                self.recorder.ended(check_id(report.nodeid))

    def _write(self, report: pytest.TestReport, record: dict[str, Any]) -> None:
        if "error" in record:
            check = report.nodeid.rpartition("::")[2]
            self.recorder.error(check, record["error"], record["traceback"])
            self.progress.error(check, record["error"])
            return
        if record["record"] == "coverage":
            self._cover(record)
            return
        self.judged.add(record["requirement"])
        self.recorder.write(record)
        if record["verdict"] in ("fail", "warn"):
            row = self.suite.all_rows[record["requirement"]]
            self.progress.found(record["verdict"], row, record["message"])
        if record["verdict"] == "fail" and record["requirement"] in self.fatal:
            self.session.shouldstop = f"{record['requirement']} is broken: that was to be the end"

    def _cover(self, record: dict[str, Any]) -> None:
        """Only what is new is written: where everything was said before, nothing."""
        news = Tally.of(record).news(self.covered)
        if news:
            self.covered.add(news)
            self.recorder.write(news.record(record["check"]))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        wrong = (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR)
        broken = exitstatus in wrong or not self.collected
        interrupted = exitstatus == pytest.ExitCode.INTERRUPTED and not broken
        if not interrupted and not broken:
            self._tell_the_unjudged()
        reason = "interrupted" if interrupted else "broken" if broken else "complete"
        self.recorder.footer(reason)
        self.recorder.close()
        self.progress.close()

    def _tell_the_unjudged(self) -> None:
        context = self.suite.context
        for row in self.suite.all_rows.values():
            owed = row.id not in self.judged and row.id not in context.on_sight
            if context.selects(row) and owed:
                claimed = row.id in self.suite.book.requirements and self._expected(row)
                finding = Finding(
                    requirement=row.id,
                    check="run",
                    verdict="inconclusive" if claimed else "not-applicable",
                    message=self._cause(row) if claimed else f"{row.capability}: not claimed",
                )
                self.recorder.write(finding.record(self.suite.mask))

    def _expected(self, row: Requirement) -> bool:
        """Must the peer have come to this? An agent uses what it likes, unless it claims more."""
        context = self.suite.context
        return context.role == "coordinator" or bool(
            context.target.capabilities.get(row.capability)
        )

    def _cause(self, row: Requirement) -> str:
        if row.untestable:
            return row.untestable
        if row.hook and row.hook not in self.suite.context.target.hooks:
            return f"the target has no hook {row.hook!r}"
        if row.id in self.later:
            return f"judged from the profile {self.later[row.id]!r} on"
        return "nothing that was said touched it"


def pytest_report_teststatus() -> tuple[str, str, str]:
    return "", "", ""  # the progress line says it


@pytest.fixture(scope="session")
def suite(request: pytest.FixtureRequest) -> Suite:
    return request.config.stash[_SUITE]


@pytest.fixture(scope="session")
def ids(suite: Suite, worker_id: str) -> IdSource:
    """Ids that no other run and no other worker uses."""
    return IdSource(suite.context.run, worker_id)


@pytest.fixture
def rng(suite: Suite, request: pytest.FixtureRequest) -> Random:
    """Chance of the check's own, from the run's seed: the same however checks are spread. A run
    that goes on from another generates other cases.
    """
    generates = request.node.get_closest_marker("fuzzes") is not None
    chapter = f"/{suite.earlier.chapter}" if generates and suite.earlier.chapter else ""
    return Random(f"{suite.context.seed}/{request.node.name}{chapter}")  # noqa: S311


@pytest.fixture
def judge(suite: Suite, request: pytest.FixtureRequest) -> Judge:
    """The check's own judge."""
    suite.journal.begin()
    return Judge(_name(request.node), declared(request.node), suite.book, suite.journal)


@pytest.fixture(scope="session")
def worker_id() -> str:
    """`gw0` and so on where checks are spread over workers, else `main`."""
    return worker_name()


def _name(item: pytest.Item) -> str:
    return item.name
