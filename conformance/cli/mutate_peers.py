"""Which peers `assay mutate` breaks."""

from __future__ import annotations

import argparse
import asyncio
import shutil

from conformance.cli.launch import asked_target, is_base_url, refuse_unless
from conformance.cli.reach import unreachable
from conformance.mutation.peers import BehaviourPeers, Peers
from conformance.mutation.providers import CHECKOUT, Provider, find_provider
from conformance.mutation.wire_peers import WireAgent, WireCoordinator
from conformance.target import Target
from schemas import load_requirements
from schemas.spec import Protocol

__all__ = ["UnreachableError", "found_peers"]


class UnreachableError(Exception):
    """The peer that was given cannot be reached, or started."""


def found_peers(arguments: argparse.Namespace, protocol: Protocol) -> list[Peers]:
    """What was asked for; a peer that is given is broken on the wire alone.

    Raises `PackError` where it cannot be had, and `UnreachableError`.
    """
    _check(arguments)
    agent = arguments.role == "agent"
    given = bool(arguments.peer_command or (arguments.url or (arguments.target and not agent)))
    needed = not given and (agent or arguments.source != "wire")
    provider = find_provider(arguments.mutants) if needed else None
    found: list[Peers] = []
    if arguments.source != "behaviour":
        found += _wire(arguments, protocol, provider)
    if arguments.source != "wire" and not given:
        found += _behaviour(arguments, protocol, provider)
    return found


def _check(arguments: argparse.Namespace) -> None:
    coordinator = arguments.role == "coordinator"
    given = arguments.peer_command if not coordinator else arguments.url or arguments.target
    refuse_unless(
        not (given and arguments.source == "behaviour"),
        "--source",
        "a peer that is given is broken on the wire: it does not misbehave by itself",
        "behaviour",
    )
    refuse_unless(
        coordinator or not arguments.url, "--url", "is for --role coordinator", arguments.url
    )
    refuse_unless(
        not (coordinator and arguments.peer_command), "--", "a command is for --role agent", None
    )


def _wire(
    arguments: argparse.Namespace, protocol: Protocol, provider: Provider | None
) -> list[Peers]:
    rows = load_requirements(protocol)
    given = bool(arguments.url or arguments.target)
    target = asked_target(arguments, protocol) if given else None
    if arguments.role == "agent":
        command = _agent(arguments, protocol, provider)
        agent = (protocol, rows, command, target or Target())
        return [WireAgent(*agent, seed=arguments.seed)] if command else []
    if target is not None:
        hint = "give the coordinator's base URL with --url http://HOST:PORT or in the target file"
        known = is_base_url(target.url)
        refuse_unless(known, "--url", "is not the URL of a coordinator", target.url or None, hint)
        reason = asyncio.run(unreachable(target))
        if reason:
            raise UnreachableError(reason)
    seed, timeout = arguments.seed, arguments.timeout
    return [WireCoordinator(protocol, rows, target, seed=seed, timeout=timeout)]


def _agent(
    arguments: argparse.Namespace, protocol: Protocol, provider: Provider | None
) -> list[str]:
    """The command that is given, or that of the provider's first lawful agent."""
    command: list[str] = arguments.peer_command
    if not command and provider is not None:
        lawful = [*provider.lawful(protocol.id, "agent")]
        return [*provider.agent(protocol.id, lawful[0], "")] if lawful else []
    hint = "give the agent's command behind --, as to assay test --role agent"
    needed = bool(command) or arguments.source != "wire"
    refuse_unless(needed, "--", "there is no agent to break", None, hint)
    if command and shutil.which(command[0]) is None:
        raise UnreachableError(f"{command[0]} cannot be started: no such command")
    return command


def _behaviour(
    arguments: argparse.Namespace, protocol: Protocol, provider: Provider | None
) -> list[Peers]:
    hint = f"--mutants MODULE offers some; in a checkout of Assay it is {CHECKOUT}"
    there = provider is not None or arguments.source != "behaviour"
    refuse_unless(there, "--source", "there are no peers that misbehave here", None, hint)
    return [BehaviourPeers(provider, protocol.id, arguments.role)] if provider else []
