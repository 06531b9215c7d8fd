"""Which peers `assay mutate` breaks."""

from __future__ import annotations

import argparse

from conformance.cli.launch import refuse_unless
from conformance.mutation.peers import BehaviourPeers, Peers
from conformance.mutation.providers import CHECKOUT, find_provider
from schemas.spec import Protocol

__all__ = ["found_peers"]


def found_peers(arguments: argparse.Namespace, protocol: Protocol) -> list[Peers]:
    """What was asked for. Raises `PackError` where it cannot be had."""
    found: list[Peers] = []
    if arguments.source != "wire":
        found += _behaviour(arguments, protocol)
    return found


def _behaviour(arguments: argparse.Namespace, protocol: Protocol) -> list[Peers]:
    provider = find_provider(arguments.mutants)
    hint = f"--mutants MODULE offers some; in a checkout of Assay it is {CHECKOUT}"
    there = provider is not None or arguments.source != "behaviour"
    refuse_unless(there, "--source", "there are no peers that misbehave here", None, hint)
    return [BehaviourPeers(provider, protocol.id, arguments.role)] if provider else []
