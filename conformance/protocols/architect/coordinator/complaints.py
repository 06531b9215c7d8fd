"""How an agent tells that a value is of another type than the told one, learnt from the agent."""

from __future__ import annotations

from conformance.protocols.architect.survey import Call, Survey

__all__ = ["complaints_of"]


def complaints_of(survey: Survey) -> set[str]:
    """The kinds of reply that ill-typed values get.

    Sure are those where the call succeeds otherwise; where there are none, those are likely that
    several parameters get, and hardly any call with nothing wrong.
    """
    sure: set[str] = set()
    found: dict[str, set[tuple[str, str]]] = {}
    for call in survey.illtyped:
        full = survey.best(call.action.name)
        if call.answered and full is not None and full.answered and call.kind != full.kind:
            found.setdefault(call.kind, set()).add((call.action.name, call.parameter))
            if not survey.fails(full) and survey.fails(call) and _of_another_sort(call, full):
                sure.add(call.kind)
    fine = [each.kind for each in survey.full.values() if each.action.required]
    likely = {
        told
        for told, where in found.items()
        if len(where) > 1 and fine.count(told) <= len(fine) // 2
    }
    return (sure or likely) - {each.kind for each in survey.plain.values()}


def _of_another_sort(call: Call, full: Call) -> bool:
    """Is the changed value of another JSON type than the one that was taken?"""
    values = [each.asked.request.parameters[call.parameter] for each in (call, full)]
    return type(values[0]) is not type(values[1])
