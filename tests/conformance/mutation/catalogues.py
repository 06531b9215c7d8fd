"""The catalogues of wire mutants, each made once."""

from __future__ import annotations

from functools import cache

from conformance.mutation.catalogue import wire_mutants
from conformance.mutation.mutant import Mutant
from schemas import load, load_requirements
from schemas.spec import Role

__all__ = ["ROLES", "catalogue", "mutant"]

ROLES: tuple[Role, ...] = ("coordinator", "agent")


@cache
def catalogue(protocol: str, role: Role = "coordinator") -> dict[str, Mutant]:
    spec = load(protocol)
    return {each.name: each for each in wire_mutants(spec, load_requirements(spec), role)}


def mutant(protocol: str, name: str, role: Role = "coordinator") -> Mutant:
    return catalogue(protocol, role)[name]
