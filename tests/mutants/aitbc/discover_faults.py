"""Faults in the filters of a discovery."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .coordinator import Coordinator
from .fault import Aimed, Fault, Row, Section, expand
from .model import AGENT_TYPES, STATUSES, Agent, Call, Env, Json, Obj, Op, RefusalError, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .reading import Reading

__all__ = ["DISCOVER_FAULTS"]

_SECTION: Final[Section] = "Discover Agents"

FILTERS: Final = ("status", "agent_type", "capabilities", "services")
_LISTS: Final = ("capabilities", "services")
_FEW: Final = ("first_hundred",)


class _Ignored(Aimed):
    def set_filters(self, query: Obj) -> list[str]:
        return [name for name in super().set_filters(query) if name != self.target]


class _OldIndex(Aimed):
    """Finds an agent by what it registered with before, too."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._was: dict[str, list[Agent]] = {}

    async def enroll(self, data: Obj) -> Agent:
        agent = await super().enroll(data)
        self._was.setdefault(agent.agent_id, []).append(replace(agent))
        return agent

    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        before = self._was.get(agent.agent_id, []) if name == self.target else []
        return any(super(_OldIndex, self).passes(each, name, wanted) for each in (agent, *before))


class _Ored(Coordinator):
    def matches(self, agent: Agent, query: Obj) -> bool:
        names = self.set_filters(query)
        return not names or any(self.passes(agent, name, query[name]) for name in names)


class _LastFilterOnly(Coordinator):
    def set_filters(self, query: Obj) -> list[str]:
        return super().set_filters(query)[-1:]


class _FirstFilterOnly(Coordinator):
    def set_filters(self, query: Obj) -> list[str]:
        return super().set_filters(query)[:1]


class _FirstItem(Aimed):
    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        return super().passes(agent, name, wanted[:1] if name == self.target else wanted)


class _TwoItems(Aimed):
    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        return super().passes(agent, name, wanted[:2] if name == self.target else wanted)


class _FirstHundred(Aimed):
    """Looks only at the first hundred entries that the agent has."""

    def covers(self, held: Sequence[str], wanted: Sequence[str], need: str) -> bool:
        return super().covers(held[:100], wanted, need)


class _EmptyFindsNobody(Coordinator):
    def select(self, query: Obj) -> list[Agent]:
        return [] if query.get("capabilities") == [] else super().select(query)


class _LastItem(Aimed):
    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        return super().passes(agent, name, wanted[-1:] if name == self.target else wanted)


class _FirstHeld(Aimed):
    """Looks only at the first entry that the agent has."""

    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        if name == self.target:
            held: list[str] = getattr(agent, name)
            return bool(held[:1] == wanted[:1])
        return super().passes(agent, name, wanted)


class _Exact(Aimed):
    """Demands equality of lists where an agent may have more."""

    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        if name == self.target:
            return bool(getattr(agent, name) == wanted)
        return super().passes(agent, name, wanted)


class _Inverted(Aimed):
    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        return super().passes(agent, name, wanted) != (name == self.target)


class _Compared(Aimed):
    """Compares strings loosely; `target` is `filter:manner`."""

    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        target, manner = self.target.split(":")
        if name != target:
            return super().passes(agent, name, wanted)
        alike = MANNERS[manner]
        if name in _LISTS:
            held: list[str] = getattr(agent, name)
            return all(any(alike(have, want) for have in held) for want in wanted)
        return alike(str(getattr(agent, name)), wanted)


MANNERS: Final[Mapping[str, Callable[[str, str], bool]]] = MappingProxyType(
    {
        "substring": lambda have, want: want in have,
        "superstring": lambda have, want: have in want,
        "prefix": lambda have, want: have.startswith(want),
        "case_blind": lambda have, want: have.lower() == want.lower(),
    }
)


class _FirstStatus(Coordinator):
    """Filters on the status from registration."""

    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        if name == "status":
            return bool(self.reading.first_status == wanted)
        return super().passes(agent, name, wanted)


class _OtherList(Aimed):
    """Looks for one kind of list in the other; `both` looks in the two together."""

    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        if name not in _LISTS or self.target not in (name, "both"):
            return super().passes(agent, name, wanted)
        other = agent.services if name == "capabilities" else agent.capabilities
        held = [*agent.capabilities, *agent.services] if self.target == "both" else other
        return self.covers(held, wanted, "all")


class _AnyCapability(Coordinator):
    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        if name == "capabilities":
            return self.covers(agent.capabilities, wanted, "any")
        return super().passes(agent, name, wanted)


class _Leaking(Coordinator):
    """Filters of earlier requests stay in force: a mutable default."""

    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._query: Obj = {}

    def select(self, query: Obj) -> list[Agent]:
        self._query.update(query)
        return super().select(self._query)


class _OnlyActive(Coordinator):
    def matches(self, agent: Agent, query: Obj) -> bool:
        return super().matches(agent, {"status": "active", **query})


class _BusyIsActive(Coordinator):
    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        if name == "status" and wanted == "active":
            return self.status_of(agent) in ("active", "busy")
        return super().passes(agent, name, wanted)


class _ValueRefused(Aimed):
    """One listed value of a filter is refused; `target` is `filter:value`."""

    def accept(self, op: Op, body: Json) -> Obj:
        data = super().accept(op, body)
        name, value = self.target.split(":")
        if op is Op.DISCOVER and data.get(name) == value:
            raise RefusalError(422, f"Validation error: {name}: unknown value")
        return data


class _FilterRequired(Aimed):
    def accept(self, op: Op, body: Json) -> Obj:
        data = super().accept(op, body)
        missing = not data if self.target == "some filter" else self.target not in data
        if op is Op.DISCOVER and missing:
            raise RefusalError(422, f"Validation error: {self.target}: field required")
        return data


class _Malformed(Aimed):
    """What should be refused becomes an answer; `target` is a status."""

    def refused(self, call: Call, refusal: RefusalError) -> Reply:
        reply = super().refused(call, refusal)
        if call.op is Op.DISCOVER:
            return replace(reply, status=int(self.target))
        return reply


class _BothListsCrash(Coordinator):
    def select(self, query: Obj) -> list[Agent]:
        if query.get("capabilities") and query.get("services"):
            message = "unhashable type: 'list'"
            raise TypeError(message)
        return super().select(query)


class _ManyCrash(Coordinator):
    """A query with more than five entries in a list breaks."""

    def select(self, query: Obj) -> list[Agent]:
        if len(query.get("capabilities", ())) > 5:
            message = "too many SQL variables"
            raise RuntimeError(message)
        return super().select(query)


class _OtherQuery(Aimed):
    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._before: Obj = {}

    def query_echo(self, sent: Obj, query: Obj) -> Obj:
        before, self._before = self._before, query
        if self.target == "previous":
            return before
        return {name: str(value).upper() for name, value in query.items()}


def _faults() -> Iterator[Fault]:
    rows: tuple[tuple[str, str, type[Coordinator]], ...] = (
        ("filters.ored", "one passing filter is enough", _Ored),
        ("filters.last_only", "only the last filter counts", _LastFilterOnly),
        ("filters.first_only", "only the first filter counts", _FirstFilterOnly),
        ("filters.leak", "filters of earlier requests stay in force", _Leaking),
        ("filters.both_lists_crash", "two list filters together fail with 500", _BothListsCrash),
        ("filters.many_crash", "more than five capabilities fail with 500", _ManyCrash),
        ("status.from_registration", "filters on the status at registration", _FirstStatus),
        ("status.active_by_default", "shows active agents unless told otherwise", _OnlyActive),
        ("status.busy_is_active", "busy agents pass for active ones", _BusyIsActive),
    )
    for name, summary, make in rows:
        yield Fault(name=f"discover.{name}", summary=summary, section=_SECTION, make=make)
    yield Fault(
        name="discover.capabilities.any",
        summary="one of the required capabilities is enough",
        section=_SECTION,
        make=_AnyCapability,
        implied=True,
    )
    yield Fault(
        name="discover.capabilities.empty_finds_nobody",
        summary="an empty list of capabilities finds nobody",
        section=_SECTION,
        make=_EmptyFindsNobody,
        implied=True,
    )


def _filter_rows() -> Iterator[Row]:
    compared = [f"{name}:{manner}" for name in _LISTS for manner in MANNERS]
    compared += ["status:substring", "status:superstring"]
    values = [f"status:{value}" for value in STATUSES]
    values += [f"agent_type:{value}" for value in AGENT_TYPES]
    needed = (*FILTERS, "some filter")
    indexed = ("agent_type", "capabilities", "services")
    yield "discover.{}.ignored", "the filter {} is ignored", _SECTION, _Ignored, FILTERS
    yield "discover.{}.old_index", "old {} are found as well", _SECTION, _OldIndex, indexed
    yield "discover.{}.inverted", "the filter {} is turned round", _SECTION, _Inverted, FILTERS
    yield "discover.{}", "a filter compares loosely: {}", _SECTION, _Compared, compared
    yield "discover.{}.refused", "a listed value is refused: {}", _SECTION, _ValueRefused, values
    yield "discover.{}.required", "{} is demanded", _SECTION, _FilterRequired, needed
    yield "discover.refusal_as_{}", "refusals have status {}", _SECTION, _Malformed, ("200", "500")


def _list_filter_rows() -> Iterator[Row]:
    others = (*_LISTS, "both")
    name = "discover.{}."
    yield name + "first_item_only", "only the first of the {} counts", _SECTION, _FirstItem, _LISTS
    yield name + "two_items_only", "only two of the {} count", _SECTION, _TwoItems, _LISTS
    yield "discover.held.{}", "of an agent's entries count the {}", _SECTION, _FirstHundred, _FEW
    yield name + "last_item_only", "only the last of the {} counts", _SECTION, _LastItem, _LISTS
    yield name + "first_held_only", "only an agent's first of {}", _SECTION, _FirstHeld, _LISTS
    yield name + "exact", "an agent may not have more {}", _SECTION, _Exact, _LISTS
    yield name + "other_list", "looks in the wrong list: {}", _SECTION, _OtherList, others


def _implied_rows() -> Iterator[Row]:
    echoes = ("previous", "altered")
    yield "discover.query.{}", "query is wrong: {}", _SECTION, _OtherQuery, echoes


def _loose_type_rows() -> Iterator[Row]:
    """Peers that check filters against the lists never get to compare such values."""
    compared = [f"agent_type:{manner}" for manner in MANNERS]
    yield "discover.{}", "a filter compares loosely: {}", _SECTION, _Compared, compared


DISCOVER_FAULTS: Final = (
    *_faults(),
    *expand(_filter_rows()),
    *expand(_list_filter_rows()),
    *expand(_implied_rows(), implied=True),
    *expand(_loose_type_rows(), implied=True, reading="lenient"),
)
