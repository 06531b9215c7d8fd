"""The little world behind the mock: what an action does is there afterwards."""

from __future__ import annotations

import orjson
import pytest

from tests.mockserver.protocols.architect_script import Agent, Script


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
def script(agent: Agent) -> Script:
    return agent.join()


@pytest.fixture
def server(script: Script) -> str:
    server_id: str = script.take("servers")["servers"][0]["server_id"]
    return server_id


def _status(script: Script, server: str) -> str:
    status: str = script.take("server_info", server_id=server)["server"]["status"]
    return status


def test_stopped_server_shows_as_stopped_and_is_empty(script: Script, server: str) -> None:
    assert script.take("server_info", server_id=server)["server"]["players"] == 4
    assert script.take("server_stop", server_id=server)["server"]["status"] == "stopped"
    shown = script.take("server_info", server_id=server)
    assert (shown["server"]["status"], shown["players"]) == ("stopped", [])
    assert script.take("players", server_id=server) == {"players": []}
    assert len(script.events("player_left")) == 4
    assert script.refused("server_stop", server_id=server) == "conflict"


def test_started_server_runs_after_a_second_or_two(
    agent: Agent, script: Script, server: str
) -> None:
    assert script.refused("server_start", server_id=server) == "conflict"
    script.take("server_stop", server_id=server)
    assert script.take("server_start", server_id=server)["server"]["status"] == "starting"
    agent.pass_time(0.9)
    assert _status(script, server) == "starting"
    agent.pass_time(1.2)
    assert _status(script, server) == "running"


def test_players_come_back_after_a_restart(agent: Agent, script: Script, server: str) -> None:
    def there() -> set[str]:
        found = script.take("players", server_id=server)["players"]
        return {player["player_id"] for player in found}

    before = there()
    script.take("player_ban", player_id=min(before), reason="cheating")
    script.take("server_restart", server_id=server)
    assert there() == set()
    agent.pass_time(7)
    assert there() == before - {min(before)}


def test_stop_makes_a_start_void(agent: Agent, script: Script, server: str) -> None:
    script.take("server_restart", server_id=server)
    script.take("server_stop", server_id=server)
    agent.pass_time(10)
    assert _status(script, server) == "stopped"
    assert script.take("players", server_id=server) == {"players": []}


def test_server_is_created_and_deleted(script: Script) -> None:
    made = script.take("server_create", name="New", max_players=5, config={"a": 1})["server"]
    assert (made["status"], made["max_players"], made["name"]) == ("stopped", 5, "New")
    assert script.take("config_get", server_id=made["server_id"])["config"]["a"] == 1
    ports = [each["port"] for each in script.take("servers")["servers"]]
    assert len(set(ports)) == 4
    script.take("server_delete", server_id=made["server_id"])
    assert script.refused("server_info", server_id=made["server_id"]) == "not_found"
    assert script.refused("server_create", name="New", max_players=0) == "invalid_parameter"
    running = script.take("servers")["servers"][0]["server_id"]
    assert script.refused("server_delete", server_id=running) == "conflict"


def test_player_is_kicked(script: Script) -> None:
    player = script.take("players")["players"][0]["player_id"]
    assert script.take("player_info", player_id=player)["player"]["seconds"] == 0
    script.take("player_kick", player_id=player)
    assert script.refused("player_info", player_id=player) == "not_found"
    assert script.events("player_left")[0]["player"]["player_id"] == player
    assert script.events("player_left")[0]["reason"] == "kicked"


def test_ban_is_listed_until_it_is_lifted(script: Script) -> None:
    player = script.take("players")["players"][0]["player_id"]
    ban = script.take("player_ban", player_id=player, reason="cheating")["ban"]
    assert script.take("bans") == {"bans": [ban]}
    assert script.take("player_unban", player_id=player) == {"ban": ban}
    assert script.take("bans") == {"bans": []}
    assert script.refused("player_unban", player_id=player) == "not_found"


def test_messages_reach_players_and_logs(script: Script, server: str) -> None:
    player = script.take("players")["players"][0]["player_id"]
    assert script.take("player_message", player_id=player, message="hello") == {"delivered": 1}
    assert script.take("broadcast", message="all", server_id=server) == {"delivered": 4}
    assert script.take("broadcast", message="everywhere") == {"delivered": 6}
    assert [each["message"] for each in script.events("broadcast")] == ["all", "everywhere"]
    lines = script.take("logs", server_id=server, limit=3)["lines"]
    assert [line["message"].split(": ")[-1] for line in lines] == ["hello", "all", "everywhere"]
    assert script.refused("logs", server_id=server, limit=0) == "invalid_parameter"


def test_log_keeps_the_latest_lines(script: Script, server: str) -> None:
    for number in range(205):
        script.take("broadcast", message=str(number))
    assert len(script.take("logs", server_id=server)["lines"]) == 50
    lines = script.take("logs", server_id=server, limit=1000)["lines"]
    assert [line["message"] for line in lines] == [str(number) for number in range(5, 205)]


def test_schedule_restarts_again_and_again(agent: Agent, script: Script, server: str) -> None:
    schedule = script.take("schedule_add", server_id=server, every=60)["schedule"]
    assert script.take("schedules") == {"schedules": [schedule]}
    agent.pass_time(125)
    started = [each for each in script.events("server_status") if each["status"] == "starting"]
    assert len(started) == 2
    script.take("schedule_remove", schedule_id=schedule["schedule_id"])
    agent.pass_time(125)
    started = [each for each in script.events("server_status") if each["status"] == "starting"]
    assert len(started) == 2
    assert script.take("schedules") == {"schedules": []}
    assert script.refused("schedule_remove", schedule_id="x") == "not_found"
    assert script.refused("schedule_add", server_id=server, every=9) == "invalid_parameter"


def test_schedule_that_is_not_enabled_does_nothing(
    agent: Agent, script: Script, server: str
) -> None:
    script.take("schedule_add", server_id=server, every=10, enabled=False)
    agent.pass_time(35)
    assert script.events("server_status") == []


def test_backup_is_made_restored_and_deleted(agent: Agent, script: Script, server: str) -> None:
    def later(action: str, **parameters: str) -> None:
        script.say(_request(action, parameters))
        agent.pass_time(1.0)

    later("backup_create", server_id=server, label="before")
    (backup,) = script.take("backups", server_id=server)["backups"]
    assert backup["label"] == "before"
    script.take("config_set", server_id=server, values={"hostname": "changed"})
    later("backup_restore", backup_id=backup["backup_id"])
    assert script.heard[-1]["error"]["code"] == "conflict"  # it runs
    script.take("server_stop", server_id=server)
    later("backup_restore", backup_id=backup["backup_id"])
    assert script.take("config_get", server_id=server)["config"]["hostname"] == "Northwood"
    removed = script.take("backup_delete", backup_ids=[backup["backup_id"], "x", 3])
    assert removed == {"removed": [backup["backup_id"]]}
    later("backup_restore", backup_id=backup["backup_id"])
    assert script.heard[-1]["error"]["code"] == "not_found"


def test_figures_follow_the_world(agent: Agent, script: Script, server: str) -> None:
    before = script.take("statistics")
    assert (before["servers"], before["servers_running"], before["players"]) == (3, 2, 6)
    script.take("server_stop", server_id=server)
    after = script.take("statistics")
    assert (after["servers_running"], after["players"]) == (1, 2)
    assert after["cpu_usage"] < before["cpu_usage"]
    assert after["memory_used"] < before["memory_used"]
    agent.pass_time(30)
    assert script.take("uptime")["seconds"] == 30


def _request(action: str, parameters: dict[str, str]) -> bytes:
    return orjson.dumps({"action": action, "parameters": parameters})
