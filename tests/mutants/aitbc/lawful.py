"""The named lawful peers: nobody who read the document with care can call one of them wrong."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LAWFUL"]

_OTHER = Reading(
    keeps_first_time=True,
    detail="objects",
    malformed=400,
    invalid_query=400,
    invalid_task=400,
    foreign_media="refuse_415",
    unknown_on_update=500,
    unknown_on_heartbeat=400,
    unknown_queue=404,
    stray_path="html",
    stray_method=404,
    slash_redirect=True,
    checks_agent_type=False,
    checks_filters=False,
    checks_task_fields=True,
    null_is_absent=False,
    empty_id_refused=False,
    lax_numbers=True,
    discover_without_body="all",
    capabilities_need="any",
    services_need="any",
    first_status="inactive",
    update_is_life=True,
    stale_after=120.0,
    reregister="refuse_409",
    metrics="replace",
    first_metrics="full",
    known_metrics_only=True,
    float_metrics=True,
    version_from="metadata",
    tags_from="capabilities",
    query="full",
    health_score="by_load",
    agent_order="newest",
    heartbeat_body="required",
    heartbeat_status=202,
    heartbeat_answer="echo",
    heartbeat_revives=False,
    fate="at_once",
    orphan="dropped",
    busy_qualifies=False,
    completes=True,
    strategy="round_robin",
    success_rate="percent",
    idle_success_rate=100.0,
    queue_answer="listed",
    clear_answer="bare",
    restart="remembers",
    zone="naive",
    fraction=0,
    basic_time=True,
    openapi="3.1.0",
    openapi_detail="paths",
    extras=True,
    key_order="reversed",
    pretty=True,
    ascii_only=True,
    charset=True,
    chunked=True,
    keep_alive=False,
    server_header="coordinator/2",
    prefix="/v1",
)

_FASTAPI = Reading(
    detail="objects",
    malformed=422,
    foreign_media="refuse_422",
    slash_redirect=True,
    checks_agent_type=False,
    checks_filters=False,
    null_is_absent=False,
    empty_id_refused=False,
    lax_numbers=True,
    float_metrics=True,
    update_is_life=True,
    version_from="metadata",
    tags_from="metadata",
    query="as_sent",
    fate="later",
    orphan="dropped",
    zone="naive",
    fraction=6,
    openapi="3.1.0",
    server_header="uvicorn",
)

_TERSE = Reading(
    malformed=400,
    invalid_query=400,
    invalid_task=400,
    foreign_media="read",
    stray_path="empty",
    query="empty",
    heartbeat_status=204,
    heartbeat_answer="bare",
    queue_answer="bare",
    clear_answer="nothing",
    fraction=0,
    openapi_detail="paths",
)

_LAVISH = Reading(
    detail="objects",
    first_metrics="full",
    tags_from="metadata",
    version_from="metadata",
    query="full",
    health_score="by_load",
    heartbeat_body="applied",
    checks_task_fields=True,
    extras=True,
    pretty=True,
    charset=True,
    zone="+02:00",
    server_header="coordinator (lavish)",
    completes=True,
    fate="later",
)

_DEPLOYED = Reading(
    detail="objects",
    unknown_on_update=500,
    checks_filters=False,
    version_from="constant",
    query="as_sent",
    extras=True,
    fate="later",
    orphan="dropped",
    update_is_life=True,
    stale_after=120.0,
    zone="+00:00",
    prefix="/v1",
)

_KEEPER = Reading(
    reregister="keep",
    metrics="replace",
    keeps_first_time=True,
    first_status="inactive",
    services_need="any",
    agent_order="by_id",
    key_order="sorted",
    zone="+00:00",
    fraction=3,
    unknown_on_update=400,
    unknown_on_heartbeat=422,
    unknown_queue=422,
    restart="remembers",
)

_GATEKEEPER = Reading(
    reregister="refuse_400",
    checks_task_fields=True,
    null_is_absent=False,
    foreign_media="refuse_415",
    stray_path="text",
    stray_method=404,
    invalid_query=422,
    invalid_task=400,
    unknown_on_update=422,
    heartbeat_body="required",
    first_status="busy",
    keep_alive=False,
    ascii_only=True,
)

_LENIENT = Reading(
    foreign_media="read",
    checks_agent_type=False,
    checks_filters=False,
    empty_id_refused=False,
    lax_numbers=True,
    discover_without_body="all",
    capabilities_need="any",
    services_need="any",
    heartbeat_body="applied",
    version_from="body",
    tags_from="body",
    query="as_sent",
    chunked=True,
)

_EAGER = Reading(
    fate="at_once",
    completes=True,
    success_rate="percent",
    strategy="resource_based",
    keeps_first_time=True,
    metrics="replace",
    first_metrics="full",
    float_metrics=True,
    queue_answer="lengths",
    basic_time=True,
    fraction=0,
)

_IDLE = Reading(
    orphan="refused_503",
    fate="at_once",
    busy_qualifies=False,
    known_metrics_only=True,
    queue_answer="listed",
    heartbeat_answer="echo",
    heartbeat_status=202,
    idle_success_rate=1.0,
)

LAWFUL: Final[Mapping[str, Reading]] = MappingProxyType(
    {
        "natural": Reading(),
        "other": _OTHER,
        "fastapi": _FASTAPI,
        "terse": _TERSE,
        "lavish": _LAVISH,
        "deployed": _DEPLOYED,
        "keeper": _KEEPER,
        "gatekeeper": _GATEKEEPER,
        "lenient": _LENIENT,
        "eager": _EAGER,
        "idle": _IDLE,
    }
)
"""`natural` takes the likeliest reading, `other` the other one everywhere at once."""
