"""One mutant at work: what it changes, and how often it has."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.mutation import operators
from conformance.mutation.catalogue_fields import Field
from conformance.mutation.catalogue_places import Body, bodies
from conformance.mutation.mutant import Mutant
from mockserver.bodies import Bodies
from mockserver.json_text import read_json, write_json
from mockserver.router import Channels, Router
from schemas.spec import Protocol, Requirement, Role

if TYPE_CHECKING:
    from conformance.mutation.breaking.streams import Changing

__all__ = ["Breaker"]

_KEPT = 8
"""Earlier values that are remembered."""

_TOKEN = "token"  # noqa: S105  # part of a name


class Breaker:
    """What all connections of a proxy share while one mutant is tried. `noise` gives so
    many bytes, to mask frames with.
    """

    def __init__(
        self,
        protocol: Protocol,
        requirements: Mapping[str, Requirement],
        mutant: Mutant,
        role: Role,
        *,
        noise: Callable[[int], bytes] = bytes,
    ) -> None:
        self.protocol = protocol
        self.mutant = mutant
        self.role: Role = role
        self.router = Router(protocol)
        self.channels = Channels(protocol)
        self.bodies = Bodies(protocol)
        self.part, _, self.piece = mutant.part.partition(".")
        self.applied = 0
        self.failure: Exception | None = None
        """What went wrong here: it must not be taken for what the mutant does."""
        self.lines: list[Changing] = []
        """The open WebSockets."""
        rows = {name: row for name, row in requirements.items() if row.role == role}
        self._known = bodies(protocol, rows, role)
        self.noise = noise
        self._body = self._find_body()
        self._field = self._find_field()
        self._earlier: list[Any] = []
        self._tokens: list[str] = []

    def did(self) -> None:
        """The mutant was applied."""
        self.applied += 1

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Keep what goes wrong in the block, for whoever tries the mutant."""
        try:
            yield
        except Exception as error:
            self.failure = self.failure or error
            raise

    def message_of(self, channel: str, payload: Any) -> str:
        """Which of the role's messages this is; of those that no discriminator tells apart, the
        one of which the document knows most. Empty where it is none.
        """
        known = self.protocol.channels[channel]
        found = known.message(self.role, payload)
        if found is None:
            return ""
        alike = {
            each.id
            for each in known.messages.values()
            if each.sender == self.role and (not known.discriminator or each.type == found.type)
        }
        fit = [
            body for body in self._known if body.place.message in alike and body.accepts(payload)
        ]
        best = max(fit, key=lambda body: len(body.fields), default=None)
        return best.place.message if best else found.id

    def json(self, data: bytes) -> bytes | None:
        """A body or a message with its field changed; `None` where that cannot be."""
        try:
            changed = self.said(read_json(data))
        except ValueError:  # no JSON, or a text in it that is no Unicode
            return None
        return None if changed is operators.ABSENT else write_json(changed)

    def said(self, message: Any) -> Any:
        """The message with its field changed, or `ABSENT`. The one that came is remembered."""
        if self.mutant.operator == "token-swapped" and not self._is_field:
            return self._swapped(message)
        if self._field is None or self._body is None:
            return operators.ABSENT
        operator = "stale" if self.mutant.operator == "token-swapped" else self.mutant.operator
        changed = operators.broken(
            operator, message, self._field, self._body.accepts, self._earlier
        )
        self._earlier = (operators.values_at(message, self._field) or self._earlier)[-_KEPT:]
        return changed

    @property
    def _is_field(self) -> bool:
        return bool(self.mutant.pointer)

    def _swapped(self, message: Any) -> Any:
        """Each token is one that somebody else was given."""
        changed = copy.deepcopy(message)
        did = False
        for holder, key in list(_tokens(changed)):
            token = holder[key]
            other = next((each for each in self._tokens if each != token), None)
            self._tokens = [*(each for each in self._tokens if each != token), token][-_KEPT:]
            if other is not None:
                holder[key], did = other, True
        return changed if did else operators.ABSENT

    def _find_body(self) -> Body | None:
        """Where the mutant changes what is said, if it changes a body."""
        same = [each for each in self._known if each.place.subject == self.mutant.place]
        return next((each for each in same if each.part == self.part), None)

    def _find_field(self) -> Field | None:
        if self._body is None or self.piece not in ("", "body"):
            return None
        known = (each for each in self._body.fields if each.pointer == self.mutant.pointer)
        return next(known, None)


def _tokens(said: Any) -> Iterator[tuple[Any, Any]]:
    """The objects and keys under which tokens stand."""
    if isinstance(said, dict):
        for key, value in said.items():
            if isinstance(value, str) and _TOKEN in key.lower():
                yield said, key
            yield from _tokens(value)
    elif isinstance(said, list):
        for value in said:
            yield from _tokens(value)
