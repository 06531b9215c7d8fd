"""The little world behind the mock: a machine with game servers, and people who play on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from mockserver.protocols.architect.agenda import Agenda
from mockserver.protocols.architect.things import Backup, News, Player, Schedule, Server
from mockserver.world import World, iso

__all__ = ["Host"]

_STARTING = (1.0, 2.0)
"""Seconds that a game server takes to start."""

_RETURNING = (1.0, 4.0)
"""Seconds after which players who were there come back once a game server runs again."""

_GIB = 1 << 30

_SERVERS = (
    ("Northwood", "taiga", 60, ("Aino", "Berat", "Chiara", "Dov")),
    ("Harbour Town", "coast", 40, ("Eluned", "Farid")),
    ("Training Ground", "range", 10, ()),
)
"""Who is there at the beginning: name, map, room, players. One without players is stopped."""


class Host:
    """The machine. What happens on it is noted in `news`, which the coordinator carries out."""

    def __init__(self, world: World, agenda: Agenda) -> None:
        self.world = world
        self.agenda = agenda
        self.booted = world.clock.now()
        self.news: list[News] = []
        self.servers: dict[str, Server] = {}
        self.players: dict[str, Player] = {}
        self.bans: dict[str, dict[str, Any]] = {}
        self.schedules: dict[str, Schedule] = {}
        self.backups: dict[str, Backup] = {}
        for name, place, room, people in _SERVERS:
            server = self.set_up(name, place, room)
            if people:
                server.status, server.started = "running", self.now()
            for person in people:
                self._join(self._somebody(person, server))
        self.news.clear()  # nobody was there to hear of it

    def inherit(self, before: Host) -> None:
        """Take over what was there, as after a restart of the agent alone: the machine runs on."""
        self.world.random.setstate(before.world.random.getstate())  # or ids would come twice
        self.servers, self.players, self.bans = before.servers, before.players, before.bans
        self.schedules, self.backups = before.schedules, before.backups
        for server in self.servers.values():
            if server.status == "starting":
                self._agree_on_start(server, [])
        for schedule in self.schedules.values():
            self.agenda.add(schedule.next, partial(self._fire, schedule))

    def now(self) -> float:
        return self.world.clock.now()

    def new_id(self) -> str:
        return self.world.uuid()

    def tell(self, topic: str, event: str, **parameters: Any) -> None:
        self.news.append(News(topic, event, {**parameters, "timestamp": iso(self.now())}))

    # Game servers

    def set_up(self, name: str, place: str, room: int) -> Server:
        """A new game server, stopped."""
        port = max((server.port for server in self.servers.values()), default=2292) + 10
        server = Server(server_id=self.new_id(), name=name, map=place, port=port, max_players=room)
        server.config = {"hostname": name, "max_players": room, "password_protected": False}
        self.servers[server.server_id] = server
        self.note(server, "info", f"{name} was set up on port {port}")
        return server

    def view(self, server: Server) -> dict[str, Any]:
        return {
            "server_id": server.server_id,
            "name": server.name,
            "map": server.map,
            "status": server.status,
            "port": server.port,
            "players": len(list(self.on(server.server_id))),
            "max_players": server.max_players,
            "started_at": None if server.started is None else iso(server.started),
        }

    def start(self, server: Server, people: list[Player] | None = None) -> None:
        """Order a start. `people` were there before and come back."""
        self._turn(server, "starting")
        self._agree_on_start(server, people or [])

    def stop(self, server: Server, reason: str) -> list[Player]:
        """Stop at once. Returns who had to leave."""
        people = list(self.on(server.server_id))
        for player in people:
            self.leave(player, reason)
        self._turn(server, "stopped")
        return people

    def restart(self, server: Server, reason: str) -> None:
        self.start(server, self.stop(server, reason))

    def note(self, server: Server, level: str, message: str) -> None:
        """Write a line into a game server's log."""
        line = {"timestamp": iso(self.now()), "level": level, "message": message}
        server.log.append(line)

    def _turn(self, server: Server, status: str) -> None:
        before, server.status = server.status, status
        server.turn += 1
        server.started = self.now() if status == "running" else None
        self.note(server, "info", f"{server.name} is {status}")
        known = {"server_id": server.server_id, "name": server.name}
        self.tell("servers", "server_status", **known, status=status, previous_status=before)

    def _agree_on_start(self, server: Server, people: list[Player]) -> None:
        at = self.now() + self.world.random.uniform(*_STARTING)
        self.agenda.add(at, partial(self._run, server, server.turn, people))

    def _run(self, server: Server, turn: int, people: list[Player]) -> None:
        if server.turn != turn:
            return
        self._turn(server, "running")
        for player in people:
            at = self.now() + self.world.random.uniform(*_RETURNING)
            self.agenda.add(at, partial(self._come_back, server, server.turn, player))

    # Players

    def on(self, server_id: str) -> Iterator[Player]:
        """Who plays on that game server."""
        return (each for each in self.players.values() if each.server_id == server_id)

    def leave(self, player: Player, reason: str) -> None:
        del self.players[player.player_id]
        self.note(self.servers[player.server_id], "info", f"{player.name} left: {reason}")
        self.tell("players", "player_left", player=player.view(), reason=reason)

    def _somebody(self, name: str, server: Server) -> Player:
        ping = self.world.random.randint(15, 120)
        return Player(
            player_id=self.new_id(),
            name=name,
            server_id=server.server_id,
            ping=ping,
            joined=self.now(),
        )

    def _join(self, player: Player) -> None:
        player.joined = self.now()
        self.players[player.player_id] = player
        self.note(self.servers[player.server_id], "info", f"{player.name} joined")
        self.tell("players", "player_joined", player=player.view())

    def _come_back(self, server: Server, turn: int, player: Player) -> None:
        if server.turn == turn and player.player_id not in self.bans:
            self._join(player)

    # Schedules and figures

    def plan(self, server: Server, every: int, *, enabled: bool) -> Schedule:
        schedule = Schedule(
            schedule_id=self.new_id(),
            server_id=server.server_id,
            every=every,
            enabled=enabled,
            next=self.now() + every,
        )
        self.schedules[schedule.schedule_id] = schedule
        self.agenda.add(schedule.next, partial(self._fire, schedule))
        return schedule

    def _fire(self, schedule: Schedule) -> None:
        server = self.servers.get(schedule.server_id)
        if server is None or schedule.schedule_id not in self.schedules:
            return
        if schedule.enabled and server.status == "running":
            self.restart(server, "a scheduled restart")
        schedule.next = max(schedule.next, self.now()) + schedule.every
        self.agenda.add(schedule.next, partial(self._fire, schedule))

    def load(self) -> tuple[float, int]:
        """Processor load (percent) and memory in use (bytes). They follow from who plays and from
        the time alone: drawing them would make ids depend on how often somebody looks.
        """
        running = sum(server.status == "running" for server in self.servers.values())
        swing = 2.0 * math.sin(self.now() / 17.0)
        cpu = round(4.0 + 9.0 * running + 0.8 * len(self.players) + swing, 1)
        return cpu, int((2 + 3 * running) * _GIB + len(self.players) * (_GIB // 16))
