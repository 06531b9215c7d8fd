"""The shapes of what an Architect Agent says, which the document leaves open, by dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.protocols.architect.finding import ActionError
from mockserver.protocols.architect.things import News

__all__ = ["DIALECTS", "Dialect", "Request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request on its way, from connection `number`.

    `token` is its `idempotence` as it came, under that name, or empty where it had none.
    """

    number: int
    token: Mapping[str, Any]
    action: str
    parameters: Mapping[str, Any]


class Dialect:
    """The document, read in the most natural way: a reply looks like its request."""

    must_subscribe = False
    """Are events told to those alone who asked for their topic?"""

    locks = False
    """Do many failed log-ins lock a name out?"""

    def reply(self, request: Request, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {**request.token, "action": request.action, "parameters": parameters}

    def error(self, request: Request, error: ActionError) -> dict[str, Any]:
        what = {"code": error.code, "message": error.message}
        return {**request.token, "action": request.action, "error": what, "parameters": {}}

    def event(self, news: News) -> dict[str, Any]:
        return {"event": news.event, "parameters": news.parameters}


class _Deployed(Dialect):
    """As people describe agents that they run."""

    must_subscribe = True
    locks = True

    def reply(self, request: Request, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {**request.token, "status": "ok", "parameters": parameters}

    def error(self, request: Request, error: ActionError) -> dict[str, Any]:
        what = {"code": error.code, "message": error.message}
        return {**request.token, "status": "error", "parameters": what}

    def event(self, news: News) -> dict[str, Any]:
        return {"idempotence": None, "topic": news.topic, **super().event(news)}


DIALECTS: Mapping[str, Dialect] = {"documented": Dialect(), "deployed": _Deployed()}
