"""What a scenario wants done beside its steps: by the target's hooks, or by the suite itself where
it knows a way of the protocol's own.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from conformance.clients import HttpClient
from conformance.hooks import Hooks, Keep
from conformance.ids import IdSource
from conformance.target import Target
from schemas.spec import Protocol

__all__ = ["Errand", "Errands", "own_errands"]

Errand: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Any]]
"""Does what a hook of its name does, with these values. Raises `UnjudgeableError`."""


class Errands(Hooks):
    """The target's hooks, and the suite's `own` errands where the target has no hook of a name."""

    def __init__(
        self,
        target: Target,
        own: Mapping[str, Errand],
        keep: Keep = lambda *_: None,
    ) -> None:
        super().__init__(target, keep)
        self._own = own

    async def __call__(self, name: str, values: Mapping[str, Any]) -> Any:
        errand = None if name in self.target.hooks else self._own.get(name)
        return await (super().__call__(name, values) if errand is None else errand(values))


def own_errands(protocol: Protocol, peer: HttpClient, ids: IdSource) -> Mapping[str, Errand]:
    """What the suite can do itself, by the name of the hook in whose stead it does it: none, for
    most protocols.
    """
    name = f"conformance.protocols.{protocol.id}.errands"
    if importlib.util.find_spec(name) is None:
        return {}
    known: Mapping[str, Errand] = importlib.import_module(name).errands(peer, ids)
    return known
