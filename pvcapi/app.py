"""The application: routes, guards, failures and the OpenAPI document, put together around one service."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from pvcapi.auth import HEADER, Doorkeeper, reader
from pvcapi.examples import FIGURES, Examples, plain
from pvcapi.hub import Hub
from pvcapi.link import Source
from pvcapi.metrics import CONTENT_TYPE, figures
from pvcapi.parameters import only_known
from pvcapi.problems import documented, on_any_error, on_http_error, on_pvc_error, on_recursion
from pvcapi.reference import ReferencePage
from pvcapi.routes import cluster, node, storage, task, vm
from pvcapi.seat import WRITERS, Service, provide_seat
from pvccore.model.errors import PvcError
from pvccore.model.struct import Struct
from pvccore.operations.tokens import TokenFile

VERSION = "1"
PREFIX = "/api/v1"
DOCUMENTS = "/api/v1/docs"
ABOUT = (
    "Operate a Parallel Virtual Cluster: the same verbs as `pvc` and `pvc-tui`. Answers come from a live snapshot of "
    "the cluster; what a verb answers is what was asked for, unless wait_s asks for the outcome."
)


class Limits(Struct, frozen=True, kw_only=True):
    """How much is taken from others, and what is open to all."""

    max_body_bytes: int = 1024 * 1024
    requests_per_minute: int = 6000
    streams: int = 100
    public_metrics: bool = False


@get(
    "/metrics",
    sync_to_thread=False,
    tags=["metrics"],
    responses=documented((401, 429)) | plain(str, FIGURES, CONTENT_TYPE),
    media_type=CONTENT_TYPE,
)
def show_metrics(request: Request[Any, Any, Any]) -> Response[str]:
    """Give the cluster's figures to Prometheus."""
    return Response(figures(request.app.state.service), media_type=CONTENT_TYPE)


def build_app(
    source: Source,
    tokens: TokenFile,
    *,
    host: str,
    limits: Limits | None = None,
    allow_paths: tuple[str, ...] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Litestar:
    """The application before a source of the cluster. host: this machine's short name, for the journal."""
    bounds = limits or Limits()
    hub = Hub(source)
    writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="verb")
    service = Service(
        source=source, hub=hub, writers=writers, host=host, allow_paths=allow_paths, streams=bounds.streams
    )

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        hub.open()
        try:
            yield
        finally:
            hub.close()
            writers.shutdown(wait=False, cancel_futures=True)

    return Litestar(
        route_handlers=[_routes(), _figures(is_public=bounds.public_metrics)],
        lifespan=[lifespan],
        state=State(
            {"service": service, "door": Doorkeeper(tokens, per_minute=bounds.requests_per_minute, clock=clock)}
        ),
        exception_handlers={
            PvcError: on_pvc_error,
            HTTPException: on_http_error,
            RecursionError: on_recursion,
            Exception: on_any_error,
        },
        openapi_config=_documents(),
        plugins=[Examples()],
        request_max_body_size=bounds.max_body_bytes,
        logging_config=None,
    )


def _routes() -> Router:
    """What is about the cluster: for who has a token."""
    return Router(
        PREFIX,
        route_handlers=[
            vm.ROUTER,
            node.ROUTER,
            storage.ROUTER,
            task.ROUTER,
            node.show_forecasts,
            *cluster.HANDLERS,
        ],
        guards=[reader, only_known],
        dependencies={"seat": Provide(provide_seat, sync_to_thread=False)},
        security=[{"token": []}],
    )


def _figures(*, is_public: bool) -> Router:
    return Router("/", route_handlers=[show_metrics], guards=[] if is_public else [reader])


def _documents() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="PVC API",
        version=VERSION,
        description=ABOUT,
        path=DOCUMENTS,
        render_plugins=[ReferencePage(), JsonRenderPlugin()],
        components=Components(
            security_schemes={"token": SecurityScheme(type="apiKey", name=HEADER, security_scheme_in="header")}
        ),
        use_handler_docstrings=True,
    )
