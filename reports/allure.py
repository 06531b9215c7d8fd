"""Allure results: a test for each requirement, its checks as steps and what was said attached.

The model and the writer are those of Allure's own library, as allure-pytest uses them.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import (
    Attachment,
    Label,
    Link,
    Parameter,
    StatusDetails,
    TestResult,
    TestStepResult,
)
from allure_commons.model2 import Status as AllureStatus
from allure_commons.types import AttachmentType, LabelType, LinkType, Severity

from reports.evidence import Proof, fair_limit, proof
from reports.files import write_whole
from reports.http import header_pairs, phrase
from reports.outcome import Check, Outcome, findings
from reports.run import Run
from reports.status import Status, Trouble, findings_text, remark, seconds, status, troubles
from reports.text import printable
from reports.times import milliseconds, span

__all__ = ["write_allure"]

_LIMIT = 4_000  # characters of a body in a trace; attachments are whole
_SHOWN = 20  # checks of one requirement whose evidence is attached

_STATUS: dict[Status, str] = {
    "passed": AllureStatus.PASSED,
    "failed": AllureStatus.FAILED,
    "known": AllureStatus.SKIPPED,
    "open": AllureStatus.UNKNOWN,
    "skipped": AllureStatus.SKIPPED,
}
_OF_CHECK = {
    "pass": AllureStatus.PASSED,
    "warn": AllureStatus.PASSED,
    "fail": AllureStatus.FAILED,
    "inconclusive": AllureStatus.UNKNOWN,
    "not-applicable": AllureStatus.SKIPPED,
}
_CATEGORIES = [
    {"name": "Broken requirements", "matchedStatuses": ["failed"]},
    {"name": "Faults of Assay, not of the peer", "matchedStatuses": ["broken"]},
    {"name": "Could not be judged", "matchedStatuses": ["unknown"]},
    {
        "name": "Known failures",
        "matchedStatuses": ["skipped"],
        "messageRegex": "known failure: [\\s\\S]*",
    },
]


def write_allure(run: Run, folder: Path, link: str = "") -> None:
    """Writes the results into a folder, beside what is there already, as allure-pytest does.

    `link` is where a requirement can be read, with `{}` for its id. The names of files follow from
    the run's id: a run that is written twice is there once. Raises `OSError`.
    """
    writer = AllureFileLogger(folder)  # type: ignore[no-untyped-call]  # its own code is
    book = _Book(run=run, writer=writer, link=link, limit=min(_LIMIT, fair_limit(run.evidences)))
    for outcome in run.requirements:
        book.requirement(outcome)
    for trouble in troubles(run):
        book.trouble(trouble)
    write_whole(folder / "environment.properties", _environment(run).encode())
    write_whole(folder / "categories.json", json.dumps(_CATEGORIES, indent=2).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """Where the results of a run go."""

    run: Run
    writer: Any
    link: str
    limit: int

    def requirement(self, outcome: Outcome) -> None:
        start, _ = span(self.run) if not outcome.checks else (0, 0)
        stop = max((milliseconds(check.at) for check in outcome.checks), default=start)
        result = self._result(outcome.id, f"{outcome.id} {outcome.text}", outcome.section)
        result.start, result.stop = stop - round(seconds(outcome) * 1000), stop
        result.status = _STATUS[status(outcome)]
        result.statusDetails = StatusDetails(
            known=bool(outcome.known),
            message=printable(remark(outcome)),
            trace=findings_text(outcome, self.run, self.limit),
        )
        result.description = _description(outcome, self.run)
        labels = {
            LabelType.STORY: outcome.capability,
            LabelType.SEVERITY: _severity(outcome),
        }
        result.labels += [Label(name, printable(value)) for name, value in labels.items()]
        tags = (outcome.level, outcome.basis, outcome.verdict)
        result.labels += [Label(LabelType.TAG, tag) for tag in tags]
        url = self.link.replace("{}", quote(outcome.id)) if self.link else outcome.id
        result.links.append(Link(LinkType.TEST_CASE, url, outcome.id))
        shown = findings([outcome])[:_SHOWN]
        replays = {id(found.check): self.run.replaying(found.name) for found in shown}
        result.steps = [
            self._check(outcome, check, replays.get(id(check), "")) for check in outcome.checks
        ]
        self._write(result)

    def trouble(self, trouble: Trouble) -> None:
        """A result for what fails the run and is no requirement."""
        result = self._result(trouble.name, trouble.name, "the run itself")
        result.start = result.stop = span(self.run)[1]
        result.status = AllureStatus.BROKEN if trouble.ours else AllureStatus.FAILED
        result.statusDetails = StatusDetails(
            message=printable(trouble.message), trace=printable(trouble.detail)
        )
        self._write(result)

    def _result(self, key: str, name: str, section: str) -> TestResult:
        header = self.run.header
        protocol = header["protocol"]
        full = printable(f"{protocol['id']}.{header['role']}.{key}")
        # Not for security: it is how Allure knows the same test again.
        digest = hashlib.md5(full.encode(), usedforsecurity=False).hexdigest()
        title = f"{protocol['title']} {protocol['version']}"
        labels = {
            LabelType.EPIC: title,
            LabelType.FEATURE: section,
            LabelType.PARENT_SUITE: f"{title}, {header['role']}",
            LabelType.SUITE: section,
            LabelType.HOST: header["peer"]["name"],
            LabelType.FRAMEWORK: "assay",
        }
        return TestResult(
            uuid=self._uuid(key),
            name=printable(name),
            fullName=full,
            titlePath=[protocol["id"], header["role"], printable(section)],
            testCaseId=digest,
            historyId=digest,
            labels=[Label(label, printable(value)) for label, value in labels.items()],
            stage="finished",
        )

    def _check(self, outcome: Outcome, check: Check, replay: str) -> TestStepResult:
        """A step, with its evidence where `replay` is given: the command that says it again."""
        times = f" ({check.times} times)" if check.times > 1 else ""
        evidence = check.evidence or {}
        stop = milliseconds(check.at)
        took = sum(exchange["seconds"] for exchange in evidence.get("exchanges", []))
        step = TestStepResult(
            name=printable(f"{check.name}{times}"),
            status=_OF_CHECK[check.verdict],
            statusDetails=StatusDetails(message=printable(check.message)),
            start=stop - round(took * 1000),
            stop=stop,
            stage="finished",
        )
        if replay:
            key = f"{outcome.id}/{check.name}/{check.verdict}"
            shown = proof(evidence, self.run.header["role"], self.limit, replay=replay)
            step.parameters = [Parameter("at", printable(str(each))) for each in shown.offences]
            step.attachments = list(self._attached(evidence, shown, key))
            step.steps = [
                *self._exchanges(evidence, step.start, key),
                *self._frames(evidence, shown, key),
            ]
        return step

    def _attached(
        self, evidence: Mapping[str, Any], shown: Proof, key: str
    ) -> Iterator[Attachment]:
        for name in ("expected", "actual"):
            if name in evidence:
                yield self._data(name, json.dumps(evidence[name], ensure_ascii=False), key)
        for name, text in (("reproduce", shown.reproduce), ("replay", shown.replay)):
            if text:
                yield self._data(name, text, key, AttachmentType.TEXT)

    def _exchanges(
        self, evidence: Mapping[str, Any], start: int, key: str
    ) -> Iterator[TestStepResult]:
        for number, exchange in enumerate(evidence.get("exchanges", []), start=1):
            took = round(exchange["seconds"] * 1000)
            yield self._exchange(exchange, start, start + took, f"{key}/{number}")
            start += took

    def _exchange(
        self, exchange: Mapping[str, Any], start: int, stop: int, key: str
    ) -> TestStepResult:
        request, response = exchange["request"], exchange["response"]
        came = f"no answer: {exchange['failure'] or 'nothing was recorded'}"
        if response is not None:
            named = response.get("code") or phrase(response["status"])
            came = f"{response['status']} {named}".rstrip()
        sides = (("request", request), ("answer", response or {"headers": {}, "body": None}))
        return TestStepResult(
            name=printable(
                f"{exchange['operation']}: {request['method']} {request['url']} -> {came}"
            ),
            status=AllureStatus.BROKEN if response is None else AllureStatus.PASSED,
            start=start,
            stop=stop,
            stage="finished",
            parameters=[
                Parameter(printable(f"{which} {name}"), printable(value))
                for which, side in sides
                for name, value in header_pairs(side["headers"])
            ],
            attachments=[
                self._body(which, side["body"], key)
                for which, side in sides
                if side["body"] not in (None, "")
            ],
        )

    def _frames(
        self, evidence: Mapping[str, Any], shown: Proof, key: str
    ) -> Iterator[TestStepResult]:
        """Those nearest to what is judged, each a step; what is left out stands in results.json."""
        raw, talk = evidence.get("frames", []), shown.conversation
        if talk.earlier:
            yield TestStepResult(name=talk.earlier, status=AllureStatus.PASSED)
        for frame in talk.frames:
            body = raw[frame.number - 1]["body"]
            attached = [] if body == "" else [self._body("frame", body, f"{key}/{frame.number}")]
            yield TestStepResult(
                name=printable(f"frame {frame.number}: {frame}"),
                status=AllureStatus.PASSED,
                stage="finished",
                attachments=attached,
            )
        if talk.later:
            yield TestStepResult(name=talk.later, status=AllureStatus.PASSED)

    def _body(self, which: str, body: Any, key: str) -> Attachment:
        if isinstance(body, str):
            return self._data(f"{which} body", body, key, AttachmentType.TEXT)
        return self._data(f"{which} body", json.dumps(body, ensure_ascii=False, indent=2), key)

    def _data(
        self, name: str, text: str, key: str, kind: AttachmentType = AttachmentType.JSON
    ) -> Attachment:
        source = f"{self._uuid(f'{key}/{name}')}-attachment.{kind.extension}"
        self.writer.report_attached_data(text, source)
        return Attachment(name=name, source=source, type=kind.mime_type)

    def _write(self, result: TestResult) -> None:
        # The library's writer makes a name up; with this one a second writing leaves no double.
        result.file_pattern = f"{result.uuid}-result.json"
        self.writer.report_result(result)

    def _uuid(self, key: str) -> str:
        name = f"{self.run.header['run']}/{key}".encode("utf-8", "replace").decode()
        return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def _severity(outcome: Outcome) -> str:
    if outcome.level == "MUST":
        fails = outcome.basis != "implied"
        return Severity.CRITICAL.value if fails else Severity.NORMAL.value
    return Severity.MINOR.value if outcome.level == "SHOULD" else Severity.TRIVIAL.value


def _description(outcome: Outcome, run: Run) -> str:
    document = run.header["protocol"]["document"]
    return printable(
        f"{outcome.text}\n\n{outcome.level}, {outcome.basis}. "
        f"Section {outcome.section} of {document}. Capability: {outcome.capability}."
    )


def _environment(run: Run) -> str:
    """Java's properties, as Allure reads them."""
    header = run.header
    facts = {
        "Protocol": f"{header['protocol']['title']} {header['protocol']['version']}",
        "Role": header["role"],
        "Peer": header["peer"]["name"],
        "Verdict": run.verdict,
        "Profile": header["profile"],
        "Seed": str(header["seed"]),
        "Assay": header["assay"],
        "Run": header["run"],
        "Ending": run.ending,
    }
    lines = (f"{name}={' '.join(printable(value).split())}" for name, value in facts.items())
    return "\n".join(lines) + "\n"
