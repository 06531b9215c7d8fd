"""How often Caxton may be asked, and what it measures."""

from __future__ import annotations

import math
from typing import Any

import orjson
import pytest

from mockserver.passage import Outcome
from mockserver.protocols.caxton.limits import GROUP_OF, GROUPS, Limits
from tests.mockserver.conftest import START
from tests.mockserver.protocols.caxton_harbour import TOKEN, Harbour

LIMITED = (429, "RATE_LIMITED")
LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


def test_without_limits_nothing_is_counted() -> None:
    harbour = Harbour(limits=False)
    outcomes = [harbour.deploy() for _ in range(30)]
    assert {outcome.status for outcome in outcomes} == {201}
    assert all(LIMIT not in outcome.headers for outcome in outcomes)


def test_twenty_deployments_and_then_one_in_six_seconds(harbour: Harbour) -> None:
    for left in range(19, -1, -1):
        outcome = harbour.deploy()
        assert outcome.status == 201
        assert (outcome.headers[LIMIT], outcome.headers[REMAINING]) == ("10", str(left))
        assert int(outcome.headers[RESET]) == math.ceil(START + 6)
    refused = harbour.deploy()
    assert harbour.read(refused) == LIMITED
    assert refused.headers[REMAINING] == "0"
    assert refused.headers["Retry-After"] == "6"
    assert orjson.loads(refused.body)["error"]["details"] == {"retry_after_seconds": 6}
    assert len(harbour.listed()) == 20
    harbour.pass_time(5.9)
    assert harbour.read(harbour.deploy()) == LIMITED
    harbour.pass_time(int(refused.headers[RESET]) - harbour.now())
    assert harbour.deploy().status == 201
    assert harbour.read(harbour.deploy()) == LIMITED
    harbour.pass_time(3600)
    assert harbour.deploy().headers[REMAINING] == "19"


def test_bad_requests_count_and_refused_ones_do_not(harbour: Harbour) -> None:
    for _ in range(10):
        outcome = harbour.deploy(wasm=b"nothing")
    assert (outcome.status, outcome.headers[REMAINING]) == (400, "10")
    for _ in range(5):
        harbour.send("POST", "/agents", b"", label="multipart/form-data; boundary=x")
    for _ in range(50):
        assert harbour.send("POST", "/agents", token="wrong").status == 401
    assert harbour.deploy().headers[REMAINING] == "4"


def test_limits_are_a_clients_own(harbour: Harbour) -> None:
    harbour.command("grant", token="second")
    for _ in range(21):
        outcome = harbour.deploy()
    assert outcome.status == 429
    outcome = harbour.send("POST", "/agents", b"", token="second")
    assert outcome.headers[REMAINING] == "19"
    assert TOKEN not in str(harbour.state["limits"])


def test_one_limit_leaves_the_others(harbour: Harbour) -> None:
    agent = harbour.agent()
    for _ in range(25):
        harbour.deploy()
    assert harbour.say(agent)["status"] == "delivered"
    assert harbour("GET", "/metrics/system")["agents"]["total"] == 20
    stop = harbour.send("POST", f"/agents/{agent}/stop")
    assert (stop.headers[LIMIT], stop.headers[REMAINING]) == ("50", "99")


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_bucket_holds_the_burst_and_regains_the_rate(group: Any) -> None:
    operation = next(name for name, each in GROUP_OF.items() if each is group)
    limits = Limits(limit_is_burst=False)
    first = [limits.take("t", operation, START) for _ in range(group.burst + 5)]
    assert [bool(each and each.allowed) for each in first] == [True] * group.burst + [False] * 5
    later = [limits.take("t", operation, START + group.per) for _ in range(group.rate + 5)]
    assert sum(bool(each and each.allowed) for each in later) == group.rate
    last = later[-1]
    assert last is not None
    then = START + group.per + last.wait
    again = limits.take("t", operation, then)
    assert again is not None
    assert again.allowed
    assert int(last.headers[RESET]) >= then


def test_reading_is_free(harbour: Harbour) -> None:
    agent = harbour.agent()
    for path in ("/agents", f"/agents/{agent}", "/messages"):
        assert not any(name.startswith("X-Rate") for name in harbour.send("GET", path).headers)


def test_every_limited_answer_has_the_headers(harbour: Harbour) -> None:
    for operation, group in GROUP_OF.items():
        found = harbour.mock.protocol.operations[operation]
        if found.is_rpc:
            continue
        path = found.path.removeprefix("/api/v1").replace("{", "").replace("}", "")
        outcome = harbour.send(found.method, path)
        assert outcome.status >= 400 or operation == "getSystemMetrics"
        assert outcome.headers[LIMIT] == str(group.rate)


def test_other_dialect_tells_the_burst() -> None:
    outcome = Harbour("deployed").send("GET", "/metrics/system")
    assert (outcome.headers[LIMIT], outcome.headers[REMAINING]) == ("200", "199")


# Metrics


def _system(harbour: Harbour) -> dict[str, Any]:
    return harbour("GET", "/metrics/system")


def _metrics(harbour: Harbour, agent: str, period: str = "1h") -> dict[str, Any]:
    said = harbour("GET", f"/metrics/agents/{agent}?period={period}")
    assert (said["agent_id"], said["period"]) == (agent, period)
    metrics: dict[str, Any] = said["metrics"]
    return metrics


def test_system_counts_what_is_there(harbour: Harbour) -> None:
    empty = _system(harbour)
    assert empty["agents"] == {"total": 0, "running": 0, "failed": 0}
    assert empty["messages"] == {"total_processed": 0, "rate_per_second": 0, "queue_size": 0}
    assert empty["performance"]["message_latency_p99"] == 0
    agents = [harbour.agent() for _ in range(5)]
    harbour.command("fail_agent", agent=agents[0])
    harbour("POST", f"/agents/{agents[1]}/stop")
    for _ in range(30):
        harbour.say(agents[2])
    busy = _system(harbour)
    assert busy["agents"] == {"total": 5, "running": 3, "failed": 1}
    assert busy["messages"] == {"total_processed": 30, "rate_per_second": 30, "queue_size": 30}
    harbour.pass_time(10)
    calm = _system(harbour)
    assert calm["messages"] == {"total_processed": 30, "rate_per_second": 3, "queue_size": 0}
    performance = calm["performance"]
    assert 0 < performance["message_latency_p50"] <= performance["message_latency_p99"]
    resources = calm["resources"]
    assert 0 < resources["cpu_usage_percent"] <= 100
    assert resources["memory_used_mb"] > empty["resources"]["memory_used_mb"]
    total = resources["memory_used_mb"] + resources["memory_available_mb"]
    assert total == pytest.approx(8192)
    harbour("DELETE", f"/agents/{agents[2]}")
    assert _system(harbour)["messages"]["total_processed"] == 30


def test_agent_is_measured_over_a_period(harbour: Harbour) -> None:
    agent, other = harbour.agent(), harbour.agent()
    for _ in range(4):
        harbour.say(agent, "inform")
    harbour.pass_time(600)
    for _ in range(3):
        harbour.say(agent, "inform")
    counted = {each: _metrics(harbour, agent, each)["messages_processed"] for each in ("5m", "1h")}
    assert counted == {"5m": 3, "1h": 7}
    assert _metrics(harbour, other)["messages_processed"] == 0
    metrics = _metrics(harbour, agent, "1d")
    assert metrics["cpu_usage"]["average"] <= metrics["cpu_usage"]["peak"] <= 1
    assert metrics["memory_usage"]["average_mb"] <= metrics["memory_usage"]["peak_mb"] <= 128
    assert metrics["average_latency_ms"] > 0


def test_failures_are_told_by_their_kind(harbour: Harbour) -> None:
    agent = harbour.agent()
    harbour.say(agent)
    harbour.command("fail_agent", agent=agent)
    message = {"performative": "inform", "receiver": agent, "content": {}}
    for _ in range(2):
        harbour.send("POST", "/messages", message)
    metrics = _metrics(harbour, agent)
    assert metrics["messages_failed"] == 3
    assert {each["error"]: each["count"] for each in metrics["errors"]} == {
        "crash": 1,
        "undeliverable": 2,
    }
    harbour.pass_time(600)
    assert _metrics(harbour, agent, "5m")["errors"] == []
    assert metrics["memory_usage"] == {"average_mb": 0, "peak_mb": 0}


@pytest.mark.parametrize("period", ["", "0", "0h", "h", "1y", "-1h", "1h%20", "1h5"])
def test_bad_period_is_refused(harbour: Harbour, period: str) -> None:
    agent = harbour.agent()
    refusal = harbour.refused("GET", f"/metrics/agents/{agent}?period={period}")
    assert refusal == (400, "INVALID_REQUEST")


def test_period_is_an_hour_where_none_is_named(harbour: Harbour) -> None:
    agent = harbour.agent()
    assert harbour("GET", f"/metrics/agents/{agent}")["period"] == "1h"
    outcome = harbour.send("GET", f"/metrics/agents/{agent}?period=1h30m")
    assert isinstance(outcome, Outcome)
    assert outcome.status == 200
