"""A scenario in words, step by step, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.arazzo.expressions import is_expression
from schemas.arazzo.model import Action, Deed, Parameter, Scenario, Step, Times, Workflow
from schemas.spec import Operation

__all__ = ["explain"]


def explain(scenario: Scenario) -> Iterator[str]:
    """The lines of an explanation: what is done by whom, what must hold, and what follows."""
    yield f"{scenario.title} ({scenario.name}, {scenario.protocol.id})"
    for text in (scenario.summary, scenario.description):
        if text:
            yield from _block(text, "  ")
    for key in scenario.own:
        yield ""
        yield from _workflow(scenario.workflows[key])


def _block(text: str, margin: str) -> Iterator[str]:
    yield from (f"{margin}{line}".rstrip() for line in text.strip().splitlines())


def _workflow(workflow: Workflow) -> Iterator[str]:
    yield f"{workflow.key}: {workflow.summary}".rstrip(": ")
    if workflow.description:
        yield from _block(workflow.description, "  ")
    for label, words in _about(workflow):
        yield f"  {label}: {words}"
    for number, step in enumerate(workflow.steps, 1):
        yield f"  {number}. {step.id}: {_does(step)}"
        yield from (f"       {line}" for line in _details(step))
    if workflow.outputs:
        yield f"  hands over: {', '.join(workflow.outputs)}"


def _about(workflow: Workflow) -> Iterator[tuple[str, str]]:
    inputs = [*_inputs(workflow.inputs)]
    if inputs:
        yield "inputs", ", ".join(inputs)
    if workflow.depends_on:
        yield "after", ", ".join(workflow.depends_on)
    if workflow.requirements:
        yield "judges", ", ".join(workflow.requirements)
    if workflow.clients > 1:
        yield "clients", f"{workflow.clients} at once"
    if workflow.state:
        yield "at first", "; ".join(map(_deed, workflow.state))


def _inputs(schema: Any) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    for name, said in schema.get("properties", {}).items():
        about = said if isinstance(said, dict) else {}
        if "x-fresh" in about:
            yield f"{name} (a fresh {about['x-fresh']}…)"
        elif "default" in about:
            yield f"{name} ({about['default']!r} by default)"
        else:
            yield f"{name}{' (needed)' if name in schema.get('required', ()) else ''}"


def _does(step: Step) -> str:
    """What a step is, in a sentence without its end."""
    who = step.client
    if step.operation is not None:
        words = f"{who} calls {_called(step.operation)}"
    elif step.channel is not None:
        words = _on_channel(step, who)
    else:
        words = f"the workflow {step.workflow}"
    return f"{words}{_how_often(step.times)}{_how_strict(step)}"


def _called(operation: Operation) -> str:
    if operation.is_rpc:
        return f"{operation.id} by gRPC"
    return f"{operation.method} {operation.path} ({operation.id})"


def _on_channel(step: Step, who: str) -> str:
    where = f"on {step.connection}"
    if step.opens:
        return f"{who} opens {step.connection}"
    if step.closes is not None:
        closer = who if step.action == "send" else "the coordinator"
        return f"{closer} closes {step.connection} with {step.closes}"
    verb = "says" if step.action == "send" else "is told"
    return f"{who} {verb} {step.message or 'something'} {where}"


def _how_often(times: Times) -> str:
    if times == Times():
        return ""
    if times.most is None:
        return f", {times.least} times at least"
    return f", {times.least} to {times.most} times"


def _how_strict(step: Step) -> str:
    parts = []
    if step.never:
        parts.append("must not happen")
    if step.optional:
        parts.append("may be left out")
    if step.unlawful:
        parts.append("unlawful on purpose")
    if step.within is not None:
        parts.append(f"within {step.within:g} s")
    if step.unordered:
        parts.append(f"in any order ({step.unordered})")
    return f" [{', '.join(parts)}]" if parts else ""


def _details(step: Step) -> Iterator[str]:
    if step.description:
        yield from _block(step.description, "")
    for label, words in _details_before(step):
        yield f"{label}: {words}"
    for criterion in step.criteria:
        yield f"holds: {criterion.text}{_rows(criterion.requirements)}"
    for label, words in _details_after(step):
        yield f"{label}: {words}"


def _details_before(step: Step) -> Iterator[tuple[str, str]]:
    if step.depends_on:
        yield "once done", ", ".join(step.depends_on)
    if step.before:
        yield "before", "; ".join(map(_deed, step.before))
    for parameter in step.parameters:
        yield f"with {parameter.name}", _parameter(parameter)


def _details_after(step: Step) -> Iterator[tuple[str, str]]:
    if step.requirements:
        yield "judges", ", ".join(step.requirements)
    if step.reply is not None:
        yield "backward", f"the coordinator answers {step.reply.status}"
    if step.has_push:
        yield "backward", "the coordinator says it by this script"
    for fault in step.faults:
        yield "backward", f"fault {fault['kind']}"
    if step.outputs:
        yield "keeps", ", ".join(step.outputs)
    yield from (("done", _action(each)) for each in step.on_success)
    yield from (("failed", _action(each)) for each in step.on_failure)
    if step.after:
        yield "after", "; ".join(map(_deed, step.after))


def _parameter(parameter: Parameter) -> str:
    """A value; a constant in a header may be a secret, and is not shown."""
    hidden = parameter.place in ("header", "cookie") and not is_expression(parameter.value)
    return "…" if hidden else _value(parameter.value)


def _rows(requirements: Sequence[str]) -> str:
    return f" ({', '.join(requirements)})" if requirements else ""


def _value(value: Any, limit: int = 60) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _action(action: Action) -> str:
    where = action.step or action.workflow
    match action.kind:
        case "end":
            words = "it ends"
        case "goto":
            words = f"on with {where}"
        case _:
            words = f"again after {action.after:g} s, {action.limit} times at most"
            words += f", {where} first" if where else ""
    when = " and ".join(each.text for each in action.criteria)
    return f"{words}, if {when}" if when else words


def _deed(deed: Deed) -> str:
    match deed.kind:
        case "advance":
            words = f"the coordinator's clock goes on {deed.value} s"
        case "wait":
            words = f"{deed.value} s pass"
        case "restart":
            words = "the coordinator restarts"
        case "close":
            words = f"the coordinator closes {deed.connection or 'all connections'} ({deed.value})"
        case "fault":
            words = f"fault {deed.value['kind']}"
        case _:
            words = f"{deed.value}{_given(deed.said)}"
    return f"{words}, kept as {deed.output}" if deed.output else words


def _given(said: Mapping[str, Any]) -> str:
    return (
        f" ({', '.join(f'{name}: {_value(value)}' for name, value in said.items())})"
        if said
        else ""
    )
