"""Schemathesis, in a process of its own: it makes requests up and never sends one.

It is told on standard input what to do, a JSON document a line; each request that it has made up
goes out on standard output, a line too, and what the peer answered comes in as the next one. So the
suite sends, judges, keeps the evidence and makes it shorter, as it knows what an answer is worth;
and here requests are drawn, and sequences follow OpenAPI's links from answer to request.

A process of its own, since Schemathesis takes seconds to load and changes how Hypothesis speaks.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from typing import Any, TextIO
from urllib.parse import parse_qsl, unquote, urlsplit

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky, Unsatisfiable
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode
from schemathesis.core.transport import Response
from schemathesis.generation.hypothesis.examples import generate_one

from conformance.fuzz.document import described
from conformance.fuzz.seeds import bodies
from schemas import load

__all__ = ["main"]

_ORIGIN = "http://peer"
"""Only the path and the query of an address are told."""

_SOME = 12
"""Cases of each operation that are not drawn, its boundaries and examples, in each round."""

_FEW = 3
"""Cases that are drawn of each kind in the first round; each further round has twice as many."""

_MANY = 64

_CHAINS = 12
"""Sequences that are drawn between two looks at another seed."""

_STEPS = 8
"""Requests in a sequence, at most."""

_UNSENT: Mapping[str, Any] = {"status": 599, "headers": {}, "body": ""}


class _TurnedError(BaseException):
    """Something else is to be done: it came instead of an answer. No finding, and no error."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__()
        self.said = said


class _Line:
    """The line to the suite: one question, one answer."""

    def __init__(self, heard: TextIO, told: TextIO) -> None:
        self._heard = heard
        self._told = told
        self.run = 0
        self.step = 0

    def read(self) -> Mapping[str, Any]:
        """What comes next. Raises `SystemExit` where nobody is there any more."""
        line = self._heard.readline()
        if not line:
            raise SystemExit(0)
        said: Mapping[str, Any] = json.loads(line)
        return said

    def tell(self, **said: Any) -> None:
        self._told.write(json.dumps({"run": self.run, **said}) + "\n")
        self._told.flush()

    def begin(self) -> None:
        """A new sequence begins."""
        self.step = 0

    def ask(self, case: Any) -> Mapping[str, Any]:
        """What the peer answers. Raises `_TurnedError` where something else is wanted instead."""
        try:
            asked = _asked(case)
        except (requests.RequestException, ValueError):
            return _UNSENT  # no client could put it on a wire
        self.tell(ask={**asked, "step": self.step})
        self.step += 1
        said = self.read()
        if "answer" not in said:
            raise _TurnedError(said)
        answer: Mapping[str, Any] = said["answer"]
        return answer


def _asked(case: Any) -> dict[str, Any]:
    """A request as data."""
    request = requests.Request(**case.as_transport_kwargs(base_url=_ORIGIN)).prepare()
    query = parse_qsl(urlsplit(request.url or "").query, keep_blank_values=True)
    media_type = request.headers.get("Content-Type", "")
    said = {
        "operation": case.operation.definition.raw["operationId"],
        "method": request.method,
        "parameters": {
            name: unquote(str(value)) for name, value in (case.path_parameters or {}).items()
        },
        "query": query,
        "media_type": media_type.decode("latin-1") if isinstance(media_type, bytes) else media_type,
    }
    body: Any = request.body
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return {**said, "body": None if raw is None else base64.b64encode(raw).decode()}


class _Source:
    """The requests that one document describes."""

    def __init__(self, line: _Line, document: dict[str, Any]) -> None:
        self._line = line
        self._schema = schemathesis.openapi.from_dict(document)
        self._schema.config.update(base_url=_ORIGIN)
        self._schema.config.phases.coverage.unexpected_methods = set()
        # Only what our own documents say leads on: what is inferred may be wrong.
        self._schema.config.phases.stateful.inference.algorithms = []
        # What is refused leads nowhere.
        self._schema.config.phases.stateful.generation.update(modes=[GenerationMode.POSITIVE])
        found: Any = self._schema.get_all_operations()
        operations = [result.ok() for result in found]
        self._listed = [self._boundaries(each) + self._examples(each) for each in operations]
        self._drawn = [
            each.as_strategy(generation_mode=mode)
            for each in operations
            for mode in GenerationMode
            if mode is GenerationMode.POSITIVE or each.body or each.query
        ]

    def warm_up(self) -> None:
        """Draw once of each kind, unsent: the first of all takes seconds."""
        for strategy in self._drawn:
            self._draw(strategy, 1, 0, lambda _: None)

    def requests(self, seed: int) -> None:
        """Round after round, each operation in each way, until something else is to be done."""
        rng = Random(seed)  # noqa: S311
        listed = [rng.sample(cases, len(cases)) for cases in self._listed]
        few = _FEW
        while True:
            self._each(rng, listed)
            for strategy in rng.sample(self._drawn, len(self._drawn)):
                self._draw(strategy, few, rng.getrandbits(64), self._send)
            few = min(2 * few, _MANY)

    def _each(self, rng: Random, listed: list[list[Any]]) -> None:
        """Some of the cases that can be listed, of each operation, and no more of these."""
        some = [case for cases in listed for case in cases[:_SOME]]
        for cases in listed:
            del cases[:_SOME]
        for case in rng.sample(some, len(some)):
            self._send(case)

    def sequences(self, seed: int) -> None:
        """Sequences that follow the links, until something else is to be done."""
        rng = Random(seed)  # noqa: S311
        machine = self._machine()
        while True:
            seeded: Any = hypothesis.seed(rng.getrandbits(64))(machine)
            with suppress(Flaky, Unsatisfiable):  # answers differ from one time to the next
                run_state_machine_as_test(seeded, settings=_settings(_CHAINS), _min_steps=2)

    def _machine(self) -> type:
        line = self._line
        base: Any = self._schema.as_state_machine()

        class Machine(base):  # type: ignore[misc]
            """Every request of a sequence is sent by the suite, and every answer judged there."""

            def setup(self) -> None:
                super().setup()
                line.begin()

            def call(self, case: Any, **_: Any) -> Response:
                return _response(line.ask(case))

            def validate_response(self, *_: Any, **__: Any) -> None:
                """The suite does that."""

        return Machine

    def _boundaries(self, operation: Any) -> list[Any]:
        """What lies at the limits of each schema, on either side."""
        cases = self._schema.iter_coverage_cases(
            operation,
            generation_modes=list(GenerationMode),
            generation_config=self._schema.config.generation,
        )
        return list(cases)

    def _examples(self, operation: Any) -> list[Any]:
        """The document's own, and what its scenarios say."""
        return [generate_one(strategy) for strategy in operation.get_strategies_from_examples()]

    def _draw(self, strategy: Any, count: int, seed: int, send: Callable[[Any], None]) -> None:
        """So many cases of one operation."""

        @hypothesis.seed(seed)
        @_settings(count)
        @hypothesis.given(strategy)
        def test(case: Any) -> None:
            send(case)

        with suppress(Unsatisfiable):  # in some operations there is nothing to be wrong
            test()

    def _send(self, case: Any) -> None:
        self._line.begin()
        self._line.ask(case)


def _response(answer: Mapping[str, Any]) -> Response:
    """The answer, as links are read out of it."""
    return Response(
        status_code=answer["status"] or 599,
        headers={name: [value] for name, value in answer["headers"].items()},
        content=base64.b64decode(answer["body"]),
        request=requests.Request("GET", _ORIGIN).prepare(),  # the case says what was asked
        elapsed=0.0,
        verify=True,
    )


def _settings(count: int) -> settings:
    return settings(
        max_examples=count,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def main() -> None:
    """Do what the suite says, until it hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the suite ends it
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not look like a request
    line = _Line(sys.stdin, told)
    said = line.read()
    protocol = load(said["protocol"])
    document = described(protocol, said["operations"], said["known"], bodies(protocol))
    source = _Source(line, document)
    source.warm_up()
    line.tell(ready=True)
    said = line.read()
    while True:
        line.run = said["run"]
        do = {"requests": source.requests, "sequences": source.sequences}[said["do"]]
        try:
            do(said["seed"])
        except _TurnedError as turned:
            said = turned.said


if __name__ == "__main__":
    main()
