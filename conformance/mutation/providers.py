"""Where mutants that misbehave come from: a module that knows peers broken on purpose.

Those of the shipped protocols live in a checkout's tests; for a protocol of one's own, or for one's
own coordinator, any module can offer some.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable

import conformance
from conformance.mutation.candidates import Candidate
from conformance.target import Target
from schemas.errors import PackError, Problem, nearest
from schemas.spec import Role

__all__ = ["CHECKOUT", "Provider", "find_provider"]

CHECKOUT = "tests.mutants.provider"
"""The module that offers the peers of a checkout."""

_NAME = "PROVIDER"


@runtime_checkable
class Provider(Protocol):
    """Peers broken on purpose, and lawful ones.

    Where it knows none of a protocol or a role, it offers none.
    """

    def candidates(self, protocol: str, role: Role) -> Sequence[Candidate]:
        """The mutants; each names as its `reading` the lawful peer that it deviates from."""
        ...

    def lawful(self, protocol: str, role: Role) -> Sequence[str]:
        """The names of the lawful peers: each takes another of the readings that are open. The
        first agent is the one that is broken on the wire: best one that says everything.
        """
        ...

    def coordinator(
        self, protocol: str, reading: str, mutant: str
    ) -> AbstractAsyncContextManager[Target]:
        """A coordinator that listens, with a mutant's fault, or whole where that is empty."""
        ...

    def agent(self, protocol: str, reading: str, mutant: str) -> Sequence[str]:
        """The command of an agent, with the placeholders of `assay test --role agent`."""
        ...


def find_provider(named: str) -> Provider | None:
    """The provider of `MODULE[:NAME]`; without a name that of the checkout, or `None` where there
    is no checkout. Raises `PackError` where what is named is not there, or is no provider.
    """
    if not named and not _in_checkout():
        return None
    module, _, name = (named or CHECKOUT).partition(":")
    sys.path.append(str(Path.cwd()))  # behind everything: it only adds
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        hint = "a module of yours is looked for in the working directory and on PYTHONPATH"
        raise _refusal(f"cannot be imported: {error}", module, hint) from error
    name = name or _NAME
    found = getattr(loaded, name, None)
    if found is None:
        hint = nearest(name, (each for each in vars(loaded) if not each.startswith("_")))
        raise _refusal(f"{module} has no {name}", named, hint)
    if not isinstance(found, Provider):
        offers = "candidates, lawful, coordinator and agent"
        raise _refusal(f"{name} is no provider: it does not offer {offers}", named, "")
    return found


def _in_checkout() -> bool:
    """Do our own tests lie beside us? A module of the same name may be anybody's."""
    home = Path(conformance.__file__).resolve().parent.parent
    return home.joinpath(*CHECKOUT.split(".")).with_suffix(".py").is_file()


def _refusal(message: str, value: str, hint: str) -> PackError:
    return PackError(Problem(file="--mutants", message=message, value=value or None, hint=hint))
