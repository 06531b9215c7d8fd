"""CPU time that a server spends on one request, over a keep-alive connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks.client import Connection
from benchmarks.process import Server
from benchmarks.workloads import REGISTRATIONS, WORKLOADS, Workload

__all__ = ["Plan", "cpu_per_request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is asked of each server, workload by workload."""

    warm_up: int
    rounds: int
    requests: int


def cpu_per_request(servers: Sequence[Server], plan: Plan) -> dict[str, dict[str, float]]:
    """Microseconds a request: workload to server to the median of the rounds.

    The servers take turns within each round, in an order that shifts from round to round, so that
    what else the machine does falls on all of them alike.
    """
    taken: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        pairs = [(server, stack.enter_context(Connection(server.port))) for server in servers]
        for server, line in pairs:
            line.load(REGISTRATIONS, len(REGISTRATIONS), 200)
            for work in WORKLOADS:
                line.load(work.requests, plan.warm_up, _status(server, work))
        for _ in range(plan.rounds):
            pairs = [*pairs[1:], pairs[0]]
            for work in WORKLOADS:
                for server, line in pairs:
                    before = server.cpu()
                    line.load(work.requests, plan.requests, _status(server, work))
                    spent = (server.cpu() - before) / plan.requests * 1e6
                    taken.setdefault((work.name, server.name), []).append(spent)
    return {
        work.name: {server.name: median(taken[work.name, server.name]) for server in servers}
        for work in WORKLOADS
    }


def _status(server: Server, work: Workload) -> int:
    return work.status if server.validates else 200
