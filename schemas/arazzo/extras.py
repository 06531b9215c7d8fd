"""The fields that Arazzo lacks, understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from schemas.arazzo.model import Deed, DeedKind, Reply, Times
from schemas.arazzo.page import Page, Spot

__all__ = ["deeds", "extras"]

_KINDS: tuple[DeedKind, ...] = get_args(DeedKind)


def extras(page: Page, said: Mapping[str, Any], at: Spot) -> dict[str, Any]:
    """A step's, as `Step` takes them."""
    return {
        "requirements": tuple(said.get("x-requirements", ())),
        "unlawful": said.get("x-unlawful", False),
        "client": said.get("x-client", "client"),
        "identity": page.value(said.get("x-identity", {}), (*at, "x-identity")),
        "opens": said.get("x-open", False),
        "closes": 0 if said.get("x-close") == "any" else said.get("x-close"),
        "within": said.get("x-within"),
        "times": _times(page, said.get("x-times", {}), (*at, "x-times")),
        "optional": said.get("x-optional", False),
        "unordered": said.get("x-unordered", ""),
        "never": said.get("x-never", False),
        "reply": _reply(page, said["x-reply"], (*at, "x-reply")) if "x-reply" in said else None,
        "push": page.value(said.get("x-push"), (*at, "x-push")),
        "has_push": "x-push" in said,
        "faults": tuple(said.get("x-faults", ())),
        "before": deeds(page, said.get("x-before", ()), (*at, "x-before")),
        "after": deeds(page, said.get("x-after", ()), (*at, "x-after")),
    }


def _times(page: Page, said: int | Mapping[str, int], at: Spot) -> Times:
    if isinstance(said, int):
        return Times(said)
    times = Times(said.get("least", 1), said.get("most"))
    if times.most is not None and times.most < times.least:
        page.complain(at, f"at most {times.most} times is fewer than {times.least}", said)
    return times


def _reply(page: Page, said: Mapping[str, Any], at: Spot) -> Reply:
    return Reply(
        status=said.get("status", 200),
        headers=page.value(said.get("headers", {}), (*at, "headers")),
        body=page.value(said.get("body"), (*at, "body")),
        text=page.value(said.get("text"), (*at, "text")),
    )


def deeds(page: Page, said: Sequence[Mapping[str, Any]], at: Spot) -> tuple[Deed, ...]:
    """A list of deeds; one that does nothing, or two things, is complained about."""
    found = []
    for index, each in enumerate(said):
        here = (*at, str(index))
        kinds = [kind for kind in _KINDS if kind in each]
        if len(kinds) != 1:
            what = " and ".join(kinds) or "nothing"
            page.complain(
                here, f"a deed does one thing, and this one {what}", each, ", ".join(_KINDS)
            )
            continue
        kind = kinds[0]
        found.append(
            Deed(
                kind=kind,
                value=each[kind] if kind == "fault" else page.value(each[kind], (*here, kind)),
                said=page.value(each.get("with", {}), (*here, "with")),
                connection=each.get("connection", ""),
                output=each.get("as", ""),
            )
        )
    return tuple(found)
