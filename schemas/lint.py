"""Is a protocol pack whole? Each file by itself, and all of them against each other; and scenarios,
those of the pack or one alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

from schemas import pointer as json_pointer
from schemas.arazzo.document import read_scenario
from schemas.errors import PackError, Problem
from schemas.examples import load_examples
from schemas.files import line_of, read
from schemas.loader import load, load_requirements, scenario_files
from schemas.spec import Example, Protocol, Requirement
from schemas.validation import PlaceIndex, Validators

__all__ = ["lint", "lint_scenario"]


def lint(pack: str) -> str:
    """Check a pack, given by id or folder, and say in a line what is in it.

    Raises `PackError` with every problem found.
    """
    protocol = load(pack)
    folder = Path(protocol.folder)
    requirements = load_requirements(protocol)
    problems = [*_types(folder), *_openapi(protocol, folder), *_operations(protocol, folder)]
    problems += _messages(protocol, folder)
    if problems:
        raise PackError(*problems)
    examples = load_examples(protocol)
    problems = [*_examples(protocol, requirements, examples)]
    problems += _places_without_example(folder, requirements, examples)
    stories = scenario_files(pack)
    problems += _scenarios(protocol, stories)
    if problems:
        raise PackError(*problems)
    legal = sum(not example.violates for example in examples)
    return (
        f"{len(protocol.operations)} operations, {len(protocol.messages)} messages, "
        f"{len(requirements)} requirements, "
        f"{legal} legal and {len(examples) - legal} illegal examples, "
        f"{_counted(len(stories), 'scenario')}"
    )


def lint_scenario(path: Path) -> str:
    """Check the scenario in a file, and say in a line what is in it.

    Raises `PackError` with every problem found.
    """
    scenario = read_scenario(path)
    steps = sum(len(scenario.workflows[key].steps) for key in scenario.own)
    return (
        f"{scenario.protocol.id}, {_counted(len(scenario.own), 'workflow')}, "
        f"{_counted(steps, 'step')}, {_counted(len(scenario.requirements), 'requirement')}"
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _scenarios(protocol: Protocol, paths: list[Path]) -> Iterator[Problem]:
    for path in paths:
        try:
            read_scenario(path, protocol)
        except PackError as error:
            yield from error.problems


def _types(folder: Path) -> Iterator[Problem]:
    """Each type is a JSON Schema, and somebody refers to it."""
    types = sorted(folder.glob("types/*.json"))
    sources = {path: path.read_text("utf-8") for path in [*folder.glob("*.yaml"), *types]}
    for path in types:
        try:
            jsonschema_rs.meta.validate(read(path))
        except jsonschema_rs.ValidationError as error:
            steps = [str(step) for step in error.instance_path]
            yield Problem(
                file=str(path),
                line=line_of(path, steps),
                pointer=json_pointer.join(steps),
                message=f"is no JSON Schema: {error.message}",
            )
        mention = re.compile(rf"(?<![\w.-]){re.escape(path.name)}")
        if not any(mention.search(text) for other, text in sources.items() if other != path):
            message = "nothing refers to this type"
            yield Problem(file=str(path), message=message, hint="refer to it or remove it")


def _openapi(protocol: Protocol, folder: Path) -> Iterator[Problem]:
    """The official schema of OpenAPI 3.1, by a library that keeps it."""
    from openapi_spec_validator import OpenAPIV31SpecValidator  # slow to load, and only needed here

    path = folder / "openapi.yaml"
    if not protocol.openapi:
        return
    document: Any = dict(protocol.openapi)
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        steps = [str(step) for step in error.absolute_path]
        yield Problem(
            file=str(path),
            line=line_of(path, steps),
            pointer=json_pointer.join(steps),
            message=error.message[:300],
        )


def _operations(protocol: Protocol, folder: Path) -> Iterator[Problem]:
    """Each operation has its section and a capability that the protocol knows."""
    path = folder / "openapi.yaml"
    for operation in protocol:
        steps = ["paths", operation.path, operation.method.lower()]
        place = {"file": str(path), "line": line_of(path, steps)}
        if not operation.section:
            yield Problem(**place, message=f"{operation.id} has no x-section")  # type: ignore[arg-type]
        if operation.capability not in protocol.capabilities:
            yield Problem(
                **place,  # type: ignore[arg-type]
                message=f"{operation.id} has no capability of protocol.yaml as x-capability",
                value=operation.capability,
                hint=", ".join(protocol.capabilities),
            )
    if protocol.readiness not in {**protocol.operations, **protocol.channels}:
        message = "names no operation as readiness"
        yield Problem(file=str(folder / "protocol.yaml"), message=message, value=protocol.readiness)


def _messages(protocol: Protocol, folder: Path) -> Iterator[Problem]:
    """Each message has a capability that the protocol knows and a name that no operation has."""
    path = folder / "asyncapi.yaml"
    for message in protocol.messages.values():
        steps = ["components", "messages", message.id]
        if message.capability not in protocol.capabilities:
            yield Problem(
                file=str(path),
                line=line_of(path, steps),
                message=f"{message.id} has no capability of protocol.yaml as x-capability",
                value=message.capability,
                hint=", ".join(protocol.capabilities),
            )
        if message.id in protocol.operations:
            what = "an operation has this name already"
            yield Problem(file=str(path), line=line_of(path, steps), message=what, value=message.id)


def _examples(
    protocol: Protocol, requirements: dict[str, Requirement], examples: list[Example]
) -> Iterator[Problem]:
    """The legal ones are accepted; each illegal one breaks the one requirement that it names."""
    validators = Validators(protocol)
    index = PlaceIndex(requirements.values())
    for example in examples:
        shape = validators.place(example.place)
        violations = shape.explain(example.message) if shape else []
        place, message = example.place, example.message
        found = index.judge(place.subject, place.answer, message, violations)
        broken = sorted(finding.requirement.id for finding in found if finding.violations)
        wanted = [example.violates] if example.violates else []
        if broken != wanted or bool(violations) != bool(wanted):
            yield Problem(
                file=str(Path(protocol.folder) / "examples"),
                message=f"{example.name} breaks {broken or 'nothing'}, not {wanted or 'nothing'}",
                value=[str(violation) for violation in violations][:3] or None,
            )


def _places_without_example(
    folder: Path, requirements: dict[str, Requirement], examples: list[Example]
) -> Iterator[Problem]:
    shown = {example.violates for example in examples}
    path = folder / "requirements.yaml"
    for index, row in enumerate(requirements.values()):
        if row.place is not None and row.id not in shown:
            yield Problem(
                file=str(path),
                line=line_of(path, ["requirements", str(index)]),
                message=f"no example breaks {row.id}",
                hint=f"add one to examples/invalid/{row.place.subject}.yaml",
            )
