"""Whatever a scenario says and whatever comes: a flow ends, or something is awaited."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.scenario.acts import (
    Began,
    Do,
    Failed,
    Finished,
    Passed,
    Pause,
    Perform,
    Seen,
    Spoilt,
    Undo,
)
from mockserver.scenario.flow import MOST_STEPS, Flow
from schemas.arazzo.model import Action, Step, Times, Workflow
from tests.mockserver.scenario.building import (
    ROLES,
    action,
    criterion,
    deed,
    scenario,
    sight,
    step,
    workflow,
)

CRITERIA = [
    criterion("$statusCode == 200"),
    criterion("$statusCode < 400", "C-1"),
    criterion("$request.body#/x == 1", "A-1"),
    criterion("$steps.s0.outputs.o == 1"),
    criterion("{$inputs.none}", context="$statusCode", type="regex"),
]
VALUES = [1, "$inputs.i", "$steps.s0.outputs.o", "$inputs.none"]


class _Maker:
    """Makes scenarios by chance, all from one seed: to draw each part of one takes too long."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def flow(self) -> Flow:
        inner = self.workflow("inner", [])
        middle = self.workflow("middle", ["inner"])
        main = self.workflow("main", ["inner", "middle"])
        return Flow(
            scenario(main, middle, inner),
            "main",
            direction=self.chance.choice(["forward", "backward"]),
            inputs=self.chance.choice([{}, {"i": 1}]),
            roles=ROLES,
        )

    def workflow(self, name: str, calls: list[str]) -> Workflow:
        names = [f"s{at}" for at in range(self.chance.randint(1, 4))]
        steps = [self.step(at, names, calls) for at in range(len(names))]
        return workflow(*steps, id=name, depends_on=self.some(calls, 1), inputs=["i"])

    def step(self, at: int, names: list[str], calls: list[str]) -> Step:
        chance = self.chance
        fields: dict[str, Any] = {}
        kind = chance.choice(["ask", "receive", "call"] if calls else ["ask", "receive"])
        if kind == "call":
            fields["workflow"] = chance.choice(calls)
            fields["parameters"] = {"i": chance.choice(VALUES)} if self.one_in(2) else {}
        elif kind == "receive":
            fields["action"] = "receive"
        if kind != "call" and self.one_in(6):
            fields |= {"never": True, "within": chance.choice([None, 5.0])}
        elif self.one_in(2):
            least = chance.randint(0, 3)
            most = chance.choice([None, max(1, least)])
            fields |= {"times": Times(least, most), "optional": self.one_in(2)}
        criteria = self.some(CRITERIA, 2)
        return step(
            names[at],
            *criteria,
            unordered="u" if self.one_in(2) else "",
            depends_on=self.some(names[:at], 2),
            on_success=self.actions(names, calls, ["end", "goto"]),
            on_failure=self.actions(names, calls, ["end", "goto", "retry", "retry"]),
            before=[deed("hook", "h", output="o")] if self.one_in(5) else [],
            after=[deed("wait", 1)] if self.one_in(5) else [],
            requirements=self.some(["C-1", "A-1"], 1),
            outputs={"o": chance.choice(["$statusCode", "$inputs.none"])},
            **fields,
        )

    def actions(self, names: list[str], calls: list[str], kinds: list[str]) -> list[Action]:
        return [self.action(names, calls, kinds, at) for at in range(self.chance.randint(0, 2))]

    def action(self, names: list[str], calls: list[str], kinds: list[str], at: int) -> Action:
        kind = self.chance.choice(kinds)
        places = [{"step": name} for name in names] + [{"workflow": name} for name in calls]
        leads = kind == "goto" or (kind == "retry" and self.one_in(2))
        fields: dict[str, Any] = self.chance.choice(places) if leads else {}
        if kind == "retry":
            after = self.chance.choice([0.0, 1.0])
            fields = {**fields, "limit": self.chance.randint(0, 3), "after": after}
        criteria = self.some(["$statusCode == 503", "$inputs.none == 1"], 1)
        return action(kind, *criteria, name=f"{kind}{at}", **fields)

    def event(self, number: int) -> Any:
        return self.chance.choice(
            [
                Seen(number, sight(self.chance.choice([200, 200, 404, 503])), 1.0),
                Seen(number, sight(200), 1.0),
                Seen(number, sight(200, bound={"i": 1}), 9.0),
                Failed(number, "gone"),
                Failed(number, "unjudged", unjudged=True),
                Passed(number),
                Spoilt(number, "no hook"),
            ]
        )

    def one_in(self, number: int) -> bool:
        return self.chance.randrange(number) == 0

    def some(self, among: list[Any], most: int) -> list[Any]:
        return self.chance.sample(among, self.chance.randint(0, min(most, len(among))))


class _Driver:
    """Does what a flow wants as drivers do, and has it come as the test draws it."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.under_way: dict[int, Step] = {}
        self.paused: set[int] = set()
        self.ended = 0

    def tell(self, event: Any) -> None:
        for act in self.flow.step(event):
            assert not (self.ended and isinstance(act, Perform))
            match act:
                case Perform():
                    self.under_way[act.flight] = act.step
                case Undo():
                    self.under_way.pop(act.flight, None)
                    self.paused.discard(act.flight)
                case Pause():
                    self.paused.add(act.flight)
                case Do():
                    self.flow.scope(act.flight)
                    self.flow.told(act.flight, "o", 1)
                case Finished():
                    self.ended += 1
        assert self.ended <= 1
        assert (self.flow.finished is not None) is bool(self.ended)

    @property
    def choices(self) -> list[int]:
        """What may come: without what was never to come, as long as something else may."""
        live = dict(self.flow.awaited)
        assert live.keys() <= self.under_way.keys()
        lasting = [
            number for number, step in live.items() if not step.never or step.within is not None
        ]
        return [*lasting, *self.paused] or list(live)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**40))
def test_any_flow_ends_or_awaits_something(seed: int) -> None:
    maker = _Maker(Random(seed))  # a test's
    flow = maker.flow()
    driver = _Driver(flow)
    driver.tell(Began())
    for _ in range(40):
        if flow.finished is not None:
            break
        assert driver.choices, "nothing is awaited, and it is not over"
        number = maker.chance.choice(driver.choices)
        if number in driver.paused:
            driver.paused.discard(number)
            driver.tell(Passed(number))
            continue
        seen = sight(maker.chance.choice([200, 503]))
        if flow.missed(number, seen):
            flow.near(number, "near", seen)
        driver.tell(maker.event(number))
    _give_up(driver)


def _give_up(driver: _Driver) -> None:
    """Where nothing more comes, it ends."""
    for _ in range(2 * MOST_STEPS):
        if driver.flow.finished is not None:
            return
        number = driver.choices[0]
        driver.tell(Passed(number) if number in driver.paused else Failed(number, "never came"))
        if number in driver.paused:
            driver.paused.discard(number)
    raise AssertionError("it goes on for ever")
