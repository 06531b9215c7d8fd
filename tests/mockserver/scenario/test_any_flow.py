"""Whatever a scenario says and whatever comes: a flow ends, or something is awaited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
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

Draw = Callable[[st.SearchStrategy[Any]], Any]
CRITERIA = [
    criterion("$statusCode == 200"),
    criterion("$statusCode < 400", "C-1"),
    criterion("$request.body#/x == 1", "A-1"),
    criterion("$steps.s0.outputs.o == 1"),
    criterion("{$inputs.none}", context="$statusCode", type="regex"),
]
VALUES: list[Any] = [1, "$inputs.i", "$steps.s0.outputs.o", "$inputs.none"]


@st.composite
def _action(draw: Draw, names: list[str], calls: list[str], *, failure: bool) -> Action:
    kind = draw(st.sampled_from(["end", "goto", "retry"] if failure else ["end", "goto"]))
    target: dict[str, str] = {}
    places = [{"step": name} for name in names] + [{"workflow": name} for name in calls]
    if kind == "goto" or (kind == "retry" and draw(st.booleans())):
        target = draw(st.sampled_from(places))
    limits = {"limit": draw(st.integers(0, 3)), "after": draw(st.sampled_from([0.0, 1.0]))}
    more = limits if kind == "retry" else {}
    found: Action = action(
        kind,
        *draw(st.lists(st.sampled_from(["$statusCode == 503", "$inputs.none == 1"]), max_size=1)),
        name=f"{kind}{draw(st.integers(0, 2))}",
        **target,
        **more,
    )
    return found


@st.composite
def _step(draw: Draw, at: int, names: list[str], calls: list[str]) -> Step:
    some = st.booleans()
    fields: dict[str, Any] = {}
    kinds = ["ask", "receive", "call"] if calls else ["ask", "receive"]
    kind = draw(st.sampled_from(kinds))
    if kind == "call":
        fields["workflow"] = draw(st.sampled_from(calls))
        fields["parameters"] = {"i": draw(st.sampled_from(VALUES))} if draw(some) else {}
    elif kind == "receive":
        fields["action"] = "receive"
    if kind != "call" and draw(st.integers(0, 5)) == 0:
        fields["never"] = True
        fields["within"] = draw(st.sampled_from([None, 5.0]))
    elif draw(some):
        least = draw(st.integers(0, 3))
        fields["times"] = Times(least, draw(st.sampled_from([None, max(1, least)])))
        fields["optional"] = draw(some)
    if draw(some):
        fields["unordered"] = "u"
    fields["depends_on"] = draw(st.lists(st.sampled_from(names[:at]), max_size=2)) if at else []
    for key, failure in (("on_success", False), ("on_failure", True)):
        actions = _action(names, calls, failure=failure)
        fields[key] = draw(st.lists(actions, max_size=2))
    fields["before"] = [deed("hook", "h", output="o")] if draw(st.integers(0, 4)) == 0 else []
    fields["after"] = [deed("wait", 1)] if draw(st.integers(0, 4)) == 0 else []
    fields["requirements"] = draw(st.lists(st.sampled_from(["C-1", "A-1"]), max_size=1))
    fields["outputs"] = {"o": draw(st.sampled_from(["$statusCode", "$inputs.none"]))}
    criteria = draw(st.lists(st.sampled_from(CRITERIA), max_size=2))
    return step(names[at], *criteria, **fields)


@st.composite
def _workflow(draw: Draw, name: str, calls: list[str]) -> Workflow:
    names = [f"s{at}" for at in range(draw(st.integers(1, 4)))]
    steps = [draw(_step(at, names, calls)) for at in range(len(names))]
    depends_on = draw(st.lists(st.sampled_from(calls), max_size=1)) if calls else []
    return workflow(*steps, id=name, depends_on=depends_on, inputs=["i"])


@st.composite
def _flow(draw: Draw) -> Flow:
    inner = draw(_workflow("inner", []))
    middle = draw(_workflow("middle", ["inner"]))
    main = draw(_workflow("main", ["inner", "middle"]))
    inputs = draw(st.sampled_from([{}, {"i": 1}]))
    return Flow(
        scenario(main, middle, inner),
        "main",
        direction=draw(st.sampled_from(["forward", "backward"])),
        inputs=inputs,
        roles=ROLES,
    )


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
        live = [*self.under_way, *self.paused]
        lasting = [
            number
            for number in live
            if number in self.paused
            or not self.under_way[number].never
            or self.under_way[number].within is not None
        ]
        return lasting or live


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(flow=_flow(), data=st.data())
def test_any_flow_ends_or_awaits_something(flow: Flow, data: st.DataObject) -> None:
    driver = _Driver(flow)
    driver.tell(Began())
    for _ in range(30):
        if flow.finished is not None:
            break
        assert driver.choices, "nothing is awaited, and it is not over"
        number = data.draw(st.sampled_from(driver.choices))
        if number in driver.paused:
            driver.paused.discard(number)
            driver.tell(Passed(number))
            continue
        status = data.draw(st.sampled_from([200, 200, 404, 503]))
        event = data.draw(
            st.sampled_from(
                [
                    Seen(number, sight(status), 1.0),
                    Seen(number, sight(200, bound={"i": 1}), 9.0),
                    Failed(number, "gone"),
                    Failed(number, "unjudged", unjudged=True),
                    Passed(number),
                    Spoilt(number, "no hook"),
                ]
            )
        )
        flow.missed(number, sight(status))
        flow.near(number, "near", sight(status))
        driver.tell(event)
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
