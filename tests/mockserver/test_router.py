"""Method and path to operation."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.router import Channels, Router
from schemas import Operation, Protocol, load


@pytest.fixture(scope="module")
def router(aitbc: Protocol) -> Router:
    return Router(aitbc)


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        ("POST", "/agents/register", "registerAgent", {}),
        ("GET", "/agents/a-1", "getAgent", {"agent_id": "a-1"}),
        ("GET", "/agents/register", "getAgent", {"agent_id": "register"}),
        ("PUT", "/agents/a/status", "updateAgentStatus", {"agent_id": "a"}),
        ("GET", "/agents/a%2Fb", "getAgent", {"agent_id": "a/b"}),
        ("GET", "/agents/%C3%A9%20%E4%B8%96", "getAgent", {"agent_id": "é 世"}),
        ("GET", "/agents/a+b", "getAgent", {"agent_id": "a+b"}),
        ("GET", "/agents/%2525", "getAgent", {"agent_id": "%25"}),
        ("GET", "/agents/%ZZ", "getAgent", {"agent_id": "%ZZ"}),
        ("GET", "/agents/..", "getAgent", {"agent_id": ".."}),
        ("POST", "/tasks/queues/low/clear", "clearQueue", {"priority": "low"}),
        ("GET", "/tasks/queues/stats", "getQueueStatistics", {}),
    ],
)
def test_router_finds_the_operation(
    router: Router, method: str, path: str, operation: str, parameters: dict[str, str]
) -> None:
    match = router.match(method, path)
    assert match.operation is not None
    assert match.operation.id == operation
    assert match.parameters == parameters


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/health/",
        "//health",
        "/HEALTH",
        "/agents",
        "/agents/",
        "/agents//status",
        "/agents/a/b/status",
        "/agents/a/status/",
        "/heal%74h",
        "/tasks/queues//clear",
    ],
)
def test_router_knows_no_other_path(router: Router, path: str) -> None:
    match = router.match("GET", path)
    assert match.operation is None
    assert match.allowed == ()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/health", ("GET",)),
        ("HEAD", "/health", ("GET",)),
        ("get", "/health", ("GET",)),
        ("POST", "/agents/a", ("GET",)),
        ("GET", "/agents/a/status", ("PUT",)),
        ("GET", "/tasks/queues/low/clear", ("POST",)),
    ],
)
def test_router_tells_what_a_known_path_takes(
    router: Router, method: str, path: str, allowed: tuple[str, ...]
) -> None:
    match = router.match(method, path)
    assert match.operation is None
    assert match.allowed == allowed


def test_router_tells_the_methods_of_the_path_that_is_spelt_out(router: Router) -> None:
    # `register` can be an agent's id as well, but OpenAPI lets the concrete path go first
    assert router.match("DELETE", "/agents/register").allowed == ("POST",)


def _protocol(aitbc: Protocol, *paths: str) -> Protocol:
    fields: dict[str, Any] = {name: getattr(aitbc, name) for name in Protocol.__slots__}
    operations = [
        Operation(
            id=path,
            method="GET",
            path=path,
            summary="",
            section="",
            capability="",
            request=None,
            request_required=False,
            request_example=None,
            responses={},
        )
        for path in paths
    ]
    return Protocol(**{**fields, "operations": {each.id: each for each in operations}})


def test_router_prefers_fewer_parameters_whatever_the_order(aitbc: Protocol) -> None:
    paths = ["/{a}/{b}", "/x/{b}", "/{a}/y", "/x/y"]
    for order in (paths, paths[::-1]):
        router = Router(_protocol(aitbc, *order))
        found = {path: router.match("GET", path).operation for path in ("/x/y", "/x/z", "/w/z")}
        assert {path: each and each.id for path, each in found.items()} == {
            "/x/y": "/x/y",
            "/x/z": "/x/{b}",
            "/w/z": "/{a}/{b}",
        }


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/v1/agents/a-1/task-stream", {"id": "a-1"}),
        ("/api/v1/agents/a%2Fb/task-stream", {"id": "a/b"}),
        ("/api/v1/agents//task-stream", None),
        ("/api/v1/agents/a/b/task-stream", None),
        ("/api/v1/agents/a-1/task-stream/", None),
        ("/api/v1/agents/a-1/tasks", None),
    ],
)
def test_channels_may_have_parameters(path: str, parameters: dict[str, str] | None) -> None:
    found = Channels(load("stella")).match(path)
    assert (found and (found[0].id, found[1])) == (parameters and ("taskStream", parameters))


def test_a_channel_without_parameters_is_found_by_its_path_alone() -> None:
    channels = Channels(load("echocenter"))
    found = channels.match("/api/ws")
    assert found is not None
    assert (found[0].id, found[1]) == ("socket", {})
    assert channels.match("/api/ws/") is None
