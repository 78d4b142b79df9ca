"""`/node`: the hypervisors of the cluster."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from pvcapi.auth import operator
from pvcapi.details import answer, node_detail, page
from pvcapi.examples import FORECASTS, plain
from pvcapi.filtering import matching
from pvcapi.parameters import ANSWER_WAIT_S, After, Filter, Limit, Lines, NodePath, Offset, Wait
from pvcapi.problems import READING, WRITING, documented
from pvcapi.seat import Here
from pvcapi.shapes import DomainState, FenceRecord, Forecast, LogLines, NodeDetail, NodeRecord, Outcome, Preview
from pvcapi.wanted import DomainStateVerb, DomainStateWanted, FenceWanted
from pvccore.model.log import LINES
from pvccore.operations import logs, nodes
from pvccore.operations.records import fence_record, node_records
from pvccore.plan import preview
from pvccore.plan.forecast import NodeForecast, forecast_node, forecast_nodes

reading = documented(READING)
writing = documented(WRITING)


@get("", responses=reading)
async def list_nodes(
    seat: Here,
    name: Filter = None,
    readiness: Filter = None,
    role: Filter = None,
    power: Filter = None,
    alive: Annotated[bool | None, QueryParameter(name="alive", description="Only those that live, or don't.")] = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Response[list[NodeRecord]]:
    """List nodes by name, all or those that meet every filter. X-Total-Count: how many there are without limit."""
    wanted = {"name": name, "readiness": readiness, "role": role, "power": power}
    wanted["alive"] = None if alive is None else str(alive)
    return page(matching(node_records(seat.cluster), wanted), limit, offset)


@get("/{node:str}", responses=reading)
async def show(seat: Here, node: NodePath) -> Response[NodeDetail]:
    """Show everything about a node."""
    cluster = seat.cluster
    return answer(node_detail(cluster, cluster.node(node)))


@get("/{node:str}/log", guards=[operator], responses=writing)
async def show_log(
    seat: Here, node: NodePath, lines: Lines = LINES, after: After = "", wait_s: Wait = ANSWER_WAIT_S
) -> LogLines:
    """Show what a node's daemon logged last since it started.

    The daemon is asked for it, which is why a read-only token may not. To follow, ask again after `place`.
    """
    return await seat.read_log(lambda by: logs.ask_node_log(by, node, lines=lines, after=after), wait_s)


@delete("/{node:str}", guards=[operator], responses=writing, status_code=200)
async def remove(
    seat: Here,
    node: NodePath,
    force: Annotated[bool, QueryParameter(name="force", description="Rewrite the VMs that name it.")] = False,
) -> Outcome:
    """Retire a node that is not alive, has no fence and is named by no VM."""
    return await seat.do(lambda by: nodes.remove(by, node, force=force))


@get("/{node:str}/domain-state", responses=reading)
async def show_domain_state(seat: Here, node: NodePath) -> Response[DomainState]:
    """Show whether a node takes VMs, and what a change of that waits for."""
    readiness = seat.cluster.node(node).readiness
    return answer(
        {
            "node": node,
            "wanted": readiness.wanted,
            "state": readiness.state,
            "waits_for": readiness.waits_for,
        }
    )


@post("/{node:str}/domain-state", guards=[operator], responses=writing, status_code=200)
async def set_domain_state(
    seat: Here,
    node: NodePath,
    data: JSONBody[DomainStateWanted],
    wait_s: Wait = 0.0,
) -> Outcome:
    """Empty a node (flush), or let it take VMs again and bring its own back (ready)."""
    verb = nodes.flush if data.state is DomainStateVerb.FLUSH else nodes.ready
    return await seat.do(lambda by: verb(by, node, reason=data.reason), wait_s)


@get("/{node:str}/fence", responses=reading)
async def show_fence(seat: Here, node: NodePath) -> Response[FenceRecord]:
    """Show how far the fence of a node is."""
    return answer(fence_record(seat.cluster.node(node)))


@post("/{node:str}/fence", guards=[operator], responses=writing, status_code=200)
async def fence(seat: Here, node: NodePath, data: JSONBody[FenceWanted], wait_s: Wait = 0.0) -> Outcome:
    """Make sure that a node is off, and run its VMs elsewhere.

    With confirmed_off nothing is powered off: your word that it is off is taken, in maintenance too. If it is wrong,
    VMs run twice.
    """
    verb = nodes.confirm_off if data.confirmed_off else nodes.fence
    return await seat.do(lambda by: verb(by, node, reason=data.reason), wait_s)


@get("/{node:str}/preview/{verb:str}", responses=reading)
async def show_preview(
    seat: Here,
    node: NodePath,
    verb: Annotated[str, PathParameter(description="flush, ready or fence", pattern="^(flush|ready|fence)$")],
) -> Response[Preview]:
    """Tell what a verb would do to the node's VMs, by the rules that would do it."""
    cluster = seat.cluster
    made = await seat.read(lambda: _PREVIEWS[verb](cluster, node))
    return answer({"moved": dict(made.moved), "parked": dict(made.parked)})


@get("/{node:str}/forecast", responses=reading)
async def show_forecast(seat: Here, node: NodePath) -> Response[Forecast]:
    """Tell what would become of a node's VMs if it died now."""
    cluster = seat.cluster
    return answer(_forecast_record(await seat.read(lambda: forecast_node(cluster, node))))


@get("/forecast", responses=reading | plain(dict[str, Forecast], FORECASTS), tags=["cluster"])
async def show_forecasts(seat: Here) -> Response[dict[str, Forecast]]:
    """Tell for each node what would become of its VMs if it died now: whether any one may (N−1)."""
    cluster = seat.cluster
    found = await seat.read(lambda: forecast_nodes(cluster))
    return answer({name: _forecast_record(one) for name, one in found.items()})


_PREVIEWS = {"flush": preview.preview_flush, "ready": preview.preview_ready, "fence": preview.preview_fence}


def _forecast_record(made: NodeForecast) -> dict[str, object]:
    return {"survives": made.survives, "placed": dict(made.placed), "parked": dict(made.parked)}


ROUTER = Router(
    "/node",
    route_handlers=[
        list_nodes,
        show,
        show_log,
        remove,
        show_domain_state,
        set_domain_state,
        show_fence,
        fence,
        show_preview,
        show_forecast,
    ],
    tags=["node"],
)
